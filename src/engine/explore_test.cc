#include "engine/explore.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <set>

#include "base/temp_folder.h"
#include "engine/recommend.h"
#include "engine/train.h"
#include "engine/two_tastes.h"

namespace usher::engine {
namespace {

constexpr std::int64_t kDay = 86400;

// Items 0 … 29 are met from day 0 on, items 30 … 39 from day 100 on by few users.
InteractionTable WithNewItems() {
  InteractionTable table = TwoTastes(60, 30, 0.6);
  for (int i = 30; i < 40; ++i) {
    table.item_ids.push_back("i" + std::to_string(i));
    for (std::uint32_t user = 0; user < 2; ++user) {
      table.user.push_back(user);
      table.item.push_back(static_cast<std::uint32_t>(i));
      table.timestamp.push_back((100 + i - 30) * kDay);  // the last at day 109
    }
  }
  return table;
}

class ExplorerTest : public testing::Test {
 protected:
  ExplorerTest() : model_(Load("aws-user-personalization")) {}

  LoadedModel Load(const std::string& recipe) {
    TrainOptions options;
    options.recipe = recipe;
    options.threads = 2;
    const std::string path = folder_.path() + "/" + recipe;
    const auto trained = TrainOnTable(WithNewItems(), path, options);
    EXPECT_TRUE(trained) << trained.error().message;
    return *LoadModel(path);
  }
  std::unique_ptr<const Explorer> Make(double weight, double cut_off) {
    return Explorer::Make(model_, {.weight = weight, .item_age_cut_off_days = cut_off});
  }
  std::vector<AnsweredItem> Answer(const Explorer* explorer, std::uint64_t seed,
                                   const std::string& user = "u5", std::size_t n = 10) {
    std::optional<Exploration> exploration;
    if (explorer) exploration.emplace(*explorer, seed);
    auto items = RecommendOne(model_, user, {}, n, true, exploration ? &*exploration : nullptr);
    EXPECT_TRUE(items);
    return *std::move(items);
  }
  static std::vector<std::string> Ids(const std::vector<AnsweredItem>& items) {
    std::vector<std::string> ids;
    for (const AnsweredItem& item : items) ids.emplace_back(item.id);
    return ids;
  }
  std::string Batch(const Explorer* explorer, std::uint64_t seed, std::size_t threads) {
    BatchOptions options;
    options.num_results = 10;
    options.explorer = explorer;
    options.exploration_seed = seed;
    options.threads = threads;
    std::string lines;
    EXPECT_TRUE(RecommendAllUsers(model_, options, [&](std::string_view text) -> Result<void> {
      lines += text;
      return {};
    }));
    return lines;
  }

