// Sums of exponentials and quadratic forms: what a softmax over a catalogue is made of.
#pragma once

#include <cstddef>
#include <span>

namespace usher::linalg {

struct ExpSums {
  double sum = 0;          // sum of w_i, w_i = exp(scale * x_i - shift)
  double weighted = 0;     // sum of w_i x_i
  double weighted_sq = 0;  // sum of w_i x_i^2
};

// scale * x_i - shift must be at most 88.
[[nodiscard]] ExpSums SumExponentials(std::span<const float> x, float scale, float shift);

// u^T M u for a symmetric M [n x n], row-major, given in full.
[[nodiscard]] float QuadraticForm(const float* M, std::span<const float> u);

}  // namespace usher::linalg
