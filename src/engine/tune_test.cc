#include "engine/tune.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/temp_folder.h"
#include "engine/model_folder.h"
#include "engine/train.h"
#include "engine/tune_checkpoint.h"
#include "engine/tune_report.h"
#include "engine/two_tastes.h"
#include "json/json.h"

namespace usher::engine {
namespace {

using recsys::ParameterRange;
using testing::HasSubstr;
using Kind = ParameterRange::Kind;

const Recipe& Personalization() { return **FindRecipe("aws-user-personalization"); }

ParameterRange Integers(std::string name, double min, double max) {
  return {.name = std::move(name), .kind = Kind::kInteger, .min = min, .max = max, .values = {}};
}
ParameterRange Reals(std::string name, double min, double max) {
  return {.name = std::move(name), .kind = Kind::kContinuous, .min = min, .max = max, .values = {}};
}
ParameterRange Choices(std::string name, std::vector<std::string> values) {
  return {.name = std::move(name), .kind = Kind::kCategorical, .values = std::move(values)};
}

std::string Refusal(const std::vector<ParameterRange>& asked) {
  const auto ranges = TuningRanges(Personalization(), {}, asked);
  if (ranges) return "";
  EXPECT_EQ(ranges.error().code, ErrorCode::kInvalidInput);
  return ranges.error().message;
}

const ParameterRange* Find(const std::vector<ParameterRange>& ranges, std::string_view name) {
  const auto at = std::ranges::find(ranges, name, &ParameterRange::name);
  return at == ranges.end() ? nullptr : &*at;
}

TEST(TuningRanges, RefusesRangesThatTheRecipeDoesNotAllow) {
  EXPECT_THAT(Refusal({Integers("hidden_dimension", 16, 64)}),
              HasSubstr("the range of hyperparameter hidden_dimension is 16 to 64, but must lie "
                        "within 32 to 256"));
  EXPECT_THAT(Refusal({Integers("hidden_dimension", 64, 300)}), HasSubstr("within 32 to 256"));
  EXPECT_THAT(Refusal({Integers("hidden_dimension", 64, 32)}),
              HasSubstr("begins at 64 and ends before that, at 32"));
  EXPECT_THAT(Refusal({Reals("hidden_dimension", 32, 64)}), HasSubstr("must be of integers"));
  EXPECT_THAT(Refusal({Integers("als_regularization", 0, 1)}), HasSubstr("must be continuous"));
  EXPECT_THAT(Refusal({Integers("recency_mask", 0, 1)}), HasSubstr("must be categorical"));
  EXPECT_THAT(Refusal({Choices("recency_mask", {})}), HasSubstr("has no values"));
  EXPECT_THAT(Refusal({Choices("recency_mask", {"maybe"})}), HasSubstr("'maybe'"));
  EXPECT_THAT(Refusal({Integers("depth", 1, 2)}),
              HasSubstr("cannot tune 'depth'; tunable are: hidden_dimension"));
  EXPECT_THAT(Refusal({Reals("max_user_history_length_percentile", 0.5, 1)}),
              HasSubstr("cannot tune 'max_user_history_length_percentile'"));
  EXPECT_THAT(Refusal({Integers("hidden_dimension", 32, 64), Integers("hidden_dimension", 32, 64)}),
              HasSubstr("has two ranges"));
}

TEST(TuningRanges, ARangeThatIsNoNumberIsRefused) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_NE(Refusal({Reals("als_regularization", nan, 1)}), "");
  EXPECT_NE(Refusal({Reals("als_regularization", 0, nan)}), "");
}

TEST(TuningRanges, KeepsWhatWasAskedForAndAddsTheOthersThatAreNotFixed) {
  const auto ranges = TuningRanges(Personalization(), {{"als_regularization", "0.01"}},
                                   {Integers("hidden_dimension", 40, 50)});

  ASSERT_TRUE(ranges);
  EXPECT_EQ(Find(*ranges, "hidden_dimension")->min, 40);
  EXPECT_EQ(Find(*ranges, "hidden_dimension")->max, 50);
  EXPECT_EQ(Find(*ranges, "als_regularization"), nullptr);
  EXPECT_NE(Find(*ranges, "als_frequency_exponent"), nullptr);
  EXPECT_EQ(Find(*ranges, "bptt"), nullptr) << "it has no effect, so it is not tried";
}

TEST(TuningRanges, AParameterWithoutEffectTakesOneValueOfItsRange) {
  const auto ranges = TuningRanges(Personalization(), {},
                                   {Integers("bptt", 2, 20), Choices("recency_mask", {"false"})});

  ASSERT_TRUE(ranges);
  EXPECT_EQ(Find(*ranges, "bptt")->min, 20);  // the default, 32, lies beyond
  EXPECT_EQ(Find(*ranges, "bptt")->max, 20);
  EXPECT_THAT(Find(*ranges, "recency_mask")->values, testing::ElementsAre("false"));
}

TEST(CheckTuning, RefusesOptionsOverTheirLimits) {
  const auto refusal = [](const TuningOptions& options) {
    const auto checked = CheckTuning(Personalization(), {}, options);
    return checked ? std::string() : checked.error().message;
  };
  EXPECT_EQ(refusal({}), "");
  EXPECT_THAT(refusal({.trials = 0}), HasSubstr("must be 1 to 40, got 0"));
  EXPECT_THAT(refusal({.trials = 41}), HasSubstr("must be 1 to 40, got 41"));
  EXPECT_THAT(refusal({.objective = "coverage"}), HasSubstr("'coverage' is none of"));
  EXPECT_THAT(refusal({.time_limit_seconds = 0.0}), HasSubstr("must be over 0"));
  EXPECT_THAT(refusal({.time_limit_seconds = std::numeric_limits<double>::quiet_NaN()}),
              HasSubstr("time limit"));
  const auto popularity = CheckTuning(**FindRecipe("aws-popularity-count"), {}, {});
  ASSERT_FALSE(popularity);
  EXPECT_EQ(popularity.error().code, ErrorCode::kUnsupported);
}

// A search over a small set.
class TuneTest : public testing::Test {
 protected:
  TuneTest() {
    const InteractionTable table = TwoTastes(80, 40, 0.5);
    ThreadPool pool(2);
    interactions_ =
        recsys::BuildInteractions(80, 40, table.user, table.item, table.timestamp, pool);
    fit_.hyperparameters = ResolveHyperparameters(
        *CompleteHyperparameters(Personalization(), {{"als_sweeps", "3"}}), interactions_);
    options_.trials = 5;
    options_.ranges = {Integers("hidden_dimension", 32, 40)};
  }

