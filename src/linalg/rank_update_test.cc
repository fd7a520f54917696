#include "linalg/rank_update.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "base/random.h"
#include "linalg/each_target.h"
#include "linalg/random_matrix.h"

namespace usher::linalg {
namespace {

// The same sums by the definition, in double.
struct SlowUpdate {
  std::vector<double> A, b;
  SlowUpdate(const Matrix& Y, const std::vector<std::uint32_t>& rows,
             const std::vector<float>& weights, const float* base)
      : A(Y.stride() * Y.stride()), b(Y.stride()) {
    const std::size_t n = Y.stride();
    for (std::size_t i = 0; i < n * n; ++i) A[i] = base[i];
    for (std::size_t j = 0; j < rows.size(); ++j) {
      const float* y = Y.Row(rows[j]);
      const double w = weights.empty() ? 1.0 : weights[j];
      for (std::size_t r = 0; r < n; ++r) {
        b[r] += w * y[r];
        for (std::size_t c = 0; c < n; ++c) A[r * n + c] += w * y[r] * y[c];
      }
    }
  }
};

void ExpectUpperNear(const std::vector<float>& A, const std::vector<double>& expected,
                     std::size_t n, double tolerance) {
  for (std::size_t r = 0; r < n; ++r) {
    for (std::size_t c = r; c < n; ++c) {
      ASSERT_NEAR(A[r * n + c], expected[r * n + c], tolerance) << r << " " << c;
    }
  }
}

TEST(GatherRankUpdate, MatchesItsScalarTwinAtAllRanksAndPanelEdges) {
  ForEachTarget([&] {
    Random random(7);
    for (const std::size_t rank : {1, 16, 47, 64, 149, 256}) {
      const Matrix Y = RandomMatrix(300, rank, rank);
      const std::size_t n = Y.stride();
      const Matrix base = RandomMatrix(n, n, 99);
      for (const std::size_t count : {0, 1, 63, 65, 130}) {
        for (const bool weighted : {false, true}) {
          std::vector<std::uint32_t> rows;
          std::vector<float> weights;
          for (std::size_t j = 0; j < count; ++j) {
            rows.push_back(static_cast<std::uint32_t>(random.Below(300)));
            if (weighted) weights.push_back(static_cast<float>(random.Uniform() * 3));
          }
          std::vector<float> A(n * n), b(n), panel(PanelSize(n));

          GatherRankUpdate(Y.view(), rows, weights, base.Row(0), A.data(), b.data(), panel.data());

          const SlowUpdate slow(Y, rows, weights, base.Row(0));
          ExpectUpperNear(A, slow.A, n, 2e-4);
          for (std::size_t i = 0; i < n; ++i) ASSERT_NEAR(b[i], slow.b[i], 1e-4);
        }
      }
    }
  });
}

TEST(GatherRankUpdate, AddsInPlaceWhenTheBaseIsTheResult) {
  ForEachTarget([&] {
    const Matrix Y = RandomMatrix(5, 16, 3);
    std::vector<float> A(256, 1.0F), b(16), panel(PanelSize(16));
    const std::vector<float> ones(256, 1.0F);
    const std::vector<std::uint32_t> rows{4, 0, 4};

    GatherRankUpdate(Y.view(), rows, {}, A.data(), A.data(), b.data(), panel.data());

    ExpectUpperNear(A, SlowUpdate(Y, rows, {}, ones.data()).A, 16, 1e-5);
  });
}

TEST(Gram, IsTheSameToTheLastBitAtAnyNumberOfThreads) {
  ForEachTarget([&] {
    const Matrix Y = RandomMatrix(5000, 40, 5);
    const std::size_t n = Y.stride();
    std::vector<float> expected(n * n);
    ThreadPool one(1);
    Gram(Y.view(), one, expected.data());
    for (const std::size_t threads : {2, 7}) {
      ThreadPool pool(threads);
      std::vector<float> A(n * n);
      Gram(Y.view(), pool, A.data());
      EXPECT_EQ(std::memcmp(A.data(), expected.data(), n * n * sizeof(float)), 0);
    }
  });
}

TEST(Gram, MatchesItsScalarTwin) {
  ForEachTarget([&] {
    for (const std::size_t count : {0, 1, 1024, 1500}) {
      const Matrix Y = RandomMatrix(count, 33, 6);
      const std::size_t n = Y.stride();
      const std::vector<float> zero(n * n, 0.0F);
      std::vector<std::uint32_t> all(count);
      for (std::size_t i = 0; i < count; ++i) all[i] = static_cast<std::uint32_t>(i);
      std::vector<float> A(n * n);
      ThreadPool pool(2);

      Gram(Y.view(), pool, A.data());

      ExpectUpperNear(A, SlowUpdate(Y, all, {}, zero.data()).A, n, 3e-3);
    }
  });
}

TEST(GatherSum, AddsTheRowsInOrder) {
  ForEachTarget([&] {
    for (const std::size_t rank : {1, 16, 40}) {
      const Matrix Y = RandomMatrix(60, rank, 4);
      for (const std::size_t count : {0, 1, 17, 50}) {
        std::vector<std::uint32_t> rows;
        for (std::size_t j = 0; j < count; ++j) {
          rows.push_back(static_cast<std::uint32_t>(j * 7 % 60));
        }
        std::vector<float> got(Y.stride(), 5.0F);
        GatherSum(Y.view(), rows, got.data());
        for (std::size_t k = 0; k < Y.stride(); ++k) {
          float sum = 0;
          for (const std::uint32_t row : rows) sum += Y.Row(row)[k];
          EXPECT_EQ(got[k], sum);
        }
      }
    }
  });
}

}  // namespace
}  // namespace usher::linalg
