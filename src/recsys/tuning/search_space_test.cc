#include "recsys/tuning/search_space.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

namespace usher::recsys {
namespace {

using Kind = ParameterRange::Kind;

const std::vector<ParameterRange> kRanges{
    {"rank", Kind::kInteger, 32, 64, false, {}},
    {"strength", Kind::kContinuous, 0.001, 10, true, {}},
    {"share", Kind::kContinuous, 0.25, 0.75, false, {}},
    {"mask", Kind::kCategorical, 0, 0, false, {"true", "false"}}};
const Assignment kDefaults{{"rank", "48"}, {"strength", "0.5"}, {"share", "0.5"}, {"mask", "true"}};

double Number(const Assignment& trial, std::string_view name) {
  return std::strtod(trial.find(name)->second.c_str(), nullptr);
}

TEST(ChooseTrials, BeginsWithTheDefaultAndKeepsToTheRanges) {
  const auto trials = ChooseTrials(kRanges, kDefaults, 200, 1);

  ASSERT_EQ(trials.size(), 200);
  EXPECT_EQ(trials.front(), kDefaults);
  for (const Assignment& trial : trials) {
    ASSERT_EQ(trial.size(), 4);
    const double rank = Number(trial, "rank");
    EXPECT_TRUE(rank >= 32 && rank <= 64 && rank == static_cast<int>(rank)) << rank;
    EXPECT_TRUE(Number(trial, "strength") >= 0.001 && Number(trial, "strength") <= 10);
    EXPECT_TRUE(Number(trial, "share") >= 0.25 && Number(trial, "share") <= 0.75);
  }
}

TEST(ChooseTrials, AreAllDifferentAndTheSameForTheSameSeedOnly) {
  const auto trials = ChooseTrials(kRanges, kDefaults, 40, 7);

  EXPECT_EQ(std::set<Assignment>(trials.begin(), trials.end()).size(), 40);
  EXPECT_EQ(trials, ChooseTrials(kRanges, kDefaults, 40, 7));
  EXPECT_NE(trials, ChooseTrials(kRanges, kDefaults, 40, 8));
}

TEST(ChooseTrials, FewerTrialsAreTheFirstOfMore) {
  const auto more = ChooseTrials(kRanges, kDefaults, 40, 7);
  const auto fewer = ChooseTrials(kRanges, kDefaults, 10, 7);

  EXPECT_TRUE(std::equal(fewer.begin(), fewer.end(), more.begin()));
}

// Each quarter of a range gets about a quarter of the trials, evenly in the logarithm where asked.
TEST(ChooseTrials, CoverTheRangesEvenly) {
  const auto trials = ChooseTrials(kRanges, kDefaults, 400, 3);
  int low_rank = 0;
  int low_strength = 0;
  int masked = 0;
  for (const Assignment& trial : trials) {
    low_rank += Number(trial, "rank") < 48 ? 1 : 0;            // 16 of 33 values
    low_strength += Number(trial, "strength") < 0.01 ? 1 : 0;  // a quarter of the decades
    masked += trial.at("mask") == "true" ? 1 : 0;
  }

  EXPECT_NEAR(low_rank, 400.0 * 16 / 33, 10);
  EXPECT_NEAR(low_strength, 100, 10);
  EXPECT_NEAR(masked, 200, 10);
}

TEST(ChooseTrials, MovesADefaultOutsideTheRangeToItsNearestBound) {
  const std::vector<ParameterRange> ranges{{"rank", Kind::kInteger, 100, 200, false, {}},
                                           {"mask", Kind::kCategorical, 0, 0, false, {"false"}}};

  const auto trials = ChooseTrials(ranges, {{"rank", "64"}, {"mask", "true"}}, 1, 1);

  EXPECT_THAT(trials, testing::ElementsAre(Assignment{{"rank", "100"}, {"mask", "false"}}));
}

TEST(ChooseTrials, OfASmallSpaceEachPointIsTriedOnce) {
  const std::vector<ParameterRange> ranges{{"a", Kind::kInteger, 1, 3, false, {}},
                                           {"b", Kind::kCategorical, 0, 0, false, {"x", "y"}}};

  const auto trials = ChooseTrials(ranges, {{"a", "2"}, {"b", "y"}}, 40, 5);

  EXPECT_EQ(trials.size(), 6);
}

TEST(ChooseTrials, ARangeOfOneValueHasOneTrial) {
  const std::vector<ParameterRange> ranges{
      {"a", Kind::kContinuous, 0.123456789, 0.123456789, false, {}}};

  const auto trials = ChooseTrials(ranges, {{"a", "1"}}, 5, 5);

  ASSERT_EQ(trials.size(), 1);
  EXPECT_EQ(trials[0].at("a"), "0.123456789");
}

TEST(ChooseTrials, WithoutRangesTheDefaultIsTheOnlyTrial) {
  EXPECT_EQ(ChooseTrials({}, {}, 5, 5), std::vector<Assignment>(1));
}

}  // namespace
}  // namespace usher::recsys
