#include "engine/cold_start.h"

#include <cstdint>
#include <vector>

#include "engine/metadata_features.h"
#include "recsys/blend/fold_in.h"
#include "recsys/content/ridge.h"
#include "recsys/popularity/popularity.h"

namespace usher::engine {
namespace {

std::vector<std::uint32_t> LengthsOf(const recsys::ListsView& lists) {
  std::vector<std::uint32_t> lengths(lists.size());
  for (std::size_t j = 0; j < lists.size(); ++j) {
    lengths[j] = static_cast<std::uint32_t>(lists[j].size());
  }
  return lengths;
}

}  // namespace

void PlaceColdUsersAndItems(const Catalogue& catalogue, Fitted& fitted, ThreadPool& pool) {
  const recsys::ListsView by_user = fitted.interactions.by_user.view();
  if (!catalogue.items.columns.empty()) {
    const recsys::Features features = FeaturesOf(catalogue.items, FeaturesFrom::kAllColumns);
    fitted.factors.items = recsys::PlaceColdRows(
        fitted.factors.items.view(), recsys::CountUsers(by_user, fitted.interactions.item_count),
        features, {}, pool);
    FoldInUsers(fitted, pool);
  }
  if (!catalogue.users.columns.empty()) {
    const recsys::Features features = FeaturesOf(catalogue.users, FeaturesFrom::kAllColumns);
    fitted.factors.users =
        recsys::PlaceColdRows(fitted.factors.users.view(), LengthsOf(by_user), features, {}, pool);
  }
}

}  // namespace usher::engine
