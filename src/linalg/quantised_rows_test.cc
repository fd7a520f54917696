#include "linalg/quantised_rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>
#include <vector>

#include "linalg/each_target.h"
#include "linalg/random_matrix.h"

namespace usher::linalg {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::vector<std::uint32_t> Reversed(std::size_t size) {
  std::vector<std::uint32_t> order(size);
  std::iota(order.rbegin(), order.rend(), 0);
  return order;
}

// Entry k of the row at a position, from the layout that the header gives.
int Byte(const QuantisedRows& rows, std::size_t position, std::size_t k) {
  const std::int8_t* tile = rows.Tile(position / kTileWidth);
  return tile[(k / 2 * kTileWidth + position % kTileWidth) * 2 + k % 2];
}

std::span<const float> Padded(const Matrix& matrix, std::size_t row) {
  return {matrix.Row(row), matrix.stride()};
}

// All positions of one vector, in order.
std::vector<std::uint32_t> ScanAll(const QuantisedRows& rows, const QuantisedVector& u,
                                   float threshold) {
  std::vector<std::uint32_t> hits(rows.tile_count() * kTileWidth);
  std::vector<std::int32_t> scratch(QuantisedScratch(rows.cols()));
  QuantisedScanVector vector{.u = &u, .threshold = threshold, .hits = hits.data()};
  ScanQuantised(rows, 0, rows.tile_count(), {&vector, 1}, scratch.data());
  hits.resize(vector.hit_count);
  return hits;
}

TEST(ScanQuantised, MatchesItsScalarTwinForOneVectorAndForMany) {
  ForEachTarget([&] {
    for (const std::size_t rank : {1, 7, 16, 33, 64}) {
      for (const std::size_t size : {1, 15, 16, 17, 100, 333}) {
        const Matrix V = RandomMatrix(size, rank, size);
        const QuantisedRows rows(V.view(), Reversed(size));
        for (const std::size_t count : {1, 2, 11, 12, 13, 30}) {
          const Matrix U = RandomMatrix(count, rank, 77 + count);
          std::vector<QuantisedVector> quantised(count);
          std::vector<QuantisedScanVector> vectors(count);
          std::vector<std::vector<std::uint32_t>> hits(
              count, std::vector<std::uint32_t>(rows.tile_count() * kTileWidth));
          std::vector<std::vector<float>> sums(count, std::vector<float>(kTileWidth, 0.0F));
          std::vector<std::vector<float>> doubts(count, std::vector<float>(kTileWidth, 0.0F));
          for (std::size_t r = 0; r < count; ++r) {
            ASSERT_TRUE(rows.Quantise(Padded(U, r), quantised[r]));
            vectors[r] = {.u = &quantised[r],
                          .threshold = 0.5F,
                          .sums = sums[r].data(),
                          .doubts = doubts[r].data(),
                          .scale = 0.5F,
                          .shift = 1.0F,
                          .hits = hits[r].data()};
          }
          std::vector<std::int32_t> scratch(QuantisedScratch(rank));

          ScanQuantised(rows, 0, rows.tile_count(), vectors, scratch.data());

          for (std::size_t r = 0; r < count; ++r) {
            const std::set<std::uint32_t> hit(hits[r].begin(),
                                              hits[r].begin() + vectors[r].hit_count);
            EXPECT_EQ(hit.size(), vectors[r].hit_count);
            double sum = 0;
            double doubt = 0;
            for (std::uint32_t p = 0; p < size; ++p) {
              int whole = 0;
              for (std::size_t k = 0; k < rank; ++k) {
                whole += Byte(rows, p, k) * quantised[r].values[k];
              }
              const double q = double{quantised[r].scale} * rows.scales()[p] * whole;
              const double upper = q + double{quantised[r].norm} * rows.errors()[p];
              // Nearer than this float and double may disagree.
              if (std::abs(upper - 0.5) > 1e-5) {
                EXPECT_EQ(hit.contains(p), upper > 0.5);
              }
              if (hit.contains(p)) continue;
              const double w = std::exp(0.5 * q - 1.0);
              sum += w;
              doubt += w * w * rows.errors()[p] * rows.errors()[p];
            }
            EXPECT_NEAR(std::accumulate(sums[r].begin(), sums[r].end(), 0.0), sum, 1e-5 * sum);
            EXPECT_NEAR(std::accumulate(doubts[r].begin(), doubts[r].end(), 0.0), doubt,
                        1e-5 * doubt);
          }
        }
      }
    }
  });
}

TEST(QuantisedRows, AreWholeNumbersOfAScaleThatMakesTheLargestEntry127) {
  Matrix V(2, 3);
  V.Row(0)[0] = -2.54F;
  V.Row(0)[1] = 1.0F;    // 50 of 0.02
  V.Row(0)[2] = 0.031F;  // 1.55 of them
  const QuantisedRows rows(V.view(), std::vector<std::uint32_t>{1, 0});
  EXPECT_EQ(Byte(rows, 1, 0), -127);
  EXPECT_EQ(Byte(rows, 1, 1), 50);
  EXPECT_EQ(Byte(rows, 1, 2), 2);
  EXPECT_FLOAT_EQ(rows.scales()[1], 0.02F);
  // 0.45 of the scale is lost, and the slack is 5e-4 of the norm.
  EXPECT_NEAR(rows.errors()[1], 0.45 * 0.02 + 5e-4 * std::sqrt(2.54 * 2.54 + 1 + 0.031 * 0.031),
              1e-6);
  EXPECT_EQ(rows.scales()[0], 0.0F);
  EXPECT_EQ(rows.errors()[0], 0.0F);
}

// The bound, at sizes of entries from where floats lose bits to where products overflow.
TEST(ScanQuantised, NeverRulesOutARowThatReachesTheThreshold) {
  ForEachTarget([&] {
    for (const std::size_t rank : {2, 64, 512}) {
      for (const float v_size : {1e-42F, 1e-30F, 1e-19F, 1.0F, 1e18F, 1e30F}) {
        for (const float u_size : {1e-42F, 1e-29F, 1e-19F, 1.0F, 1e18F, 1e30F}) {
          Matrix V = RandomMatrix(64, rank, rank);
          Matrix U = RandomMatrix(4, rank, 1 + rank);
          // One entry far above the others is what quantising suits least.
          for (std::size_t i = 0; i < 64; i += 2) V.Row(i)[0] *= 100;
          U.Row(0)[1] *= 1000;
          for (float& value : V.values()) value *= v_size;
          for (float& value : U.values()) value *= u_size;
          std::vector<std::uint32_t> all(64);
          std::iota(all.begin(), all.end(), 0);
          const QuantisedRows rows(V.view(), all);
          for (std::size_t r = 0; r < 4; ++r) {
            QuantisedVector u;
            if (!rows.Quantise(Padded(U, r), u)) continue;
            std::vector<float> products(64);
            ChainProducts(V.view(), U.Row(r), all, products.data());
            for (std::size_t i = 0; i < 64; ++i) {
              const std::vector<std::uint32_t> hits = ScanAll(rows, u, products[i]);
              EXPECT_TRUE(std::ranges::find(hits, i) != hits.end())
                  << rank << " " << v_size << " " << u_size << " " << products[i];
            }
          }
        }
      }
    }
  });
}

TEST(ScanQuantised, RulesOutMostOfRandomRows) {
  const Matrix V = RandomMatrix(1600, 64, 1);
  const Matrix U = RandomMatrix(1, 64, 2);
  std::vector<std::uint32_t> all(1600);
  std::iota(all.begin(), all.end(), 0);
  const QuantisedRows rows(V.view(), all);
  std::vector<float> products(1600);
  ChainProducts(V.view(), U.Row(0), all, products.data());
  std::ranges::nth_element(products, products.begin() + 24, std::greater());
  QuantisedVector u;
  ASSERT_TRUE(rows.Quantise(Padded(U, 0), u));
  const std::size_t hits = ScanAll(rows, u, products[24]).size();
  EXPECT_GE(hits, 25U);
  EXPECT_LE(hits, 40U);
}

// 127 * 32767 * 512 is just below 2^31.
TEST(ScanQuantised, HoldsTheLargestWholeSum) {
  ForEachTarget([&] {
    Matrix V(1, 512);
    for (float& value : V.values()) value = 0.125F;
    Matrix U(1, 512);
    for (float& value : U.values()) value = -0.25F;
    const QuantisedRows rows(V.view(), std::vector<std::uint32_t>{0});
    QuantisedVector u;
    ASSERT_TRUE(rows.Quantise(Padded(U, 0), u));
    alignas(64) float sums[kTileWidth] = {};
    alignas(64) float doubts[kTileWidth] = {};
    std::vector<std::int32_t> scratch(QuantisedScratch(512));
    QuantisedScanVector vector{
        .u = &u, .threshold = kInfinity, .sums = sums, .doubts = doubts, .scale = 1.0F};
    ScanQuantised(rows, 0, 1, {&vector, 1}, scratch.data());
    EXPECT_NEAR(std::log(sums[0]), -0.125 * 0.25 * 512, 1e-3);
  });
}

TEST(ScanQuantised, LooksOnlyAtTheTilesAskedFor) {
  const Matrix V = RandomMatrix(160, 8, 1);
  const QuantisedRows rows(V.view(), Reversed(160));
  QuantisedVector u;
  ASSERT_TRUE(rows.Quantise(Padded(V, 0), u));
  std::vector<std::uint32_t> hits(160);
  std::vector<std::int32_t> scratch(QuantisedScratch(8));
  QuantisedScanVector vector{.u = &u, .threshold = -kInfinity, .hits = hits.data()};
  ScanQuantised(rows, 3, 5, {&vector, 1}, scratch.data());
  ASSERT_EQ(vector.hit_count, 32U);
  EXPECT_EQ(hits.front(), 48U);
  EXPECT_EQ(hits[31], 79U);
}

TEST(QuantisedRows, RefuseVectorsThatTheirBoundDoesNotHoldFor) {
  ForEachTarget([&] {
    const QuantisedRows rows(RandomMatrix(20, 16, 1).view(), Reversed(20));
    QuantisedVector out;
    FloatVector u(16, 0.0F);
    EXPECT_FALSE(rows.Quantise(u, out));  // zero
    u[3] = 1e-38F;
    EXPECT_FALSE(rows.Quantise(u, out));
    u[3] = 1e37F;
    EXPECT_FALSE(rows.Quantise(u, out));
    u[3] = 1.0F;
    EXPECT_TRUE(rows.Quantise(u, out));
    EXPECT_EQ(out.values[3], 32767);
    u[4] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_FALSE(rows.Quantise(u, out));
    u[4] = kInfinity;
    EXPECT_FALSE(rows.Quantise(u, out));

    Matrix V(20, 16);
    V.Row(3)[1] = std::numeric_limits<float>::quiet_NaN();
    u[4] = 0;
    EXPECT_FALSE(QuantisedRows(V.view(), Reversed(20)).Quantise(u, out));
  });
}

TEST(NormRoundedUp, IsNeverBelowTheNorm) {
  EXPECT_EQ(NormRoundedUp(std::vector<float>{}), 0.0F);
  EXPECT_GE(NormRoundedUp(std::vector<float>{3.0F, 4.0F}), 5.0F);
  EXPECT_NEAR(NormRoundedUp(std::vector<float>{3.0F, 4.0F}), 5.0F, 1e-6F);
  // Whose squares a float does not hold.
  EXPECT_NEAR(NormRoundedUp(std::vector<float>{3e-30F, 4e-30F}) / 5e-30F, 1.0F, 1e-6F);
  EXPECT_NEAR(NormRoundedUp(std::vector<float>{3e30F, 4e30F}) / 5e30F, 1.0F, 1e-6F);
  EXPECT_GE(NormRoundedUp(std::vector<float>{1e-45F}), 1e-45F);
}

}  // namespace
}  // namespace usher::linalg
