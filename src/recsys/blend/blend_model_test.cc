#include "recsys/blend/blend_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "base/random.h"
#include "linalg/random_matrix.h"
#include "linalg/vector_ops.h"
#include "recsys/blend/fold_in.h"
#include "recsys/blend/sequence_scores.h"

namespace usher::recsys {
namespace {

using testing::ElementsAre;
using testing::FloatNear;
using testing::IsEmpty;

constexpr std::size_t kItems = 300;
constexpr std::size_t kUsers = 40;
constexpr float kTemperature = 0.2F;

std::vector<std::string> Names(char prefix, std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) names.push_back(prefix + std::to_string(i));
  return names;
}

// Random histories with times, random factors, transitions of the histories. The last user met
// nothing.
struct World {
  Interactions interactions;
  linalg::Matrix items = linalg::RandomMatrix(kItems, 12, 4, 0.3);
  linalg::Matrix users = linalg::Matrix(kUsers, 12);
  AlsOptions als{.rank = 12, .unobserved_weight = 0.1F, .regularization = 0.05F};
  BlendOptions options{
      .transitions = {.distance_half_life = 3, .window = 20, .backward = 0.5F, .neighbours = 40},
      .sequence_recency = {.half_life = 4, .time_scale = 500},
      .factor_recency = {.half_life = 8},
      .sequence_weight = 3};
  WeightedLists transitions;
  std::shared_ptr<const Model> model;

  explicit World(float sequence_weight) {
    options.sequence_weight = sequence_weight;
    interactions.user_count = kUsers;
    interactions.item_count = kItems;
    Random random(9);
    for (std::size_t user = 0; user < kUsers; ++user) {
      std::vector<std::uint32_t> list(kItems);
      std::iota(list.begin(), list.end(), 0U);
      for (std::size_t j = kItems; j > 1; --j) std::swap(list[j - 1], list[random.Below(j)]);
      list.resize(user + 1 == kUsers ? 0 : 1 + random.Below(60));
      interactions.by_user.Append(list);
      std::uint32_t time = 0;
      for (std::size_t j = 0; j < list.size(); ++j) {
        time += static_cast<std::uint32_t>(random.Below(200));
        interactions.times.push_back(time);
      }
    }
    ThreadPool pool(2);
    transitions = CountTransitions(interactions, options.transitions, pool);
    const AlsSide side(items.view(), Met(), als, pool);
    FoldInAll(side, interactions, options.factor_recency, pool, users);
    model = MakeBlendModel({.users = Vocabulary(Names('u', kUsers)),
                            .items = Vocabulary(Names('i', kItems)),
                            .histories = interactions.by_user.view(),
                            .times = interactions.times,
                            .user_factors = users.view(),
                            .item_factors = items.view(),
                            .als = als,
                            .transitions = transitions.view(),
                            .options = options,
                            .temperature = kTemperature,
                            .owner = nullptr});
  }

  [[nodiscard]] std::size_t Met() const {
    return CountOccurring(interactions.by_user.view(), kItems);
  }

