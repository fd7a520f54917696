#include "services/sqs/message_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace usher::sqs {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr Time kStart = Time(seconds(1'000'000));

std::vector<std::string> Ids(const std::vector<Received>& received) {
  std::vector<std::string> ids;
  for (const Received& one : received) ids.push_back(one.id);
  return ids;
}

TEST(MessageIndex, GivesMessagesInTheOrderOfSending) {
  MessageIndex index;
  for (const char* id : {"c", "a", "b"}) index.Add(id, kStart, kStart);

  EXPECT_THAT(Ids(index.Take(kStart, 2, seconds(30))), ElementsAre("c", "a"));
  EXPECT_THAT(Ids(index.Take(kStart, 2, seconds(30))), ElementsAre("b"));
  EXPECT_THAT(Ids(index.Take(kStart, 2, seconds(30))), IsEmpty());
}

TEST(MessageIndex, ShowsAMessageAgainWhenItsVisibilityEnds) {
  MessageIndex index;
  index.Add("a", kStart, kStart);
  ASSERT_EQ(index.Take(kStart, 1, seconds(30)).front().count, 1);

  EXPECT_THAT(index.Take(kStart + seconds(29), 1, seconds(30)), IsEmpty());
  const auto again = index.Take(kStart + seconds(30), 1, seconds(30));
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again.front().count, 2);
  EXPECT_EQ(again.front().first_received, kStart);
}

TEST(MessageIndex, HidesADelayedMessage) {
  MessageIndex index;
  index.Add("a", kStart, kStart + seconds(5));

  EXPECT_EQ(index.Count(kStart).delayed, 1U);
  EXPECT_THAT(index.Take(kStart, 1, seconds(30)), IsEmpty());
  EXPECT_EQ(index.NextVisible(), kStart + seconds(5));
  EXPECT_THAT(Ids(index.Take(kStart + seconds(5), 1, seconds(30))), ElementsAre("a"));
}

TEST(MessageIndex, GivesAMessageOnceInAnAnswerEvenWithoutVisibility) {
  MessageIndex index;
  index.Add("a", kStart, kStart);

  EXPECT_THAT(Ids(index.Take(kStart, 10, seconds(0))), ElementsAre("a"));
  EXPECT_FALSE(index.Hide("a", kStart, seconds(10))) << "it is not in flight at any moment";
  EXPECT_THAT(Ids(index.Take(kStart, 10, seconds(0))), ElementsAre("a"));
}

TEST(MessageIndex, ChangesTheVisibilityOfWhatIsInFlightAlone) {
  MessageIndex index;
  index.Add("a", kStart, kStart);
  index.Add("late", kStart, kStart + seconds(60));
  EXPECT_FALSE(index.Hide("a", kStart, seconds(10)));      // not received
  EXPECT_FALSE(index.Hide("late", kStart, seconds(10)));   // delayed, not received
  EXPECT_FALSE(index.Hide("other", kStart, seconds(10)));  // not there
  index.Take(kStart, 1, seconds(30));

  EXPECT_TRUE(index.Hide("a", kStart + seconds(10), seconds(100)));

  EXPECT_THAT(index.Take(kStart + seconds(60) - seconds(1), 1, seconds(30)), IsEmpty());
  EXPECT_TRUE(index.Hide("a", kStart + seconds(20), seconds(0)));
  EXPECT_THAT(Ids(index.Take(kStart + seconds(20), 1, seconds(30))), ElementsAre("a"));
  EXPECT_FALSE(index.Hide("a", kStart + seconds(50), seconds(10)));  // its time is over
}

TEST(MessageIndex, ForgetsWhatIsRemoved) {
  MessageIndex index;
  index.Add("a", kStart, kStart);
  index.Add("b", kStart, kStart);
  index.Take(kStart, 1, seconds(30));
  index.Remove("a");
  index.Remove("a");

  EXPECT_EQ(index.size(), 1U);
  EXPECT_FALSE(index.Has("a"));
  EXPECT_THAT(Ids(index.Take(kStart + seconds(99), 10, seconds(30))), ElementsAre("b"));
}

TEST(MessageIndex, TakesOutWhatIsTooOld) {
  MessageIndex index;
  index.Add("old", kStart, kStart);
  index.Add("new", kStart + seconds(1), kStart + seconds(1));

  EXPECT_THAT(index.TakeSentBefore(kStart + seconds(1)), ElementsAre("old"));
  EXPECT_THAT(Ids(index.Take(kStart + seconds(9), 10, seconds(30))), ElementsAre("new"));
}

TEST(MessageIndex, CountsByState) {
  MessageIndex index;
  for (const char* id : {"a", "b", "c"}) index.Add(id, kStart, kStart);
  index.Add("d", kStart, kStart + seconds(9));
  index.Take(kStart, 1, seconds(30));

  const MessageIndex::Counts counts = index.Count(kStart);

  EXPECT_EQ(counts.visible, 2U);
  EXPECT_EQ(counts.in_flight, 1U);
  EXPECT_EQ(counts.delayed, 1U);
}

}  // namespace
}  // namespace usher::sqs
