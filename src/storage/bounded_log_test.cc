#include "storage/bounded_log.h"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/temp_folder.h"

namespace usher::storage {
namespace {

class BoundedLogTest : public testing::Test {
 protected:
  std::unique_ptr<BoundedLog> Open(BoundedLog::Limits limits = {}) {
    auto log = BoundedLog::Open(folder_.path() + "/log", limits);
    EXPECT_TRUE(log) << log.error().message;
    return *std::move(log);
  }
  static std::string Get(const BoundedLog& log, const std::string& key) {
    const auto value = log.Find(key);
    EXPECT_TRUE(value) << value.error().message;
    return value->value_or("(none)");
  }
  [[nodiscard]] std::string First() const { return folder_.path() + "/log/0000000000000000.log"; }

  TempFolder folder_;
};

TEST_F(BoundedLogTest, GivesBackTheLastValueOfAKey) {
  const auto log = Open();
  ASSERT_TRUE(log->Append("a", "1"));
  ASSERT_TRUE(log->Append("b", std::string("\0\n\xff", 3)));
  ASSERT_TRUE(log->Append("c", ""));
  ASSERT_TRUE(log->Append("a", "2"));

  EXPECT_EQ(Get(*log, "a"), "2");
  EXPECT_EQ(Get(*log, "b"), std::string("\0\n\xff", 3));
  EXPECT_EQ(Get(*log, "c"), "");
  EXPECT_EQ(Get(*log, "d"), "(none)");
  EXPECT_EQ(log->size(), 4);
}

TEST_F(BoundedLogTest, IsReadAgainAfterAStart) {
  {
    const auto log = Open();
    for (int i = 0; i < 20'000; ++i) {
      ASSERT_TRUE(log->Append("key" + std::to_string(i), std::to_string(i * 7)));
    }
    EXPECT_EQ(Get(*log, "key19999"), "139993");
    EXPECT_EQ(Get(*log, "key0"), "0");
  }
  const auto log = Open();

  EXPECT_EQ(log->size(), 20'000);
  for (const int i : {0, 1, 4095, 4096, 19'999}) {
    EXPECT_EQ(Get(*log, "key" + std::to_string(i)), std::to_string(i * 7));
  }
  ASSERT_TRUE(log->Append("key1", "new"));
  EXPECT_EQ(Get(*log, "key1"), "new");
}

TEST_F(BoundedLogTest, GivesBackAllValuesOfAKeyInTheirOrder) {
  const auto log = Open({.segment_bytes = 200, .segments = 100});
  for (int i = 0; i < 50; ++i) {
    const std::string first = std::to_string(i);
    const std::string second = "b" + first;
    const std::array<BoundedLog::Record, 2> both{
        {{.key = "a", .value = first}, {.key = "b", .value = second}}};
    ASSERT_TRUE(log->Append(both));
  }

  const auto all = log->FindAll("a", 1 << 20);
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 50U);
  for (int i = 0; i < 50; ++i) EXPECT_EQ((*all)[static_cast<std::size_t>(i)], std::to_string(i));
  EXPECT_TRUE(log->FindAll("c", 1 << 20)->empty());
  EXPECT_EQ(log->FindAll("a", 5)->size(), 5U);
  std::string visited;
  ASSERT_TRUE(log->ForEach([&](const BoundedLog::Record& record) { visited += record.value[0]; }));
  EXPECT_EQ(visited.size(), 100U);
  EXPECT_EQ(visited.substr(0, 6), "0b1b2b");
}

TEST_F(BoundedLogTest, ForgetsWhatWasWrittenLongAgo) {
  const auto log = Open({.segment_bytes = 10, .segments = 100});
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(log->Append("key" + std::to_string(i), "0123456789"));
  const auto long_ago = std::filesystem::file_time_type::clock::now() - std::chrono::hours(1000);
  for (const char* name : {"0000000000000000.log", "0000000000000001.log"}) {
    std::filesystem::last_write_time(folder_.path() + "/log/" + name, long_ago);
  }

  ASSERT_TRUE(log->Forget(SystemClock().Now() - std::chrono::hours(24)));

  EXPECT_EQ(Get(*log, "key0"), "(none)");
  EXPECT_EQ(Get(*log, "key1"), "(none)");
  EXPECT_EQ(Get(*log, "key2"), "0123456789");
}

TEST_F(BoundedLogTest, ForgetsTheOldestBeyondItsLimit) {
  const BoundedLog::Limits limits{.segment_bytes = 1000, .segments = 3};
  auto log = Open(limits);
  const std::string value(100, 'x');
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(log->Append("key" + std::to_string(i), value));

  EXPECT_EQ(Get(*log, "key199"), value);
  EXPECT_EQ(Get(*log, "key180"), value);
  EXPECT_EQ(Get(*log, "key0"), "(none)");
  const auto bytes_on_disk = [&] {
    std::uintmax_t bytes = 0;
    for (const auto& file : std::filesystem::directory_iterator(folder_.path() + "/log")) {
      bytes += file.file_size();
    }
    return bytes;
  };
  // A segment is full with the record that passes its limit.
  EXPECT_LE(bytes_on_disk(), 3U * (1000 + 120));
  log.reset();
  log = Open(limits);
  EXPECT_EQ(Get(*log, "key199"), value);
  EXPECT_EQ(Get(*log, "key0"), "(none)");
}

TEST_F(BoundedLogTest, CutsOffATornRecordAndGoesOn) {
  for (const std::uintmax_t torn : {1U, 5U, 12U}) {
    std::filesystem::remove_all(folder_.path() + "/log");
    {
      const auto log = Open();
      ASSERT_TRUE(log->Append("a", "first"));
      ASSERT_TRUE(log->Append("b", "second"));
    }
    std::filesystem::resize_file(First(), std::filesystem::file_size(First()) - torn);

    const auto log = Open();

    EXPECT_EQ(Get(*log, "a"), "first");
    EXPECT_EQ(Get(*log, "b"), "(none)");
    ASSERT_TRUE(log->Append("b", "again"));
    EXPECT_EQ(Get(*log, "b"), "again");
  }
}

TEST_F(BoundedLogTest, AChangedByteIsFoundOut) {
  const auto log = Open();
  ASSERT_TRUE(log->Append("a", "first"));
  std::fstream file(First(), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-1, std::ios::end);
  file.put('X');
  file.close();

  const auto value = log->Find("a");

  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().code, ErrorCode::kCorrupt);
}

TEST_F(BoundedLogTest, RefusesKeysAndValuesOverTheLimits) {
  const auto log = Open();

  EXPECT_EQ(log->Append("", "x").error().code, ErrorCode::kInvalidInput);
  EXPECT_EQ(log->Append(std::string(256, 'k'), "x").error().code, ErrorCode::kInvalidInput);
  EXPECT_EQ(log->Append("k", std::string(kMaxLogValueBytes + 1, 'v')).error().code,
            ErrorCode::kInvalidInput);
  EXPECT_TRUE(log->Append(std::string(255, 'k'), std::string(kMaxLogValueBytes, 'v')));
  EXPECT_EQ(log->size(), 1);
}

TEST_F(BoundedLogTest, ManyThreadsAppendAndFind) {
  const auto log = Open({.segment_bytes = 20'000, .segments = 100});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&log, t] {
      for (int i = 0; i < 500; ++i) {
        const std::string key = std::to_string(t) + "/" + std::to_string(i);
        EXPECT_TRUE(log->Append(key, key));
        EXPECT_EQ(Get(*log, key), key);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  EXPECT_EQ(log->size(), 2000);
}

}  // namespace
}  // namespace usher::storage
