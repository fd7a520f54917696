// ForEachInOrder: pieces made by several threads, used by one in their order.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/result.h"

namespace usher::engine {

// Calls make(piece, worker) for piece 0 … count - 1, each on one of `threads` threads (worker is
// the thread's number), and use(result) on the calling thread in the order of the pieces. At most
// two finished pieces a thread wait to be used. An error of `use` ends it all.
template <typename Make, typename Use>
Result<void> ForEachInOrder(std::size_t count, std::size_t threads, Make make, Use use) {
  using Piece = decltype(make(std::size_t{}, std::size_t{}));
  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::size_t, Piece> finished;
  std::size_t next_in = 0;
  std::size_t next_out = 0;
  bool stopping = false;

  const auto work = [&](std::size_t worker) {
    while (true) {
      std::size_t piece = 0;
      {
        std::unique_lock lock(mutex);
        changed.wait(
            lock, [&] { return stopping || next_in == count || next_in < next_out + 2 * threads; });
        if (stopping || next_in == count) return;
        piece = next_in++;
      }
      Piece made = make(piece, worker);
      {
        const std::scoped_lock lock(mutex);
        finished.emplace(piece, std::move(made));
      }
      changed.notify_all();
    }
  };
  std::vector<std::thread> workers;
  for (std::size_t worker = 0; worker < threads; ++worker) workers.emplace_back(work, worker);

  Result<void> result;
  while (result && next_out < count) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return finished.contains(next_out); });
    Piece piece = std::move(finished.extract(next_out).mapped());
    ++next_out;
    lock.unlock();
    changed.notify_all();
    result = use(std::move(piece));
  }
  {
    const std::scoped_lock lock(mutex);
    stopping = true;
  }
  changed.notify_all();
  for (std::thread& worker : workers) worker.join();
  return result;
}

}  // namespace usher::engine
