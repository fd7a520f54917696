#include "engine/item_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "base/temp_folder.h"
#include "engine/item_answers.h"
#include "engine/two_tastes.h"
#include "json/json.h"

namespace usher::engine {
namespace {

using testing::AllOf;
using testing::Each;
using testing::Ge;
using testing::HasSubstr;
using testing::Le;

// Users u0, u1 … with items i0, i1 … of their parity; items and users that nobody has met are
// described in files: parity of an item is its taste, of a user theirs.
class ItemModelTest : public testing::Test {
 protected:
  ItemModelTest() {
    std::ofstream items(folder_.path() + "/items.csv");
    items << "ITEM_ID,taste,about,size\n";
    for (int i = 0; i < 60; ++i) {
      items << "i" << i << "," << Taste(i) << "," << About(i) << "," << i / 2 << "\n";
    }
    items << "cold_even,even," << About(0) << ",3\ncold_odd,odd," << About(1) << ",3\n";
    std::ofstream users(folder_.path() + "/users.csv");
    users << "USER_ID,taste\n";
    for (int u = 0; u < 80; ++u) users << "u" << u << "," << Taste(u) << "\n";
    users << "cold_even,even\ncold_odd,odd\n";
  }

  static std::string Taste(int n) { return n % 2 == 0 ? "even" : "odd"; }
  static std::string About(int n) {
    return n % 2 == 0 ? "a story of smooth round numbers number" + std::to_string(n / 10)
                      : "odd sharp angles everywhere number" + std::to_string(n / 10);
  }

  TrainOptions Options(const std::string& recipe) const {
    TrainOptions options;
    options.recipe = recipe;
    options.threads = 2;
    options.items.path = folder_.path() + "/items.csv";
    options.items.roles = {{"about", MetadataRole::kText}};
    options.users.path = folder_.path() + "/users.csv";
    return options;
  }

  // Trains and loads. `metrics` gets the metrics.
  LoadedModel Model(const TrainOptions& options, InteractionTable table,
                    std::map<std::string, double>* metrics = nullptr) {
    const std::string path = folder_.path() + "/model" + std::to_string(++models_);
    const auto trained = TrainOnTable(std::move(table), path, options);
    EXPECT_TRUE(trained) << trained.error().message;
    if (metrics != nullptr && trained) *metrics = trained->metrics;
    auto loaded = LoadModel(path);
    EXPECT_TRUE(loaded) << loaded.error().message;
    return *std::move(loaded);
  }

  static std::vector<std::string> Related(const LoadedModel& model, const std::string& item,
                                          std::size_t count) {
    std::vector<std::string> ids;
    const auto answer = RelatedOne(model, item, count);
    EXPECT_TRUE(answer) << answer.error().message;
    for (const AnsweredItem& entry : *answer) {
      EXPECT_FALSE(entry.score);
      ids.emplace_back(entry.id);
    }
    return ids;
  }

  // The lines that answer these input lines.
  std::vector<std::string> Answer(const LoadedModel& model, const std::string& lines,
                                  const BatchOptions& options, BatchCounts* counts = nullptr) {
    const std::string path = folder_.path() + "/lines.jsonl";
    std::ofstream(path) << lines;
    std::vector<std::string> answers;
    const auto done = RecommendFile(model, path, options, [&](std::string_view text) {
      answers.emplace_back(text);
      return Result<void>();
    });
    EXPECT_TRUE(done) << done.error().message;
    if (counts != nullptr && done) *counts = *done;
    return answers;
  }

  // The list of a member of an answer's output.
  static std::vector<std::string> List(const std::string& line, const std::string& member) {
    const auto parsed = json::Parse(line);
    EXPECT_TRUE(parsed) << line;
    const Value* output = parsed->Find("output");
    const Value* list = output == nullptr ? nullptr : output->Find(member);
    std::vector<std::string> ids;
    if (list == nullptr || list->as_list() == nullptr) {
      ADD_FAILURE() << line;
      return ids;
    }
    for (const Value& value : *list->as_list()) ids.push_back(*value.as_string());
    return ids;
  }

