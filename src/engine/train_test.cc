#include "engine/train.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/temp_folder.h"
#include "engine/model_folder.h"
#include "engine/two_tastes.h"

namespace usher::engine {
namespace {

using testing::HasSubstr;

std::string Slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void Spoil(const std::string& path) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekg(0, std::ios::end);
  const auto middle = static_cast<std::streamoff>(file.tellg()) / 2;
  file.seekg(middle);
  const char byte = static_cast<char>(file.get() ^ 1);
  file.seekp(middle);
  file.put(byte);
}

TrainOptions Small() {
  TrainOptions options;
  options.hyperparameters = {{"hidden_dimension", "32"}, {"als_sweeps", "4"}};
  options.threads = 2;
  return options;
}

TEST(Train, PublishesAModelThatLoads) {
  const TempFolder folder;
  const std::string path = folder.path() + "/model";
  const auto trained = TrainOnTable(TwoTastes(80, 60, 0.5), path, Small());
  ASSERT_TRUE(trained) << trained.error().message;
  EXPECT_EQ(trained->users, 80U);
  EXPECT_EQ(trained->items, 60U);

  const auto loaded = LoadModel(path);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->info.recipe, "aws-user-personalization");
  EXPECT_EQ(loaded->info.hyperparameters.at("hidden_dimension"), "32");
  EXPECT_EQ(loaded->info.hyperparameters.at("bptt"), "32");  // a default
  EXPECT_EQ(loaded->info.interactions, trained->interactions);
  EXPECT_EQ(loaded->info.metrics, trained->metrics);
  EXPECT_GT(loaded->info.temperature, 0);
  EXPECT_EQ(loaded->model->users().Find("u7"), 7U);
  EXPECT_EQ(loaded->model->items()[3], "i3");

  std::vector<recsys::ScoredItem> out;
  loaded->model->Recommend({.user = 7, .history = {}, .exclude = {}, .num_results = 3}, out);
  ASSERT_EQ(out.size(), 3U);
  for (const auto& entry : out) EXPECT_EQ(entry.item % 2, 1U);
}

TEST(Train, ReportsTheServicesMetrics) {
  const TempFolder folder;
  const auto trained = TrainOnTable(TwoTastes(80, 60, 0.5), folder.path() + "/model", Small());
  ASSERT_TRUE(trained);
  EXPECT_EQ(trained->metrics.size(), 8U);
  for (const char* name :
       {"coverage", "mean_reciprocal_rank_at_25", "normalized_discounted_cumulative_gain_at_5",
        "normalized_discounted_cumulative_gain_at_10",
        "normalized_discounted_cumulative_gain_at_25", "precision_at_5", "precision_at_10",
        "precision_at_25"}) {
    ASSERT_TRUE(trained->metrics.contains(name)) << name;
    EXPECT_GE(trained->metrics.at(name), 0.0);
    EXPECT_LE(trained->metrics.at(name), 1.0);
  }
  // Everybody has some 15 items of their taste left, so a list of 25 holds all that is held out.
  EXPECT_GT(trained->metrics.at("mean_reciprocal_rank_at_25"), 0.0);
}

TEST(Train, GivesTheSameFilesAtAnyNumberOfThreads) {
  const TempFolder folder;
  TrainOptions options = Small();
  std::string manifest;
  for (const std::size_t threads : {1, 2, 7}) {
    options.threads = threads;
    const std::string path = folder.path() + "/model" + std::to_string(threads);
    ASSERT_TRUE(TrainOnTable(TwoTastes(300, 200, 0.2), path, options));
    if (manifest.empty()) manifest = Slurp(path + "/manifest.json");
    EXPECT_EQ(Slurp(path + "/manifest.json"), manifest);  // with a checksum of each file
  }
  options.seed = 2;
  ASSERT_TRUE(TrainOnTable(TwoTastes(300, 200, 0.2), folder.path() + "/other", options));
  EXPECT_NE(Slurp(folder.path() + "/other/manifest.json"), manifest);
}

