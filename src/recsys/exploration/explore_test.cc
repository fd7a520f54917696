#include "recsys/exploration/explore.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace usher::recsys {
namespace {

// A greedy list of items 0 … n - 1 with probabilities 0.1, 0.05, 0.025 ….
std::vector<ScoredItem> Halving(std::uint32_t n) {
  std::vector<ScoredItem> greedy;
  for (std::uint32_t i = 0; i < n; ++i) greedy.push_back({i, 0.1F / static_cast<float>(1U << i)});
  return greedy;
}

// A catalogue in which item i is `counts[i]` users old and new when `is_new[i]`.
NewItems NewOnes(const std::vector<bool>& is_new, const std::vector<std::uint32_t>& counts) {
  std::vector<std::int64_t> births;
  for (const bool one : is_new) births.push_back(one ? 1000 : NewItems::kUnknownBirth);
  return {births, counts, 1000, 1};
}

struct World {
  std::vector<ScoredItem> greedy;
  NewItems new_items;
  std::vector<std::uint32_t> exclude;
  float score = 0.001F;  // of candidates outside the list

  std::vector<ExploredItem> Show(double weight, std::uint64_t seed) const {
    Random random(seed);
    CandidatePicker picker;
    std::vector<Candidate> candidates;
    picker.Pick(new_items, greedy, exclude, {}, random, candidates);
    for (Candidate& candidate : candidates) {
      if (candidate.greedy_at == greedy.size()) candidate.score = score;
    }
    ExploreScratch scratch;
    std::vector<ExploredItem> out;
    Explore(greedy, candidates, weight, random, scratch, out);
    return out;
  }
};

// Five listed items of which 1 and 3 are new, and `others` new ones after them; counts differ.
World MixedWorld(std::size_t others) {
  std::vector<bool> is_new{false, true, false, true, false};
  std::vector<std::uint32_t> counts{50, 3, 20, 0, 7};
  for (std::size_t i = 0; i < others; ++i) {
    is_new.push_back(true);
    counts.push_back(static_cast<std::uint32_t>(i % 9));
  }
  return {Halving(5), NewOnes(is_new, counts), {}};
}

TEST(Explore, WithWeightZeroTheListIsGreedy) {
  const World world = MixedWorld(100);

  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const auto shown = world.Show(0, seed);

    ASSERT_EQ(shown.size(), world.greedy.size());
    for (std::size_t i = 0; i < shown.size(); ++i) {
      EXPECT_EQ(shown[i], (ExploredItem{world.greedy[i].item, world.greedy[i].score, 1, false}));
    }
  }
}

TEST(Explore, WithoutNewItemsTheListIsGreedyAtAnyWeight) {
  const World world{
      Halving(5), NewOnes(std::vector<bool>(9, false), {9, 9, 9, 9, 9, 9, 9, 9, 9}), {}};

  for (const double weight : {0.3, 1.0}) {
    const auto shown = world.Show(weight, 7);

    for (std::size_t i = 0; i < shown.size(); ++i) {
      EXPECT_EQ(shown[i], (ExploredItem{world.greedy[i].item, world.greedy[i].score, 1, false}));
    }
  }
}

TEST(Explore, WithWeightOneOnlyNewItemsAreShown) {
  const World world = MixedWorld(100);

  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    for (const ExploredItem& entry : world.Show(1, seed)) {
      EXPECT_NE(world.new_items.PlaceOf(entry.item), NewItems::kNoPlace) << entry.item;
    }
  }
}

TEST(Explore, WithWeightOneAndFewNewItemsAllOfThemAreShownAndTheBestOfTheRest) {
  const World world = MixedWorld(1);  // new: 1, 3 and 5

  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    std::set<std::uint32_t> items;
    for (const ExploredItem& entry : world.Show(1, seed)) {
      items.insert(entry.item);
      EXPECT_EQ(entry.propensity, 1) << entry.item;
      EXPECT_EQ(entry.explored, entry.item == 5);
    }

    EXPECT_THAT(items, testing::ElementsAre(0, 1, 2, 3, 5));
  }
}

TEST(Explore, OnePlaceAndOneCandidateGiveTheWeightAsPropensity) {
  const World world{{{0, 0.5F}}, NewOnes({false, true}, {10, 0}), {}};
  int shown_new = 0;

  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    const auto shown = world.Show(0.25, seed);

    ASSERT_EQ(shown.size(), 1);
    EXPECT_NEAR(shown[0].propensity, shown[0].item == 1 ? 0.25 : 0.75, 1e-6);
    shown_new += shown[0].explored ? 1 : 0;
  }

  // Binomial(2000, 0.25): standard deviation 19.4.
  EXPECT_NEAR(shown_new, 500, 5 * 19.4);
}

TEST(Explore, AListedCandidateWhichIsAloneIsAlwaysShown) {
  const World world{{{0, 0.5F}}, NewOnes({true, false}, {0, 0}), {}};

  EXPECT_THAT(world.Show(0.5, 3), testing::ElementsAre(ExploredItem{0, 0.5F, 1, false}));
}

