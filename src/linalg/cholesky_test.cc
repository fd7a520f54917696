#include "linalg/cholesky.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "linalg/each_target.h"
#include "linalg/matrix.h"
#include "linalg/random_matrix.h"

namespace usher::linalg {
namespace {

// R^T R / rows + ridge: positive definite.
std::vector<float> RandomSystem(std::size_t n, double ridge, std::uint64_t seed) {
  const Matrix R = RandomMatrix(2 * n, n, seed);
  std::vector<float> A(n * n);
  for (std::size_t r = 0; r < n; ++r) {
    for (std::size_t c = 0; c < n; ++c) {
      double sum = r == c ? ridge : 0.0;
      for (std::size_t k = 0; k < 2 * n; ++k) sum += double{R.Row(k)[r]} * R.Row(k)[c] / (2.0 * n);
      A[r * n + c] = static_cast<float>(sum);
    }
  }
  return A;
}

TEST(SolveCholeskyInPlace, LeavesNoResidualAtAnySize) {
  ForEachTarget([&] {
    for (std::size_t n = 16; n <= 256; n += 16) {
      const std::vector<float> A = RandomSystem(n, 0.1, n);
      const Matrix b = RandomMatrix(1, n, n + 1);
      std::vector<float> work = A;
      std::vector<float> x(b.Row(0), b.Row(0) + n);

      SolveCholeskyInPlace(work.data(), n, x.data());

      for (std::size_t r = 0; r < n; ++r) {
        double residual = -double{b.Row(0)[r]};
        for (std::size_t c = 0; c < n; ++c) residual += double{A[r * n + c]} * x[c];
        ASSERT_NEAR(residual, 0.0, 2e-4) << n << " " << r;
      }
    }
  });
}

TEST(SolveCholeskyInPlace, ReadsTheUpperTriangleOnly) {
  ForEachTarget([&] {
    const std::size_t n = 32;
    std::vector<float> A = RandomSystem(n, 0.1, 4);
    std::vector<float> spoiled = A;
    for (std::size_t r = 0; r < n; ++r) {
      for (std::size_t c = 0; c < r; ++c) spoiled[r * n + c] = std::nanf("");
    }
    std::vector<float> x(n, 1.0F), y(n, 1.0F);

    SolveCholeskyInPlace(A.data(), n, x.data());
    SolveCholeskyInPlace(spoiled.data(), n, y.data());

    for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(x[i], y[i]);
  });
}

TEST(SolveCholeskyInPlace, SolvesADiagonalSystemByHand) {
  ForEachTarget([&] {
    std::vector<float> A(256, 0.0F), x(16);
    for (std::size_t i = 0; i < 16; ++i) {
      A[i * 16 + i] = 4.0F;
      x[i] = static_cast<float>(i);
    }

    SolveCholeskyInPlace(A.data(), 16, x.data());

    for (std::size_t i = 0; i < 16; ++i) EXPECT_FLOAT_EQ(x[i], static_cast<float>(i) / 4.0F);
  });
}

TEST(SolveCholeskyInPlace, StaysFiniteWhenTheMatrixIsSingular) {
  ForEachTarget([&] {
    for (const float value : {0.0F, 1.0F}) {
      std::vector<float> A(32 * 32, value), x(32, 1.0F);
      SolveCholeskyInPlace(A.data(), 32, x.data());
      for (const float v : x) EXPECT_TRUE(std::isfinite(v)) << value;
    }
  });
}

}  // namespace
}  // namespace usher::linalg