TEST(Train, GoesOnFromItsCheckpointAndEndsWithTheSameBits) {
  const TempFolder folder;
  const InteractionTable table = TwoTastes(100, 80, 0.3);
  TrainOptions options = Small();
  ASSERT_TRUE(TrainOnTable(table, folder.path() + "/straight", options));
  const std::string expected = Slurp(folder.path() + "/straight/manifest.json");

  // Stopped at several places, in the evaluation and in the training proper, then run again.
  for (const double stop_at : {0.2, 0.4, 0.6, 0.8, 0.95}) {
    options.checkpoint_folder = folder.path() + "/checkpoints" + std::to_string(stop_at);
    std::filesystem::create_directory(options.checkpoint_folder);
    std::stop_source source;
    options.stop = source.get_token();
    options.progress = [&](const TrainProgress& progress) {
      if (progress.fraction >= stop_at) source.request_stop();
    };
    const std::string path = folder.path() + "/resumed" + std::to_string(stop_at);
    const auto stopped = TrainOnTable(table, path, options);
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().code, ErrorCode::kCancelled);
    EXPECT_FALSE(std::filesystem::exists(path));

    options.stop = {};
    options.progress = {};
    ASSERT_TRUE(TrainOnTable(table, path, options));
    EXPECT_EQ(Slurp(path + "/manifest.json"), expected);
  }
}

TEST(Train, DoesNotUseTheCheckpointOfAnotherTraining) {
  const TempFolder folder;
  TrainOptions options = Small();
  options.checkpoint_folder = folder.path();
  ASSERT_TRUE(TrainOnTable(TwoTastes(50, 40, 0.3, 1), folder.path() + "/first", options));
  ASSERT_TRUE(TrainOnTable(TwoTastes(50, 40, 0.3, 2), folder.path() + "/second", options));
  options.checkpoint_folder.clear();
  ASSERT_TRUE(TrainOnTable(TwoTastes(50, 40, 0.3, 2), folder.path() + "/expected", options));
  EXPECT_EQ(Slurp(folder.path() + "/second/manifest.json"),
            Slurp(folder.path() + "/expected/manifest.json"));
}

TEST(Train, ProgressRisesToOne) {
  const TempFolder folder;
  TrainOptions options = Small();
  double last = 0;
  options.progress = [&](const TrainProgress& progress) {
    EXPECT_GE(progress.fraction, last);
    last = progress.fraction;
  };
  ASSERT_TRUE(TrainOnTable(TwoTastes(50, 40, 0.3), folder.path() + "/model", options));
  EXPECT_EQ(last, 1.0);
}

TEST(Train, TakesTheSmallestData) {
  const TempFolder folder;
  int number = 0;
  for (const char* recipe :
       {"aws-user-personalization", "aws-personalized-ranking", "aws-popularity-count"}) {
    for (const std::uint32_t users : {1, 2, 3}) {
      for (const std::uint32_t items : {1, 2, 4}) {
        InteractionTable table = TwoTastes(users, items, 1.0);
        if (table.size() == 0) continue;
        // Every row twice.
        for (std::size_t r = 0, count = table.size(); r < count; ++r) {
          table.user.push_back(table.user[r]);
          table.item.push_back(table.item[r]);
          table.timestamp.push_back(5);
        }
        TrainOptions options;
        options.recipe = recipe;
        const std::string path = folder.path() + "/" + std::to_string(++number);
        const auto trained = TrainOnTable(table, path, options);
        ASSERT_TRUE(trained) << trained.error().message;
        for (const auto& [name, value] : trained->metrics) EXPECT_TRUE(std::isfinite(value));
        const auto loaded = LoadModel(path);
        ASSERT_TRUE(loaded) << loaded.error().message;
        std::vector<recsys::ScoredItem> out;
        for (std::uint32_t user = 0; user < users; ++user) {
          loaded->model->Recommend(
              {.user = user, .history = {}, .exclude = {}, .exclude_seen = false}, out);
          EXPECT_EQ(out.size(), items);
          for (const auto& entry : out) EXPECT_TRUE(std::isfinite(entry.score));
        }
      }
    }
  }
}

