// FitTemperature: the temperature at which a softmax over the catalogue gives held-out items the
// greatest likelihood.
//
// Symbols: b = 1 / temperature. Minimised over b is the mean over cases of
//            log sum_i exp(b s_i) - b mean_j s_j,  j over the case's held-out items,
//          which is convex in b: Newton's method within a shrinking bracket.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "base/parallel.h"
#include "recsys/interactions/lists.h"

namespace usher::recsys {

inline constexpr float kDefaultTemperature = 0.1F;
inline constexpr float kSmallestTemperature = 0.005F;
inline constexpr float kLargestTemperature = 100.0F;

// Overwrites `scores` [items] with those of a case. Called from all threads of the pool, `worker`
// naming the thread.
using ScoreCase =
    std::function<void(std::size_t which, std::size_t worker, std::span<float> scores)>;

// `held_out` has a list of at least one item for each case. Between the two limits; the default
// when there are no cases. Uses the first cases whose scores fit into 64 MB.
[[nodiscard]] float FitTemperature(std::size_t item_count, const ListsView& held_out,
                                   const ScoreCase& score, ThreadPool& pool);

}  // namespace usher::recsys
