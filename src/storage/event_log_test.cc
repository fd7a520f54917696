#include "storage/event_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/random.h"
#include "base/temp_folder.h"

namespace usher::storage {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class EventLogTest : public testing::Test {
 protected:
  EventLogTest() { Reopen(); }

  void Reopen(EventLog::Limits limits = {}) {
    log_.reset();
    auto log = EventLog::Open(folder(), limits);
    ASSERT_TRUE(log) << log.error().message;
    log_ = *std::move(log);
  }

  [[nodiscard]] std::string folder() const { return folder_.path() + "/log"; }

  void Put(std::uint64_t stream, const std::vector<NewEvent>& events,
           std::int64_t ingested = 1000) {
    const auto put = log_->Append(stream, ingested, events);
    ASSERT_TRUE(put) << put.error().message;
  }

  std::vector<std::string> Messages(const EventQuery& query) {
    std::vector<std::string> messages;
    const auto page = log_->Read(query);
    EXPECT_TRUE(page) << page.error().message;
    if (!page) return messages;
    for (const StoredEvent& event : page->events) messages.push_back(event.message);
    return messages;
  }

  // Every page of a query, in the order in which the pages come.
  std::vector<std::string> AllPages(EventQuery query, std::size_t* pages = nullptr) {
    std::vector<std::string> messages;
    for (std::size_t count = 1;; ++count) {
      const auto page = log_->Read(query);
      EXPECT_TRUE(page);
      std::vector<std::string> found;
      for (const StoredEvent& event : page->events) found.push_back(event.message);
      if (query.backward) std::ranges::reverse(found);
      messages.insert(messages.end(), found.begin(), found.end());
      if (pages) *pages = count;
      if (!page->next) return messages;
      query.beyond = page->next;
    }
  }

  [[nodiscard]] std::vector<std::string> Files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder())) {
      names.push_back(entry.path().filename().string());
    }
    std::ranges::sort(names);
    return names;
  }

  TempFolder folder_;
  std::unique_ptr<EventLog> log_;
};

TEST_F(EventLogTest, GivesEventsInOrderOfTimeNotOfArrival) {
  Put(1, {{30, "c"}, {50, "e"}});
  Put(2, {{10, "a"}, {40, "d"}});
  Put(1, {{20, "b"}});

  EXPECT_THAT(Messages({}), ElementsAre("a", "b", "c", "d", "e"));
  EXPECT_THAT(Messages({.from = 20, .to = 40}), ElementsAre("b", "c"));
}

TEST_F(EventLogTest, EventsOfOneTimeComeInTheOrderOfTheirBatches) {
  Put(1, {{10, "a"}, {10, "b"}});
  Put(2, {{10, "c"}});

  EXPECT_THAT(Messages({}), ElementsAre("a", "b", "c"));
}

TEST_F(EventLogTest, KeepsTimesStreamsAndArrival) {
  Put(7, {{-5, "before 1970"}}, 12);

  const auto page = log_->Read({});

  ASSERT_EQ(page->events.size(), 1U);
  EXPECT_EQ(page->events[0].key.time, -5);
  EXPECT_EQ(page->events[0].stream, 7U);
  EXPECT_EQ(page->events[0].ingested, 12);
}

TEST_F(EventLogTest, PagesGoOnWhereTheyEnded) {
  for (int i = 0; i < 10; ++i) Put(1, {{i / 3, std::to_string(i)}});

  std::size_t pages = 0;
  EXPECT_THAT(AllPages({.limit = 4}, &pages),
              ElementsAre("0", "1", "2", "3", "4", "5", "6", "7", "8", "9"));
  EXPECT_EQ(pages, 3U);
  EXPECT_THAT(AllPages({.backward = true, .limit = 4}),
              ElementsAre("9", "8", "7", "6", "5", "4", "3", "2", "1", "0"));
}

