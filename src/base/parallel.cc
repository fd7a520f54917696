#include "base/parallel.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "base/check.h"

namespace usher {

std::size_t HardwareThreads() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof(allowed), &allowed) == 0 && CPU_COUNT(&allowed) > 0) {
    return static_cast<std::size_t>(CPU_COUNT(&allowed));
  }
  return std::max<std::size_t>(1, std::thread::hardware_concurrency());
}

struct ThreadPool::State {
  std::mutex mutex;
  std::condition_variable start;
  std::condition_variable done;
  std::uint64_t round = 0;  // counts loops; guarded by mutex
  std::size_t working = 0;  // helpers still in this round; guarded by mutex
  bool stopping = false;    // guarded by mutex
  std::atomic<std::size_t> next_chunk = 0;
  std::size_t count = 0;
  std::size_t chunk_size = 1;
  const std::function<void(const ChunkRange&)>* body = nullptr;
  std::vector<std::thread> helpers;

  void RunChunks(std::size_t worker) {
    const std::size_t chunk_count = count / chunk_size + (count % chunk_size != 0 ? 1 : 0);
    while (true) {
      const std::size_t chunk = next_chunk.fetch_add(1, std::memory_order_relaxed);
      if (chunk >= chunk_count) return;
      const std::size_t begin = chunk * chunk_size;
      (*body)({chunk, begin, std::min(count, begin + chunk_size), worker});
    }
  }

  void Help(std::size_t worker) {
    std::uint64_t seen = 0;
    while (true) {
      {
        std::unique_lock lock(mutex);
        start.wait(lock, [&] { return stopping || round != seen; });
        if (stopping) return;
        seen = round;
      }
      RunChunks(worker);
      const std::lock_guard lock(mutex);
      if (--working == 0) done.notify_one();
    }
  }
};

ThreadPool::ThreadPool(std::size_t thread_count) : state_(std::make_unique<State>()) {
  if (thread_count == 0) thread_count = HardwareThreads();
  state_->helpers.reserve(thread_count - 1);
  for (std::size_t worker = 1; worker < thread_count; ++worker) {
    state_->helpers.emplace_back([state = state_.get(), worker] { state->Help(worker); });
  }
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->start.notify_all();
  for (std::thread& helper : state_->helpers) helper.join();
}

std::size_t ThreadPool::thread_count() const { return state_->helpers.size() + 1; }

void ThreadPool::ParallelFor(std::size_t count, std::size_t chunk_size,
                             const std::function<void(const ChunkRange&)>& body) {
  Check(chunk_size > 0, "chunk size is positive");
  if (count == 0) return;
  State& state = *state_;
  state.next_chunk.store(0, std::memory_order_relaxed);
  state.count = count;
  state.chunk_size = chunk_size;
  state.body = &body;
  if (state.helpers.empty() || count <= chunk_size) {
    state.RunChunks(0);
    return;
  }
  {
    const std::lock_guard lock(state.mutex);
    state.working = state.helpers.size();
    ++state.round;
  }
  state.start.notify_all();
  state.RunChunks(0);
  std::unique_lock lock(state.mutex);
  state.done.wait(lock, [&] { return state.working == 0; });
}

}  // namespace usher
