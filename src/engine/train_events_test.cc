// Training with event types that count differently.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/temp_folder.h"
#include "engine/evaluate.h"
#include "engine/explain.h"
#include "engine/recommend.h"
#include "engine/train.h"
#include "engine/two_tastes.h"

namespace usher::engine {
namespace {

using testing::HasSubstr;
using Rules = std::vector<EventRule>;

class TrainEvents : public testing::Test {
 protected:
  // People of two tastes, and 20 who are torn: they click items of the even taste and buy items of
  // the odd one, ten of each, by turns.
  std::string File() const {
    const InteractionTable table = TwoTastes(80, 60, 0.5);
    const std::string path = folder_.path() + "/events.csv";
    std::ofstream file(path);
    file << "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE\n";
    for (std::size_t row = 0; row < table.size(); ++row) {
      file << table.user_ids[table.user[row]] << "," << table.item_ids[table.item[row]] << ","
           << table.timestamp[row] << "," << (row % 3 == 0 ? "buy" : "click") << "\n";
    }
    for (int torn = 0; torn < 20; ++torn) {
      for (int k = 0; k < 10; ++k) {
        const int item = (torn + 3 * k) % 30 * 2;
        file << "torn" << torn << ",i" << item << "," << 2000000 + 2 * k << ",click\n";
        file << "torn" << torn << ",i" << item + 1 << "," << 2000001 + 2 * k << ",buy\n";
      }
    }
    return path;
  }

  static TrainOptions With(Rules events) {
    TrainOptions options;
    options.hyperparameters = {{"hidden_dimension", "32"}, {"als_sweeps", "6"}};
    options.events = std::move(events);
    return options;
  }

  LoadedModel TrainModel(const std::string& name, const TrainOptions& options) {
    const std::string path = folder_.path() + "/" + name;
    const auto trained = Train(File(), path, options);
    EXPECT_TRUE(trained) << trained.error().message;
    auto loaded = LoadModel(path);
    EXPECT_TRUE(loaded) << loaded.error().message;
    return *std::move(loaded);
  }

  // How many of the first five items of all who are torn are of the odd taste.
  static int OddItems(const LoadedModel& model) {
    int odd = 0;
    for (int torn = 0; torn < 20; ++torn) {
      const auto list = RecommendOne(model, "torn" + std::to_string(torn), {}, 5, true);
      EXPECT_TRUE(list);
      for (const AnsweredItem& entry : *list) odd += (entry.id.back() - '0') % 2;
    }
    return odd;
  }

