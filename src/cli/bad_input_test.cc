// Data that nobody would wish for, through the command line: a clear error or a sensible answer,
// never a score that is no number.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "base/temp_folder.h"
#include "base/text.h"
#include "cli/command.h"
#include "json/json.h"

namespace usher::cli {
namespace {

using ::testing::HasSubstr;

class BadInputTest : public ::testing::Test {
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

  // Writes rows of "user,item,timestamp[,more]".
  std::string File(const std::function<void(std::ofstream&)>& write_rows,
                   const std::string& header = "USER_ID,ITEM_ID,TIMESTAMP") {
    std::string path = folder_.path() + "/" + std::to_string(++files_) + ".csv";
    std::ofstream file(path);
    file << header << "\n";
    write_rows(file);
    return path;
  }

  // 40 users of two tastes, ten items each of thirty.
  static void Ordinary(std::ofstream& file, int first_row = 0) {
    for (int row = first_row; row < 400; ++row) {
      const int user = row % 40;
      file << "u" << user << ",i" << (row * 7 + user % 2 * 11) % 30 << "," << 1500000000 + row
           << "\n";
    }
  }

  // Trains every recipe and asks it for all answers. Each training ends well or with a message.
  void TryAllRecipes(const std::string& file) {
    for (const char* recipe :
         {"aws-user-personalization", "aws-user-personalization-v2", "aws-popularity-count",
          "aws-trending-now", "aws-sims", "aws-similar-items", "aws-item-affinity"}) {
      Try(file, recipe);
    }
  }
  void Try(const std::string& file, const std::string& recipe) {
    SCOPED_TRACE(recipe);
    const std::string model = folder_.path() + "/model" + std::to_string(++models_);
    std::vector<std::string> train{"train", "--interactions", file, "--recipe",
                                   recipe,  "--out",          model};
    const int trained = Run(train);
    if (trained != kExitOk) {
      EXPECT_EQ(trained, kExitFailed);
      EXPECT_THAT(error_, HasSubstr("usher train: "));
      refusals_.push_back(error_);
      return;
    }
    ++trained_;
    const bool by_item =
        recipe == "aws-sims" || recipe == "aws-similar-items" || recipe == "aws-item-affinity";
    ASSERT_EQ(Run({"recommend", "--model", model, by_item ? "--items" : "--users", "all",
                   "--num-results", "5"}),
              kExitOk)
        << error_;
    ExpectSensibleLines();
    ASSERT_EQ(Run({"recommend", "--model", model, by_item ? "--items" : "--users", "unheard-of",
                   "--num-results", "5"}),
              recipe == "aws-item-affinity" ? kExitFailed : kExitOk)
        << out_ << error_;
    if (recipe != "aws-item-affinity") ExpectSensibleLines();
  }

  // Whole lines of JSON; scores, where there are any, are probabilities.
  void ExpectSensibleLines() {
    for (const std::string_view line : Split(out_, '\n')) {
      if (line.empty()) continue;
      const auto parsed = json::Parse(line);
      ASSERT_TRUE(parsed) << line;
      const Value* output = parsed->Find("output");
      const Value* scores = output == nullptr ? nullptr : output->Find("scores");
      if (scores == nullptr) continue;
      for (const Value& score : *scores->as_list()) {
        const double number = score.as_double() != nullptr ? *score.as_double()
                              : score.as_int() != nullptr  ? static_cast<double>(*score.as_int())
                                                           : std::nan("");
        EXPECT_TRUE(number >= 0 && number <= 1) << line;
      }
    }
  }

