#include "recsys/ranking/tail_sums.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "linalg/each_target.h"
#include "linalg/random_matrix.h"

namespace usher::recsys {
namespace {

// Items whose norms fall like those of trained factors, in falling order.
linalg::Matrix FallingItems(std::size_t count, std::size_t rank) {
  linalg::Matrix items = linalg::RandomMatrix(count, rank, 1);
  for (std::size_t i = 0; i < count; ++i) {
    const float scale = 0.5F / (1.0F + static_cast<float>(i) / 200.0F);
    for (std::size_t k = 0; k < rank; ++k) items.Row(i)[k] *= scale;
  }
  return items;
}

double ExactTail(const linalg::Matrix& items, std::size_t begin, const float* u, double b) {
  double total = 0;
  for (std::size_t i = begin; i < items.rows(); ++i) {
    double product = 0;
    for (std::size_t k = 0; k < items.cols(); ++k) product += double{u[k]} * items.Row(i)[k];
    total += std::exp(b * product);
  }
  return total;
}

class TailSumsTest : public testing::Test {
 protected:
  TailSumsTest() : items_(FallingItems(20000, 24)), users_(linalg::RandomMatrix(40, 24, 2, 0.3)) {
    std::vector<std::uint32_t> order(items_.rows());
    std::iota(order.begin(), order.end(), 0U);
    std::vector<std::size_t> tiles(items_.rows() / linalg::kTileWidth / 8);
    for (std::size_t j = 0; j < tiles.size(); ++j) tiles[j] = 8 * j;
    tails_ = TailSums(items_.view(), order, tiles);
  }

  linalg::Matrix items_;
  linalg::Matrix users_;
  TailSums tails_;
};

TEST_F(TailSumsTest, KeepsItsToleranceWhereverItIsSure) {
  linalg::ForEachTarget([&] {
    TailSums::Scratch scratch = tails_.NewScratch();
    std::size_t sure = 0;
    for (const float b : {0.1F, 1.0F, 8.0F}) {
      for (std::size_t cut = 0; cut < tails_.cuts().size(); ++cut) {
        std::vector<TailSums::Sum> sums(users_.rows());
        std::vector<TailSums::Sum*> begun;
        for (std::size_t u = 0; u < users_.rows(); ++u) {
          sums[u].u = users_.Row(u);
          sums[u].scale = b;
          if (tails_.Begin(cut, sums[u])) begun.push_back(&sums[u]);
        }
        tails_.Estimate(begun, scratch);
        for (const TailSums::Sum* sum : begun) {
          if (!sum->sure) continue;
          ++sure;
          const double exact =
              ExactTail(items_, tails_.cuts()[cut] * linalg::kTileWidth, sum->u, b);
          EXPECT_NEAR(sum->total / exact, 1.0, 0.01) << "b " << b << ", cut " << cut;
        }
      }
    }
    EXPECT_GT(sure, 500U);
  });
}

TEST_F(TailSumsTest, RefusesWhatNoSampleCanGive) {
  TailSums::Sum sum;
  sum.u = users_.Row(0);
  sum.scale = 200;
  EXPECT_FALSE(tails_.Begin(0, sum));
}

TEST_F(TailSumsTest, GivesTheSameBitsForOneAndForMany) {
  TailSums::Scratch scratch = tails_.NewScratch();
  std::vector<TailSums::Sum> sums(users_.rows());
  std::vector<TailSums::Sum*> begun;
  std::vector<double> alone(users_.rows());
  for (std::size_t u = 0; u < users_.rows(); ++u) {
    sums[u].u = users_.Row(u);
    sums[u].scale = 2;
    const std::size_t cut = u % tails_.cuts().size();
    TailSums::Sum one = sums[u];
    if (!tails_.Begin(cut, one)) continue;
    TailSums::Sum* const list[] = {&one};
    tails_.Estimate(list, scratch);
    alone[u] = one.total;
    ASSERT_TRUE(tails_.Begin(cut, sums[u]));
    begun.push_back(&sums[u]);
  }
  ASSERT_GT(begun.size(), 10U);
  tails_.Estimate(begun, scratch);
  for (const TailSums::Sum* sum : begun) {
    EXPECT_EQ(sum->total, alone[static_cast<std::size_t>(sum - sums.data())]);
  }
}

TEST(TailSums, HasNoCutInASmallCatalogue) {
  const linalg::Matrix items = FallingItems(900, 8);
  std::vector<std::uint32_t> order(900);
  std::iota(order.begin(), order.end(), 0U);
  const std::vector<std::size_t> tiles{0, 4, 8, 16, 32};
  EXPECT_TRUE(TailSums(items.view(), order, tiles).cuts().empty());
}

}  // namespace
}  // namespace usher::recsys