  Result<TuningReport> Run(std::size_t threads = 2, TuningHooks hooks = {}) {
    ThreadPool pool(threads);
    return TuneBlend(Personalization(), {}, interactions_, fit_, options_, pool, hooks);
  }
  // What does not depend on the clock.
  static std::string Outcome(TuningReport report) {
    for (TuningReport::Result& result : report.results) result.seconds = 0;
    return json::Write(ToValue(report));
  }

  recsys::Interactions interactions_;
  FitOptions fit_;
  TuningOptions options_;
};

TEST_F(TuneTest, TriesTheDefaultFirstAndKeepsTheBudget) {
  const auto report = Run();

  ASSERT_TRUE(report) << report.error().message;
  ASSERT_EQ(report->trials.size(), 5);
  EXPECT_EQ(report->trials[0].at("hidden_dimension"), "40") << "64 is the default, 40 allowed";
  EXPECT_EQ(report->trials[0].at("als_unobserved_weight"),
            fit_.hyperparameters.at("als_unobserved_weight"));
  EXPECT_EQ(report->results.size(), 5);  // 80 users: one rung
  EXPECT_TRUE(report->complete);
  EXPECT_EQ(report->cases, 80);
  EXPECT_EQ(report->rungs[0].users, 80);
  EXPECT_GE(report->metric, report->default_metric);
  double best = 0;
  for (const TuningReport::Result& result : report->results) best = std::max(best, result.metric);
  EXPECT_EQ(report->metric, best);
  EXPECT_GT(report->metric, 0);
  const Hyperparameters tuned = Tuned(fit_.hyperparameters, *report);
  EXPECT_EQ(tuned.at("hidden_dimension"), report->trials[report->winner].at("hidden_dimension"));
  EXPECT_EQ(tuned.at("als_sweeps"), "3");
}

TEST_F(TuneTest, GivesTheSameAtAnyNumberOfThreads) {
  const auto one = Run(1);
  ASSERT_TRUE(one);

  for (const std::size_t threads : {2U, 7U}) {
    const auto more = Run(threads);
    ASSERT_TRUE(more);
    EXPECT_EQ(Outcome(*more), Outcome(*one)) << threads;
  }
}

TEST_F(TuneTest, OtherSeedsTryOtherPoints) {
  const auto one = Run();
  fit_.seed = 2;
  const auto other = Run();

  EXPECT_NE(one->trials, other->trials);
  EXPECT_EQ(one->trials[0], other->trials[0]);
}

TEST_F(TuneTest, ATimeLimitEndsItEarlyAndTheReportIsEnoughToRepeatIt) {
  // Each evaluation takes 10 seconds of this clock: two readings of 5 each.
  double now = 0;
  options_.time_limit_seconds = 25;
  const auto limited = Run(2, {.seconds = [&now] { return now += 10; }});
  ASSERT_TRUE(limited) << limited.error().message;
  // 10 and 20 seconds are spent; a third would probably end at 30.
  EXPECT_EQ(limited->results.size(), 2);
  EXPECT_FALSE(limited->complete);

  options_.time_limit_seconds.reset();
  options_.max_evaluations = limited->results.size();
  const auto repeated = Run(1);

  ASSERT_TRUE(repeated);
  EXPECT_EQ(Outcome(*repeated), Outcome(*limited));
}

TEST_F(TuneTest, AWinnerIsThereHoweverShortTheTime) {
  double now = 0;
  options_.time_limit_seconds = 1;

  const auto report = Run(2, {.seconds = [&now] { return now += 1000; }});

  ASSERT_TRUE(report);
  EXPECT_EQ(report->results.size(), 1);
  EXPECT_EQ(report->winner, 0);
}

TEST_F(TuneTest, GoesOnAfterItWasKilledAndEndsTheSame) {
  const TempFolder folder;
  const auto whole = Run();
  ASSERT_TRUE(whole);
  const std::string path = folder.path() + "/tuning.json";
  std::stop_source stop;
  int evaluated = 0;
  const auto stopped = Run(2, {.progress =
                                   [&](double) {
                                     if (++evaluated == 3) stop.request_stop();
                                   },
                               .stop = stop.get_token(),
                               .checkpoint_path = path,
                               .fingerprint = "f"});
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, ErrorCode::kCancelled);

