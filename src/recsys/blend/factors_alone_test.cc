#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <thread>
#include <vector>

#include "base/random.h"
#include "recsys/blend/blend_model.h"

namespace usher::recsys {
namespace {

using testing::ElementsAre;

struct Trained {
  Interactions interactions;
  AlsFactors factors;
  std::shared_ptr<const Model> model;
};

std::vector<std::string> Names(char prefix, std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) names.push_back(prefix + std::to_string(i));
  return names;
}

// Two tastes: even users meet even items, odd users odd ones. The last user met nothing.
std::shared_ptr<Trained> TrainTwoTastes(std::size_t users, std::size_t items) {
  auto trained = std::make_shared<Trained>();
  trained->interactions = {.user_count = users, .item_count = items, .by_user = {}};
  Random random(1);
  for (std::size_t u = 0; u < users; ++u) {
    std::vector<std::uint32_t> list;
    for (std::size_t i = u % 2; i < items && u + 1 < users; i += 2) {
      if (random.Uniform() < 0.6) list.push_back(static_cast<std::uint32_t>(i));
    }
    trained->interactions.by_user.Append(list);
  }
  const AlsOptions options{.rank = 8, .sweeps = 6};
  ThreadPool pool(2);
  trained->factors = *TrainAls(trained->interactions, options, pool);
  trained->model = MakeBlendModel({.users = Vocabulary(Names('u', users)),
                                   .items = Vocabulary(Names('i', items)),
                                   .histories = trained->interactions.by_user.view(),
                                   .user_factors = trained->factors.users.view(),
                                   .item_factors = trained->factors.items.view(),
                                   .als = options,
                                   .temperature = 0.1F,
                                   .owner = nullptr});
  return trained;
}

TEST(FactorsAlone, RecommendsTheUsersTasteAndLeavesOutWhatTheySaw) {
  const auto trained = TrainTwoTastes(60, 40);
  std::vector<ScoredItem> out;
  for (std::uint32_t user = 0; user < 10; ++user) {
    const auto history = trained->model->History(user);
    trained->model->Recommend({.user = user, .history = {}, .exclude = {}, .num_results = 2}, out);
    ASSERT_EQ(out.size(), 2U);
    for (const ScoredItem& item : out) {
      EXPECT_EQ(item.item % 2, user % 2);
      EXPECT_EQ(std::ranges::find(history, item.item), history.end());
    }
  }
}

TEST(FactorsAlone, AnswersAKnownUserAsItFoldsInTheirHistory) {
  const auto trained = TrainTwoTastes(60, 40);
  for (std::uint32_t user = 0; user < 60; ++user) {
    std::vector<ScoredItem> known, folded;
    trained->model->Recommend({.user = user, .history = {}, .exclude = {}}, known);
    trained->model->Recommend({.user = {}, .history = trained->model->History(user), .exclude = {}},
                              folded);
    EXPECT_EQ(known, folded);
  }
}

TEST(FactorsAlone, GivesWhatIsPopularToAUserWithoutHistory) {
  const auto trained = TrainTwoTastes(60, 40);
  std::vector<ScoredItem> stranger, silent;
  trained->model->Recommend(
      {.user = {}, .history = {}, .exclude = {}, .exclude_seen = true, .num_results = 40},
      stranger);
  trained->model->Recommend({.user = 59, .history = {}, .exclude = {}, .num_results = 40}, silent);

  EXPECT_EQ(stranger, silent);
  double total = 0;
  for (const ScoredItem& item : stranger) total += item.score;
  EXPECT_NEAR(total, 1.0, 1e-5);
  EXPECT_TRUE(std::ranges::is_sorted(stranger, RanksBefore));
}

TEST(FactorsAlone, ScoresSumToOneOverTheCatalogue) {
  const auto trained = TrainTwoTastes(60, 40);
  std::vector<ScoredItem> out;
  trained->model->Recommend(
      {.user = 3, .history = {}, .exclude = {}, .exclude_seen = false, .num_results = 40}, out);
  ASSERT_EQ(out.size(), 40U);
  double total = 0;
  for (const ScoredItem& item : out) total += item.score;
  EXPECT_NEAR(total, 1.0, 1e-5);
}

TEST(FactorsAlone, AnswersManyAsItAnswersEach) {
  const auto trained = TrainTwoTastes(200, 70);
  const std::vector<std::uint32_t> history{1, 3, 5}, none;
  std::vector<UserQuery> queries;
  for (std::uint32_t user = 0; user < 200; ++user) {
    UserQuery query{.user = user, .history = {}, .exclude = {}, .num_results = 1 + user % 30};
    if (user % 5 == 0) query = {.user = {}, .history = history, .exclude = {}};
    if (user % 7 == 0) query = {.user = {}, .history = none, .exclude = history};
    queries.push_back(query);
  }
  for (const std::size_t threads : {1, 3}) {
    ThreadPool pool(threads);
    std::vector<std::vector<ScoredItem>> many;
    trained->model->RecommendMany(queries, pool, many);
    for (std::size_t j = 0; j < queries.size(); ++j) {
      std::vector<ScoredItem> one;
      trained->model->Recommend(queries[j], one);
      EXPECT_EQ(many[j], one) << j;
    }
  }
}

TEST(FactorsAlone, MayBeAskedFromManyThreads) {
  const auto trained = TrainTwoTastes(60, 40);
  std::vector<ScoredItem> expected;
  trained->model->Recommend({.user = 4, .history = {}, .exclude = {}}, expected);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      std::vector<ScoredItem> out;
      for (int j = 0; j < 200; ++j) {
        trained->model->Recommend({.user = 4, .history = {}, .exclude = {}}, out);
        EXPECT_EQ(out, expected);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(FactorsAlone, RanksAListWithScoresThatSumToOneOverIt) {
  const auto trained = TrainTwoTastes(60, 40);
  const std::vector<std::uint32_t> list{8, 1, 3, 6};
  std::vector<ScoredItem> out;
  trained->model->Rank({.user = 1, .history = {}, .exclude = {}}, list, out);

  ASSERT_EQ(out.size(), 4U);
  EXPECT_EQ(out[0].item % 2, 1U);  // the odd user's items first
  EXPECT_EQ(out[1].item % 2, 1U);
  double total = 0;
  for (const ScoredItem& item : out) total += item.score;
  EXPECT_NEAR(total, 1.0, 1e-6);
  trained->model->Rank({.user = 1, .history = {}, .exclude = {}}, {}, out);
  EXPECT_TRUE(out.empty());
}

TEST(FactorsAlone, NeverGivesANumberThatIsNone) {
  for (const std::size_t users : {2, 3}) {
    const auto trained = TrainTwoTastes(users, 3);
    std::vector<ScoredItem> out;
    for (std::uint32_t user = 0; user < users; ++user) {
      for (const bool exclude_seen : {false, true}) {
        trained->model->Recommend({.user = user,
                                   .history = {},
                                   .exclude = {},
                                   .exclude_seen = exclude_seen,
                                   .num_results = 10},
                                  out);
        EXPECT_LE(out.size(), 3U);
        for (const ScoredItem& item : out) EXPECT_TRUE(std::isfinite(item.score));
      }
    }
  }
}

}  // namespace
}  // namespace usher::recsys
