#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "base/temp_folder.h"
#include "cli/command.h"

namespace usher::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class CommandsTest : public ::testing::Test {
 protected:
  int Run(const std::vector<std::string>& words) {
    const std::vector<std::string_view> arguments(words.begin(), words.end());
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    const int exit = Main(arguments);
    out_ = ::testing::internal::GetCapturedStdout();
    error_ = ::testing::internal::GetCapturedStderr();
    return exit;
  }
  // Splits at spaces; no word has one.
  int Run(const std::string& line) {
    std::istringstream in(line);
    std::vector<std::string> words;
    for (std::string word; in >> word;) words.push_back(word);
    return Run(words);
  }
  std::string Path(const std::string& name) const { return folder_.path() + "/" + name; }

  TempFolder folder_;
  std::string out_;
  std::string error_;
};

TEST_F(CommandsTest, EveryCommandExplainsItself) {
  for (const Command& command : Commands()) {
    EXPECT_EQ(Run({std::string(command.name), "--help"}), kExitOk);
    EXPECT_THAT(out_, StartsWith("Usage: usher " + std::string(command.name)));
    EXPECT_EQ(error_, "");
  }
  EXPECT_EQ(Run("help train"), kExitOk);
  EXPECT_THAT(out_, StartsWith("Usage: usher train"));
}

TEST_F(CommandsTest, OverviewNamesTheCommandsForPeople) {
  EXPECT_EQ(Run("--help"), kExitOk);
  for (const Command& command : Commands()) {
    EXPECT_EQ(out_.find("\n  " + std::string(command.name) + " ") != std::string::npos,
              !command.is_internal);
  }
}

TEST_F(CommandsTest, UnknownCommandIsAnsweredWithTheNearest) {
  EXPECT_EQ(Run("recomend"), kExitUsage);
  EXPECT_THAT(error_, HasSubstr("unknown command \"recomend\"; did you mean recommend?"));
  EXPECT_EQ(Run(""), kExitUsage);
  EXPECT_THAT(error_, HasSubstr("Usage: usher COMMAND"));
}

TEST_F(CommandsTest, VersionIsPrinted) {
  EXPECT_EQ(Run("--version"), kExitOk);
  EXPECT_THAT(out_, StartsWith("usher 0."));
}

TEST_F(CommandsTest, GeneratesTrainsRecommendsAndEvaluatesOnPlainFiles) {
  ASSERT_EQ(Run("generate --rows 5000 --out " + Path("ratings")), kExitOk) << error_;
  EXPECT_THAT(out_, StartsWith("5000 ratings of "));
  const std::string ratings = Path("ratings/ratings.csv");
  ASSERT_EQ(Run("train --interactions " + ratings + " --items " + Path("ratings/movies.csv") +
                " --hyperparameters {\"hidden_dimension\":32} --out " + Path("model")),
            kExitOk)
      << error_;
  EXPECT_THAT(out_, HasSubstr("normalized_discounted_cumulative_gain_at_10"));

  ASSERT_EQ(Run("recommend --model " + Path("model") + " --users 1,2 --num-results 3"), kExitOk)
      << error_;
  EXPECT_THAT(out_, StartsWith("{\"input\":{\"userId\":\"1\"},\"output\":{\"recommendedItems\":["));
  EXPECT_EQ(std::ranges::count(out_, '\n'), 2);
  std::ofstream(Path("users.json")) << "{\"userId\": \"1\"}\n{\"userId\": \"2\"}\n";
  const std::string printed = out_;
  ASSERT_EQ(Run("recommend --model " + Path("model") + " --users " + Path("users.json") +
                " --num-results 3 --out " + Path("out.jsonl")),
            kExitOk)
      << error_;
  std::ifstream in(Path("out.jsonl"));
  EXPECT_EQ(printed, std::string(std::istreambuf_iterator<char>(in), {}));
  std::ofstream(Path("users.txt")) << "1\r\n2\n\n";
  ASSERT_EQ(
      Run("recommend --model " + Path("model") + " --num-results 3 --users " + Path("users.txt")),
      kExitOk)
      << error_;
  EXPECT_EQ(out_, printed);

  ASSERT_EQ(Run("evaluate --interactions " + ratings + " --recipe aws-popularity-count"), kExitOk)
      << error_;
  EXPECT_THAT(out_, HasSubstr("NDCG@10"));
}

