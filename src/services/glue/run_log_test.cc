#include "services/glue/run_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace usher::glue {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class RunLogTest : public testing::Test {
 protected:
  std::vector<std::string> lines_;
  RunLog log_{[this](const std::vector<std::string>& lines) {
    lines_.insert(lines_.end(), lines.begin(), lines.end());
  }};
};

TEST_F(RunLogTest, GivesWholeLinesAtOnceAndTheRestAtTheEnd) {
  log_.Feed("one\r\ntw");
  EXPECT_THAT(lines_, ElementsAre("one"));
  log_.Feed("o\n\n   \nthree");
  EXPECT_THAT(lines_, ElementsAre("one", "two"));
  log_.Flush();
  EXPECT_THAT(lines_, ElementsAre("one", "two", "three"));
  EXPECT_EQ(log_.last_line(), "three");
}

TEST_F(RunLogTest, EndsAnUnfinishedLineBeforeOneOfOurs) {
  log_.Feed("begun");
  log_.Write("USHER note");
  EXPECT_THAT(lines_, ElementsAre("begun", "USHER note"));
}

TEST_F(RunLogTest, SplitsALongLineBetweenCharacters) {
  // Two bytes each, so that the limit falls within one when they begin at an odd place.
  std::string text = "x";
  for (std::size_t i = 0; i < kMaxLineBytes / 2; ++i) text += "\u00fc";
  log_.Feed(text);
  log_.Feed(text + "\n");
  std::string all;
  for (const std::string& line : lines_) {
    EXPECT_LE(line.size(), kMaxLineBytes);
    EXPECT_EQ(line.find("\uFFFD"), std::string::npos);
    all += line;
  }
  EXPECT_EQ(all, text + text);
}

TEST_F(RunLogTest, TakesBytesThatAreNoText) {
  log_.Feed("a\xff\n");
  EXPECT_THAT(lines_, ElementsAre("a\uFFFD"));
}

TEST_F(RunLogTest, CutsAnEndlessOutputAndSaysSo) {
  const std::string line(1'000'000, 'x');
  for (int i = 0; i < 100; ++i) log_.Feed(line + "\n");
  log_.Feed("the end\n");
  std::size_t bytes = 0;
  for (const std::string& kept : lines_) bytes += kept.size();
  EXPECT_LE(bytes, kMaxStreamBytes + 200);
  EXPECT_THAT(lines_.back(), HasSubstr("the rest of it is not kept"));
  EXPECT_EQ(log_.last_line(), "the end");
}

}  // namespace
}  // namespace usher::glue
