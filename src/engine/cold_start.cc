#include "engine/cold_start.h"

#include <cmath>
#include <cstdint>
#include <vector>

#include "engine/metadata_features.h"
#include "engine/model_folder.h"
#include "recsys/blend/fold_in.h"
#include "recsys/content/ridge.h"
#include "recsys/popularity/popularity.h"

namespace usher::engine {
namespace {

constexpr double kLatestBirth = 1e15;  // seconds; 30 million years

std::vector<std::uint32_t> LengthsOf(const recsys::ListsView& lists) {
  std::vector<std::uint32_t> lengths(lists.size());
  for (std::size_t j = 0; j < lists.size(); ++j) {
    lengths[j] = static_cast<std::uint32_t>(lists[j].size());
  }
  return lengths;
}

}  // namespace

std::vector<std::int64_t> CreationTimesOf(const Catalogue& catalogue) {
  std::vector<std::int64_t> births(catalogue.item_ids.size(), kNoBirth);
  bool any = false;
  for (const MetadataColumn& column : catalogue.items.columns) {
    if (column.role != MetadataRole::kCreationTime) continue;
    for (std::size_t item = 0; item < births.size(); ++item) {
      const double time = column.numbers[item];
      // Whole seconds that a double and an int64 both hold.
      if (std::isnan(time) || std::abs(time) > kLatestBirth) continue;
      births[item] = static_cast<std::int64_t>(time);
      any = true;
    }
  }
  if (!any) births.clear();
  return births;
}

void PlaceColdUsersAndItems(const Catalogue& catalogue, Fitted& fitted, ThreadPool& pool) {
  const recsys::ListsView by_user = fitted.interactions.by_user.view();
  if (!catalogue.items.columns.empty()) {
    const recsys::Features features = FeaturesOf(catalogue.items, FeaturesFrom::kAllColumns);
    fitted.factors.items = recsys::PlaceColdRows(
        fitted.factors.items.view(), recsys::CountUsers(by_user, fitted.interactions.item_count),
        features, {}, pool);
    FoldInUsers(fitted, pool);  // which Fit left to this
  }
  if (!catalogue.users.columns.empty()) {
    const recsys::Features features = FeaturesOf(catalogue.users, FeaturesFrom::kAllColumns);
    fitted.factors.users =
        recsys::PlaceColdRows(fitted.factors.users.view(), LengthsOf(by_user), features, {}, pool);
  }
}

}  // namespace usher::engine
