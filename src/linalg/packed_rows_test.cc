#include "linalg/packed_rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "linalg/each_target.h"
#include "linalg/random_matrix.h"
#include "linalg/vector_ops.h"

namespace usher::linalg {
namespace {

// The product as the kernel promises it: one chain over the columns, fused where the target fuses.
float ChainProduct(const float* u, const float* v, std::size_t cols, bool fused) {
  float sum = 0;
  for (std::size_t k = 0; k < cols; ++k) {
    sum = fused ? std::fma(u[k], v[k], sum) : sum + u[k] * v[k];
  }
  return sum;
}

bool TargetFuses() {
  return InstructionSet().starts_with("AVX") || InstructionSet().starts_with("NEON");
}

TEST(Scan, MatchesItsScalarTwinBitForBitForOneVectorAndForMany) {
  ForEachTarget([&] {
    for (const std::size_t rank : {1, 7, 16, 33, 64}) {
      for (const std::size_t size : {1, 15, 16, 17, 100, 333}) {
        const Matrix V = RandomMatrix(size, rank, size);
        std::vector<std::uint32_t> order(size);
        std::iota(order.rbegin(), order.rend(), 0);
        const PackedRows rows(V.view(), order);
        for (const std::size_t count : {1, 2, 11, 12, 13, 30}) {
          const Matrix U = RandomMatrix(count, rank, 77 + count);
          std::vector<float> scratch(ScanScratch(rank));
          std::vector<std::vector<Hit>> hits(count,
                                             std::vector<Hit>(rows.tile_count() * kTileWidth));
          std::vector<std::vector<float>> sums(count, std::vector<float>(kTileWidth, 0.0F));
          std::vector<ScanVector> vectors(count);
          for (std::size_t r = 0; r < count; ++r) {
            vectors[r] = {.u = U.Row(r),
                          .threshold = 0.5F,
                          .sums = sums[r].data(),
                          .scale = 0.5F,
                          .shift = 1.0F,
                          .hits = hits[r].data()};
          }

          Scan(rows, 0, rows.tile_count(), vectors, scratch.data());

          for (std::size_t r = 0; r < count; ++r) {
            std::size_t at = 0;
            double sum = 0;
            for (std::size_t p = 0; p < size; ++p) {
              const float product = ChainProduct(U.Row(r), V.Row(order[p]), rank, TargetFuses());
              sum += std::exp(0.5 * product - 1.0);
              if (product < 0.5F) continue;
              ASSERT_LT(at, vectors[r].hit_count);
              EXPECT_EQ(hits[r][at].position, p);
              EXPECT_EQ(hits[r][at].product, product);
              ++at;
            }
            EXPECT_EQ(at, vectors[r].hit_count);
            const double total = std::accumulate(sums[r].begin(), sums[r].end(), 0.0);
            EXPECT_NEAR(total / sum, 1.0, 1e-5);
          }
        }
      }
    }
  });
}

TEST(Scan, SumsWhatASecondOrderExpansionLeavesOut) {
  ForEachTarget([&] {
    const Matrix V = RandomMatrix(45, 8, 3, 0.3);
    std::vector<std::uint32_t> order(45);
    std::iota(order.begin(), order.end(), 0);
    const PackedRows rows(V.view(), order);
    for (const std::size_t count : {1, 5}) {
      const Matrix U = RandomMatrix(count, 8, 4);
      std::vector<float> scratch(ScanScratch(8));
      std::vector<std::vector<float>> sums(2 * count, std::vector<float>(kTileWidth, 0.0F));
      std::vector<ScanVector> vectors(count);
      for (std::size_t r = 0; r < count; ++r) {
        vectors[r] = {.u = U.Row(r),
                      .threshold = std::numeric_limits<float>::infinity(),
                      .sums = sums[2 * r].data(),
                      .squares = sums[2 * r + 1].data(),
                      .scale = 1.5F};
      }
      Scan(rows, 0, rows.tile_count(), vectors, scratch.data());
      for (std::size_t r = 0; r < count; ++r) {
        double sum = 0;
        double square = 0;
        for (std::size_t p = 0; p < 45; ++p) {
          const double x = 1.5 * ChainProduct(U.Row(r), V.Row(p), 8, TargetFuses());
          const double d = std::exp(x) - 1 - x - x * x / 2;
          sum += d;
          square += d * d;
        }
        EXPECT_NEAR(std::accumulate(sums[2 * r].begin(), sums[2 * r].end(), 0.0), sum,
                    1e-4 * std::abs(sum) + 1e-4);
        EXPECT_NEAR(std::accumulate(sums[2 * r + 1].begin(), sums[2 * r + 1].end(), 0.0), square,
                    1e-3 * square + 1e-5);
      }
    }
  });
}

TEST(ChainProducts, HaveTheBitsOfTheScan) {
  ForEachTarget([&] {
    for (const std::size_t rank : {1, 16, 33}) {
      const Matrix V = RandomMatrix(50, rank, 5);
      const Matrix U = RandomMatrix(1, rank, 6);
      std::vector<std::uint32_t> rows{49, 0, 7, 7, 3, 12, 48, 31, 30, 2, 1};
      std::vector<float> out(rows.size());
      ChainProducts(V.view(), U.Row(0), rows, out.data());
      for (std::size_t j = 0; j < rows.size(); ++j) {
        EXPECT_EQ(out[j], ChainProduct(U.Row(0), V.Row(rows[j]), rank, TargetFuses()));
      }
    }
  });
}

TEST(Scan, LooksOnlyAtTheTilesAskedFor) {
  ForEachTarget([&] {
    const Matrix V = RandomMatrix(160, 8, 1);
    std::vector<std::uint32_t> order(160);
    std::iota(order.begin(), order.end(), 0);
    const PackedRows rows(V.view(), order);
    std::vector<Hit> hits(160);
    std::vector<float> scratch(ScanScratch(8));
    ScanVector vector{
        .u = V.Row(0), .threshold = -std::numeric_limits<float>::infinity(), .hits = hits.data()};

    Scan(rows, 3, 5, {&vector, 1}, scratch.data());

    ASSERT_EQ(vector.hit_count, 32U);
    EXPECT_EQ(hits.front().position, 48U);
    EXPECT_EQ(hits[31].position, 79U);
  });
}

}  // namespace
}  // namespace usher::linalg