  TempFolder folder_;
};

TEST_F(TrainEvents, DrawsListsTowardsTheWeightierType) {
  const LoadedModel by_clicks =
      TrainModel("clicks", With({{.type = "click", .weight = 1}, {.type = "buy", .weight = 0.02}}));
  const LoadedModel by_purchases =
      TrainModel("buys", With({{.type = "click", .weight = 0.02}, {.type = "buy", .weight = 1}}));

  EXPECT_LT(OddItems(by_clicks), 20);
  EXPECT_GT(OddItems(by_purchases), 80);
}

TEST_F(TrainEvents, SayInTheManifestWhatTheyLearnedFrom) {
  const Rules rules{{.type = "click", .weight = 0.1}, {.type = "buy", .weight = 0.3}};
  const LoadedModel model = TrainModel("model", With(rules));

  EXPECT_EQ(model.info.events, rules);
  for (const char* at : {"5", "10", "25"}) {
    const std::string name = "normalized_discounted_cumulative_gain_with_event_weights_at_";
    ASSERT_TRUE(model.info.metrics.contains(name + at));
    EXPECT_GT(model.info.metrics.at(name + at), 0);
    EXPECT_LE(model.info.metrics.at(name + at), 1);
  }
}

TEST_F(TrainEvents, GiveTheSameFilesForTheSameRatiosAtAnyNumberOfThreads) {
  TrainOptions options = With({{.type = "click", .weight = 0.25}, {.type = "buy", .weight = 1}});
  options.threads = 1;
  const ModelInfo one = TrainModel("one", options).info;
  options.threads = 3;
  options.events = {{.type = "click", .weight = 1}, {.type = "buy", .weight = 4}};
  const ModelInfo other = TrainModel("other", options).info;

  EXPECT_EQ(one.data_sha256, other.data_sha256);
  EXPECT_EQ(one.file_sha256, other.file_sha256);
  options.events = {{.type = "click", .weight = 1}, {.type = "buy", .weight = 5}};
  EXPECT_NE(one.data_sha256, TrainModel("third", options).info.data_sha256);
}

TEST_F(TrainEvents, OfOneWeightAreAsIfThereWereNone) {
  const ModelInfo none = TrainModel("none", With({})).info;
  const ModelInfo same =
      TrainModel("same", With({{.type = "click", .weight = 0.5}, {.type = "buy", .weight = 0.5}}))
          .info;
  EXPECT_EQ(none.data_sha256, same.data_sha256);
  EXPECT_EQ(none.metrics, same.metrics);
  EXPECT_EQ(none.file_sha256.at("factors.arrow"), same.file_sha256.at("factors.arrow"));
}

TEST_F(TrainEvents, OfOtherTypesAreNotLearnedFrom) {
  const LoadedModel model = TrainModel("model", With({{.type = "click"}}));
  const auto torn = model.model->users().Find("torn3");
  ASSERT_TRUE(torn);
  EXPECT_EQ(model.model->History(*torn).size(), 10U);
  for (const std::uint32_t item : model.model->History(*torn)) {
    EXPECT_EQ((model.model->items()[item].back() - '0') % 2, 0);
  }
}

TEST_F(TrainEvents, AreExplainedWithTheirWeights) {
  const LoadedModel model =
      TrainModel("model", With({{.type = "click", .weight = 1}, {.type = "buy", .weight = 9}}));
  const auto list = RecommendOne(model, "torn3", {}, 3, true);
  ASSERT_TRUE(list);
  const auto why =
      ExplainItem(model, "torn3", list->front().id, {.num_results = 3, .top = 50, .recent = {}});
  ASSERT_TRUE(why);
  double sum = why->others_total;
  for (const ExplainedEvent& event : why->because) sum += event.factors + event.transitions;
  EXPECT_NEAR(sum, why->score, 1e-4);
}

// Folding in a history that the model knows, beside one event that it does not, keeps the weights.
TEST_F(TrainEvents, KeepTheirWeightsBesideNewerOnes) {
  const LoadedModel model =
      TrainModel("model", With({{.type = "click", .weight = 0.01}, {.type = "buy", .weight = 1}}));
  int odd = 0;
  for (int torn = 0; torn < 20; ++torn) {
    const std::vector<std::string> newer{"i" + std::to_string((torn * 2 + 1) % 60)};
    const auto list = RecommendOne(model, "torn" + std::to_string(torn), {.items = newer}, 5, true);
    ASSERT_TRUE(list);
    for (const AnsweredItem& entry : *list) odd += (entry.id.back() - '0') % 2;
  }
  EXPECT_GT(odd, 80);
}

TEST_F(TrainEvents, AreKeptByAnUpdate) {
  const Rules rules{{.type = "click", .weight = 1}, {.type = "buy", .weight = 3}};
  const ModelInfo parent = TrainModel("parent", With(rules)).info;
  TrainOptions options;
  options.update_from = folder_.path() + "/parent";
  const ModelInfo updated = TrainModel("updated", options).info;
  EXPECT_EQ(updated.events, rules);
  EXPECT_EQ(updated.data_sha256, parent.data_sha256);

  options.events = {{.type = "click", .weight = 2}, {.type = "buy", .weight = 3}};
  EXPECT_THAT(Train(File(), folder_.path() + "/m", options).error().message,
              HasSubstr("an update keeps the event types and weights"));
}

TEST_F(TrainEvents, AreRefusedWhereTheyCannotCount) {
  const std::string out = folder_.path() + "/m";
  const Rules differing{{.type = "click", .weight = 1}, {.type = "buy", .weight = 3}};
  for (const char* recipe : {"aws-popularity-count", "aws-sims", "aws-item-affinity"}) {
    TrainOptions options = With(differing);
    options.hyperparameters.clear();
    options.recipe = recipe;
    EXPECT_THAT(Train(File(), out, options).error().message,
                HasSubstr(std::string(recipe) + " counts all events alike"));
    options.events = {{.type = "click"}};
    EXPECT_TRUE(Train(File(), folder_.path() + "/" + recipe, options));
  }
  EXPECT_THAT(Train(File(), out, With({{.type = "view"}})).error().message,
              HasSubstr("no interaction is of event type 'view'; there are 'buy', 'click'"));
  EXPECT_THAT(Train(File(), out, With({{.type = "click", .value_threshold = 1}})).error().message,
              HasSubstr("no EVENT_VALUE"));
  EXPECT_THAT(TrainOnTable(TwoTastes(40, 20, 0.5), out, With(differing)).error().message,
              HasSubstr("do not go with the event types"));
  EXPECT_THAT(Evaluate(File(), With({{.type = ""}})).error().message, HasSubstr("event type"));
}

}  // namespace
}  // namespace usher::engine
