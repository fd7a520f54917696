#include "engine/update.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/temp_folder.h"
#include "engine/train.h"
#include "engine/two_tastes.h"

namespace usher::engine {
namespace {

using testing::HasSubstr;

std::string Slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The first `count` rows, with the vocabularies that loading them alone would give.
InteractionTable FirstRows(const InteractionTable& all, std::size_t count) {
  InteractionTable part;
  std::vector<std::int64_t> users(all.user_ids.size(), -1);
  std::vector<std::int64_t> items(all.item_ids.size(), -1);
  const auto number = [](std::vector<std::int64_t>& seen, std::vector<std::string>& ids,
                         const std::string& id, std::uint32_t old) {
    if (seen[old] < 0) {
      seen[old] = static_cast<std::int64_t>(ids.size());
      ids.push_back(id);
    }
    return static_cast<std::uint32_t>(seen[old]);
  };
  for (std::size_t row = 0; row < count; ++row) {
    const std::uint32_t u = all.user[row];
    const std::uint32_t i = all.item[row];
    part.user.push_back(number(users, part.user_ids, all.user_ids[u], u));
    part.item.push_back(number(items, part.item_ids, all.item_ids[i], i));
    part.timestamp.push_back(all.timestamp[row]);
  }
  return part;
}

// Two tastes over 60 items, the rows in reverse: the last users come first.
InteractionTable AllRows() {
  InteractionTable table = TwoTastes(120, 60, 0.4);
  std::ranges::reverse(table.user);
  std::ranges::reverse(table.item);
  std::ranges::reverse(table.timestamp);
  // One item that only the last row knows.
  table.item_ids.push_back("new");
  table.user.push_back(7);
  table.item.push_back(60);
  table.timestamp.push_back(999'999);
  return table;
}

class Update : public testing::Test {
 protected:
  Update() {
    options_.hyperparameters = {{"hidden_dimension", "32"}, {"als_sweeps", "5"}};
    options_.threads = 2;
    options_.seed = 3;
    before_ = folder_.path() + "/before";
    const auto trained = TrainOnTable(FirstRows(all_, all_.size() * 9 / 10), before_, options_);
    EXPECT_TRUE(trained);
    metrics_ = trained->metrics;
    options_.hyperparameters.clear();
    options_.update_from = before_;
  }

  TempFolder folder_;
  InteractionTable all_ = AllRows();
  TrainOptions options_;
  std::string before_;
  std::map<std::string, double> metrics_;
};

TEST_F(Update, KeepsWhatWasChosenAndNamesItsParent) {
  const std::string path = folder_.path() + "/after";
  const auto updated = TrainOnTable(all_, path, options_);
  ASSERT_TRUE(updated) << updated.error().message;
  EXPECT_EQ(updated->metrics, metrics_);
  EXPECT_EQ(updated->items, 61U);

  const auto before = ReadModelInfo(before_);
  const auto after = LoadModel(path);
  ASSERT_TRUE(before);
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_EQ(after->info.hyperparameters, before->hyperparameters);
  EXPECT_EQ(after->info.seed, 3U);
  EXPECT_EQ(after->info.blend, before->blend);
  EXPECT_EQ(after->info.temperature, before->temperature);
  EXPECT_NE(after->info.data_sha256, before->data_sha256);
  EXPECT_GT(after->info.interactions, before->interactions);
  ASSERT_TRUE(after->info.update);
  EXPECT_EQ(after->info.update->updates, 1U);
  EXPECT_EQ(after->info.update->new_items, 61 - before->items);
  EXPECT_EQ(after->info.update->parent_sha256, ReadUpdateBase(before_, {})->manifest_sha256);
  EXPECT_FALSE(before->update);
  EXPECT_EQ(Slurp(path + "/blend.json"), Slurp(before_ + "/blend.json"));

  // An update of the update counts on.
  options_.update_from = path;
  ASSERT_TRUE(TrainOnTable(all_, folder_.path() + "/again", options_));
  EXPECT_EQ(ReadModelInfo(folder_.path() + "/again")->update->updates, 2U);
}

TEST_F(Update, KnowsTheNewItemsAndTheTastes) {
  ASSERT_TRUE(TrainOnTable(all_, folder_.path() + "/after", options_));
  const auto loaded = LoadModel(folder_.path() + "/after");
  ASSERT_TRUE(loaded);
  const recsys::Model& model = *loaded->model;
  const auto new_item = model.items().Find("new");
  ASSERT_TRUE(new_item);
  EXPECT_THAT(model.History(*model.users().Find("u7")), testing::Contains(*new_item));
  std::vector<recsys::ScoredItem> out;
  for (const int user : {4, 7}) {
    model.Recommend({.user = model.users().Find("u" + std::to_string(user)),
                     .history = {},
                     .exclude = {},
                     .num_results = 5},
                    out);
    ASSERT_EQ(out.size(), 5U);
    for (const auto& entry : out) {
      const std::string id(model.items()[entry.item]);
      if (id == "new") continue;
      EXPECT_EQ(std::stoi(id.substr(1)) % 2, user % 2) << id;
    }
  }
}

TEST_F(Update, BeginsWithTheOldFactorsByIdAndZerosForNewItems) {
  const std::vector<std::string> ids{"new", "i5", "i2"};
  const auto base = ReadUpdateBase(before_, ids);
  const auto turned = ReadUpdateBase(before_, std::vector<std::string>{"i2", "i5"});
  ASSERT_TRUE(base);
  ASSERT_TRUE(turned);
  EXPECT_EQ(base->new_items, 1U);
  const linalg::Matrix& factors = base->item_factors;
  for (std::size_t k = 0; k < factors.cols(); ++k) {
    EXPECT_EQ(factors.Row(0)[k], 0.0F);
    EXPECT_EQ(factors.Row(1)[k], turned->item_factors.Row(1)[k]);
    EXPECT_EQ(factors.Row(2)[k], turned->item_factors.Row(0)[k]);
  }
  EXPECT_NE(factors.Row(1)[0], 0.0F);
  EXPECT_EQ(base->StartOf(12).sweeps_done, 12 - kUpdateSweeps);
  EXPECT_EQ(base->StartOf(1).sweeps_done, 0U);  // never more than a full training does
}

TEST_F(Update, GivesTheSameFilesAtAnyNumberOfThreads) {
  std::string manifest;
  for (const std::size_t threads : {1, 2, 7}) {
    options_.threads = threads;
    const std::string path = folder_.path() + "/after" + std::to_string(threads);
    ASSERT_TRUE(TrainOnTable(all_, path, options_));
    if (manifest.empty()) manifest = Slurp(path + "/manifest.json");
    EXPECT_EQ(Slurp(path + "/manifest.json"), manifest);
  }
}

TEST_F(Update, GoesOnFromItsCheckpointAndEndsWithTheSameBits) {
  ASSERT_TRUE(TrainOnTable(all_, folder_.path() + "/straight", options_));
  const std::string expected = Slurp(folder_.path() + "/straight/manifest.json");
  for (const double stop_at : {0.2, 0.6, 0.9}) {
    options_.checkpoint_folder = folder_.path() + "/checkpoints" + std::to_string(stop_at);
    std::filesystem::create_directory(options_.checkpoint_folder);
    std::stop_source source;
    options_.stop = source.get_token();
    double last = 0;
    options_.progress = [&](const TrainProgress& progress) {
      EXPECT_GE(progress.fraction, last);
      last = progress.fraction;
      if (progress.fraction >= stop_at) source.request_stop();
    };
    const std::string path = folder_.path() + "/resumed" + std::to_string(stop_at);
    const auto stopped = TrainOnTable(all_, path, options_);
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().code, ErrorCode::kCancelled);
    EXPECT_FALSE(std::filesystem::exists(path));
    options_.stop = {};
    options_.progress = {};
    ASSERT_TRUE(TrainOnTable(all_, path, options_));
    EXPECT_EQ(Slurp(path + "/manifest.json"), expected);
  }
}

TEST_F(Update, DoesNotUseTheCheckpointOfAnUpdateOfAnotherModel) {
  // Another parent, with other factors, but the same hyperparameters and seed.
  TrainOptions other = options_;
  other.update_from.clear();
  other.hyperparameters = ReadModelInfo(before_)->hyperparameters;
  ASSERT_TRUE(TrainOnTable(FirstRows(all_, all_.size() / 2), folder_.path() + "/other", other));

  options_.update_from = folder_.path() + "/other";
  ASSERT_TRUE(TrainOnTable(all_, folder_.path() + "/expected", options_));
  options_.checkpoint_folder = folder_.path();
  options_.update_from = before_;
  ASSERT_TRUE(TrainOnTable(all_, folder_.path() + "/first", options_));
  options_.update_from = folder_.path() + "/other";
  ASSERT_TRUE(TrainOnTable(all_, folder_.path() + "/second", options_));
  EXPECT_EQ(Slurp(folder_.path() + "/second/manifest.json"),
            Slurp(folder_.path() + "/expected/manifest.json"));
}

TEST_F(Update, RefusesWhatItCannotDo) {
  const std::string path = folder_.path() + "/after";
  TrainOptions options = options_;
  options.hyperparameters = {{"als_sweeps", "3"}};
  EXPECT_THAT(TrainOnTable(all_, path, options).error().message, HasSubstr("keeps the hyper"));
  options = options_;
  options.tuning.emplace();
  EXPECT_EQ(TrainOnTable(all_, path, options).error().code, ErrorCode::kInvalidInput);
  options = options_;
  options.recipe = "aws-personalized-ranking";
  EXPECT_THAT(TrainOnTable(all_, path, options).error().message,
              HasSubstr("is of recipe aws-user-personalization"));
  options = options_;
  options.update_from = folder_.path() + "/none";
  EXPECT_EQ(TrainOnTable(all_, path, options).error().code, ErrorCode::kNotFound);

  TrainOptions popular;
  popular.recipe = "aws-popularity-count";
  ASSERT_TRUE(TrainOnTable(all_, folder_.path() + "/popular", popular));
  popular.update_from = folder_.path() + "/popular";
  const auto refused = TrainOnTable(all_, path, popular);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(refused.error().message, HasSubstr("train it anew"));

  // A model whose files do not match is not built upon.
  std::ofstream(before_ + "/factors.arrow", std::ios::app) << "x";
  EXPECT_EQ(TrainOnTable(all_, path, options_).error().code, ErrorCode::kCorrupt);
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace usher::engine
