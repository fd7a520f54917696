// Recency: how much each event of a history counts for what comes next.
//
// The event p places before the newest one, s seconds older than it, weighs
//   2^(-p / half_life) exp(-s / time_scale).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace usher::recsys {

struct Recency {
  float half_life = 5;   // events; 0: all weigh the same
  float time_scale = 0;  // seconds; 0: time does not matter

  bool operator==(const Recency&) const = default;
};

// Events further back than this never count when half_life is over 0.
inline constexpr std::size_t kRecentEvents = 128;
// Nor does one that would weigh less than this.
inline constexpr float kSmallestRecency = 0.01F;

// How many of the newest of `count` events count.
[[nodiscard]] std::size_t CountRecent(std::size_t count, const Recency& recency);

// Overwrites `weights` with those of the newest CountRecent events of a history, oldest first.
// `times` (seconds, rising) has one entry for each event of the history, or none: equal times.
void RecencyWeights(std::size_t count, std::span<const std::uint32_t> times, const Recency& recency,
                    std::vector<float>& weights);

}  // namespace usher::recsys
