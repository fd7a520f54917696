#include "recsys/blend/sequence_scores.h"

namespace usher::recsys {

void SequenceScores::Sum(const WeightedListsView& T, std::span<const std::uint32_t> history,
                         std::span<const std::uint32_t> times, const Recency& recency,
                         float scale) {
  for (const std::uint32_t item : items_) sums_[item] = 0;
  items_.clear();
  RecencyWeights(history.size(), times, recency, recency_);
  const auto recent = history.last(recency_.size());
  for (std::size_t p = 0; p < recent.size(); ++p) {
    const float q = scale * recency_[p];
    const WeightedListsView::Row row = T[recent[p]];
    for (std::size_t k = 0; k < row.items.size(); ++k) {
      const float more = q * row.weights[k];
      if (more == 0) continue;  // too small for a float; a sum of 0 means not yet in items_
      float& sum = sums_[row.items[k]];
      if (sum == 0) items_.push_back(row.items[k]);
      sum += more;
    }
  }
}

}  // namespace usher::recsys