TEST_F(EventLogTest, APageEndsAtItsBytesButHoldsOneEventAtLeast) {
  Put(1, {{1, "aaaa"}, {2, "bbbb"}, {3, "cccc"}});

  EXPECT_THAT(Messages({.max_bytes = 8}), ElementsAre("aaaa", "bbbb"));
  EXPECT_THAT(Messages({.max_bytes = 1}), ElementsAre("aaaa"));
  EXPECT_THAT(Messages({.backward = true, .max_bytes = 8}), ElementsAre("bbbb", "cccc"));
}

TEST_F(EventLogTest, APageThatLookedThroughEnoughIsEmptyButGoesOn) {
  const std::string line(1000, 'x');
  for (int i = 0; i < 500; ++i) Put(1, {{i, line}});
  Put(1, {{500, "found"}});
  EventQuery query;
  query.scan_bytes = 100'000;
  query.matches = [](std::string_view message) { return message == "found"; };

  const auto first = log_->Read(query);

  EXPECT_THAT(first->events, IsEmpty());
  EXPECT_TRUE(first->next.has_value());
  EXPECT_THAT(AllPages(query), ElementsAre("found"));
  query.backward = true;
  EXPECT_THAT(AllPages(query), ElementsAre("found"));
}

TEST_F(EventLogTest, KnowsTheSpanOfAStream) {
  EXPECT_FALSE(log_->SpanOf(1));
  Put(1, {{30, "a"}, {50, "b"}}, 100);
  Put(1, {{10, "c"}}, 200);
  Reopen();

  const auto span = log_->SpanOf(1);

  ASSERT_TRUE(span);
  EXPECT_EQ(span->first, 10);
  EXPECT_EQ(span->last, 50);
  EXPECT_EQ(span->ingested, 200);
  EXPECT_EQ(span->events, 3U);
}

TEST_F(EventLogTest, CutsATornEndOffAndGoesOn) {
  Put(1, {{1, "whole"}});
  Put(1, {{2, "torn"}});
  log_.reset();
  const std::string path = folder() + "/" + Files().at(0);
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 1);
  Reopen();

  EXPECT_THAT(Messages({}), ElementsAre("whole"));
  Put(1, {{3, "next"}});
  Reopen();
  EXPECT_THAT(Messages({}), ElementsAre("whole", "next"));
}

TEST_F(EventLogTest, RefusesToOpenWhatIsNoLog) {
  log_.reset();
  std::ofstream(folder() + "/" + Files().at(0)) << "something else";

  EXPECT_EQ(EventLog::Open(folder()).error().code, ErrorCode::kCorrupt);
}

TEST_F(EventLogTest, ReportsAChangedBlock) {
  Put(1, {{1, std::string(100, 'a')}});
  {
    std::fstream file(folder() + "/" + Files().at(0), std::ios::in | std::ios::out);
    file.seekp(60);
    file << 'b';
  }

  EXPECT_EQ(log_->Read({}).error().code, ErrorCode::kCorrupt);
}