  // The first three are not evaluated again: their time is not measured.
  int readings = 0;
  const auto resumed = Run(2, {.checkpoint_path = path, .fingerprint = "f", .seconds = [&readings] {
                                 return ++readings;
                               }});

  ASSERT_TRUE(resumed);
  EXPECT_EQ(readings, 2 * 2);
  EXPECT_EQ(Outcome(*resumed), Outcome(*whole));
  readings = 0;
  ASSERT_TRUE(Run(2, {.checkpoint_path = path, .fingerprint = "other data", .seconds = [&readings] {
                        return ++readings;
                      }}));
  EXPECT_EQ(readings, 2 * 5) << "what belongs to another search is not used";
}

TEST_F(TuneTest, ADamagedCheckpointIsNotUsed) {
  const TempFolder folder;
  const std::string path = folder.path() + "/tuning.json";
  for (const char* text : {"", "{", "{\"fingerprint\":\"f\"}",
                           "{\"fingerprint\":\"f\",\"results\":[{\"trial\":-1}]}"}) {
    std::ofstream(path) << text;
    EXPECT_TRUE(TuneCheckpoint(path, "f").Read().empty()) << text;
  }
}

TEST_F(TuneTest, NeedsAUserWithTwoInteractions) {
  ThreadPool pool(1);
  interactions_ = recsys::BuildInteractions(3, 3, {0, 1, 2}, {0, 1, 2}, {1, 2, 3}, pool);

  const auto report = Run();

  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::kInvalidInput);
}

// Whole trainings.
class TunedTrainingTest : public testing::Test {
 protected:
  TunedTrainingTest() {
    options_.hyperparameters = {{"als_sweeps", "2"}};
    options_.threads = 2;
    options_.tuning.emplace().trials = 4;
    options_.tuning->ranges = {Integers("hidden_dimension", 32, 36)};
  }
  TrainResult TrainTo(const std::string& name, const TrainOptions& options) {
    auto result = TrainOnTable(TwoTastes(60, 30, 0.5), Path(name), options);
    EXPECT_TRUE(result) << result.error().message;
    return *std::move(result);
  }
  [[nodiscard]] std::string Path(const std::string& name) const {
    return folder_.path() + "/" + name;
  }

  TempFolder folder_;
  TrainOptions options_;
};

