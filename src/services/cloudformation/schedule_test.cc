#include "services/cloudformation/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <mutex>

#include "base/random.h"

namespace usher::cloudformation {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

bool Never() { return false; }

// Every piece after all that it waits for, over random orders without circles.
TEST(RunInOrder, BeginsNothingBeforeWhatItWaitsFor) {
  Random random(7);
  for (int round = 0; round < 50; ++round) {
    Order order;
    for (std::uint64_t i = 0; i < 20; ++i) {
      std::set<std::string>& waits_for = order[std::to_string(i)];
      for (std::uint64_t j = 0; j < i; ++j) {
        if (random.Below(4) == 0) waits_for.insert(std::to_string(j));
      }
    }
    std::mutex mutex;
    std::set<std::string> done;
    bool in_order = true;
    const Outcomes outcomes = RunInOrder(
        order,
        [&](const std::string& name) {
          const std::lock_guard lock(mutex);
          for (const std::string& other : order.at(name)) {
            in_order = in_order && done.contains(other);
          }
          done.insert(name);
          return Progress::kDone;
        },
        Never, OnFailure::kGoOn);
    EXPECT_TRUE(in_order);
    EXPECT_TRUE(outcomes.all_done);
    EXPECT_EQ(done.size(), order.size());
  }
}

// Ends only if both run at the same time.
TEST(RunInOrder, RunsWhatIsIndependentSideBySide) {
  std::barrier both(2);
  const Outcomes outcomes = RunInOrder(
      {{"a", {}}, {"b", {}}},
      [&](const std::string&) {
        both.arrive_and_wait();
        return Progress::kDone;
      },
      Never, OnFailure::kGoOn);

  EXPECT_TRUE(outcomes.all_done);
}

TEST(RunInOrder, LeavesOutWhatWaitsForAFailure) {
  std::mutex mutex;
  std::set<std::string> begun;
  const Outcomes outcomes = RunInOrder(
      {{"a", {}}, {"after-a", {"a"}}, {"b", {}}, {"after-b", {"b"}}},
      [&](const std::string& name) {
        const std::lock_guard lock(mutex);
        begun.insert(name);
        return name == "a" ? Progress::kFailed : Progress::kDone;
      },
      Never, OnFailure::kGoOn);

  EXPECT_THAT(outcomes.failed, ElementsAre("a"));
  EXPECT_FALSE(outcomes.all_done);
  EXPECT_THAT(begun, ElementsAre("a", "after-b", "b"));
}

TEST(RunInOrder, BeginsNoMoreAfterAFailureWhenAskedSo) {
  Order chain;
  for (int i = 0; i < 10; ++i) {
    chain[std::to_string(i)] = i == 0 ? std::set<std::string>{} : std::set{std::to_string(i - 1)};
  }
  std::atomic<int> begun = 0;
  const Outcomes outcomes = RunInOrder(
      chain,
      [&](const std::string& name) {
        ++begun;
        return name == "3" ? Progress::kFailed : Progress::kDone;
      },
      Never, OnFailure::kBeginNoMore);

  EXPECT_EQ(begun, 4);
  EXPECT_THAT(outcomes.failed, ElementsAre("3"));
}

TEST(RunInOrder, DoesNotWaitForWhatIsStillWaiting) {
  const Outcomes outcomes = RunInOrder(
      {{"slow", {}}, {"after", {"slow"}}, {"other", {}}},
      [](const std::string& name) { return name == "slow" ? Progress::kWaiting : Progress::kDone; },
      Never, OnFailure::kBeginNoMore);

  EXPECT_THAT(outcomes.waiting, ElementsAre("slow"));
  EXPECT_FALSE(outcomes.all_done);
}

TEST(FindCircle, NamesThoseInTheCircleAlone) {
  EXPECT_THAT(FindCircle({{"a", {"b"}}, {"b", {"c"}}, {"c", {"a"}}, {"leads", {"a"}}, {"d", {}}}),
              ElementsAre("a", "b", "c"));
  EXPECT_THAT(FindCircle({{"a", {"b"}}, {"b", {}}, {"c", {"a", "b"}}}), IsEmpty());
  EXPECT_THAT(FindCircle({{"self", {"self"}}}), ElementsAre("self"));
}

TEST(Reversed, TurnsEveryArrowRound) {
  const Order reversed = Reversed({{"a", {"b", "elsewhere"}}, {"b", {}}});

  EXPECT_THAT(reversed.at("b"), ElementsAre("a"));
  EXPECT_THAT(reversed.at("a"), IsEmpty());
}

}  // namespace
}  // namespace usher::cloudformation