  TempFolder folder_;
  LoadedModel model_;
};

TEST_F(ExplorerTest, ItemsAreNewUpToTheCutOffBeforeTheLatestInteraction) {
  EXPECT_EQ(Make(0.3, 1e6)->new_item_count(), 40);
  EXPECT_EQ(Make(0.3, 30)->new_item_count(), 10);
  EXPECT_EQ(Make(0.3, 4)->new_item_count(), 5);  // of days 105 to 109
  EXPECT_EQ(Make(0.3, 3.9)->new_item_count(), 4);
  EXPECT_EQ(Make(0.3, 1e-6)->new_item_count(), 1);  // of the latest interaction itself
}

// Item i is created on day i by the metadata, but i7 says nothing and "unmet" was never met; i0 is
// from the far future.
TEST_F(ExplorerTest, ItemsAreBornWhenTheMetadataSays) {
  std::ofstream items(folder_.path() + "/items.csv");
  items << "ITEM_ID,CREATION_TIMESTAMP,KIND\n";
  for (int i = 1; i < 40; ++i) {
    items << "i" << i << "," << (i == 7 ? "" : std::to_string(i * kDay)) << ",k" << i % 3 << "\n";
  }
  items << "i0," << 4'000'000'000 << ",k0\nunmet,,k1\nold," << 2 * kDay << ",k1\n";
  items.close();
  TrainOptions options;
  options.threads = 2;
  options.items.path = folder_.path() + "/items.csv";
  ASSERT_TRUE(TrainOnTable(WithNewItems(), folder_.path() + "/created", options));
  const auto loaded = LoadModel(folder_.path() + "/created");
  ASSERT_TRUE(loaded) << loaded.error().message;
  const auto new_items = [&](double cut_off) {
    return Explorer::Make(*loaded, {.weight = 0.3, .item_age_cut_off_days = cut_off})
        ->new_item_count();
  };
  // The latest interaction is of day 109. Beside i0 and "unmet", which always are:
  EXPECT_EQ(new_items(69), 2);
  EXPECT_EQ(new_items(70), 3);             // i39, created on day 39
  EXPECT_EQ(new_items(109 - 30), 2 + 10);  // i30 to i39
  // i7 is as old as its first interaction, of day 0 to 11; "old" is of day 2.
  EXPECT_EQ(new_items(1e6), 42);
}

TEST_F(ExplorerTest, AnItemThatNobodyMetIsNewWithoutATimeOfCreation) {
  std::ofstream items(folder_.path() + "/items.csv");
  items << "ITEM_ID,KIND\n";
  for (int i = 0; i < 40; ++i) items << "i" << i << ",k" << i % 2 << "\n";
  items << "unmet,k1\n";
  items.close();
  TrainOptions options;
  options.threads = 2;
  options.items.path = folder_.path() + "/items.csv";
  ASSERT_TRUE(TrainOnTable(WithNewItems(), folder_.path() + "/kinds", options));
  model_ = *LoadModel(folder_.path() + "/kinds");
  EXPECT_TRUE(model_.item_births.empty());
  const auto explorer = Make(1, 1e-6);
  EXPECT_EQ(explorer->new_item_count(), 2);  // and the one of the latest interaction
  int shown = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    for (const AnsweredItem& item : Answer(explorer.get(), seed)) {
      shown += item.id == "unmet";
      EXPECT_TRUE(item.score && *item.score >= 0 && *item.score <= 1);
    }
  }
  EXPECT_GT(shown, 0);
}

TEST_F(ExplorerTest, WeightZeroAndOtherRecipesDoNotExplore) {
  EXPECT_EQ(Make(0, 30), nullptr);
  const LoadedModel popularity = Load("aws-popularity-count");
  EXPECT_EQ(Explorer::Make(popularity, {}), nullptr);
  const LoadedModel ranking = Load("aws-personalized-ranking");
  EXPECT_EQ(Explorer::Make(ranking, {}), nullptr);
}

TEST_F(ExplorerTest, OnlyNewItemsJoinTheGreedyOnesWithoutRepeatsOrSeenOnes) {
  const auto explorer = Make(0.5, 30);
  const std::vector<std::string> greedy = Ids(Answer(nullptr, 0));
  const auto user = model_.model->users().Find("u5");
  std::set<std::string_view> seen;
  for (const std::uint32_t item : model_.model->History(*user)) {
    seen.insert(model_.model->items()[item]);
  }
  int explored = 0;

  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const auto items = Answer(explorer.get(), seed);

    ASSERT_EQ(items.size(), 10);
    std::set<std::string_view> ids;
    for (const AnsweredItem& item : items) {
      EXPECT_TRUE(ids.insert(item.id).second);
      EXPECT_FALSE(seen.contains(item.id));
      EXPECT_TRUE(item.score && *item.score >= 0 && *item.score <= 1);
      EXPECT_TRUE(item.propensity > 0 && item.propensity <= 1);
      const bool listed = std::ranges::find(greedy, item.id) != greedy.end();
      EXPECT_EQ(item.explored, !listed);
      if (!listed) {
        ++explored;
        EXPECT_GE(std::stoi(std::string(item.id.substr(1))), 30) << "an old item";
      }
    }
    EXPECT_EQ(Ids(items), Ids(Answer(explorer.get(), seed)));
  }
  EXPECT_GT(explored, 0);
}

// What exploration says about an item's score is what the model says about it in a long list.
TEST_F(ExplorerTest, ExploredItemsHaveTheModelsScores) {
  std::map<std::string, float, std::less<>> scores;
  for (const AnsweredItem& item : Answer(nullptr, 0, "u5", 40)) {
    scores.emplace(item.id, *item.score);
  }
  const auto explorer = Make(1, 30);

  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    for (const AnsweredItem& item : Answer(explorer.get(), seed, "u5", 8)) {
      const float expected = scores.find(item.id)->second;
      EXPECT_NEAR(*item.score, expected, 0.02F * expected + 1e-12F) << item.id;
    }
  }
}

TEST_F(ExplorerTest, AUserWhomNobodyKnowsIsServedToo) {
  const auto explorer = Make(0.5, 30);

  EXPECT_EQ(Answer(explorer.get(), 1, "stranger").size(), 10);
}

TEST_F(ExplorerTest, BatchesAreTheSameAtAnyNumberOfThreadsAndOtherWithAnotherSeed) {
  const auto explorer = Make(0.5, 30);
  const std::string lines = Batch(explorer.get(), 1, 1);

  EXPECT_EQ(Batch(explorer.get(), 1, 2), lines);
  EXPECT_EQ(Batch(explorer.get(), 1, 7), lines);
  EXPECT_NE(Batch(explorer.get(), 2, 2), lines);
  EXPECT_NE(Batch(nullptr, 1, 2), lines);
}

TEST(CheckExploration, RefusesWhatIsOutOfRange) {
  const double nan = std::nan("");
  EXPECT_TRUE(CheckExploration({.weight = 0, .item_age_cut_off_days = 0.001}));
  EXPECT_TRUE(CheckExploration({.weight = 1, .item_age_cut_off_days = kMaxItemAgeCutOffDays}));
  for (const double weight : {-0.1, 1.1, nan}) {
    EXPECT_FALSE(CheckExploration({.weight = weight}));
  }
  for (const double days : {0.0, -1.0, 2e6, nan}) {
    EXPECT_FALSE(CheckExploration({.item_age_cut_off_days = days}));
  }
}

TEST(SeedOf, IsFnv1aOfTheText) {
  // Of the reference: http://www.isthe.com/chongo/tech/comp/fnv/, test vectors of 64 bits.
  EXPECT_EQ(SeedOf(""), 0xcbf29ce484222325U);
  EXPECT_EQ(SeedOf("a"), 0xaf63dc4c8601ec8cU);
  EXPECT_EQ(SeedOf("foobar"), 0x85944171f73967e8U);
}

}  // namespace
}  // namespace usher::engine
