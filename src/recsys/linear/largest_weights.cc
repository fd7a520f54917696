#include "recsys/linear/largest_weights.h"

#include <algorithm>

#include "base/check.h"

namespace usher::recsys {

void LargestWeights::Reset(std::span<const std::uint32_t> sources, std::size_t neighbours) {
  Check(neighbours > 0, "rows keep something");
  sources_ = sources;
  thresholds_.assign(sources.size(), 0.0F);
  best_.resize(sources.size());
  for (TopK& best : best_) best.Reset(neighbours);
}

void LargestWeights::Offer(std::uint32_t target, std::span<const float> values, float scale) {
  for (std::size_t s = 0; s < sources_.size(); ++s) {
    const float weight = values[s] * scale;
    if (!(weight > 0) || weight < thresholds_[s] || sources_[s] == target) continue;
    best_[s].Offer({target, weight});
    thresholds_[s] = std::max(0.0F, best_[s].threshold());
  }
}

void LargestWeights::Take(std::vector<std::vector<ScoredItem>>& rows) {
  for (std::size_t s = 0; s < sources_.size(); ++s) {
    std::vector<ScoredItem>& row = rows[sources_[s]];
    best_[s].Take(row);
    std::ranges::sort(row, {}, &ScoredItem::item);
  }
}

}  // namespace usher::recsys