TEST_F(TunedTrainingTest, KeepsWhatItTriedAndCanBeRepeatedInTwoWays) {
  double last = 0;
  options_.progress = [&](const TrainProgress& progress) {
    EXPECT_GE(progress.fraction, last) << progress.stage;
    EXPECT_LE(progress.fraction, 1);
    last = progress.fraction;
  };
  options_.tuning->max_evaluations = 3;
  const TrainResult result = TrainTo("model", options_);
  EXPECT_EQ(last, 1);

  const auto info = ReadModelInfo(Path("model"));
  ASSERT_TRUE(info) << info.error().message;
  ASSERT_TRUE(info->tuning);
  EXPECT_EQ(info->tuning->trials, 4);
  EXPECT_EQ(info->tuning->evaluations, 3);
  EXPECT_FALSE(info->tuning->complete);
  EXPECT_EQ(info->hyperparameters, result.hyperparameters);
  const auto explained = ExplainModel(Path("model"));
  ASSERT_TRUE(explained) << explained.error().message;
  EXPECT_THAT(*explained, HasSubstr("4 trials, 3 evaluations, ended early by a limit"));
  EXPECT_THAT(*explained, HasSubstr("winner: trial"));
  EXPECT_THAT(*explained, HasSubstr("blend:"));

  // By the search again, and by the manifest's hyperparameters without a search.
  options_.progress = {};
  options_.threads = 1;
  TrainTo("again", options_);
  EXPECT_EQ(ReadModelInfo(Path("again"))->file_sha256, info->file_sha256);
  TrainOptions replay;
  replay.hyperparameters = info->hyperparameters;
  TrainTo("replayed", replay);
  EXPECT_EQ(ReadModelInfo(Path("replayed"))->file_sha256, info->file_sha256);
  EXPECT_FALSE(ReadModelInfo(Path("replayed"))->tuning);
}

TEST_F(TunedTrainingTest, RefusesARecipeWithoutTuningAtOnce) {
  options_.recipe = "aws-popularity-count";
  options_.hyperparameters.clear();
  options_.tuning->ranges.clear();

  const auto result = TrainOnTable(TwoTastes(60, 30, 0.5), Path("model"), options_);

  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kUnsupported);
  EXPECT_FALSE(std::filesystem::exists(Path("model")));
}

TEST_F(TunedTrainingTest, AModelThatWasNotTunedSaysSo) {
  options_.tuning.reset();
  TrainTo("model", options_);

  EXPECT_FALSE(std::filesystem::exists(Path("model") + "/tuning.json"));
  EXPECT_THAT(*ExplainModel(Path("model")), HasSubstr("not tuned"));
  EXPECT_EQ(ExplainModel(Path("none")).error().code, ErrorCode::kNotFound);
}

TEST_F(TunedTrainingTest, ADamagedReportIsAnErrorOfItsOwn) {
  TrainTo("model", options_);
  for (const char* text : {"{", "{}",
                           "{\"objective\":\"x\",\"complete\":true,\"winner\":{},"
                           "\"rungs\":[],\"trials\":[],\"results\":[{}]}"}) {
    std::ofstream(Path("model") + "/tuning.json") << text;
    const auto explained = ExplainModel(Path("model"));
    ASSERT_FALSE(explained) << text;
    EXPECT_EQ(explained.error().code, ErrorCode::kCorrupt);
  }
}

TEST(TuningRanges, OfSimsAreItsDiscountAndLeastCount) {
  const Recipe& sims = **FindRecipe("aws-sims");
  const auto ranges = TuningRanges(sims, {}, {});
  ASSERT_TRUE(ranges);
  ASSERT_EQ(ranges->size(), 2U);
  EXPECT_EQ(Find(*ranges, "popularity_discount_factor")->max, 1);
  EXPECT_EQ(Find(*ranges, "min_cointeraction_count")->max, 10);
  EXPECT_FALSE(TuningRanges(sims, {}, {Reals("min_user_history_length_percentile", 0, 1)}));
  EXPECT_FALSE(TuningRanges(sims, {}, {Integers("min_cointeraction_count", 0, 11)}));
}

TEST(TuningRanges, OfSimilarItemsLeaveTheDiscountToTheCaller) {
  const Recipe& similar = **FindRecipe("aws-similar-items");
  const auto ranges = TuningRanges(similar, {}, {Integers("item_id_hidden_dim", 30, 60)});
  ASSERT_TRUE(ranges);
  EXPECT_EQ(Find(*ranges, "item_id_hidden_dim")->min, 60) << "no effect: near the default, 100";
  EXPECT_NE(Find(*ranges, "content_trust"), nullptr);
  EXPECT_FALSE(TuningRanges(similar, {}, {Reals("popularity_discount_factor", 0, 1)}));
}

