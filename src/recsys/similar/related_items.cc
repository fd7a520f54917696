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
                        std::vector<std::uint32_t>& out, const ItemMask* allowed) const {
  out.clear();
  const auto may_enter = [&](std::uint32_t other) {
    return allowed == nullptr || allowed->Has(other);
  };
  if (item) {
    for (const std::uint32_t near : neighbours_[*item]) {
      if (out.size() >= num_results) break;
      if (may_enter(near)) out.push_back(near);
    }
  }
  const std::size_t near_count = out.size();
  for (const std::uint32_t popular : popularity_.order()) {
    if (out.size() >= num_results) break;
    const auto near = std::span(out).first(near_count);
    if (item == popular || !may_enter(popular) || std::ranges::find(near, popular) != near.end()) {
      continue;
    }
    out.push_back(popular);
  }
}

}  // namespace usher::recsys
