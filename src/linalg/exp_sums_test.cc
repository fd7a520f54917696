#include "linalg/exp_sums.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "linalg/each_target.h"
#include "linalg/random_matrix.h"

namespace usher::linalg {
namespace {

TEST(SumExponentials, MatchesTheSlowSums) {
  ForEachTarget([&] {
    for (const std::size_t size : {0, 1, 15, 16, 17, 5000, 10001}) {
      const Matrix m = RandomMatrix(1, size, size + 1);
      ExpSums expected;
      for (std::size_t i = 0; i < size; ++i) {
        const double x = m.Row(0)[i];
        const double w = std::exp(3.0 * x - 2.0);
        expected.sum += w;
        expected.weighted += w * x;
        expected.weighted_sq += w * x * x;
      }
      const ExpSums got = SumExponentials({m.Row(0), size}, 3.0F, 2.0F);
      EXPECT_NEAR(got.sum, expected.sum, 1e-4 * expected.sum);
      EXPECT_NEAR(got.weighted, expected.weighted, 1e-4 * expected.weighted_sq + 1e-6);
      EXPECT_NEAR(got.weighted_sq, expected.weighted_sq, 1e-4 * expected.weighted_sq);
    }
  });
}

TEST(QuadraticForm, MatchesTheSlowSumAtEverySize) {
  ForEachTarget([&] {
    for (std::size_t n = 1; n <= 70; ++n) {
      const Matrix m = RandomMatrix(n + 1, n, n);
      std::vector<float> M(n * n);
      double expected = 0;
      for (std::size_t r = 0; r < n; ++r) {
        for (std::size_t c = 0; c < n; ++c) {
          M[r * n + c] = m.Row(r)[c] + m.Row(c)[r];
          expected += double{M[r * n + c]} * m.Row(n)[r] * m.Row(n)[c];
        }
      }
      EXPECT_NEAR(QuadraticForm(M.data(), {m.Row(n), n}), expected, 1e-3) << n;
    }
  });
}

}  // namespace
}  // namespace usher::linalg