  TempFolder folder_;
  std::string out_;
  std::string error_;
  std::vector<std::string> refusals_;
  int trained_ = 0;
  int files_ = 0;
  int models_ = 0;
};

TEST_F(BadInputTest, OneUser) {
  TryAllRecipes(File([](std::ofstream& file) {
    for (int k = 0; k < 12; ++k) file << "alone,i" << k << "," << 1500000000 + k << "\n";
  }));
  EXPECT_GE(trained_, 5);
}

TEST_F(BadInputTest, OneItem) {
  TryAllRecipes(File([](std::ofstream& file) {
    for (int k = 0; k < 12; ++k) file << "u" << k << ",only," << 1500000000 + k << "\n";
  }));
  EXPECT_GE(trained_, 5);
}

TEST_F(BadInputTest, OneRow) {
  TryAllRecipes(File([](std::ofstream& file) { file << "u,i,1500000000\n"; }));
}

TEST_F(BadInputTest, NoRows) {
  TryAllRecipes(File([](std::ofstream&) {}));
  EXPECT_EQ(trained_, 0);
  for (const std::string& refusal : refusals_) {
    EXPECT_THAT(refusal, HasSubstr("there are no interactions to learn from"));
  }
}

TEST_F(BadInputTest, AUserWithEveryItem) {
  TryAllRecipes(File([](std::ofstream& file) {
    Ordinary(file);
    for (int i = 0; i < 30; ++i) file << "all,i" << i << "," << 1500001000 + i << "\n";
  }));
  EXPECT_EQ(trained_, 7);
}

TEST_F(BadInputTest, DuplicateRowsCountOnce) {
  const std::string once = File([](std::ofstream& file) { Ordinary(file); });
  const std::string thrice = File([](std::ofstream& file) {
    for (int k = 0; k < 3; ++k) Ordinary(file);
  });
  TryAllRecipes(thrice);
  EXPECT_EQ(trained_, 7);
  const std::string a = folder_.path() + "/a";
  const std::string b = folder_.path() + "/b";
  ASSERT_EQ(Run({"train", "--interactions", once, "--out", a}), kExitOk);
  ASSERT_EQ(Run({"train", "--interactions", thrice, "--out", b}), kExitOk);
  ASSERT_EQ(Run({"recommend", "--model", a, "--users", "all"}), kExitOk);
  const std::string expected = out_;
  ASSERT_EQ(Run({"recommend", "--model", b, "--users", "all"}), kExitOk);
  EXPECT_EQ(out_, expected);
}

TEST_F(BadInputTest, ValuesThatAreNoNumberAreNamedAndNegativeOnesAreNumbers) {
  const std::string header = "USER_ID,ITEM_ID,TIMESTAMP,EVENT_VALUE";
  for (const char* value : {"nan", "inf", "-inf", "1e999", "x"}) {
    const std::string file =
        File([&](std::ofstream& rows) { rows << "u,i,1,0.5\nu,j,2," << value << "\n"; }, header);
    EXPECT_EQ(Run({"train", "--interactions", file, "--event-value-threshold", "0", "--out",
                   folder_.path() + "/m"}),
              kExitFailed);
    EXPECT_THAT(error_, HasSubstr("line 3")) << value;
    EXPECT_THAT(error_, HasSubstr("EVENT_VALUE")) << value;
  }
  const std::string negative = File(
      [](std::ofstream& rows) {
        for (int k = 0; k < 60; ++k) {
          rows << "u" << k % 10 << ",i" << k % 7 << "," << 1500000000 + k << "," << k % 3 - 1
               << "\n";
        }
      },
      header);
  TryAllRecipes(negative);
  EXPECT_EQ(trained_, 7);
  EXPECT_EQ(Run({"train", "--interactions", negative, "--event-value-threshold", "-0.5", "--out",
                 folder_.path() + "/m"}),
            kExitOk)
      << error_;
  EXPECT_EQ(Run({"train", "--interactions", negative, "--event-value-threshold", "nan", "--out",
                 folder_.path() + "/n"}),
            kExitUsage);
}

TEST_F(BadInputTest, TimestampsInTheFutureAndBeforeTheEpoch) {
  TryAllRecipes(File([](std::ofstream& file) {
    Ordinary(file);
    file << "u1,i2,253402300799\nu2,i3,253402300799\nu3,i9,-86400\nu4,i29,0\n";
  }));
  EXPECT_GE(trained_ + static_cast<int>(refusals_.size()), 7);
  for (const std::string& refusal : refusals_) EXPECT_THAT(refusal, HasSubstr("TIMESTAMP"));
}

TEST_F(BadInputTest, AMillionEventsByOneUser) {
  const std::string file = File([](std::ofstream& rows) {
    Ordinary(rows);
    for (int k = 0; k < 1'000'000; ++k) {
      rows << "busy,i" << k % 5000 << "," << 1500000000 + k << "\n";
    }
  });
  for (const char* recipe :
       {"aws-user-personalization", "aws-sims", "aws-similar-items", "aws-trending-now"}) {
    Try(file, recipe);
  }
  EXPECT_EQ(trained_, 4);
}

TEST_F(BadInputTest, AllAtOneTime) {
  TryAllRecipes(File([](std::ofstream& file) {
    for (int row = 0; row < 200; ++row) file << "u" << row % 20 << ",i" << row % 17 << ",5\n";
  }));
  ASSERT_EQ(refusals_.size(), 1U);  // affinities need an earlier and a later part
  EXPECT_THAT(refusals_[0], HasSubstr("all interactions have the same timestamp"));
}

}  // namespace
}  // namespace usher::cli