TEST(Train, ReportsHowFarScoresAreFromWhatHappens) {
  const TempFolder folder;
  const auto trained = TrainOnTable(TwoTastes(400, 50, 0.4), folder.path() + "/model", Small());
  ASSERT_TRUE(trained);
  ASSERT_TRUE(trained->calibration);
  EXPECT_GT(trained->calibration->error, 0.0);
  EXPECT_LT(trained->calibration->error, trained->calibration->plain_softmax_error);
  const auto info = ReadModelInfo(folder.path() + "/model");
  ASSERT_TRUE(info);
  EXPECT_EQ(info->calibration->error, trained->calibration->error);
}

// Even users meet even items, which are of genre Even; item "new" is too, and nobody met it.
TEST(Train, PlacesItemsAndUsersThatNobodyMetByTheirMetadata) {
  const TempFolder folder;
  InteractionTable table = TwoTastes(60, 40, 0.5);
  std::ofstream items(folder.path() + "/items.csv");
  items << "ITEM_ID,GENRES\nnew,Even\n";
  for (std::size_t j = 0; j < table.item_ids.size(); ++j) {
    items << table.item_ids[j] << (j % 2 == 0 ? ",Even\n" : ",Odd\n");
  }
  items.close();
  std::ofstream users(folder.path() + "/users.csv");
  users << "USER_ID,TEAM\nfresh,Odd\n";
  for (std::size_t j = 0; j < table.user_ids.size(); ++j) {
    users << table.user_ids[j] << (j % 2 == 0 ? ",Even\n" : ",Odd\n");
  }
  users.close();
  TrainOptions options = Small();
  options.items = {folder.path() + "/items.csv", {}};
  options.users = {folder.path() + "/users.csv", {}};
  ASSERT_TRUE(TrainOnTable(std::move(table), folder.path() + "/model", options));
  const auto loaded = LoadModel(folder.path() + "/model");
  ASSERT_TRUE(loaded);
  const std::uint32_t fresh_item = *loaded->model->items().Find("new");
  // How many items of the other taste come before it.
  const auto odd_items_before = [&](std::uint32_t user) {
    std::vector<recsys::ScoredItem> all;
    loaded->model->Recommend({.user = user, .history = {}, .exclude = {}, .num_results = 100}, all);
    const auto found = std::ranges::find(all, fresh_item, &recsys::ScoredItem::item);
    EXPECT_NE(found, all.end());
    return std::count_if(all.begin(), found,
                         [](const recsys::ScoredItem& entry) { return entry.item % 2 == 1; });
  };
  for (std::uint32_t user = 0; user < 20; user += 2) {
    EXPECT_EQ(odd_items_before(user), 0) << user;
    EXPECT_GE(odd_items_before(user + 1), 5) << user + 1;
  }

  std::vector<recsys::ScoredItem> out;
  loaded->model->Recommend({.user = *loaded->model->users().Find("fresh"),
                            .history = {},
                            .exclude = {},
                            .num_results = 5},
                           out);
  ASSERT_EQ(out.size(), 5U);
  for (const recsys::ScoredItem& entry : out) EXPECT_EQ(entry.item % 2, 1U);
}

TEST(Train, LeavesRecencyOutWhereTheSecondRecipeIsToldTo) {
  const TempFolder folder;
  TrainOptions options = Small();
  options.recipe = "aws-user-personalization-v2";
  options.hyperparameters["apply_recency_bias"] = "false";
  ASSERT_TRUE(TrainOnTable(TwoTastes(60, 40, 0.5), folder.path() + "/model", options));
  const auto info = ReadModelInfo(folder.path() + "/model");
  ASSERT_TRUE(info);
  EXPECT_EQ(*info->blend, recsys::BlendOptions());
  EXPECT_FALSE(info->metrics.empty());
}

