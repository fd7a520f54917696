// Random matrices for tests and benchmarks.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/random.h"
#include "linalg/matrix.h"

namespace usher::linalg {

// Normal entries of the given standard deviation.
[[nodiscard]] inline Matrix RandomMatrix(std::size_t rows, std::size_t cols, std::uint64_t seed,
                                         double deviation = 1.0) {
  Matrix matrix(rows, cols);
  Random random(seed);
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < cols; ++c) {
      matrix.Row(r)[c] = static_cast<float>(deviation * random.Normal());
    }
  }
  return matrix;
}

}  // namespace usher::linalg
