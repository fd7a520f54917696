#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "linalg/random_matrix.h"
#include "recsys/als/als.h"

namespace usher::recsys {
namespace {

constexpr std::size_t kItems = 70;

AlsOptions OptionsOf(AlsSolver solver, std::size_t rank, std::size_t block_width = 16) {
  return {.rank = rank,
          .unobserved_weight = 0.1F,
          .regularization = 0.02F,
          .solver = solver,
          .gradient_steps = 3,
          .block_width = block_width};
}

std::vector<std::uint32_t> Observed(std::size_t count) {
  std::vector<std::uint32_t> observed;
  for (std::size_t j = 0; j < count; ++j) {
    observed.push_back(static_cast<std::uint32_t>(j * 11 % kItems));
  }
  return observed;
}

// Largest difference to the direct solution after so many visits, from a random start.
double DistanceAfter(const AlsOptions& options, std::size_t visits, std::size_t count,
                     bool weighted) {
  const linalg::Matrix V = linalg::RandomMatrix(kItems, options.rank, 1, 0.3);
  ThreadPool pool(1);
  const AlsSide side(V.view(), kItems, options, pool);
  AlsSide::Scratch scratch(side.stride());
  const std::vector<std::uint32_t> observed = Observed(count);
  std::vector<float> weights;
  for (std::size_t j = 0; j < count && weighted; ++j) {
    weights.push_back(0.5F + 0.25F * static_cast<float>(j % 4));
  }
  linalg::FloatVector direct(side.stride());
  side.Solve(observed, weights, scratch, direct.data());
  linalg::Matrix x = linalg::RandomMatrix(1, options.rank, 2, 0.3);
  for (std::size_t visit = 0; visit < visits; ++visit) {
    side.Improve(observed, weights, scratch, x.Row(0));
  }
  double largest = 0;
  for (std::size_t k = 0; k < side.stride(); ++k) {
    largest = std::max(largest, double{std::abs(x.Row(0)[k] - direct[k])});
  }
  return largest;
}

TEST(ImproveByConjugateGradient, ConvergesToTheDirectSolution) {
  for (const std::size_t rank : {1, 5, 16, 33, 64}) {
    for (const std::size_t count : {1, 3, 40, 70}) {
      for (const bool weighted : {false, true}) {
        const AlsOptions options = OptionsOf(AlsSolver::kConjugateGradient, rank);
        EXPECT_LT(DistanceAfter(options, 60, count, weighted), 1e-4) << rank << " " << count;
      }
    }
  }
}

// In exact arithmetic n steps are enough for n unknowns, and one for one.
TEST(ImproveByConjugateGradient, SolvesOneUnknownInOneStep) {
  AlsOptions options = OptionsOf(AlsSolver::kConjugateGradient, 1);
  options.gradient_steps = 1;
  EXPECT_LT(DistanceAfter(options, 1, 40, false), 1e-5);
}

TEST(ImproveByConjugateGradient, SolvesAFewUnknownsInAsManySteps) {
  AlsOptions options = OptionsOf(AlsSolver::kConjugateGradient, 6);
  options.gradient_steps = 6;
  EXPECT_LT(DistanceAfter(options, 1, 40, true), 1e-4);
}

TEST(ImproveByBlocks, ConvergesToTheDirectSolution) {
  for (const std::size_t rank : {1, 5, 16, 33, 64}) {
    for (const std::size_t count : {1, 3, 40, 70}) {
      for (const bool weighted : {false, true}) {
        for (const std::size_t width : {16, 48}) {
          const AlsOptions options = OptionsOf(AlsSolver::kBlocks, rank, width);
          EXPECT_LT(DistanceAfter(options, 200, count, weighted), 1e-4) << rank << " " << count;
        }
      }
    }
  }
}

TEST(ImproveByBlocks, IsExactWhenOneBlockHoldsAllFactors) {
  EXPECT_LT(DistanceAfter(OptionsOf(AlsSolver::kBlocks, 33, 48), 1, 40, false), 1e-5);
  EXPECT_LT(DistanceAfter(OptionsOf(AlsSolver::kBlocks, 33, 512), 1, 40, true), 1e-5);
}

TEST(Improve, GivesZerosToARowThatMetNothing) {
  for (const AlsSolver solver :
       {AlsSolver::kDirect, AlsSolver::kConjugateGradient, AlsSolver::kBlocks}) {
    const linalg::Matrix V = linalg::RandomMatrix(kItems, 8, 1);
    ThreadPool pool(1);
    const AlsSide side(V.view(), kItems, OptionsOf(solver, 8), pool);
    AlsSide::Scratch scratch(side.stride());
    linalg::FloatVector x(side.stride(), 1.0F);
    side.Improve({}, {}, scratch, x.data());
    for (const float value : x) EXPECT_EQ(value, 0.0F);
  }
}

TEST(Improve, StaysFiniteWithoutRegularisation) {
  for (const AlsSolver solver : {AlsSolver::kConjugateGradient, AlsSolver::kBlocks}) {
    AlsOptions options = OptionsOf(solver, 32);
    options.regularization = 0;
    linalg::Matrix V(3, 32);  // rank 2 at most: the system is singular
    V.Row(0)[0] = 1.0F;
    V.Row(1)[17] = 2.0F;
    ThreadPool pool(1);
    const AlsSide side(V.view(), 3, options, pool);
    AlsSide::Scratch scratch(side.stride());
    linalg::FloatVector x(side.stride(), 0.5F);
    for (int visit = 0; visit < 20; ++visit) {
      side.Improve(std::vector<std::uint32_t>{0, 1, 2}, {}, scratch, x.data());
    }
    for (const float value : x) EXPECT_TRUE(std::isfinite(value));
  }
}

// Users are solved exactly at the end, so the whole loss can be compared.
TEST(TrainAls, ReachesTheSameLossWithEverySolver) {
  Random random(3);
  Interactions all{.user_count = 80, .item_count = 60, .by_user = {}};
  for (std::size_t u = 0; u < 80; ++u) {
    std::vector<std::uint32_t> list;
    for (std::uint32_t i = 0; i < 60; ++i) {
      if (random.Uniform() < ((i < 30) == (u < 40) ? 0.3 : 0.05)) list.push_back(i);
    }
    if (list.empty()) list.push_back(0);
    all.by_user.Append(list);
  }
  const auto loss_of = [&](AlsSolver solver, std::size_t threads) {
    AlsOptions options = OptionsOf(solver, 20);
    options.sweeps = 150;
    ThreadPool pool(threads);
    const auto factors = TrainAls(all, options, pool);
    double loss = 0;
    for (std::size_t u = 0; u < 80; ++u) {
      std::vector<bool> met(60, false);
      for (const std::uint32_t i : all.by_user[u]) met[i] = true;
      for (std::uint32_t i = 0; i < 60; ++i) {
        double product = 0;
        for (std::size_t k = 0; k < 20; ++k) {
          product += double{factors->users.Row(u)[k]} * factors->items.Row(i)[k];
        }
        loss += 0.1 * product * product + (met[i] ? (product - 1) * (product - 1) : 0.0);
      }
    }
    return loss;
  };
  const double direct = loss_of(AlsSolver::kDirect, 1);
  for (const AlsSolver solver : {AlsSolver::kConjugateGradient, AlsSolver::kBlocks}) {
    EXPECT_NEAR(loss_of(solver, 1) / direct, 1.0, 0.01);
    EXPECT_EQ(loss_of(solver, 1), loss_of(solver, 3));
  }
}

}  // namespace
}  // namespace usher::recsys