TEST_F(EventLogTest, AFullFileIsSealedAndGivesTheSame) {
  Reopen({.segment_bytes = 10'000});
  const std::string line(100, 'x');
  std::vector<std::string> expected;
  for (int i = 0; i < 1000; ++i) {
    expected.push_back(line + std::to_string(i));
    Put(static_cast<std::uint64_t>(i % 5), {{i, expected.back()}});
  }
  const std::uint64_t before = log_->file_bytes();
  ASSERT_TRUE(log_->wants_sealing());
  const auto third = log_->Read({.limit = 3})->next;

  ASSERT_TRUE(log_->Maintain(1000, std::nullopt));

  EXPECT_FALSE(log_->wants_sealing());
  EXPECT_LT(log_->file_bytes(), before / 3);
  EXPECT_EQ(AllPages({}), expected);
  // A place that was told before is the same place.
  EXPECT_THAT(Messages({.beyond = third, .limit = 1}), ElementsAre(expected[3]));
  Reopen({.segment_bytes = 10'000});
  EXPECT_EQ(AllPages({.limit = 77}), expected);
  EXPECT_EQ(log_->SpanOf(4)->last, 999);
  EXPECT_EQ(std::ranges::count_if(Files(), [](const auto& f) { return f.ends_with(".events"); }),
            1);
}

TEST_F(EventLogTest, ASealingThatWasCutShortIsDoneAgain) {
  Reopen({.segment_bytes = 1000});
  for (int i = 0; i < 40; ++i) Put(1, {{i, std::string(100, 'x')}});
  const std::string first = Files().at(0).substr(0, 16);
  std::filesystem::copy_file(folder() + "/" + first + ".events", folder_.path() + "/kept");
  std::ofstream(folder() + "/" + first + ".sealed.new") << "half";
  Reopen({.segment_bytes = 1000});
  EXPECT_EQ(Messages({}).size(), 40U);

  ASSERT_TRUE(log_->Maintain(1000, std::nullopt));
  // Sealed, but the growing file had not been removed yet.
  std::filesystem::copy_file(folder_.path() + "/kept", folder() + "/" + first + ".events");
  Reopen({.segment_bytes = 1000});

  EXPECT_EQ(Messages({}).size(), 40U);
  EXPECT_FALSE(std::filesystem::exists(folder() + "/" + first + ".events"));
}

TEST_F(EventLogTest, ADamagedIndexIsCorrupt) {
  Reopen({.segment_bytes = 1000});
  for (int i = 0; i < 20; ++i) Put(1, {{i, std::string(100, 'x')}});
  ASSERT_TRUE(log_->Maintain(1000, std::nullopt));
  log_.reset();
  const std::string path = folder() + "/" + Files().at(0);
  {
    std::fstream file(path, std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(std::filesystem::file_size(path)) - 25);
    file << 'x';
  }

  EXPECT_EQ(EventLog::Open(folder()).error().code, ErrorCode::kCorrupt);
}

TEST_F(EventLogTest, FilesGoWhenAllTheirEventsAreTooOld) {
  Reopen({.segment_bytes = 1000});
  for (int i = 0; i < 100; ++i) Put(i < 50 ? 1 : 2, {{i, std::string(100, 'x')}});
  const std::size_t files = Files().size();

  ASSERT_TRUE(log_->Maintain(1000, 60));

  EXPECT_LT(Files().size(), files);
  const auto left = log_->Read({});
  EXPECT_GT(left->events.front().key.time, 40);
  EXPECT_LE(left->events.front().key.time, 60);
  EXPECT_FALSE(log_->SpanOf(1));
  EXPECT_EQ(log_->SpanOf(2)->last, 99);
}

TEST_F(EventLogTest, AFileThatBeganLongAgoEnds) {
  Put(1, {{5, "old"}}, 5);

  ASSERT_TRUE(log_->Maintain(86'400'005, 1'000'000));
  EXPECT_THAT(Messages({}), IsEmpty());
  EXPECT_EQ(Files().size(), 1U);
}

TEST_F(EventLogTest, TheOldestGoWhenThereAreTooManyBytes) {
  Reopen({.segment_bytes = 1000, .max_bytes = 2500});
  Random random(1);
  for (int i = 0; i < 100; ++i) {
    std::string line;  // that cannot be packed much
    for (int c = 0; c < 100; ++c) line += static_cast<char>('!' + random.Below(90));
    Put(1, {{i, line}});
  }

  ASSERT_TRUE(log_->Maintain(1000, std::nullopt));

  EXPECT_LE(log_->file_bytes(), 2500U);
  EXPECT_EQ(log_->Read({.backward = true, .limit = 1})->events[0].key.time, 99);
}

// Against all events kept in a list and sorted.
TEST_F(EventLogTest, AgreesWithASortedList) {
  Random random(7);
  struct Kept {
    EventKey key;
    std::uint64_t stream;
    std::string message;
  };
  std::vector<Kept> all;
  Reopen({.segment_bytes = 20'000});
  for (int batch = 0; batch < 400; ++batch) {
    const std::uint64_t stream = random.Below(70);
    std::vector<std::string> messages;
    std::vector<NewEvent> events;
    auto time = static_cast<std::int64_t>(random.Below(2000));
    for (std::uint64_t i = 0; i <= random.Below(5); ++i) {
      messages.push_back(std::string(random.Below(60), 'm') + std::to_string(all.size() + i));
    }
    for (const std::string& message : messages) {
      events.push_back({time, message});
      time += static_cast<std::int64_t>(random.Below(300));
    }
    Put(stream, events);
    for (std::size_t i = 0; i < events.size(); ++i) {
      all.push_back(
          {{events[i].time, static_cast<std::uint64_t>(batch), static_cast<std::uint32_t>(i)},
           stream,
           messages[i]});
    }
    if (batch == 250) {
      ASSERT_TRUE(log_->Maintain(1000, std::nullopt));
    }
  }
  std::ranges::sort(all, {}, &Kept::key);

  for (int round = 0; round < 60; ++round) {
    const std::uint64_t stream = random.Below(70);
    EventQuery query;
    query.from = static_cast<std::int64_t>(random.Below(2500));
    query.to = query.from + static_cast<std::int64_t>(random.Below(1500));
    query.backward = round % 2 == 1;
    query.limit = 1 + random.Below(40);
    query.max_bytes = 1 + random.Below(2000);
    query.scan_bytes = 1 + random.Below(100'000);
    if (round % 3 == 0) {
      query.wants = [&](std::uint64_t other) { return other == stream; };
      query.streams = StreamBit(stream);
    }
    if (round % 5 == 0) {
      query.matches = [](std::string_view message) { return message.ends_with('3'); };
    }
    std::vector<std::string> expected;
    for (const Kept& kept : all) {
      if (kept.key.time >= query.from && kept.key.time < query.to &&
          (!query.wants || kept.stream == stream) &&
          (!query.matches || query.matches(kept.message))) {
        expected.push_back(kept.message);
      }
    }
    if (query.backward) std::ranges::reverse(expected);
    EXPECT_EQ(AllPages(query), expected) << "round " << round;
  }
}

TEST_F(EventLogTest, WritersAndReadersMayRunAtTheSameTime) {
  Reopen({.segment_bytes = 5000});
  constexpr int kWriters = 4;
  constexpr int kEach = 200;
  std::atomic<bool> done = false;
  std::vector<std::thread> threads;
  for (int writer = 0; writer < kWriters; ++writer) {
    threads.emplace_back([&, writer] {
      for (int i = 0; i < kEach; ++i) {
        Put(static_cast<std::uint64_t>(writer), {{i, std::to_string((writer * kEach) + i)}});
      }
    });
  }
  std::thread keeper([&] {
    while (!done) {
      EXPECT_TRUE(log_->Maintain(1000, std::nullopt));
      EXPECT_TRUE(log_->Read({}));
    }
  });
  for (std::thread& thread : threads) thread.join();
  done = true;
  keeper.join();

  EXPECT_EQ(AllPages({}).size(), static_cast<std::size_t>(kWriters * kEach));
  Reopen();
  EXPECT_EQ(AllPages({}).size(), static_cast<std::size_t>(kWriters * kEach));
}

TEST(EventBatch, RefusesWhatIsTooLarge) {
  const std::string half(kMaxBatchBytes / 2, 'x');
  const std::vector<NewEvent> events = {{1, half}, {2, half}};

  EXPECT_EQ(EncodeBatch(1, 1, events).error().code, ErrorCode::kInvalidInput);
}

TEST(EventBatch, NoPrefixOfABatchIsABatch) {
  const std::vector<NewEvent> events = {{1, "one"}, {2, "two"}};
  const std::string record = *EncodeBatch(300, 5, events);

  for (std::size_t size = 0; size < record.size(); ++size) {
    EXPECT_FALSE(BatchReader::At(std::string_view(record).substr(0, size), true)) << size;
  }
  EXPECT_TRUE(BatchReader::At(record, true));
}

TEST(EventBatch, EveryChangedByteIsFound) {
  const std::vector<NewEvent> events = {{1, "one"}, {2, "two"}};
  const std::string record = *EncodeBatch(300, 5, events);

  for (std::size_t at = 0; at < record.size(); ++at) {
    std::string changed = record;
    changed[at] ^= 1;
    EXPECT_FALSE(BatchReader::At(changed, true)) << at;
  }
}

}  // namespace
}  // namespace usher::storage
