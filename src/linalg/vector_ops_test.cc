#include "linalg/vector_ops.h"

#include <gtest/gtest.h>

#include <vector>

#include "linalg/each_target.h"
#include "linalg/random_matrix.h"

namespace usher::linalg {
namespace {

TEST(Dot, MatchesTheSlowSumAtEverySize) {
  ForEachTarget([&] {
    const Matrix m = RandomMatrix(2, 140, 1);
    for (std::size_t size = 0; size <= 140; ++size) {
      double expected = 0;
      for (std::size_t i = 0; i < size; ++i) expected += double{m.Row(0)[i]} * m.Row(1)[i];
      EXPECT_NEAR(Dot({m.Row(0), size}, {m.Row(1), size}), expected, 1e-4) << size;
    }
  });
}

TEST(AddScaled, MatchesTheSlowLoopAtEverySize) {
  ForEachTarget([&] {
    const Matrix m = RandomMatrix(2, 70, 2);
    for (std::size_t size = 0; size <= 70; ++size) {
      std::vector<float> y(m.Row(1), m.Row(1) + 70);
      AddScaled(0.5F, {m.Row(0), size}, std::span(y).first(size));
      for (std::size_t i = 0; i < 70; ++i) {
        const float expected = m.Row(1)[i] + (i < size ? 0.5F * m.Row(0)[i] : 0.0F);
        EXPECT_NEAR(y[i], expected, 1e-6) << size << " " << i;
      }
    }
  });
}

TEST(InstructionSet, NamesTheTargetInUse) {
  ForEachTarget([&] { EXPECT_EQ(InstructionSet(), hwy::TargetName(hwy::SupportedTargets())); });
}

}  // namespace
}  // namespace usher::linalg