TEST_F(CommandsTest, TrainsOnWeighedEvents) {
  std::ofstream file(Path("events.csv"));
  file << "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE\n";
  for (int row = 0; row < 400; ++row) {
    file << "u" << row % 40 << ",i" << row * 7 % 31 << "," << row << ","
         << (row % 3 == 0 ? "buy,5\n" : "click,1\n");
  }
  file.close();
  const std::string train = "train --interactions " + Path("events.csv") +
                            " --hyperparameters {\"hidden_dimension\":32} --out ";
  ASSERT_EQ(
      Run(train + Path("model") +
          " --event-weights click=1,buy=3 --event-thresholds buy=2 --event-value-threshold 1"),
      kExitOk)
      << error_;
  EXPECT_THAT(out_, HasSubstr("_with_event_weights_at_10"));

  for (const auto& [options, complaint] : std::vector<std::pair<std::string, std::string>>{
           {"--event-weights click", "give TYPE=NUMBER, got 'click'"},
           {"--event-weights click=x", "x"},
           {"--event-weights =1", "give TYPE=NUMBER, got '=1'"},
           {"--event-weights click=1,click=2", "'click' is given twice"},
           {"--event-weights click=-1", "must be from 0"},
           {"--event-weights click=nan", "nan"},
           {"--event-weights click=0", "all event weights are 0"}}) {
    EXPECT_EQ(Run(train + Path("m") + " " + options), kExitUsage) << options;
    EXPECT_THAT(error_, HasSubstr(complaint)) << options;
  }
  EXPECT_EQ(Run(train + Path("m") + " --event-weights view=1"), kExitFailed);
  EXPECT_THAT(error_,
              HasSubstr("no interaction is of event type 'view'; there are 'buy', 'click'"));
}

TEST_F(CommandsTest, UpdatesAModelAndExplainsItsAnswers) {
  ASSERT_EQ(Run("generate --rows 3000 --out " + Path("ratings")), kExitOk) << error_;
  const std::string train = "train --interactions " + Path("ratings/ratings.csv") + " --out ";
  ASSERT_EQ(Run(train + Path("model") + " --hyperparameters {\"hidden_dimension\":32}"), kExitOk)
      << error_;
  const std::string update = train + Path("updated") + " --update-from " + Path("model");
  for (const char* option : {"--seed 2", "--recipe=aws-user-personalization", "--hpo"}) {
    EXPECT_EQ(Run(update + " " + option), kExitUsage);
    EXPECT_THAT(error_, HasSubstr("does not go with --update-from"));
  }
  EXPECT_EQ(Run(train + Path("m") + " --update-from " + Path("none")), kExitFailed);
  EXPECT_THAT(error_, HasSubstr("there is no model in this folder"));
  ASSERT_EQ(Run(update), kExitOk) << error_;
  EXPECT_THAT(out_, HasSubstr("an update: these metrics are the earlier model's; 0 items are new"));

  ASSERT_EQ(Run("evaluate --explain " + Path("updated")), kExitOk) << error_;
  EXPECT_THAT(out_, HasSubstr("an update, number 1 since a training from the beginning"));

  const std::string explain = "explain --model " + Path("updated") + " --user 1 --item ";
  ASSERT_EQ(Run(explain + "never"), kExitOk) << error_;
  EXPECT_THAT(out_, HasSubstr("item never for user 1: not recommended: the model does not know"));
  ASSERT_EQ(Run(explain + "never --json"), kExitOk) << error_;
  EXPECT_THAT(out_, StartsWith("{\"userId\":\"1\",\"itemId\":\"never\""));
  EXPECT_EQ(Run("explain --model " + Path("updated") + " --user 1"), kExitUsage);
}

