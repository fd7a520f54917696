// ThreadPool: loops over index ranges on several threads.
//
// The partition depends on the loop alone, never on the number of threads, so that a result built
// chunk by chunk is the same on any machine. Which thread runs which chunk is left to chance.
// Threads: a pool is used by one caller at a time; loops do not nest.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace usher {

// As many as the process may run on at once (its CPU affinity), at least 1.
[[nodiscard]] std::size_t HardwareThreads();

// Chunk `chunk` is the rows [begin, end); `worker` < thread_count() names the thread, for scratch.
struct ChunkRange {
  std::size_t chunk = 0;
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t worker = 0;
};

class ThreadPool {
 public:
  // 0 means HardwareThreads(). The calling thread works too, so thread_count - 1 are started.
  explicit ThreadPool(std::size_t thread_count = 0);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  [[nodiscard]] std::size_t thread_count() const;

  // Calls body once for each of the ceil(count / chunk_size) chunks of [0, count) and waits for
  // all. chunk_size > 0. The body must not throw.
  void ParallelFor(std::size_t count, std::size_t chunk_size,
                   const std::function<void(const ChunkRange&)>& body);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace usher
