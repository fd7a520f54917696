#include "linalg/gathered_rows.h"

#include <gtest/gtest.h>

#include <vector>

#include "linalg/each_target.h"
#include "linalg/random_matrix.h"
#include "linalg/rank_update.h"

namespace usher::linalg {
namespace {

// Some rows, one of them twice.
std::vector<std::uint32_t> Rows(std::size_t count) {
  std::vector<std::uint32_t> rows;
  for (std::size_t j = 0; j < count; ++j) rows.push_back(static_cast<std::uint32_t>(j * 7 % 90));
  return rows;
}

double Product(const float* a, const float* b, std::size_t n) {
  double sum = 0;
  for (std::size_t k = 0; k < n; ++k) sum += double{a[k]} * b[k];
  return sum;
}

std::vector<float> Weights(std::size_t count, bool weighted) {
  std::vector<float> weights;
  for (std::size_t j = 0; j < count && weighted; ++j) {
    weights.push_back(0.25F * static_cast<float>(j % 9));
  }
  return weights;
}

TEST(AddGathered, MatchesItsScalarTwin) {
  ForEachTarget([&] {
    for (const std::size_t rank : {1, 20, 64}) {
      const Matrix Y = RandomMatrix(90, rank, 1);
      const Matrix p = RandomMatrix(1, rank, 2);
      for (const std::size_t count : {0, 1, 3, 4, 50, 130}) {
        for (const bool weighted : {false, true}) {
          const std::vector<std::uint32_t> rows = Rows(count);
          const std::vector<float> weights = Weights(count, weighted);
          FloatVector sum(Y.stride(), 0.0F);
          sum[0] = 3.0F;
          AddGathered(Y.view(), rows, weights, 1.0F, -0.5F, p.Row(0), sum.data());
          for (std::size_t k = 0; k < rank; ++k) {
            double expected = k == 0 ? 3.0 : 0.0;
            for (std::size_t j = 0; j < count; ++j) {
              const float* y = Y.Row(rows[j]);
              const double w = weighted ? double{weights[j]} : 1.0;
              expected += w * (1 - 0.5 * Product(y, p.Row(0), rank)) * y[k];
            }
            EXPECT_NEAR(sum[k], expected, 1e-3) << rank << " " << count << " " << k;
          }
        }
      }
    }
  });
}

TEST(SubtractProducts, MatchesItsScalarTwinOnABlock) {
  ForEachTarget([&] {
    const Matrix Y = RandomMatrix(90, 64, 3);
    const Matrix p = RandomMatrix(1, 64, 4);
    for (const std::size_t c : {0, 16, 32}) {
      for (const std::size_t width : {16, 32}) {
        const std::vector<std::uint32_t> rows = Rows(51);
        std::vector<float> residuals(51, 1.0F);
        SubtractProducts(Y.view(), rows, c, width, p.Row(0), residuals.data());
        for (std::size_t j = 0; j < 51; ++j) {
          EXPECT_NEAR(residuals[j], 1 - Product(Y.Row(rows[j]) + c, p.Row(0), width), 1e-4);
        }
      }
    }
  });
}

TEST(BlockRankUpdate, MatchesItsScalarTwin) {
  ForEachTarget([&] {
    const Matrix Y = RandomMatrix(90, 64, 5);
    for (const std::size_t count : {0, 1, 63, 64, 130}) {
      for (const bool weighted : {false, true}) {
        for (const std::size_t width : {16, 48}) {
          constexpr std::size_t kFirst = 16;
          const std::vector<std::uint32_t> rows = Rows(count);
          const std::vector<float> weights = Weights(count, weighted);
          std::vector<float> residuals;
          for (std::size_t j = 0; j < count; ++j) residuals.push_back(1.0F / (1.0F + j));
          FloatVector base(width * width, 0.5F);
          FloatVector A(width * width);
          FloatVector b(width);
          FloatVector panel(PanelSize(width));
          BlockRankUpdate(Y.view(), rows, weights, residuals, kFirst, width, base.data(), A.data(),
                          b.data(), panel.data());
          for (std::size_t r = 0; r < width; ++r) {
            double expected_b = 0;
            for (std::size_t j = 0; j < count; ++j) {
              const double w = weighted ? double{weights[j]} : 1.0;
              expected_b += w * residuals[j] * Y.Row(rows[j])[kFirst + r];
            }
            EXPECT_NEAR(b[r], expected_b, 1e-4);
            for (std::size_t s = r; s < width; ++s) {
              double expected = 0.5;
              for (std::size_t j = 0; j < count; ++j) {
                const double w = weighted ? double{weights[j]} : 1.0;
                expected += w * Y.Row(rows[j])[kFirst + r] * Y.Row(rows[j])[kFirst + s];
              }
              EXPECT_NEAR(A[r * width + s], expected, 1e-3);
            }
          }
        }
      }
    }
  });
}

}  // namespace
}  // namespace usher::linalg