class ExploreProperties : public testing::TestWithParam<std::tuple<double, std::size_t>> {};

TEST_P(ExploreProperties, ListsAreFullWithoutRepeatsOrExcludedItemsAndPropensitiesAreChances) {
  const auto [weight, others] = GetParam();
  World world = MixedWorld(others);
  for (std::uint32_t item = 5; item < 5 + others; item += 3) world.exclude.push_back(item);
  world.exclude.push_back(1'000'000);  // unknown to the model

  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const auto shown = world.Show(weight, seed);

    ASSERT_EQ(shown.size(), world.greedy.size());
    std::set<std::uint32_t> items;
    for (const ExploredItem& entry : shown) {
      EXPECT_TRUE(items.insert(entry.item).second) << entry.item << " is shown twice";
      EXPECT_TRUE(std::ranges::find(world.exclude, entry.item) == world.exclude.end());
      EXPECT_GT(entry.propensity, 0);
      EXPECT_LE(entry.propensity, 1);
      EXPECT_EQ(entry.explored, entry.item >= 5);
    }
    EXPECT_EQ(shown, world.Show(weight, seed)) << "the same seed gives the same list";
  }
}

// For every item that can be shown, the mean of shown / propensity is 1: that is what propensities
// are for. The standard error is taken from the sample.
TEST_P(ExploreProperties, WeighedByPropensityEveryItemIsShownOnceAnAnswer) {
  const auto [weight, others] = GetParam();
  const World world = MixedWorld(others);
  constexpr int kAnswers = 40'000;
  std::vector<double> sum(5 + others);
  std::vector<double> squares(5 + others);
  std::vector<int> times(5 + others);

  for (int seed = 0; seed < kAnswers; ++seed) {
    for (const ExploredItem& entry : world.Show(weight, static_cast<std::uint64_t>(seed))) {
      const double inverse = 1.0 / double{entry.propensity};
      sum[entry.item] += inverse;
      squares[entry.item] += inverse * inverse;
      ++times[entry.item];
    }
  }

  for (std::size_t item = 0; item < sum.size(); ++item) {
    const double mean = sum[item] / kAnswers;
    const double variance = squares[item] / kAnswers - mean * mean;
    const double error = std::sqrt(std::max(variance, 0.0) / kAnswers);
    // Too rare for a normal law of its mean: heavy tails. Nor can old items be shown at weight 1.
    if (times[item] < 200) continue;
    EXPECT_NEAR(mean, 1, 5 * error + 1e-5) << "item " << item;
  }
}

INSTANTIATE_TEST_SUITE_P(WeightsAndCounts, ExploreProperties,
                         testing::Combine(testing::Values(0.05, 0.3, 0.8, 1.0),
                                          testing::Values(0, 2, 6, 40, 200)));

TEST(Explore, TheShareOfExploredPlacesIsTheWeight) {
  // No listed item is new, so every explored place shows another item.
  std::vector<bool> is_new(5, false);
  is_new.resize(60, true);
  const World world{Halving(5), NewOnes(is_new, std::vector<std::uint32_t>(60, 1)), {}};
  constexpr int kAnswers = 4000;
  int explored = 0;

  for (std::uint64_t seed = 0; seed < kAnswers; ++seed) {
    for (const ExploredItem& entry : world.Show(0.3, seed)) explored += entry.explored ? 1 : 0;
  }

  // Binomial(20000, 0.3): standard deviation 64.8.
  EXPECT_NEAR(explored, 6000, 5 * 64.8);
}

TEST(Explore, OfItemsThatScoreLowTheOneWithLessDataIsShownMore) {
  // Item 5 was met by 1000 users and is known to be bad; item 6 by nobody.
  const World world{
      Halving(5),
      NewOnes({false, false, false, false, false, true, true}, {50, 50, 50, 50, 50, 1000, 0}),
      {},
      1e-5F};
  int known = 0;
  int unknown = 0;

  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    for (const ExploredItem& entry : world.Show(0.2, seed)) {
      known += entry.item == 5 ? 1 : 0;
      unknown += entry.item == 6 ? 1 : 0;
    }
  }

  EXPECT_GT(unknown, 2 * known);
}

TEST(Explore, ScoresOfZeroGiveNoNaN) {
  World world = MixedWorld(10);
  world.score = 0;
  for (ScoredItem& entry : world.greedy) entry.score = 0;

  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    for (const ExploredItem& entry : world.Show(0.5, seed)) {
      EXPECT_TRUE(entry.propensity > 0 && entry.propensity <= 1);
    }
  }
}

TEST(Explore, AnEmptyGreedyListStaysEmpty) {
  World world = MixedWorld(10);
  world.greedy.clear();

  EXPECT_TRUE(world.Show(0.5, 1).empty());
}

}  // namespace
}  // namespace usher::recsys
