#include "services/lambda/function_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "log_events/log_writer.h"

namespace usher::lambda {
namespace {

using testing::ElementsAre;

class FunctionLogTest : public testing::Test {
 protected:
  static std::string Frame(std::string_view message) {
    std::string frame("\xA5\x5A\x00\x03", 4);
    for (int shift = 24; shift >= 0; shift -= 8) {
      frame += static_cast<char>(message.size() >> shift);
    }
    frame += std::string(8, '\x01');
    return frame + std::string(message);
  }

  FixedClock clock_{FromEpochMillis(0)};
  std::vector<std::string> events_;
  FunctionLog log_{clock_,
                   [this](Time, std::string message) { events_.push_back(std::move(message)); }};
};

TEST_F(FunctionLogTest, TakesLinesHoweverTheyArrive) {
  log_.Feed("one\ntw");
  log_.Feed("o\r\n\nthr");
  EXPECT_THAT(events_, ElementsAre("one", "two"));

  log_.Write("END");

  EXPECT_THAT(events_, ElementsAre("one", "two", "thr", "END"));
}

TEST_F(FunctionLogTest, TakesAFrameAsOneEventBetweenLines) {
  const std::string bytes = "before\n" + Frame("in\ntwo lines\n") + "after\n";
  for (const char c : bytes) log_.Feed({&c, 1});

  EXPECT_THAT(events_, ElementsAre("before", "in\ntwo lines", "after"));
}

TEST_F(FunctionLogTest, TakesAFrameThatPromisesTooMuchForALine) {
  std::string lie = Frame("x");
  lie[4] = '\x7f';

  log_.Feed(lie + "\nnext\n");

  ASSERT_EQ(events_.size(), 2U);
  EXPECT_EQ(events_[1], "next");
}

TEST_F(FunctionLogTest, CutsEndlessOutputWithOneLineThatSaysSo) {
  log_.Begin();
  const std::string line = std::string(1000, 'x') + "\n";
  for (int i = 0; i < 10'000; ++i) log_.Feed(line);

  EXPECT_TRUE(log_.is_cut());
  EXPECT_EQ(events_.size(), kMaxInvocationLogBytes / (1000 + log_events::kEventOverheadBytes) + 1);
  EXPECT_THAT(events_.back(), testing::HasSubstr("longer than 4194304 bytes"));

  log_.Write("END");
  EXPECT_EQ(events_.back(), "END");
  log_.Begin();
  log_.Feed("again\n");
  EXPECT_EQ(events_.back(), "again");
}

TEST_F(FunctionLogTest, SplitsALineThatIsLongerThanAnEvent) {
  log_.Feed(std::string(kMaxEventBytes - 1, 'a') + "\xC3\xBC" + "end\n");

  // The character of two bytes is not torn.
  ASSERT_EQ(events_.size(), 2U);
  EXPECT_EQ(events_[0].size(), kMaxEventBytes - 1);
  EXPECT_EQ(events_[1],
            "\xC3\xBC"
            "end");
}

TEST_F(FunctionLogTest, KeepsTheLastFourKilobytesOfAnInvocation) {
  log_.Begin();
  log_.Write("START");
  for (int i = 0; i < 1000; ++i) log_.Feed("line " + std::to_string(i) + "\n");

  EXPECT_EQ(log_.tail().size(), kTailBytes);
  EXPECT_TRUE(log_.tail().ends_with("line 998\nline 999\n"));
  log_.Begin();
  EXPECT_EQ(log_.tail(), "");
}

}  // namespace
}  // namespace usher::lambda
