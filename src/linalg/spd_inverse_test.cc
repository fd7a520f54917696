#include "linalg/spd_inverse.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "linalg/each_target.h"
#include "linalg/matrix.h"
#include "linalg/random_matrix.h"

namespace usher::linalg {
namespace {

// R^T R / rows + ridge of order `order`, padded with ones on the diagonal; below the diagonal are
// values that nobody may read.
FloatVector RandomSpd(std::size_t order, double ridge, std::uint64_t seed) {
  const Matrix R = RandomMatrix(2 * order, order, seed);
  const std::size_t n = PaddedOrder(order);
  FloatVector A(n * n, 0.0F);
  for (std::size_t r = 0; r < n; ++r) {
    for (std::size_t c = 0; c < r; ++c) A[r * n + c] = std::numeric_limits<float>::quiet_NaN();
    A[r * n + r] = 1;
  }
  for (std::size_t r = 0; r < order; ++r) {
    for (std::size_t c = r; c < order; ++c) {
      double sum = r == c ? ridge : 0.0;
      for (std::size_t k = 0; k < 2 * order; ++k) {
        sum += double{R.Row(k)[r]} * R.Row(k)[c] / (2.0 * static_cast<double>(order));
      }
      A[r * n + c] = static_cast<float>(sum);
    }
  }
  return A;
}

// The largest entry of A inverse - I; of A the upper triangle counts.
double LargestResidual(const FloatVector& A, const FloatVector& inverse, std::size_t n) {
  double largest = 0;
  for (std::size_t r = 0; r < n; ++r) {
    for (std::size_t c = 0; c < n; ++c) {
      double sum = r == c ? -1.0 : 0.0;
      for (std::size_t k = 0; k < n; ++k) {
        sum += double{A[std::min(r, k) * n + std::max(r, k)]} * inverse[k * n + c];
      }
      largest = std::max(largest, std::abs(sum));
    }
  }
  return largest;
}

TEST(InvertSpdInPlace, InvertsOneNumber) {
  ForEachTarget([&] {
    ThreadPool pool(1);
    FloatVector A = RandomSpd(1, 0, 1);
    A[0] = 4;
    ASSERT_TRUE(InvertSpdInPlace(A.data(), kOrderMultiple, pool));
    EXPECT_EQ(A[0], 0.25F);
    EXPECT_EQ(A[1], 0.0F);
    EXPECT_EQ(A[kOrderMultiple], 0.0F);
    EXPECT_EQ(A[kOrderMultiple + 1], 1.0F);
  });
}

TEST(InvertSpdInPlace, LeavesNoResidualAtAnyOrder) {
  ForEachTarget([&] {
    ThreadPool pool(2);
    for (const std::size_t order : {3, 48, 96, 100, 144, 192, 233, 288}) {
      const FloatVector A = RandomSpd(order, 0.1, order);
      const std::size_t n = PaddedOrder(order);
      FloatVector inverse = A;
      ASSERT_TRUE(InvertSpdInPlace(inverse.data(), n, pool));
      EXPECT_LT(LargestResidual(A, inverse, n), 2e-4) << order;
      for (std::size_t r = 0; r < n; ++r) {
        for (std::size_t c = 0; c < r; ++c) ASSERT_EQ(inverse[r * n + c], inverse[c * n + r]);
      }
    }
  });
}

TEST(InvertSpdInPlace, GivesTheSameBitsAtAnyNumberOfThreads) {
  ForEachTarget([&] {
    ThreadPool one(1);
    FloatVector expected = RandomSpd(300, 0.1, 7);
    ASSERT_TRUE(InvertSpdInPlace(expected.data(), PaddedOrder(300), one));
    for (const std::size_t threads : {2, 7}) {
      ThreadPool pool(threads);
      FloatVector A = RandomSpd(300, 0.1, 7);
      ASSERT_TRUE(InvertSpdInPlace(A.data(), PaddedOrder(300), pool));
      EXPECT_EQ(A, expected);
    }
  });
}

// Unknowns 3 and 4 are the same one twice: without the second, which gets zeros, the rest has an
// inverse.
TEST(InvertSpdInPlace, StaysFiniteWithoutRank) {
  ForEachTarget([&] {
    ThreadPool pool(1);
    const std::size_t n = kOrderMultiple;
    FloatVector A(n * n, 0.0F);
    for (std::size_t k = 0; k < n; ++k) A[k * n + k] = 2;
    A[3 * n + 4] = 2;
    ASSERT_TRUE(InvertSpdInPlace(A.data(), n, pool));
    for (std::size_t k = 0; k < n; ++k) {
      EXPECT_EQ(A[4 * n + k], 0.0F);
      EXPECT_EQ(A[k * n + 4], 0.0F);
    }
    EXPECT_FLOAT_EQ(A[3 * n + 3], 0.5F);
  });
}

TEST(InvertSpdInPlace, StopsWhenTold) {
  ThreadPool pool(1);
  FloatVector A = RandomSpd(48, 0.1, 1);
  std::stop_source source;
  source.request_stop();
  EXPECT_FALSE(InvertSpdInPlace(A.data(), 48, pool, source.get_token()));
}

}  // namespace
}  // namespace usher::linalg
