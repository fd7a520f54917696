// FitTemperature: the temperature at which a softmax over the catalogue gives held-out items the
// greatest likelihood.
//
// Symbols: b = 1 / temperature. Minimised over b is the mean over cases of
//            log sum_i exp(b u.v_i) - b mean_j u.v_j,  j over the case's held-out items,
//          which is convex in b: Newton's method within a shrinking bracket.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/parallel.h"
#include "linalg/matrix.h"

namespace usher::recsys {

inline constexpr float kDefaultTemperature = 0.1F;
inline constexpr float kSmallestTemperature = 0.005F;
inline constexpr float kLargestTemperature = 100.0F;

struct TemperatureCase {
  std::span<const float> u;              // [stride of items]
  std::span<const std::uint32_t> items;  // held out; at least one
};

// Between the two limits; the default when there are no cases. Uses the first cases whose products
// fit into 64 MB.
[[nodiscard]] float FitTemperature(const linalg::MatrixView& items,
                                   std::span<const TemperatureCase> cases, ThreadPool& pool);

}  // namespace usher::recsys
