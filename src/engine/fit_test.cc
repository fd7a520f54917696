#include "engine/fit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "recsys/ranking/temperature.h"

namespace usher::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

recsys::Interactions WithHistories(std::size_t items,
                                   const std::vector<std::vector<std::uint32_t>>& histories) {
  recsys::Interactions all{.user_count = histories.size(), .item_count = items, .by_user = {}};
  for (const auto& history : histories) all.by_user.Append(history);
  return all;
}

Hyperparameters Complete(const Hyperparameters& given) {
  return *CompleteHyperparameters(**FindRecipe("aws-user-personalization"), given);
}

// Lengths 1, 2, 3, 4 (and a user without any): the median by nearest rank is 2.
TEST(KeepHistoryPercentiles, KeepsLengthsBetweenBoth) {
  const auto all = WithHistories(4, {{0}, {0, 1}, {}, {0, 1, 2}, {0, 1, 2, 3}});

  const auto shorter = KeepHistoryPercentiles(all, 0.0, 0.5);
  EXPECT_THAT(shorter.by_user[0], ElementsAre(0));
  EXPECT_THAT(shorter.by_user[1], ElementsAre(0, 1));
  EXPECT_THAT(shorter.by_user[3], IsEmpty());
  EXPECT_EQ(shorter.size(), 3U);

  EXPECT_EQ(KeepHistoryPercentiles(all, 0.5, 1.0).size(), 2U + 3 + 4);
  EXPECT_EQ(KeepHistoryPercentiles(all, 0.0, 1.0).size(), all.size());
  EXPECT_EQ(KeepHistoryPercentiles(WithHistories(1, {{}}), 0.0, 0.5).size(), 0U);
}

// 3 interactions of 2 users with 2 of 5 items: density 3/4, so the weight is 30 * 3/4.
TEST(ResolveHyperparameters, MakesTheUnobservedWeightFromTheDensityOfWhatOccurs) {
  const auto all = WithHistories(5, {{0}, {}, {0, 4}});
  const Hyperparameters resolved = ResolveHyperparameters(Complete({}), all);
  EXPECT_DOUBLE_EQ(std::stod(resolved.at("als_unobserved_weight")), 22.5);
  const Hyperparameters given =
      ResolveHyperparameters(Complete({{"als_unobserved_weight", "0.25"}}), all);
  EXPECT_EQ(given.at("als_unobserved_weight"), "0.25");
  EXPECT_THAT(ResolveHyperparameters({}, all), IsEmpty());  // popularity
}

TEST(AlsOptionsOf, ReadsEachHyperparameter) {
  const recsys::AlsOptions options =
      AlsOptionsOf({.hyperparameters = Complete({{"hidden_dimension", "48"},
                                                 {"als_sweeps", "7"},
                                                 {"als_unobserved_weight", "0.25"},
                                                 {"als_regularization", "0.5"},
                                                 {"als_frequency_exponent", "0.75"}}),
                    .seed = 9});
  EXPECT_EQ(options.rank, 48U);
  EXPECT_EQ(options.sweeps, 7U);
  EXPECT_EQ(options.unobserved_weight, 0.25F);
  EXPECT_EQ(options.regularization, 0.5F);
  EXPECT_EQ(options.frequency_exponent, 0.75F);
  EXPECT_EQ(options.seed, 9U);
}

