#include "recsys/tuning/successive_halving.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace usher::recsys {
namespace {

// 40 -> 40 / 3 = 13 -> 40 / 9 = 4 -> 40 / 27 = 1, but the default and a rival are 2.
TEST(PlanRungs, FortyTrialsHalveThreeTimesByHand) {
  EXPECT_THAT(PlanRungs(40, 1'000'000), testing::ElementsAre(Rung{40, 1.0 / 27}, Rung{13, 3.0 / 27},
                                                             Rung{4, 9.0 / 27}, Rung{2, 1}));
}

TEST(PlanRungs, ARungHasNoFewerUsersThanTheLeast) {
  // 10,000 / 9 = 1111 is enough, 10,000 / 27 = 370 is not.
  EXPECT_THAT(PlanRungs(40, 10'000),
              testing::ElementsAre(Rung{40, 1.0 / 9}, Rung{13, 3.0 / 9}, Rung{4, 1}));
  EXPECT_THAT(PlanRungs(40, 610), testing::ElementsAre(Rung{40, 1}));
}

TEST(PlanRungs, FewTrialsNeedFewRungs) {
  EXPECT_THAT(PlanRungs(1, 1'000'000), testing::ElementsAre(Rung{1, 1}));
  EXPECT_THAT(PlanRungs(2, 1'000'000), testing::ElementsAre(Rung{2, 1}));
  EXPECT_THAT(PlanRungs(3, 1'000'000), testing::ElementsAre(Rung{3, 1.0 / 3}, Rung{2, 1}));
}

TEST(PlanRungs, TheRowsOfAllRungsStayWithinTheSameBudget) {
  for (std::size_t trials = 1; trials <= 40; ++trials) {
    double rows = 0;  // in passes over all users
    const auto rungs = PlanRungs(trials, 1'000'000'000);
    for (const Rung& rung : rungs) rows += static_cast<double>(rung.trials) * rung.share;
    // Each rung costs at most trials / 3^(R-1) < 3 passes, the last one 2 at most when it has
    // rivals.
    EXPECT_LE(rows, 3.0 * static_cast<double>(rungs.size())) << trials;
  }
}

// Trial t has the metric t in every rung; the noise of small rungs is left out.
Result<double> OwnNumber(std::size_t trial, std::size_t /*rung*/) {
  return static_cast<double>(trial);
}

std::vector<std::size_t> TrialsOf(const HalvingResult& result, std::size_t rung) {
  std::vector<std::size_t> trials;
  for (const TrialResult& one : result.results) {
    if (one.rung == rung) trials.push_back(one.trial);
  }
  return trials;
}

TEST(RunHalving, PromotesTheBestWithTheDefaultInFront) {
  const auto result = RunHalving({{9, 1.0 / 9}, {3, 1.0 / 3}, {2, 1}}, true, OwnNumber);

  ASSERT_TRUE(result);
  EXPECT_THAT(TrialsOf(*result, 0), testing::ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8));
  EXPECT_THAT(TrialsOf(*result, 1), testing::ElementsAre(0, 8, 7));
  EXPECT_THAT(TrialsOf(*result, 2), testing::ElementsAre(0, 8));
  EXPECT_EQ(result->winner, 8);
  EXPECT_EQ(result->metric, 8);
  EXPECT_EQ(result->rung, 2);
  EXPECT_TRUE(result->complete);
}

TEST(RunHalving, MinimizesWhenAsked) {
  const auto result = RunHalving({{9, 1.0 / 3}, {3, 1}}, false, [](std::size_t trial, std::size_t) {
    return Result<double>(trial == 5 ? -1.0 : static_cast<double>(trial));
  });

  ASSERT_TRUE(result);
  EXPECT_THAT(TrialsOf(*result, 1), testing::ElementsAre(0, 5, 1));
  EXPECT_EQ(result->winner, 5);
}

TEST(RunHalving, TheDefaultWinsWhenNothingBeatsItOnAllRows) {
  // Trial 2 shines on few rows only.
  const auto result =
      RunHalving({{3, 1.0 / 3}, {2, 1}}, true, [](std::size_t trial, std::size_t rung) {
        return Result<double>(trial == 2 && rung == 0 ? 0.9 : trial == 0 ? 0.5 : 0.1);
      });

  ASSERT_TRUE(result);
  EXPECT_THAT(TrialsOf(*result, 1), testing::ElementsAre(0, 2));
  EXPECT_EQ(result->winner, 0);
  EXPECT_EQ(result->metric, 0.5);
}

TEST(RunHalving, OfEqualsTheDefaultWins) {
  const auto result = RunHalving({{9, 1}}, true, [](auto, auto) { return Result<double>(0.5); });

  ASSERT_TRUE(result);
  EXPECT_EQ(result->winner, 0);
}

TEST(RunHalving, NotANumberIsWorseThanAnything) {
  const auto result = RunHalving({{3, 1}}, true, [](std::size_t trial, std::size_t) {
    return Result<double>(trial < 2 ? std::numeric_limits<double>::quiet_NaN() : -100.0);
  });

  ASSERT_TRUE(result);
  EXPECT_EQ(result->winner, 2);
}

TEST(RunHalving, AnErrorOfATrialEndsTheSearch) {
  int evaluated = 0;

  const auto result = RunHalving({{9, 1}}, true, [&](std::size_t trial, std::size_t) {
    ++evaluated;
    return trial == 3 ? Result<double>(Cancelled("stopped")) : Result<double>(1.0);
  });

  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(evaluated, 4);
}

class StoppedHalving : public testing::TestWithParam<std::size_t> {};

// However many evaluations there is time for: the winner is the best of the last rung with a rival
// in it, and stopping at that number again gives the same.
TEST_P(StoppedHalving, DecidesByTheLastRungWithARivalAndCanBeReplayed) {
  const std::size_t most = GetParam();
  const std::vector<Rung> rungs{{9, 1.0 / 9}, {3, 1.0 / 3}, {2, 1}};
  const auto run = [&] {
    return RunHalving(rungs, true, OwnNumber,
                      [&](std::size_t, const auto& results) { return results.size() < most; });
  };

  const auto result = run();

  ASSERT_TRUE(result);
  EXPECT_EQ(result->results.size(), std::min<std::size_t>(std::max<std::size_t>(most, 1), 14));
  EXPECT_EQ(result->complete, most >= 14);
  // 9 of rung 0, 3 of rung 1, 2 of rung 2: one result alone does not decide.
  const std::size_t rung = most >= 14 ? 2 : most >= 11 ? 1 : 0;
  EXPECT_EQ(result->rung, rung);
  EXPECT_EQ(result->winner,
            rung > 0 ? 8 : std::min<std::size_t>(std::max<std::size_t>(most, 1), 9) - 1);
  EXPECT_EQ(run()->winner, result->winner);
}

INSTANTIATE_TEST_SUITE_P(Evaluations, StoppedHalving,
                         testing::Values(0, 1, 2, 5, 9, 10, 11, 12, 13, 14, 99));

}  // namespace
}  // namespace usher::recsys
