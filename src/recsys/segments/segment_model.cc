#include "recsys/segments/segment_model.h"

#include <algorithm>

#include "linalg/vector_ops.h"
#include "recsys/ranking/top_k.h"

namespace usher::recsys {
namespace {

// Whether `history` holds every one of `items`, which ascend.
bool HoldsAll(std::span<const std::uint32_t> history, std::span<const std::uint32_t> items) {
  if (history.size() < items.size()) return false;
  std::size_t held = 0;
  for (const std::uint32_t item : history) held += std::ranges::binary_search(items, item) ? 1 : 0;
  return held == items.size();
}

}  // namespace

bool SegmentModel::Knows(std::span<const std::uint32_t> items) const {
  const linalg::MatrixView& V = parts_.item_factors;
  return std::ranges::any_of(items, [&](std::uint32_t item) {
    const std::span<const float> v(V.Row(item), V.stride);
    return std::ranges::any_of(v, [](float number) { return number != 0.0F; });
  });
}

void SegmentModel::FindUsers(std::span<const std::uint32_t> items, std::size_t num_results,
                             bool exclude_seen, std::vector<std::uint32_t>& out,
                             const ItemMask* allowed) const {
  const linalg::MatrixView& V = parts_.item_factors;
  linalg::FloatVector sum(V.stride, 0.0F);
  for (const std::uint32_t item : items) linalg::AddScaled(1.0F, {V.Row(item), V.stride}, sum);
  std::vector<std::uint32_t> sorted(items.begin(), items.end());
  std::ranges::sort(sorted);

  const linalg::MatrixView& U = parts_.user_factors;
  TopK best;
  best.Reset(num_results);
  for (std::uint32_t user = 0; user < U.rows; ++user) {
    if (allowed != nullptr && !allowed->Has(user)) continue;
    const float score = linalg::Dot({U.Row(user), U.stride}, sum);
    if (score < best.threshold()) continue;
    if (exclude_seen && HoldsAll(parts_.histories[user], sorted)) continue;
    best.Offer({user, score});
  }
  std::vector<ScoredItem> users;
  best.Take(users);
  out.clear();
  for (const ScoredItem& entry : users) out.push_back(entry.item);
}

}  // namespace usher::recsys