  static std::string Slurp(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  TempFolder folder_;
  int models_ = 0;
};

bool IsEven(const std::string& id) {
  return id == "cold_even" || (id != "cold_odd" && (id.back() - '0') % 2 == 0);
}

TEST_F(ItemModelTest, SimsRelatesItemsThatTheSameUsersMet) {
  std::map<std::string, double> metrics;
  const LoadedModel model = Model(Options("aws-sims"), TwoTastes(80, 60, 0.5), &metrics);
  EXPECT_EQ(model.model, nullptr);
  const auto related = Related(model, "i4", 10);
  ASSERT_EQ(related.size(), 10U);
  for (const std::string& id : related) EXPECT_TRUE(IsEven(id)) << id;
  EXPECT_EQ(std::ranges::count(related, "i4"), 0);
  for (const char* name :
       {"coverage", "mean_reciprocal_rank_at_25", "normalized_discounted_cumulative_gain_at_5",
        "normalized_discounted_cumulative_gain_at_10",
        "normalized_discounted_cumulative_gain_at_25", "precision_at_5", "precision_at_10",
        "precision_at_25"}) {
    ASSERT_TRUE(metrics.contains(name)) << name;
    EXPECT_THAT(metrics.at(name), AllOf(Ge(0.0), Le(1.0)));
  }
  EXPECT_EQ(metrics.size(), 8U);
  EXPECT_GT(metrics.at("mean_reciprocal_rank_at_25"), 0);
}

TEST_F(ItemModelTest, SimsGivesPopularItemsForAnUnknownOne) {
  const LoadedModel model = Model(Options("aws-sims"), TwoTastes(80, 60, 0.5));
  const auto unknown = Related(model, "no such item", 5);
  ASSERT_EQ(unknown.size(), 5U);
  EXPECT_EQ(unknown, Related(model, "cold_even", 5));  // known, but nobody has met it
  EXPECT_EQ(Related(model, "i4", 500).size(), 61U);    // all but itself
  EXPECT_FALSE(RelatedOne(model, "i4", 501));
  EXPECT_THAT(RecommendOne(model, "u1", {}, 5, true).error().message,
              HasSubstr("items, not users"));
}

TEST_F(ItemModelTest, SimilarItemsPlacesAColdItemByItsMetadata) {
  const LoadedModel model = Model(Options("aws-similar-items"), TwoTastes(80, 60, 0.5));
  for (const std::string& id : Related(model, "cold_odd", 10)) EXPECT_FALSE(IsEven(id)) << id;
  for (const std::string& id : Related(model, "i4", 10)) EXPECT_TRUE(IsEven(id)) << id;
}

TEST_F(ItemModelTest, SimilarItemsDoesWithoutMetadata) {
  TrainOptions options = Options("aws-similar-items");
  options.items = {};
  const LoadedModel model = Model(options, TwoTastes(80, 60, 0.5));
  for (const std::string& id : Related(model, "i4", 10)) EXPECT_TRUE(IsEven(id)) << id;
}

TEST_F(ItemModelTest, SemanticSimilarityReadsTextsAndNeedsNoInteractions) {
  std::map<std::string, double> metrics;
  const LoadedModel model = Model(Options("aws-semantic-similarity"), {}, &metrics);
  for (const std::string& id : Related(model, "i4", 10)) EXPECT_TRUE(IsEven(id)) << id;
  for (const std::string& id : Related(model, "cold_odd", 10)) EXPECT_FALSE(IsEven(id)) << id;
  EXPECT_GT(metrics.at("item_similarity"), 0.5);
  EXPECT_EQ(metrics.at("item_popularity"), 0);
  EXPECT_FALSE(metrics.contains("item_freshness"));

  TrainOptions options = Options("aws-semantic-similarity");
  options.items.roles = {{"about", MetadataRole::kIgnored}};
  EXPECT_THAT(TrainOnTable({}, folder_.path() + "/none", options).error().message,
              HasSubstr("needs items with a textual column"));
  options.items = {};
  EXPECT_FALSE(TrainOnTable({}, folder_.path() + "/none", options));
}

TEST_F(ItemModelTest, TrendingNowGivesWhatGrewMost) {
  InteractionTable table;
  table.item_ids = {"steady", "rising", "falling", "old"};
  for (int u = 0; u < 30; ++u) table.user_ids.push_back("u" + std::to_string(u));
  const auto add = [&](std::uint32_t item, int count, std::int64_t time) {
    for (int k = 0; k < count; ++k) {
      table.user.push_back(static_cast<std::uint32_t>(k));
      table.item.push_back(item);
      table.timestamp.push_back(time);
    }
  };
  constexpr std::int64_t kNow = 1'700'000'000;
  add(3, 20, kNow - 100'000);
  add(0, 10, kNow - 5000);  // the interval before the latest hour
  add(0, 11, kNow - 10);
  add(1, 2, kNow - 5000);
  add(1, 9, kNow);
  add(2, 15, kNow - 5000);
  add(2, 3, kNow - 10);
  TrainOptions options;
  options.recipe = "aws-trending-now";
  options.hyperparameters = {{"trend_discovery_frequency", "1 hour"}};
  std::map<std::string, double> metrics;
  const LoadedModel model = Model(options, table, &metrics);
  const auto answer = RecommendOne(model, "anybody", {}, 25, true);
  ASSERT_TRUE(answer);
  std::vector<std::string> ids;
  for (const AnsweredItem& item : *answer) ids.emplace_back(item.id);
  // +7, +1; those that do not grow by users: 20 and 15.
  EXPECT_EQ(ids, (std::vector<std::string>{"rising", "steady", "old", "falling"}));
  EXPECT_TRUE(metrics.contains("trend_prediction_accuracy"));

  options.hyperparameters = {{"trend_discovery_frequency", "1 week"}};
  EXPECT_THAT(TrainOnTable(table, folder_.path() + "/none", options).error().message,
              HasSubstr("'30 minutes', '1 hour', '2 hours', '3 hours', '1 day'"));
}

TEST_F(ItemModelTest, ItemAffinityFindsUsersOfTheItemsTaste) {
  std::map<std::string, double> metrics;
  TrainOptions options = Options("aws-item-affinity");
  options.hyperparameters = {{"hidden_dimension", "32"}};
  const LoadedModel model = Model(options, TwoTastes(80, 60, 0.5), &metrics);
  BatchCounts counts;
  const auto answers = Answer(model,
                              "{\"itemId\":\"i4\"}\n{\"itemId\":\"cold_odd\"}\n"
                              "{\"itemId\":\"nothing\"}\n{\"userId\":\"u1\"}\nno JSON\n",
                              {.num_results = 10}, &counts);
  ASSERT_EQ(answers.size(), 5U);
  const auto even = List(answers[0], "usersList");
  ASSERT_EQ(even.size(), 10U);
  for (const std::string& id : even) EXPECT_TRUE(IsEven(id)) << id;
  for (const std::string& id : List(answers[1], "usersList")) EXPECT_FALSE(IsEven(id)) << id;
  EXPECT_THAT(answers[0], AllOf(HasSubstr("{\"input\":{\"itemId\":\"i4\"},\"output\":"),
                                HasSubstr(",\"error\":null}\n")));
  EXPECT_THAT(answers[2], HasSubstr("\"output\":null,\"error\":\"item 'nothing' was not among"));
  EXPECT_THAT(answers[3], HasSubstr("has no 'itemId'"));
  EXPECT_THAT(answers[4], HasSubstr("no JSON"));
  EXPECT_EQ(counts.failed, 3U);
  // A cold user has their taste from the metadata alone.
  const auto all =
      List(Answer(model, "{\"itemId\":\"i4\"}\n", {.num_results = 82})[0], "usersList");
  const auto at = [&](const std::string& id) { return std::ranges::find(all, id) - all.begin(); };
  EXPECT_LT(at("cold_even"), at("cold_odd"));
  for (const char* name : {"coverage", "hits_at_1_percent", "recall_at_1_percent"}) {
    ASSERT_TRUE(metrics.contains(name)) << name;
  }
  EXPECT_EQ(metrics.size(), 3U);
  EXPECT_GT(metrics.at("hits_at_1_percent"), 0);
}

TEST_F(ItemModelTest, ItemAffinityGivesNoSegmentForAnItemOfWhichNothingIsKnown) {
  TrainOptions options = Options("aws-item-affinity");
  options.items.path = folder_.path() + "/bare.csv";
  options.items.roles = {};
  std::ofstream(options.items.path) << "ITEM_ID,taste\ni0,even\ni2,even\nbare,\n";
  const LoadedModel model = Model(options, TwoTastes(80, 60, 0.5));
  const auto answers = Answer(model, "{\"itemId\":\"bare\"}\n", {});
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_THAT(answers[0], HasSubstr("nothing is known of the item"));
}

TEST_F(ItemModelTest, ItemAffinityRefusesInteractionsOfOneMoment) {
  InteractionTable table = TwoTastes(80, 60, 0.5);
  std::ranges::fill(table.timestamp, 5);
  EXPECT_THAT(
      TrainOnTable(table, folder_.path() + "/none", Options("aws-item-affinity")).error().message,
      HasSubstr("same timestamp"));
}

TEST_F(ItemModelTest, ItemAttributeAffinityFindsUsersByExpressions) {
  TrainOptions options = Options("aws-item-attribute-affinity");
  options.hyperparameters = {{"hidden_dimension", "32"}};
  const LoadedModel model = Model(options, TwoTastes(80, 60, 0.5));
  const auto answers =
      Answer(model,
             "{\"itemAttributes\":\"ITEMS.taste = \\\"odd\\\"\"}\n"
             "{\"itemAttributes\":\"ITEMS.taste = \\\"even\\\" AND ITEMS.size = 3\"}\n"
             "{\"itemAttributes\":\"ITEMS.taste = \\\"none\\\"\"}\n"
             "{\"itemAttributes\":\"ITEMS.mood = 1\"}\n{\"itemId\":\"i4\"}\n",
             {.num_results = 10});
  ASSERT_EQ(answers.size(), 5U);
  const auto odd = List(answers[0], "usersList");
  ASSERT_EQ(odd.size(), 10U);
  for (const std::string& id : odd) EXPECT_FALSE(IsEven(id)) << id;
  for (const std::string& id : List(answers[1], "usersList")) EXPECT_TRUE(IsEven(id)) << id;
  EXPECT_THAT(answers[2], HasSubstr("no item has these attributes"));
  EXPECT_THAT(answers[3], HasSubstr("no attribute mood"));
  EXPECT_THAT(answers[4], HasSubstr("no string 'itemAttributes'"));

  options.items = {};
  EXPECT_THAT(
      TrainOnTable(TwoTastes(80, 60, 0.5), folder_.path() + "/none", options).error().message,
      HasSubstr("needs items with categorical or numeric columns"));
}

TEST_F(ItemModelTest, AnswersBatchesAndListsOfIds) {
  const LoadedModel model = Model(Options("aws-sims"), TwoTastes(80, 60, 0.5));
  std::string all;
  const LineSink sink = [&](std::string_view text) {
    all += text;
    return Result<void>();
  };
  ASSERT_TRUE(AnswerAllItems(model, {.num_results = 3}, sink));
  EXPECT_EQ(std::ranges::count(all, '\n'), 62);
  const auto batch = Answer(model, "{\"itemId\":\"i4\"}\n", {.num_results = 3});
  ASSERT_EQ(batch.size(), 1U);
  EXPECT_NE(all.find(batch[0]), std::string::npos);
  EXPECT_EQ(List(batch[0], "recommendedItems"), Related(model, "i4", 3));
  EXPECT_FALSE(AnswerAllItems(model, {.num_results = 501}, sink));
  EXPECT_FALSE(AnswerAllItems(model, {.num_results = 0}, sink));
  EXPECT_THAT(RecommendAllUsers(model, {}, sink).error().message, HasSubstr("items, not users"));
}

TEST_F(ItemModelTest, GivesTheSameFilesAtAnyNumberOfThreads) {
  for (const char* recipe : {"aws-sims", "aws-similar-items", "aws-semantic-similarity",
                             "aws-item-attribute-affinity", "aws-trending-now"}) {
    std::string manifest;
    for (const std::size_t threads : {1, 2, 7}) {
      TrainOptions options = Options(recipe);
      options.threads = threads;
      const std::string path = folder_.path() + "/" + recipe + std::to_string(threads);
      ASSERT_TRUE(TrainOnTable(TwoTastes(80, 60, 0.3), path, options));
      if (manifest.empty()) manifest = Slurp(path + "/manifest.json");
      EXPECT_EQ(Slurp(path + "/manifest.json"), manifest) << recipe;
    }
  }
}

TEST_F(ItemModelTest, TrainsOnOneItemAndOneUser) {
  InteractionTable table;
  table.user_ids = {"u"};
  table.item_ids = {"i"};
  for (const std::int64_t time : {1, 1, 2}) {  // duplicates, too
    table.user.push_back(0);
    table.item.push_back(0);
    table.timestamp.push_back(time);
  }
  for (const char* recipe :
       {"aws-sims", "aws-similar-items", "aws-item-affinity", "aws-trending-now"}) {
    TrainOptions options;
    options.recipe = recipe;
    const LoadedModel model = Model(options, table);
    if (model.related == nullptr) continue;
    EXPECT_TRUE(Related(model, "i", 5).empty());
    EXPECT_EQ(Related(model, "other", 5), std::vector<std::string>{"i"});
  }
  for (const char* recipe : {"aws-sims", "aws-trending-now", "aws-item-affinity"}) {
    TrainOptions options;
    options.recipe = recipe;
    EXPECT_THAT(TrainOnTable({}, folder_.path() + "/none", options).error().message,
                HasSubstr("no interactions"));
  }
}

TEST_F(ItemModelTest, RefusesSpoiltFiles) {
  for (const auto& [recipe, file] : std::vector<std::pair<std::string, std::string>>{
           {"aws-sims", "related.arrow"},
           {"aws-trending-now", "order.arrow"},
           {"aws-item-attribute-affinity", "attributes.arrow"},
           {"aws-item-affinity", "factors.arrow"}}) {
    const std::string path = folder_.path() + "/" + recipe;
    ASSERT_TRUE(TrainOnTable(TwoTastes(80, 60, 0.3), path, Options(recipe)));
    ASSERT_TRUE(LoadModel(path));
    std::fstream spoilt(path + "/" + file, std::ios::binary | std::ios::in | std::ios::out);
    spoilt.seekp(0, std::ios::end);
    spoilt.put('x');
    spoilt.close();
    const auto loaded = LoadModel(path);
    ASSERT_FALSE(loaded) << recipe;
    EXPECT_EQ(loaded.error().code, ErrorCode::kCorrupt);
  }
}

}  // namespace
}  // namespace usher::engine
