#include "jobs/delivery_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <latch>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "base/check.h"
#include "base/temp_folder.h"

namespace usher::jobs {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

// Notes what was delivered and lets a test wait for it.
class Received {
 public:
  void Add(std::string what) {
    const std::lock_guard lock(mutex_);
    what_.push_back(std::move(what));
    changed_.notify_all();
  }
  std::vector<std::string> WaitFor(std::size_t count) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, seconds(60), [&] { return what_.size() >= count; }));
    return what_;
  }
  std::vector<std::string> now() {
    const std::lock_guard lock(mutex_);
    return what_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> what_;
};

std::string Said(const Delivery& delivery) {
  return delivery.key + ":" + delivery.payload + ":" + std::to_string(delivery.attempt);
}

class DeliveryQueueTest : public testing::Test {
 protected:
  DeliveryQueueTest() {
    auto opened = storage::OpenSqliteStore(folder_.path());
    Check(opened.has_value(), "store opens");
    store_ = *std::move(opened);
  }

  // A server that has just started, with one lane "test".
  void NewQueue(DeliveryQueue::Deliverer deliver, int at_once = 1, int at_once_per_key = 0) {
    queue_.reset();
    queue_ = DeliveryQueue::Create(*store_, clock_);
    queue_->AddLane({.name = "test",
                     .deliver = std::move(deliver),
                     .at_once = at_once,
                     .at_once_per_key = at_once_per_key});
  }
  void Start() { ASSERT_TRUE(queue_->Start()); }

  void Send(const std::string& key, const std::string& payload,
            std::optional<Time> not_before = std::nullopt) {
    storage::Batch batch;
    queue_->Enqueue(batch, "test", {key, payload, not_before});
    ASSERT_TRUE(store_->Commit(batch));
    queue_->Wake();
  }