TEST_F(CommandsTest, TunesExplainsAndExplores) {
  ASSERT_EQ(Run("generate --rows 3000 --out " + Path("ratings")), kExitOk) << error_;
  const std::string ratings = Path("ratings/ratings.csv");
  const std::string model = Path("model");
  ASSERT_EQ(Run("train --interactions " + ratings +
                " --hyperparameters {\"hidden_dimension\":32} --hpo --hpo-trials 2 --out " + model),
            kExitOk)
      << error_;
  EXPECT_THAT(out_, HasSubstr("Hyperparameters tuned in 2 evaluations"));

  ASSERT_EQ(Run("evaluate --explain " + model), kExitOk) << error_;
  EXPECT_THAT(out_, HasSubstr("2 trials, 2 evaluations\n"));
  EXPECT_THAT(out_, HasSubstr("winner: trial"));
  EXPECT_EQ(Run("evaluate --explain " + Path("none")), kExitFailed);

  const std::string recommend = "recommend --model " + model + " --users all";
  ASSERT_EQ(Run(recommend), kExitOk);
  const std::string greedy = out_;
  ASSERT_EQ(Run(recommend + " --exploration-weight 0"), kExitOk);
  EXPECT_EQ(out_, greedy);
  const std::string exploring =
      recommend + " --exploration-weight 0.5 --exploration-item-age-cut-off 10000";
  ASSERT_EQ(Run(exploring), kExitOk);
  const std::string explored = out_;
  EXPECT_NE(explored, greedy);
  ASSERT_EQ(Run(exploring), kExitOk);
  EXPECT_EQ(out_, explored);
  ASSERT_EQ(Run(exploring + " --exploration-seed 2"), kExitOk);
  EXPECT_NE(out_, explored);
  EXPECT_EQ(Run(recommend + " --exploration-weight 1.5"), kExitUsage);
  EXPECT_THAT(error_, HasSubstr("must be a number from 0 to 1, got 1.5"));
}

TEST_F(CommandsTest, SaysWhatIsWrongWithFiles) {
  EXPECT_EQ(Run("train --interactions /missing.csv --out " + Path("m")), kExitFailed);
  EXPECT_EQ(error_, "usher train: there is no file /missing.csv\n");
  std::ofstream(Path("bad.csv")) << "userId,movieId,timestamp\n1,2,3\n1,2,later\n";
  EXPECT_EQ(Run("train --interactions " + Path("bad.csv") + " --out " + Path("m")), kExitFailed);
  EXPECT_THAT(error_, HasSubstr("usher train: bad.csv: line 3: timestamp \"later\""));
  EXPECT_FALSE(std::filesystem::exists(Path("m")));
  EXPECT_EQ(Run("train --interactions " + Path("bad.csv") + " --users " + Path("bad.csv") +
                " --items " + Path("none.csv") + " --out " + Path("m")),
            kExitFailed);
  EXPECT_THAT(error_, HasSubstr("there is no file " + Path("none.csv")));
  EXPECT_EQ(Run("evaluate --interactions /missing.csv"), kExitFailed);
  EXPECT_EQ(Run("recommend --model " + Path("m") + " --users all"), kExitFailed);
  EXPECT_EQ(Run("generate --rows 10 --movies /missing.csv --out " + Path("g")), kExitFailed);
  EXPECT_THAT(error_, HasSubstr("there is no file /missing.csv"));
}

TEST_F(CommandsTest, RefusesWrongValues) {
  EXPECT_EQ(Run("generate --rows 0 --out x"), kExitUsage);
  EXPECT_EQ(Run("recommend --model m --users 1 --num-results 5000001"), kExitUsage);
  EXPECT_THAT(error_, HasSubstr("between 1 and 500"));
  EXPECT_EQ(Run("train --interactions f --out m --hyperparameters [1]"), kExitUsage);
  EXPECT_THAT(error_, HasSubstr("--hyperparameters: give a JSON object"));
  EXPECT_EQ(Run("train --interactions f --out m --hyperparameters {"), kExitUsage);
  EXPECT_EQ(Run("train --interactions f --out m --hyperparameters {\"a\":[]}"), kExitUsage);
  EXPECT_THAT(error_, HasSubstr("\"a\" must be a number, true, false or a string"));
  EXPECT_EQ(Run("train --interactions f --out m --hpo --hpo-trials 41"), kExitUsage);
  EXPECT_THAT(error_, HasSubstr("between 1 and 40"));
  EXPECT_EQ(Run("train --interactions f --out m --hpo-trials 4"), kExitUsage);
  EXPECT_THAT(error_, HasSubstr("need --hpo"));
  EXPECT_EQ(Run("evaluate"), kExitUsage);
  EXPECT_THAT(error_, HasSubstr("give --interactions FILE or --explain MODEL_DIR"));
  EXPECT_EQ(Run("job nothing --work " + folder_.path()), kExitUsage);
  EXPECT_THAT(error_, HasSubstr("there is no job \"nothing\""));
  EXPECT_EQ(Run("job --work " + folder_.path()), kExitUsage);
}

}  // namespace
}  // namespace usher::cli
