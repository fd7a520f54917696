#include "recsys/popularity/popularity.h"

#include <algorithm>
#include <numeric>

namespace usher::recsys {

std::vector<std::uint32_t> CountUsers(const ListsView& by_user, std::size_t item_count) {
  std::vector<std::uint32_t> counts(item_count, 0);
  for (const std::uint32_t item : by_user.values) ++counts[item];
  return counts;
}

PopularityRanking::PopularityRanking(std::span<const std::uint32_t> user_counts)
    : order_(user_counts.size()), shares_(user_counts.size()) {
  std::iota(order_.begin(), order_.end(), 0U);
  std::ranges::sort(order_, [&](std::uint32_t a, std::uint32_t b) {
    return user_counts[a] != user_counts[b] ? user_counts[a] > user_counts[b] : a < b;
  });
  double total = 0;
  for (const std::uint32_t count : user_counts) total += count;
  for (std::size_t item = 0; item < shares_.size(); ++item) {
    shares_[item] = static_cast<float>(total > 0 ? user_counts[item] / total
                                                 : 1.0 / static_cast<double>(shares_.size()));
  }
}

}  // namespace usher::recsys