// Popularity by hand. Train: u0 a b, u1 a, u2 a c; u3 is held out: input a, held out b.
//   Popularity: a (3), b, c (1 each). u3 gets b, c (a is seen): a hit in place 1.
//   Everybody's lists together: u0 c, u1 b c, u2 b: all but a, so coverage is 2 of 3.
TEST(OfflineMetrics, MatchPopularityByHand) {
  recsys::Split split;
  split.train = WithHistories(3, {{0, 1}, {0}, {0, 2}, {}});
  split.users = {3};
  split.input.Append(std::vector<std::uint32_t>{0});
  split.held_out.Append(std::vector<std::uint32_t>{1});
  ThreadPool pool(1);
  auto fitted = Fit(split.train, {.kind = RecipeKind::kPopularity, .hyperparameters = {}}, pool);
  ASSERT_TRUE(fitted);
  const auto model = ModelOf(std::make_shared<const Fitted>(*std::move(fitted)),
                             recsys::Vocabulary(std::vector<std::string>{"u0", "u1", "u2", "u3"}),
                             recsys::Vocabulary(std::vector<std::string>{"a", "b", "c"}),
                             RecipeKind::kPopularity, 0);

  const auto metrics = OfflineMetrics(*model, split, HeldOutLists(*model, split, pool), pool);

  EXPECT_DOUBLE_EQ(metrics.at("mean_reciprocal_rank_at_25"), 1.0);
  EXPECT_DOUBLE_EQ(metrics.at("normalized_discounted_cumulative_gain_at_5"), 1.0);
  EXPECT_DOUBLE_EQ(metrics.at("precision_at_5"), 0.2);
  EXPECT_DOUBLE_EQ(metrics.at("precision_at_10"), 0.1);
  EXPECT_DOUBLE_EQ(metrics.at("precision_at_25"), 0.04);
  EXPECT_DOUBLE_EQ(metrics.at("coverage"), 0.6667);
}

TEST(OfflineMetrics, AreNoneWithoutHeldOutUsers) {
  ThreadPool pool(1);
  recsys::Split split;
  split.train = WithHistories(1, {{0}});
  auto fitted = Fit(split.train, {.kind = RecipeKind::kPopularity, .hyperparameters = {}}, pool);
  const auto model =
      ModelOf(std::make_shared<const Fitted>(*std::move(fitted)),
              recsys::Vocabulary(std::vector<std::string>{"u"}),
              recsys::Vocabulary(std::vector<std::string>{"i"}), RecipeKind::kPopularity, 0);
  EXPECT_THAT(OfflineMetrics(*model, split, {}, pool), IsEmpty());
}

// The likelihood of the held-out items falls on both sides of the fitted temperature.
TEST(TemperatureOf, IsWhereTheHeldOutItemsAreMostLikely) {
  std::vector<std::vector<std::uint32_t>> histories;
  for (std::uint32_t u = 0; u < 40; ++u) {
    histories.push_back({u % 2, 2 + u % 3 * 2 + u % 2, 8 + u % 4});
  }
  const recsys::Split split = recsys::SplitUsers(WithHistories(12, histories), 3);
  ThreadPool pool(2);
  const Hyperparameters hyperparameters =
      ResolveHyperparameters(Complete({{"hidden_dimension", "32"}}), split.train);
  auto fitted = Fit(split.train, {.hyperparameters = hyperparameters}, pool);
  ASSERT_TRUE(fitted);
  const float best = TemperatureOf(*fitted, split, pool);
  const auto shared = std::make_shared<const Fitted>(*std::move(fitted));

  const auto log_likelihood = [&](float temperature) {
    const auto model = ModelOf(shared, recsys::Vocabulary(std::vector<std::string>(40)),
                               recsys::Vocabulary(std::vector<std::string>(12)),
                               RecipeKind::kUserPersonalization, temperature);
    double sum = 0;
    for (std::size_t j = 0; j < split.users.size(); ++j) {
      std::vector<recsys::ScoredItem> all;
      model->Recommend({.user = {},
                        .history = split.input[j],
                        .exclude = {},
                        .exclude_seen = false,
                        .num_results = 12},
                       all);
      for (const auto& entry : all) {
        if (entry.item == split.held_out[j][0]) sum += std::log(double{entry.score});
      }
    }
    return sum;
  };
  ASSERT_GT(best, recsys::kSmallestTemperature);
  ASSERT_LT(best, recsys::kLargestTemperature);
  EXPECT_GT(log_likelihood(best), log_likelihood(best * 1.2F));
  EXPECT_GT(log_likelihood(best), log_likelihood(best / 1.2F));
}

}  // namespace
}  // namespace usher::engine
