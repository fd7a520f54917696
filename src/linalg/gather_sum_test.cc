#include "linalg/gather_sum.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/random.h"
#include "linalg/each_target.h"
#include "linalg/random_matrix.h"

namespace usher::linalg {
namespace {

TEST(GatherSum, MatchesASlowSumAtEveryWidth) {
  ForEachTarget([&] {
    for (std::size_t width = 1; width <= 400; width += 21) {
      const Matrix Y = RandomMatrix(50, width, width);
      Random random(width);
      std::vector<std::uint32_t> rows(width % 40);
      std::vector<float> weights(rows.size());
      for (std::size_t k = 0; k < rows.size(); ++k) {
        rows[k] = static_cast<std::uint32_t>(random.Below(50));
        weights[k] = static_cast<float>(random.Uniform());
      }
      FloatVector weighted(Y.stride(), -1.0F), plain(Y.stride(), -1.0F);

      GatherSum(Y.view(), rows, weights, weighted.data());
      GatherSum(Y.view(), rows, {}, plain.data());

      for (std::size_t c = 0; c < Y.stride(); ++c) {
        double expected_weighted = 0, expected_plain = 0;
        for (std::size_t k = 0; k < rows.size(); ++k) {
          expected_weighted += double{weights[k]} * Y.Row(rows[k])[c];
          expected_plain += double{Y.Row(rows[k])[c]};
        }
        ASSERT_NEAR(weighted[c], expected_weighted, 1e-4) << width;
        ASSERT_NEAR(plain[c], expected_plain, 1e-4) << width;
      }
    }
  });
}

TEST(GatherSum, OfNoRowsIsZero) {
  const Matrix Y = RandomMatrix(2, 16, 1);
  FloatVector out(16, 5.0F);
  GatherSum(Y.view(), {}, {}, out.data());
  EXPECT_EQ(out, FloatVector(16, 0.0F));
}

}  // namespace
}  // namespace usher::linalg
