#include "base/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <numeric>
#include <vector>

namespace usher {
namespace {

TEST(ThreadPool, VisitsEveryIndexOnceWithAPartitionThatDoesNotDependOnTheThreads) {
  for (const std::size_t threads : {1, 2, 7}) {
    ThreadPool pool(threads);
    for (const std::size_t count : {0, 1, 9, 10, 11, 1000}) {
      std::vector<int> visits(count, 0);
      std::vector<int> chunk_of(count, -1);
      pool.ParallelFor(count, 10, [&](const ChunkRange& range) {
        EXPECT_LT(range.worker, threads);
        for (std::size_t i = range.begin; i < range.end; ++i) {
          ++visits[i];
          chunk_of[i] = static_cast<int>(range.chunk);
        }
      });
      for (std::size_t i = 0; i < count; ++i) {
        EXPECT_EQ(visits[i], 1);
        EXPECT_EQ(chunk_of[i], static_cast<int>(i / 10));
      }
    }
  }
}

TEST(ThreadPool, RunsManySmallLoopsOneAfterAnother) {
  ThreadPool pool(3);
  std::atomic<long> sum = 0;
  for (int round = 0; round < 2000; ++round) {
    pool.ParallelFor(5, 1, [&](const ChunkRange& range) { sum += static_cast<long>(range.begin); });
  }
  EXPECT_EQ(sum.load(), 2000L * 10);
}

TEST(ThreadPool, UsesAtLeastOneThreadByDefault) {
  ThreadPool pool;
  EXPECT_EQ(pool.thread_count(), HardwareThreads());
  EXPECT_GE(pool.thread_count(), 1U);
}

}  // namespace
}  // namespace usher
