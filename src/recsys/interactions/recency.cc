#include "recsys/interactions/recency.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace usher::recsys {

std::size_t CountRecent(std::size_t count, const Recency& recency) {
  if (recency.half_life <= 0) return count;
  const float farthest = -recency.half_life * std::log2(kSmallestRecency);
  const auto limit =
      static_cast<std::size_t>(std::clamp(farthest, 0.0F, static_cast<float>(kRecentEvents - 1)));
  return std::min(count, limit + 1);
}

void RecencyWeights(std::size_t count, std::span<const std::uint32_t> times, const Recency& recency,
                    std::vector<float>& weights) {
  const std::size_t recent = CountRecent(count, recency);
  weights.assign(recent, 1.0F);
  if (recent == 0) return;
  if (recency.half_life > 0) {
    const float step = std::exp2(-1.0F / recency.half_life);
    for (std::size_t p = recent - 1; p-- > 0;) weights[p] = weights[p + 1] * step;
  }
  if (recency.time_scale > 0 && times.size() == count) {
    const std::uint32_t newest = times.back();
    const auto recent_times = times.last(recent);
    for (std::size_t p = 0; p < recent; ++p) {
      const auto age = static_cast<float>(newest - recent_times[p]);
      weights[p] = std::max(weights[p] * std::exp(-age / recency.time_scale),
                            std::numeric_limits<float>::min());
    }
  }
}

}  // namespace usher::recsys