TEST(Train, HonoursHistoryPercentiles) {
  const TempFolder folder;
  TrainOptions options = Small();
  options.hyperparameters["max_user_history_length_percentile"] = "0.5";
  const auto trained = TrainOnTable(TwoTastes(60, 50, 0.4), folder.path() + "/model", options);
  ASSERT_TRUE(trained);
  const auto loaded = LoadModel(folder.path() + "/model");
  ASSERT_TRUE(loaded);
  // Those who were not learned from are served all the same.
  std::vector<recsys::ScoredItem> known, folded;
  for (std::uint32_t user = 0; user < 60; ++user) {
    loaded->model->Recommend({.user = user, .history = {}, .exclude = {}}, known);
    loaded->model->Recommend({.user = {},
                              .history = loaded->model->History(user),
                              .times = loaded->model->Times(user),
                              .exclude = {}},
                             folded);
    EXPECT_EQ(known, folded);
  }
}

TEST(Train, RefusesWhatItCannotDo) {
  const TempFolder folder;
  const std::string path = folder.path() + "/model";
  TrainOptions options = Small();
  options.recipe = "aws-hrnn";
  EXPECT_EQ(TrainOnTable(TwoTastes(5, 5, 1), path, options).error().code, ErrorCode::kUnsupported);
  options = Small();
  options.hyperparameters["hidden_dimension"] = "7";
  EXPECT_EQ(TrainOnTable(TwoTastes(5, 5, 1), path, options).error().code, ErrorCode::kInvalidInput);
  EXPECT_EQ(TrainOnTable({}, path, Small()).error().code, ErrorCode::kInvalidInput);
  std::filesystem::create_directory(path);
  const auto taken = TrainOnTable(TwoTastes(5, 5, 1), path, Small());
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().message, HasSubstr("exists already"));
  EXPECT_EQ(Train(folder.path() + "/none.csv", folder.path() + "/m", Small()).error().code,
            ErrorCode::kNotFound);
}

TEST(LoadModel, RefusesAFolderWithAnythingAmiss) {
  const TempFolder folder;
  const std::string path = folder.path() + "/model";
  ASSERT_TRUE(TrainOnTable(TwoTastes(30, 20, 0.5), path, Small()));
  ASSERT_TRUE(LoadModel(path));
  EXPECT_EQ(LoadModel(folder.path()).error().code, ErrorCode::kNotFound);

  for (const char* name : {"vocabulary.arrow", "histories.arrow", "factors.arrow"}) {
    const std::string copy = folder.path() + "/copy";
    std::filesystem::copy(path, copy);
    Spoil(copy + "/" + name);
    const auto spoiled = LoadModel(copy);
    ASSERT_FALSE(spoiled) << name;
    EXPECT_EQ(spoiled.error().code, ErrorCode::kCorrupt);
    std::filesystem::remove(copy + "/" + name);
    const auto missing = LoadModel(copy);
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, ErrorCode::kCorrupt);
    EXPECT_THAT(missing.error().message, HasSubstr(name));
    std::filesystem::remove_all(copy);
  }

  const auto manifest_with = [&](const std::string& text) {
    std::ofstream(path + "/manifest.json") << text;
    return LoadModel(path).error();
  };
  EXPECT_EQ(manifest_with("{").code, ErrorCode::kCorrupt);
  EXPECT_EQ(manifest_with("{}").code, ErrorCode::kCorrupt);
  EXPECT_EQ(manifest_with("{\"formatVersion\":3}").code, ErrorCode::kUnsupported);
  EXPECT_EQ(manifest_with("{\"formatVersion\":2}").code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace usher::engine
