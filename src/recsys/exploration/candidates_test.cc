#include "recsys/exploration/candidates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

namespace usher::recsys {
namespace {

constexpr std::int64_t kDay = 86400;

TEST(NewItems, OfTheAgeOfTheCutOffIsNewAndASecondOlderIsNot) {
  const std::vector<std::int64_t> births{100 * kDay, 70 * kDay, 70 * kDay - 1, 101 * kDay,
                                         NewItems::kUnknownBirth};
  const std::vector<std::uint32_t> counts{4, 5, 6, 7, 8};

  const NewItems items(births, counts, 100 * kDay, 30);

  ASSERT_EQ(items.size(), 3);
  EXPECT_THAT((std::vector{items.item(0), items.item(1), items.item(2)}),
              testing::ElementsAre(0, 1, 3));
  EXPECT_EQ(items.count(2), 7);
  EXPECT_EQ(items.PlaceOf(3), 2);
  EXPECT_EQ(items.PlaceOf(2), NewItems::kNoPlace);
  EXPECT_EQ(items.PlaceOf(99), NewItems::kNoPlace);
}

TEST(NewItems, CutOffsAreOfFractionsOfDays) {
  const std::vector<std::int64_t> births{kDay - 43200, kDay - 43201};
  const std::vector<std::uint32_t> counts{1, 1};

  EXPECT_EQ(NewItems(births, counts, kDay, 0.5).size(), 1);
}

TEST(NewItems, ExtremeTimesDoNotOverflow) {
  const std::vector<std::int64_t> births{std::numeric_limits<std::int64_t>::min() + 1,
                                         std::numeric_limits<std::int64_t>::max()};
  const std::vector<std::uint32_t> counts{1, 1};

  EXPECT_EQ(NewItems(births, counts, std::numeric_limits<std::int64_t>::max(), 1).size(), 1);
}

NewItems AllNew(std::size_t n) {
  return {std::vector<std::int64_t>(n, 0), std::vector<std::uint32_t>(n, 1), 0, 1};
}

TEST(CandidatePicker, TakesListedNewItemsFirstAndNeverExcludedOnes) {
  const NewItems items = AllNew(10);
  const std::vector<ScoredItem> greedy{{7, 0.5F}, {2, 0.25F}};
  const std::vector<std::uint32_t> seen{0, 1, 0, 99};
  const std::vector<std::uint32_t> also{9};
  Random random(1);
  CandidatePicker picker;
  std::vector<Candidate> out;

  picker.Pick(items, greedy, seen, also, random, out);

  std::vector<std::uint32_t> picked;
  for (const Candidate& candidate : out) picked.push_back(candidate.item);
  EXPECT_THAT(picked, testing::ElementsAre(7, 2, 3, 4, 5, 6, 8));
  EXPECT_EQ(out[1].greedy_at, 1);
  EXPECT_EQ(out[1].score, 0.25F);
  EXPECT_EQ(out[2].greedy_at, 2);
  for (const Candidate& candidate : out) EXPECT_EQ(candidate.inclusion, 1);
}

TEST(CandidatePicker, CallsDoNotDisturbOneAnother) {
  const NewItems items = AllNew(5);
  const std::vector<std::uint32_t> seen{0, 1, 2};
  Random random(1);
  CandidatePicker picker;
  std::vector<Candidate> out;

  picker.Pick(items, {}, seen, {}, random, out);
  EXPECT_EQ(out.size(), 2);
  picker.Pick(items, {}, {}, {}, random, out);
  EXPECT_EQ(out.size(), 5);
}

class CandidateSampling : public testing::TestWithParam<std::size_t> {};

// Of 1000 new items the user has seen some; the others are picked equally often.
TEST_P(CandidateSampling, EveryFreeItemIsPickedAsOftenAsItsInclusionSays) {
  const std::size_t seen_count = GetParam();
  const NewItems items = AllNew(1000);
  std::vector<std::uint32_t> seen;
  for (std::uint32_t item = 0; item < seen_count; ++item) seen.push_back(item);
  constexpr int kCalls = 4000;
  Random random(5);
  CandidatePicker picker;
  std::vector<Candidate> out;
  std::map<std::uint32_t, int> times;
  const double expected = std::min(
      1.0, static_cast<double>(kMaxSampledCandidates) / static_cast<double>(1000 - seen_count));

  for (int call = 0; call < kCalls; ++call) {
    picker.Pick(items, {}, seen, {}, random, out);

    ASSERT_EQ(out.size(), std::min(kMaxSampledCandidates, 1000 - seen_count));
    std::set<std::uint32_t> distinct;
    for (const Candidate& candidate : out) {
      EXPECT_NEAR(candidate.inclusion, expected, 1e-12);
      EXPECT_TRUE(distinct.insert(candidate.item).second);
      ++times[candidate.item];
    }
  }

  const double deviation = std::sqrt(kCalls * expected * (1 - expected));
  for (std::uint32_t item = 0; item < 1000; ++item) {
    const double mean = item < seen_count ? 0 : kCalls * expected;
    EXPECT_NEAR(times[item], mean, item < seen_count ? 0 : 5 * deviation + 1e-9) << item;
  }
}

INSTANTIATE_TEST_SUITE_P(Seen, CandidateSampling, testing::Values(0, 300, 800, 900, 950, 1000));

}  // namespace
}  // namespace usher::recsys