// Everybody meets eight of ten popular items and then, twice, an item and one of its two
// companions. By counts alone the popular items that somebody lacks come before the companions;
// with a discount the companions do.
InteractionTable Companions() {
  InteractionTable table;
  for (std::uint32_t i = 0; i < 55; ++i) table.item_ids.push_back("i" + std::to_string(i));
  for (std::uint32_t u = 0; u < 240; ++u) {
    table.user_ids.push_back("u" + std::to_string(u));
    std::int64_t time = 0;
    const auto meet = [&](std::uint32_t item) {
      table.user.push_back(u);
      table.item.push_back(item);
      table.timestamp.push_back(++time);
    };
    for (std::uint32_t popular = 0; popular < 10; ++popular) {
      if (popular != u % 10 && popular != (u + 5) % 10) meet(popular);
    }
    for (std::uint32_t k = 0; k < 2; ++k) {
      const std::uint32_t first = 10 + 3 * ((u + k * 7) % 15);
      meet(first);
      meet(first + 1 + u / 15 % 2);
    }
  }
  return table;
}

TEST(TuneRelated, FindsADiscountThatRanksCompanionsFirst) {
  const TempFolder folder;
  TrainOptions options;
  options.recipe = "aws-sims";
  options.hyperparameters = {{"popularity_discount_factor", "0"}};
  const auto plain = TrainOnTable(Companions(), folder.path() + "/plain", options);
  ASSERT_TRUE(plain) << plain.error().message;
  options.hyperparameters.clear();
  options.tuning = TuningOptions{.trials = 8, .ranges = {}, .objective = "precision_at_5"};
  const auto tuned = TrainOnTable(Companions(), folder.path() + "/tuned", options);
  ASSERT_TRUE(tuned) << tuned.error().message;

  ASSERT_TRUE(tuned->tuning);
  EXPECT_EQ(tuned->tuning->trials.size(), 8U);
  EXPECT_GE(tuned->tuning->metric, tuned->tuning->default_metric);
  EXPECT_GT(tuned->metrics.at("normalized_discounted_cumulative_gain_at_5"),
            plain->metrics.at("normalized_discounted_cumulative_gain_at_5"));

  // As it is for blends: in the manifest, in tuning.json, and told.
  const auto info = ReadModelInfo(folder.path() + "/tuned");
  ASSERT_TRUE(info);
  EXPECT_EQ(info->hyperparameters, tuned->hyperparameters);
  ASSERT_TRUE(info->tuning);
  EXPECT_EQ(info->tuning->trials, 8U);
  const auto told = ExplainModel(folder.path() + "/tuned");
  ASSERT_TRUE(told) << told.error().message;
  EXPECT_THAT(*told, HasSubstr("8 trials"));

  // The winner's hyperparameters give the same model without a search, at any number of threads.
  options.tuning.reset();
  options.hyperparameters = tuned->hyperparameters;
  options.threads = 3;
  const auto again = TrainOnTable(Companions(), folder.path() + "/again", options);
  ASSERT_TRUE(again);
  EXPECT_EQ(ReadModelInfo(folder.path() + "/again")->file_sha256, info->file_sha256);
}

TEST(TuneRelated, GoesOnFromItsCheckpoint) {
  const TempFolder folder;
  std::filesystem::create_directories(folder.path() + "/checkpoints");
  TrainOptions options;
  options.recipe = "aws-sims";
  options.tuning = TuningOptions{.trials = 5, .ranges = {}};
  options.checkpoint_folder = folder.path() + "/checkpoints";
  std::stop_source stop;
  options.stop = stop.get_token();
  options.progress = [&](const TrainProgress& progress) {
    if (progress.stage == "tuning" && progress.fraction > 0.25) stop.request_stop();
  };
  const auto stopped = TrainOnTable(Companions(), folder.path() + "/m", options);
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, ErrorCode::kCancelled);
  EXPECT_TRUE(std::filesystem::exists(folder.path() + "/checkpoints/tuning.json"));

  options.stop = {};
  options.progress = {};
  const auto resumed = TrainOnTable(Companions(), folder.path() + "/m", options);
  ASSERT_TRUE(resumed);
  options.checkpoint_folder.clear();
  const auto whole = TrainOnTable(Companions(), folder.path() + "/whole", options);
  ASSERT_TRUE(whole);
  EXPECT_EQ(resumed->hyperparameters, whole->hyperparameters);
}

}  // namespace
}  // namespace usher::engine
