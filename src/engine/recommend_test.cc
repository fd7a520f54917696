#include "engine/recommend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <limits>

#include "base/temp_folder.h"
#include "base/text.h"
#include "engine/train.h"
#include "engine/two_tastes_model_test_help.h"
#include "json/json.h"
#include "recsys/interactions/interactions.h"

namespace usher::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Recommend : public TwoTastesModel {
 protected:
  // The output lines for an input text.
  std::vector<Value> Run(const LoadedModel& model, const std::string& input,
                         BatchOptions options = {}) {
    const std::string path = folder_.path() + "/input.json";
    std::ofstream(path) << input;
    std::string output;
    const auto counts = RecommendFile(model, path, options, [&](std::string_view lines) {
      output += lines;
      return Result<void>();
    });
    EXPECT_TRUE(counts);
    std::vector<Value> lines;
    for (const std::string_view line : Split(Trim(output), '\n')) {
      if (line.empty()) continue;
      auto parsed = json::Parse(line);
      EXPECT_TRUE(parsed) << line;
      lines.push_back(*std::move(parsed));
    }
    if (counts) {
      EXPECT_EQ(counts->lines, lines.size());
      failed_ = counts->failed;
    }
    return lines;
  }

  static std::vector<std::string> ItemsOf(const Value& line) {
    std::vector<std::string> items;
    const Value* output = line.Find("output");
    if (output == nullptr || output->is_null()) return items;
    for (const Value& item : *output->Find("recommendedItems")->as_list()) {
      items.push_back(*item.as_string());
    }
    return items;
  }

  static std::string ErrorOf(const Value& line) {
    const Value* error = line.Find("error");
    return error != nullptr && error->as_string() != nullptr ? *error->as_string() : "";
  }

  std::uint64_t failed_ = 0;
};

TEST_F(Recommend, AnswersLinesInTheirOrder) {
  const LoadedModel model = TrainRecipe("aws-user-personalization");
  const auto lines = Run(model, "{\"userId\":\"u3\"}\n{\"userId\":\"u2\"}\n", {.num_results = 4});

  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(json::Write(*lines[0].Find("input")), "{\"userId\":\"u3\"}");
  EXPECT_TRUE(lines[0].Find("error")->is_null());
  EXPECT_EQ(ItemsOf(lines[0]).size(), 4U);
  EXPECT_EQ(lines[0].Find("output")->Find("scores")->as_list()->size(), 4U);
  for (const std::string& item : ItemsOf(lines[1])) {
    EXPECT_EQ(std::stoi(item.substr(1)) % 2, 0) << item;  // the taste of u2
  }
}

TEST_F(Recommend, SaysOfEachBadLineWhatIsWrongAndAnswersTheOthers) {
  const LoadedModel model = TrainRecipe("aws-user-personalization");
  const auto lines =
      Run(model,
          "{\"userId\":\"u1\"}\n"
          "no json\n"
          "\n"
          "[1]\n"
          "{\"user\":\"u1\"}\n"
          "{\"userId\":17}\n"
          "{\"userId\":\"" +
              std::string(kMaxIdBytes + 1, 'x') + "\"}\n" + "\"" +
              std::string(kMaxBatchLineBytes, 'x') + "\"\n" + "{\"userId\":\"u2\"}\r\n\n");

  ASSERT_EQ(lines.size(), 9U);
  EXPECT_EQ(failed_, 7U);
  EXPECT_EQ(ErrorOf(lines[0]), "");
  EXPECT_THAT(ErrorOf(lines[1]), HasSubstr("no JSON"));
  EXPECT_EQ(*lines[1].Find("input")->as_string(), "no json");
  EXPECT_TRUE(lines[1].Find("output")->is_null());
  EXPECT_THAT(ErrorOf(lines[2]), HasSubstr("no JSON"));
  EXPECT_THAT(ErrorOf(lines[3]), HasSubstr("object"));
  EXPECT_THAT(ErrorOf(lines[4]), HasSubstr("no 'userId'"));
  EXPECT_THAT(ErrorOf(lines[5]), HasSubstr("'userId' must be a string"));
  EXPECT_THAT(ErrorOf(lines[6]), HasSubstr("longer than"));
  EXPECT_THAT(ErrorOf(lines[7]), HasSubstr("longer than"));
  EXPECT_EQ(ErrorOf(lines[8]), "");
  EXPECT_FALSE(ItemsOf(lines[8]).empty());
}

TEST_F(Recommend, GivesAStrangerWhatIsPopular) {
  const LoadedModel model = TrainRecipe("aws-user-personalization");
  const LoadedModel popular = TrainRecipe("aws-popularity-count");
  const std::string input = "{\"userId\":\"nobody\"}\n";
  const auto got = Run(model, input);
  const auto expected = Run(popular, input);
  EXPECT_EQ(ItemsOf(got[0]), ItemsOf(expected[0]));
  EXPECT_EQ(ErrorOf(got[0]), "");
}