  void WaitUntilDocuments(std::size_t count) {
    for (int i = 0; i < 60'000 && Documents() != count; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_EQ(Documents(), count);
  }

  std::size_t Documents() {
    const auto page = store_->List("delivery/test", std::nullopt, 0, 1000);
    Check(page.has_value(), "documents can be listed");
    return page->documents.size();
  }

  TempFolder folder_;
  FixedClock clock_{FromEpochMillis(1'658'365'323'456)};
  std::unique_ptr<storage::DocumentStore> store_;
  Received received_;
  std::unique_ptr<DeliveryQueue> queue_;
};

// A batch may be put together while the lanes start, and committed when they have started.
TEST_F(DeliveryQueueTest, TakesUpWhatWasEnqueuedBeforeItStartedAndCommittedAfter) {
  Received received;
  NewQueue([&](const Delivery& delivery, const StopToken&) {
    received.Add(Said(delivery));
    return Outcome::Done();
  });
  storage::Batch batch;
  queue_->Enqueue(batch, "test", {"k", "late", std::nullopt});
  Start();
  ASSERT_TRUE(store_->Commit(batch));
  queue_->Wake();

  EXPECT_THAT(received.WaitFor(1), ElementsAre("k:late:1"));
}

TEST_F(DeliveryQueueTest, WhatIsCommittedIsDeliveredAndForgotten) {
  NewQueue([&](const Delivery& delivery, const StopToken&) {
    received_.Add(Said(delivery));
    return Outcome::Done();
  });
  Start();
  Send("a", "one");
  Send("a", "two");
  EXPECT_THAT(received_.WaitFor(2), ElementsAre("a:one:1", "a:two:1"));
  WaitUntilDocuments(0);
}

TEST_F(DeliveryQueueTest, WhatIsNotCommittedIsNotDelivered) {
  NewQueue([&](const Delivery& delivery, const StopToken&) {
    received_.Add(Said(delivery));
    return Outcome::Done();
  });
  Start();
  storage::Batch dropped;
  queue_->Enqueue(dropped, "test", {"a", "never", {}});
  queue_->Wake();
  Send("a", "one");
  EXPECT_THAT(received_.WaitFor(1), ElementsAre("a:one:1"));
}

TEST_F(DeliveryQueueTest, WhatWasCommittedBeforeACrashIsDeliveredAfterTheNextStart) {
  NewQueue([](const Delivery&, const StopToken&) { return Outcome::Done(); });
  Send("a", "one");  // never started: as if killed before the first look
  NewQueue([&](const Delivery& delivery, const StopToken&) {
    received_.Add(Said(delivery));
    return Outcome::Done();
  });
  Start();
  EXPECT_THAT(received_.WaitFor(1), ElementsAre("a:one:1"));
}

TEST_F(DeliveryQueueTest, WhatIsTriedAgainComesWithTheNextAttemptAtItsTime) {
  NewQueue([&](const Delivery& delivery, const StopToken&) {
    const Time next = clock_.Now() + hours(1);  // before the test goes on, and sets the clock
    received_.Add(Said(delivery));
    if (delivery.attempt == 3) return Outcome::Done();
    return Outcome::Again(next).WithPayload(delivery.payload + "!");
  });
  Start();
  Send("a", "one");
  EXPECT_THAT(received_.WaitFor(1), ElementsAre("a:one:1"));
  Send("b", "two");  // while the first waits for its hour
  EXPECT_THAT(received_.WaitFor(2), ElementsAre("a:one:1", "b:two:1"));
  clock_.Advance(hours(1));
  queue_->Wake();
  EXPECT_THAT(received_.WaitFor(4), ElementsAre("a:one:1", "b:two:1", "a:one!:2", "b:two!:2"));
  EXPECT_EQ(Documents(), 2U);
  clock_.Advance(hours(1));
  queue_->Wake();
  received_.WaitFor(6);
  WaitUntilDocuments(0);
}

TEST_F(DeliveryQueueTest, AttemptAndTimeOutliveARestart) {
  NewQueue([&](const Delivery& delivery, const StopToken&) {
    received_.Add(Said(delivery));
    return Outcome::Again(clock_.Now() + hours(1));
  });
  Start();
  Send("a", "one");
  received_.WaitFor(1);
  queue_->Stop();

  NewQueue([&](const Delivery& delivery, const StopToken&) {
    received_.Add(Said(delivery));
    return Outcome::Done();
  });
  Start();
  Send("b", "now");
  EXPECT_THAT(received_.WaitFor(2), ElementsAre("a:one:1", "b:now:1"));
  clock_.Advance(hours(1));
  queue_->Wake();
  EXPECT_THAT(received_.WaitFor(3), ElementsAre("a:one:1", "b:now:1", "a:one:2"));
}

TEST_F(DeliveryQueueTest, LaterDoesNotCountAsAnAttempt) {
  int calls = 0;
  NewQueue([&](const Delivery& delivery, const StopToken&) {
    const bool is_last = ++calls == 3;  // before the test goes on, and `calls` ends with it
    received_.Add(Said(delivery));
    return is_last ? Outcome::Done() : Outcome::Later(clock_.Now());
  });
  Start();
  Send("a", "one");
  EXPECT_THAT(received_.WaitFor(3), ElementsAre("a:one:1", "a:one:1", "a:one:1"));
  queue_->Stop();  // it counts on after the last was received
}

TEST_F(DeliveryQueueTest, WhatDoneCarriesIsCommittedWithTheRemoval) {
  NewQueue([&](const Delivery& delivery, const StopToken&) {
    storage::Batch with;
    with.Create("note", delivery.payload, "", "delivered");
    return Outcome::Done(std::move(with));
  });
  Start();
  Send("a", "one");
  WaitUntilDocuments(0);
  const auto note = store_->Get("note", "one");
  ASSERT_TRUE(note);
  EXPECT_TRUE(*note);
}

TEST_F(DeliveryQueueTest, ADeliveryThatDoneCarriesIsDeliveredWithoutAWake) {
  NewQueue([&](const Delivery& delivery, const StopToken&) {
    storage::Batch next;
    queue_->Enqueue(next, "second", {"b", "from " + delivery.payload, {}});
    return Outcome::Done(std::move(next));
  });
  queue_->AddLane({.name = "second", .deliver = [&](const Delivery& delivery, const StopToken&) {
                     received_.Add(Said(delivery));
                     return Outcome::Done();
                   }});
  Start();

  Send("a", "one");

  EXPECT_THAT(received_.WaitFor(1), ElementsAre("b:from one:1"));
}

TEST_F(DeliveryQueueTest, WhatIsInterruptedStaysForTheNextStart) {
  std::latch begun(1);
  NewQueue([&](const Delivery&, const StopToken& stop) {
    begun.count_down();
    while (!stop) std::this_thread::yield();
    return Outcome::Interrupted();
  });
  Start();
  Send("a", "one");
  begun.wait();
  queue_->Stop();
  NewQueue([&](const Delivery& delivery, const StopToken&) {
    received_.Add(Said(delivery));
    return Outcome::Done();
  });
  Start();
  EXPECT_THAT(received_.WaitFor(1), ElementsAre("a:one:1"));
}

TEST_F(DeliveryQueueTest, AnExceptionIsAnAttemptThatFailed) {
  NewQueue([&](const Delivery& delivery, const StopToken&) -> Outcome {
    received_.Add(Said(delivery));
    if (delivery.attempt == 1) throw std::runtime_error("a bug");
    return Outcome::Done();
  });
  Start();
  Send("a", "one");
  received_.WaitFor(1);
  while (received_.now().size() < 2) {
    clock_.Advance(seconds(1));
    queue_->Wake();
  }
  EXPECT_THAT(received_.now(), ElementsAre("a:one:1", "a:one:2"));
}

TEST_F(DeliveryQueueTest, ASlowKeyHoldsUpOnlyItself) {
  std::latch release(1);
  NewQueue(
      [&](const Delivery& delivery, const StopToken&) {
        received_.Add(Said(delivery));
        if (delivery.key == "slow") release.wait();
        return Outcome::Done();
      },
      /*at_once=*/2, /*at_once_per_key=*/1);
  Start();
  for (int i = 0; i < 3; ++i) Send("slow", std::to_string(i));
  Send("quick", "a");
  Send("quick", "b");
  EXPECT_THAT(received_.WaitFor(3), UnorderedElementsAre("slow:0:1", "quick:a:1", "quick:b:1"));
  EXPECT_EQ(queue_->Waiting("test", "slow"), 3U);
  EXPECT_EQ(queue_->Lanes(), std::vector<std::string>{"test"});
  release.count_down();
  received_.WaitFor(5);
  WaitUntilDocuments(0);
}

TEST_F(DeliveryQueueTest, ManySendersAndThreadsLoseNothing) {
  std::mutex mutex;
  std::map<std::string, int> times;
  NewQueue(
      [&](const Delivery& delivery, const StopToken&) {
        const std::lock_guard lock(mutex);
        ++times[delivery.payload];
        return Outcome::Done();
      },
      /*at_once=*/8);
  Start();
  std::vector<std::thread> senders;
  for (int s = 0; s < 4; ++s) {
    senders.emplace_back([&, s] {
      for (int i = 0; i < 50; ++i) {
        Send(std::to_string(s), std::to_string(s) + "/" + std::to_string(i));
      }
    });
  }
  for (std::thread& sender : senders) sender.join();
  WaitUntilDocuments(0);
  EXPECT_EQ(times.size(), 200U);
  for (const auto& [payload, count] : times) EXPECT_EQ(count, 1) << payload;
}

TEST_F(DeliveryQueueTest, ADocumentThatIsNoneIsLeftAlone) {
  NewQueue([&](const Delivery& delivery, const StopToken&) {
    received_.Add(Said(delivery));
    return Outcome::Done();
  });
  storage::Batch batch;
  batch.Create("delivery/test", "strange", "a", "{\"attempt\":1}");
  ASSERT_TRUE(store_->Commit(batch));
  Start();
  Send("a", "one");
  EXPECT_THAT(received_.WaitFor(1), ElementsAre("a:one:1"));
  WaitUntilDocuments(1);
}

}  // namespace
}  // namespace usher::jobs
