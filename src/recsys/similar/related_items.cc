#include "recsys/similar/related_items.h"

#include <algorithm>
#include <utility>

namespace usher::recsys {

RelatedItems::RelatedItems(Vocabulary items, ListsView neighbours,
                           std::span<const std::uint32_t> user_counts,
                           std::shared_ptr<const void> owner)
    : items_(std::move(items)),
      neighbours_(neighbours),
      popularity_(user_counts),
      owner_(std::move(owner)) {}

void RelatedItems::Find(std::optional<std::uint32_t> item, std::size_t num_results,
                        std::vector<std::uint32_t>& out) const {
  out.clear();
  std::span<const std::uint32_t> near;
  if (item) near = neighbours_[*item];
  near = near.first(std::min(num_results, near.size()));
  out.assign(near.begin(), near.end());
  for (const std::uint32_t popular : popularity_.order()) {
    if (out.size() >= num_results) break;
    if (item == popular || std::ranges::find(near, popular) != near.end()) continue;
    out.push_back(popular);
  }
}

}  // namespace usher::recsys