TEST_F(Recommend, GivesNoScoresForPopularity) {
  const LoadedModel model = TrainRecipe("aws-popularity-count");
  const auto lines = Run(model, "{\"userId\":\"u1\"}\n");
  EXPECT_EQ(lines[0].Find("output")->Find("scores"), nullptr);
  const auto one = RecommendOne(model, "u1", {}, 5, true);
  ASSERT_TRUE(one);
  EXPECT_EQ((*one)[0].score, std::nullopt);
}

TEST_F(Recommend, LeavesSeenItemsInWhenAsked) {
  const LoadedModel model = TrainRecipe("aws-user-personalization");
  const auto lines =
      Run(model, "{\"userId\":\"u1\"}\n", {.num_results = 40, .exclude_seen = false});
  EXPECT_EQ(ItemsOf(lines[0]).size(), 40U);
  const auto without = Run(model, "{\"userId\":\"u1\"}\n", {.num_results = 40});
  EXPECT_EQ(ItemsOf(without[0]).size(), 40U - model.model->History(1).size());
}

TEST_F(Recommend, AnswersAllUsersAsItAnswersEach) {
  const LoadedModel model = TrainRecipe("aws-user-personalization");
  std::string input;
  std::string all, listed;
  std::vector<std::string> ids;
  for (std::uint32_t u = 0; u < 60; ++u) ids.emplace_back(model.model->users()[u]);
  const auto keep = [](std::string& out) {
    return [&out](std::string_view lines) {
      out += lines;
      return Result<void>();
    };
  };
  ASSERT_TRUE(RecommendAllUsers(model, {.threads = 2}, keep(all)));
  ASSERT_TRUE(RecommendUsers(model, ids, {.threads = 1}, keep(listed)));
  EXPECT_EQ(all, listed);
  const auto one = RecommendOne(model, "u5", {}, 25, true);
  ASSERT_TRUE(one);
  const auto line = json::Parse(Split(all, '\n')[5]);
  ASSERT_TRUE(line);
  std::vector<std::string> items;
  for (const AnsweredItem& item : *one) items.emplace_back(item.id);
  EXPECT_EQ(ItemsOf(*line), items);
}

TEST_F(Recommend, RanksTheItemsOfALine) {
  const LoadedModel model = TrainRecipe("aws-personalized-ranking");
  const auto lines = Run(model,
                         "{\"userId\":\"u1\",\"itemList\":[\"what\",\"i2\",\"i3\",\"who\"]}\n"
                         "{\"userId\":\"u1\",\"itemList\":[]}\n"
                         "{\"userId\":\"u1\",\"itemList\":[\"no\"]}\n"
                         "{\"userId\":\"u1\",\"itemList\":[1]}\n"
                         "{\"userId\":\"u1\"}\n");

  ASSERT_EQ(lines.size(), 5U);
  EXPECT_THAT(ItemsOf(lines[0]), ElementsAre("i3", "i2", "what", "who"));
  const ValueList& scores = *lines[0].Find("output")->Find("scores")->as_list();
  ASSERT_EQ(scores.size(), 4U);
  EXPECT_NEAR(*scores[0].as_double() + *scores[1].as_double(), 1.0, 1e-6);
  EXPECT_THAT(ErrorOf(lines[1]), HasSubstr("1 to 500"));
  EXPECT_THAT(ItemsOf(lines[2]), ElementsAre("no"));
  EXPECT_THAT(ErrorOf(lines[3]), HasSubstr("strings"));
  EXPECT_THAT(ErrorOf(lines[4]), HasSubstr("no 'itemList'"));
}

TEST_F(Recommend, RanksOneListWithUnknownItemsLastAndUnscored) {
  const LoadedModel model = TrainRecipe("aws-personalized-ranking");
  const std::vector<std::string> list{"x", "i4", "i5", "y", "i7"};
  const auto got = RankOne(model, "u1", {}, list);
  ASSERT_TRUE(got);
  ASSERT_EQ(got->size(), 5U);
  EXPECT_EQ((*got)[2].id, "i4");  // the other taste
  EXPECT_EQ((*got)[3].id, "x");
  EXPECT_EQ((*got)[4].id, "y");
  EXPECT_EQ((*got)[4].score, std::nullopt);
  EXPECT_NEAR(*(*got)[0].score + *(*got)[1].score + *(*got)[2].score, 1.0, 1e-6);
  EXPECT_FALSE(RankOne(model, "u1", {}, {}));
  EXPECT_FALSE(RecommendOne(model, "u1", {}, 5, true));
}

TEST_F(Recommend, SeesWhatAUserDidAMomentAgo) {
  const LoadedModel model = TrainRecipe("aws-user-personalization");
  // A stranger who met odd items is given odd items, without those.
  const std::vector<std::string> recent{"i1", "i3", "unknown", "i5", "i1"};
  const auto got = RecommendOne(model, "nobody", {.items = recent, .times = {}}, 5, true);
  ASSERT_TRUE(got);
  ASSERT_EQ(got->size(), 5U);
  for (const AnsweredItem& item : *got) {
    EXPECT_EQ(std::stoi(std::string(item.id.substr(1))) % 2, 1) << item.id;
    EXPECT_THAT(recent, testing::Not(testing::Contains(item.id)));
  }
}