  // The definition: score and probability of every item.
  [[nodiscard]] std::vector<double> Scores(std::uint32_t user) const {
    std::vector<double> scores(kItems);
    for (std::size_t i = 0; i < kItems; ++i) {
      scores[i] = linalg::Dot({items.Row(i), items.stride()}, {users.Row(user), items.stride()});
    }
    const auto history = interactions.by_user[user];
    const auto times = interactions.TimesOf(user);
    for (std::size_t p = 0; p < history.size(); ++p) {
      const double places = static_cast<double>(history.size() - 1 - p);
      const double age = times.back() - times[p];
      const double weight = std::exp2(-places / 4) * std::exp(-age / 500);
      if (std::exp2(-places / 4) < kSmallestRecency) continue;
      const auto row = transitions.view()[history[p]];
      for (std::size_t k = 0; k < row.items.size(); ++k) {
        scores[row.items[k]] += options.sequence_weight * weight * row.weights[k];
      }
    }
    return scores;
  }
};

TEST(BlendModel, GivesTheBestOfAllItemsWithTheirShareOfTheSoftmax) {
  for (const float weight : {0.0F, 0.5F, 30.0F}) {
    const World world(weight);
    for (std::uint32_t user = 0; user + 1 < kUsers; ++user) {
      const std::vector<double> scores = world.Scores(user);
      double z = 0;
      for (const double score : scores) z += std::exp(score / kTemperature);
      const auto history = world.model->History(user);
      std::vector<std::uint32_t> order;
      for (std::uint32_t item = 0; item < kItems; ++item) {
        if (std::ranges::find(history, item) == history.end()) order.push_back(item);
      }
      std::ranges::stable_sort(order, [&](auto a, auto b) { return scores[a] > scores[b]; });
      std::vector<ScoredItem> out;
      world.model->Recommend({.user = user, .history = {}, .exclude = {}, .num_results = 30}, out);
      ASSERT_EQ(out.size(), std::min<std::size_t>(30, order.size()));
      for (std::size_t j = 0; j < out.size(); ++j) {
        const double share = std::exp(scores[out[j].item] / kTemperature) / z;
        EXPECT_NEAR(out[j].score, share, 0.01 * share);
        // Which of two items with all but the same score comes first is left to rounding.
        EXPECT_NEAR(scores[out[j].item], scores[order[j]], 1e-4);
      }
    }
  }
}

TEST(BlendModel, AnswersAKnownUserAsItFoldsInTheirHistoryAndManyAsOne) {
  const World world(3);
  std::vector<UserQuery> queries;
  for (std::uint32_t user = 0; user < kUsers; ++user) {
    queries.push_back({.user = user, .history = {}, .exclude = {}});
    queries.push_back({.user = {},
                       .history = world.model->History(user),
                       .times = world.model->Times(user),
                       .exclude = {}});
  }
  ThreadPool pool(2);
  std::vector<std::vector<ScoredItem>> many;
  world.model->RecommendMany(queries, pool, many);
  for (std::size_t j = 0; j < queries.size(); ++j) {
    std::vector<ScoredItem> one;
    world.model->Recommend(queries[j], one);
    EXPECT_EQ(one, many[j]);
    EXPECT_EQ(many[j], many[j / 2 * 2]);
  }
}

TEST(BlendModel, LeavesOutWhatItIsToldToEvenWhenTransitionsLeadThere) {
  const World world(30);
  std::vector<ScoredItem> all, less;
  world.model->Recommend({.user = 3, .history = {}, .exclude = {}, .num_results = 5}, all);
  const std::vector<std::uint32_t> exclude{all[0].item, all[2].item};
  world.model->Recommend({.user = 3, .history = {}, .exclude = exclude, .num_results = 3}, less);
  EXPECT_THAT(less, ElementsAre(all[1], all[3], all[4]));
  // The answer before has left no mark.
  world.model->Recommend({.user = 3, .history = {}, .exclude = {}, .num_results = 5}, less);
  EXPECT_EQ(less, all);
}

// A set of items cuts the list of all items, and leaves the scores of the others; also where few
// are allowed, which is another way of searching.
TEST(BlendModel, GivesTheBestOfTheAllowedItems) {
  for (const float weight : {0.0F, 3.0F}) {
    const World world(weight);
    Random random(11);
    for (const std::size_t one_in : {1, 2, 10, 60, 100, 10'000}) {
      std::vector<ItemMask> masks(kUsers, ItemMask(kItems));
      std::vector<UserQuery> queries;
      for (std::uint32_t user = 0; user < kUsers; ++user) {
        for (std::uint32_t item = 0; item < kItems; ++item) {
          if (random.Below(one_in) == 0) masks[user].Set(item);
        }
        queries.push_back({.user = user,
                           .history = {},
                           .exclude = {},
                           .allowed = &masks[user],
                           .num_results = 20});
      }
      std::vector<std::vector<ScoredItem>> many;
      ThreadPool pool(2);
      world.model->RecommendMany(queries, pool, many);
      for (std::uint32_t user = 0; user < kUsers; ++user) {
        UserQuery all = queries[user];
        all.allowed = nullptr;
        all.num_results = kItems;
        std::vector<ScoredItem> expected;
        world.model->Recommend(all, expected);
        std::erase_if(expected, [&](const ScoredItem& e) { return !masks[user].Has(e.item); });
        if (expected.size() > 20) expected.resize(20);
        ASSERT_EQ(many[user].size(), expected.size()) << "one in " << one_in;
        for (std::size_t j = 0; j < expected.size(); ++j) {
          EXPECT_EQ(many[user][j].item, expected[j].item);
          EXPECT_NEAR(many[user][j].score, expected[j].score, 0.01 * expected[j].score);
        }
      }
    }
  }
}

TEST(BlendModel, RecommendsSeenItemsWhenAsked) {
  const World world(3);
  std::vector<ScoredItem> out;
  world.model->Recommend(
      {.user = 1, .history = {}, .exclude = {}, .exclude_seen = false, .num_results = kItems}, out);
  EXPECT_EQ(out.size(), kItems);
  const double sum = std::accumulate(
      out.begin(), out.end(), 0.0, [](double s, const ScoredItem& item) { return s + item.score; });
  EXPECT_NEAR(sum, 1.0, 0.01);
}

TEST(BlendModel, ExplainsEveryScoreByTheEventsThatMakeIt) {
  for (const float weight : {0.0F, 3.0F}) {
    const World world(weight);
    for (std::uint32_t user = 0; user + 1 < kUsers; user += 3) {
      const std::vector<double> scores = world.Scores(user);
      for (std::uint32_t item = 0; item < kItems; item += 7) {
        const auto why = world.model->Explain({.user = user, .history = {}, .exclude = {}}, item);
        ASSERT_TRUE(why);
        EXPECT_EQ(why->basis, Explanation::Basis::kHistory);
        EXPECT_NEAR(why->score, scores[item], 1e-4);
        double sum = 0;
        double transitions = 0;
        for (const Contribution& one : why->contributions) {
          sum += one.total();
          transitions += one.transitions;
        }
        EXPECT_NEAR(sum, why->score, 1e-4);
        if (weight == 0) {
          EXPECT_EQ(transitions, 0.0);
        }
      }
    }
  }
}

TEST(BlendModel, ExplainsTheRankThatRecommendGives) {
  const World world(3);
  std::vector<ScoredItem> out;
  const std::vector<std::uint32_t> exclude{4, 9};
  const UserQuery query{.user = 2, .history = {}, .exclude = exclude, .num_results = kItems};
  world.model->Recommend(query, out);
  for (std::size_t place = 0; place < out.size(); place += 11) {
    EXPECT_EQ(world.model->Explain(query, out[place].item)->rank, place + 1);
  }
  // One that is left out ranks as if it were not: right before the items that it beats.
  const auto why = world.model->Explain(query, 4);
  ASSERT_LE(why->rank, out.size());
  EXPECT_LE(world.model->Explain(query, out[why->rank - 1].item)->score, why->score);
}

// One user, one event of item 0, rank 1: u = v0 / (alpha0 g + v0^2 + ridge), g the sum of squares.
TEST(BlendModel, ExplainsAScoreWorkedOutByHand) {
  linalg::Matrix items(2, 1), users(1, 1);
  items.Row(0)[0] = 1;
  items.Row(1)[0] = 2;
  Interactions interactions{.user_count = 1, .item_count = 2};
  interactions.by_user.Append(std::vector<std::uint32_t>{0});
  const AlsOptions als{.rank = 1, .unobserved_weight = 0.2F, .regularization = 0.5F};
  const WeightedLists T{.offsets = {0, 1, 1}, .items = {1}, .weights = {0.25F}};
  const BlendOptions options{.sequence_recency = {.half_life = 4}, .sequence_weight = 2};
  ThreadPool pool(1);
  FoldInAll({items.view(), 1, als, pool}, interactions, options.factor_recency, pool, users);
  const auto model = MakeBlendModel({.users = Vocabulary(Names('u', 1)),
                                     .items = Vocabulary(Names('i', 2)),
                                     .histories = interactions.by_user.view(),
                                     .user_factors = users.view(),
                                     .item_factors = items.view(),
                                     .als = als,
                                     .transitions = T.view(),
                                     .options = options,
                                     .temperature = 1,
                                     .owner = nullptr});
  const auto why = model->Explain({.user = 0, .history = {}, .exclude = {}}, 1);
  ASSERT_TRUE(why);
  ASSERT_EQ(why->contributions.size(), 1U);
  EXPECT_EQ(why->contributions[0].item, 0U);
  // A = 0.2 (1 + 4) + 1 + 0.5 (1 + 0.2 1) = 2.6
  EXPECT_NEAR(why->contributions[0].factors, 2 / 2.6, 1e-6);
  EXPECT_NEAR(why->contributions[0].transitions, 2 * 0.25, 1e-6);
  EXPECT_EQ(why->rank, 1U);
}

TEST(BlendModel, ExplainsAUserWithoutHistoryByPopularity) {
  const World world(3);
  std::vector<ScoredItem> out;
  const UserQuery query{.user = kUsers - 1, .history = {}, .exclude = {}, .num_results = 5};
  world.model->Recommend(query, out);
  const auto why = world.model->Explain(query, out[3].item);
  ASSERT_TRUE(why);
  EXPECT_EQ(why->basis, Explanation::Basis::kPopularity);
  EXPECT_EQ(why->rank, 4U);
  EXPECT_THAT(why->contributions, IsEmpty());
}

TEST(BlendModel, GivesAUserWithoutHistoryWhatIsPopular) {
  const World world(3);
  std::vector<ScoredItem> out;
  world.model->Recommend({.user = kUsers - 1, .history = {}, .exclude = {}, .num_results = 3}, out);
  const auto counts = [&](std::uint32_t item) {
    return std::ranges::count(world.interactions.by_user.values, item);
  };
  ASSERT_EQ(out.size(), 3U);
  for (std::uint32_t item = 0; item < kItems; ++item) EXPECT_LE(counts(item), counts(out[0].item));
}

TEST(BlendModel, RanksAListByTheSameScores) {
  const World world(3);
  const std::vector<double> scores = world.Scores(5);
  const std::vector<std::uint32_t> list{7, 250, 31, 90};
  std::vector<ScoredItem> out;
  world.model->Rank({.user = 5, .history = {}, .exclude = {}}, list, out);
  double z = 0;
  for (const std::uint32_t item : list) z += std::exp(scores[item] / kTemperature);
  ASSERT_EQ(out.size(), 4U);
  for (const ScoredItem& entry : out) {
    EXPECT_NEAR(entry.score, std::exp(scores[entry.item] / kTemperature) / z, 1e-4);
  }
  EXPECT_TRUE(std::ranges::is_sorted(out, std::ranges::greater(), &ScoredItem::score));
}

// Item 0 leads to 1 with 0.5 and to 2 with 0.25; item 3 to 2 with 1.
TEST(SequenceScores, SumOverRecentEventsByWeight) {
  const WeightedLists T{
      .offsets = {0, 2, 2, 2, 3}, .items = {1, 2, 2}, .weights = {0.5F, 0.25F, 1.0F}};
  SequenceScores scores(4);
  scores.Sum(T.view(), std::vector<std::uint32_t>{0, 3}, {}, {.half_life = 1}, 2.0F);
  EXPECT_THAT(scores.items(), ElementsAre(1, 2));
  EXPECT_FLOAT_EQ(scores[1], 2 * 0.5F * 0.5F);
  EXPECT_FLOAT_EQ(scores[2], 2 * (0.5F * 0.25F + 1.0F));
  scores.Sum(T.view(), std::vector<std::uint32_t>{1}, {}, {.half_life = 1}, 2.0F);
  EXPECT_THAT(scores.items(), IsEmpty());
  EXPECT_EQ(scores[2], 0.0F);
}

TEST(FoldIn, WeighsRecentEventsMore) {
  const linalg::Matrix items = linalg::RandomMatrix(5, 3, 2);
  const AlsOptions options{.rank = 3, .unobserved_weight = 0.2F, .regularization = 0.1F};
  ThreadPool pool(1);
  const AlsSide side(items.view(), 5, options, pool);
  FoldInScratch scratch(side.stride());
  linalg::FloatVector folded(side.stride()), solved(side.stride());
  const std::vector<std::uint32_t> history{4, 1, 2};
  FoldIn(side, history, {}, {.half_life = 1}, scratch, folded.data());
  side.Solve(history, std::vector<float>{0.25F, 0.5F, 1.0F}, scratch.als, solved.data());
  for (std::size_t k = 0; k < 3; ++k) EXPECT_THAT(folded[k], FloatNear(solved[k], 1e-6F));
}

}  // namespace
}  // namespace usher::recsys