TEST_F(Recommend, RecentEventsChangeTheAnswerAndAreLeftOutOfIt) {
  const LoadedModel model = TrainRecipe("aws-user-personalization");
  const auto ids = [](const Result<std::vector<AnsweredItem>>& answer) {
    std::vector<std::string> items;
    for (const AnsweredItem& item : *answer) items.emplace_back(item.id);
    return items;
  };
  const auto popular = ids(RecommendOne(model, "nobody", {}, 5, true));
  const std::vector<std::string> even{"i2", "i4", "i8"};
  const std::vector<std::string> odd{"i1", "i5", "i9"};
  const auto one = ids(RecommendOne(model, "nobody", {.items = even, .times = {}}, 5, true));
  const auto other = ids(RecommendOne(model, "nobody", {.items = odd, .times = {}}, 5, true));
  EXPECT_NE(one, popular);
  EXPECT_NE(one, other);
  // A user whom the model knows.
  const auto before = ids(RecommendOne(model, "u1", {}, 5, true));
  const std::vector<std::string> best{before.front()};
  const auto after = ids(RecommendOne(model, "u1", {.items = best, .times = {}}, 5, true));
  EXPECT_THAT(after, testing::Not(testing::Contains(before.front())));
}

TEST_F(Recommend, TakesRecentEventsByTheirTimes) {
  const LoadedModel model = TrainRecipe("aws-user-personalization");
  ASSERT_TRUE(model.info.first_timestamp);
  const std::int64_t first = *model.info.first_timestamp;
  const std::vector<std::string> items{"i1", "i3"};
  const std::vector<std::string> turned{"i3", "i1"};
  const std::vector<std::int64_t> times{first + 7, first + 5};
  const OneUser by_time(model, "nobody", {.items = items, .times = times});
  ASSERT_EQ(by_time.query.history.size(), 2U);
  EXPECT_EQ(model.model->items()[by_time.query.history[0]], "i3");
  EXPECT_THAT(by_time.query.times, ElementsAre(5, 7));
  // Before all and after all that can be counted.
  const std::vector<std::int64_t> far{std::numeric_limits<std::int64_t>::min(),
                                      std::numeric_limits<std::int64_t>::max()};
  const OneUser clamped(model, "nobody", {.items = items, .times = far});
  EXPECT_THAT(clamped.query.times, ElementsAre(0, recsys::kLatestSecond));
  // Of a known user: among the history; without times right after it.
  const std::uint32_t user = *model.model->users().Find("u1");
  std::string unseen = "i0";  // u1 has odd items
  const std::vector<std::string> one{unseen};
  const std::vector<std::int64_t> early{first};
  const OneUser sorted_in(model, "u1", {.items = one, .times = early});
  EXPECT_EQ(sorted_in.query.history.size(), model.model->History(user).size() + 1);
  EXPECT_TRUE(std::ranges::is_sorted(sorted_in.query.times));
  EXPECT_EQ(sorted_in.query.times.front(), 0U);
  const OneUser after(model, "u1", {.items = one, .times = {}});
  EXPECT_EQ(model.model->items()[after.query.history.back()], unseen);
  EXPECT_EQ(after.query.times.back(), model.model->Times(user).back());

  const auto refused = RecommendOne(model, "u1", {.items = items, .times = early}, 5, true);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidInput);
}

TEST_F(Recommend, RefusesNumbersOfResultsOutOfRange) {
  const LoadedModel model = TrainRecipe("aws-user-personalization");
  const auto sink = [](std::string_view) { return Result<void>(); };
  EXPECT_FALSE(RecommendAllUsers(model, {.num_results = 0}, sink));
  EXPECT_FALSE(RecommendAllUsers(model, {.num_results = kMaxNumResults + 1}, sink));
  EXPECT_FALSE(RecommendOne(model, "u1", {}, kMaxNumResults + 1, true));
  EXPECT_TRUE(RecommendOne(model, "u1", {}, 0, true)->empty());
  EXPECT_EQ(RecommendFile(model, folder_.path() + "/none", {}, sink).error().code,
            ErrorCode::kNotFound);
}

TEST_F(Recommend, StopsWithTheErrorOfTheSinkAndOnRequest) {
  const LoadedModel model = TrainRecipe("aws-user-personalization");
  const auto full =
      RecommendAllUsers(model, {}, [](std::string_view) { return Result<void>(Internal("full")); });
  EXPECT_EQ(full.error().message, "full");
  std::stop_source source;
  source.request_stop();
  const auto stopped = RecommendAllUsers(model, {.progress = {}, .stop = source.get_token()},
                                         [](std::string_view) { return Result<void>(); });
  EXPECT_EQ(stopped.error().code, ErrorCode::kCancelled);
}

}  // namespace
}  // namespace usher::engine
