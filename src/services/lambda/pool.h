// The sandboxes of all functions: warm ones are used again, concurrency is held to its limits,
// those that nobody has used for some minutes end.
//
// Every invocation takes a place first, also one that needs no sandbox (a built-in function); so
// "reserved concurrency" means the same for all of them. Places of functions with a reserved
// concurrency are their own, all others share what is left of the account's limit.
//
// Cost:    a lock and a look into a map for a warm one.
// Threads: safe from any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "services/lambda/sandbox.h"

namespace usher::lambda {

inline constexpr std::int64_t kAccountConcurrency = 1000;  // invocations at the same time
inline constexpr std::int64_t kMinUnreserved = 100;        // of those, for functions without a
                                                           // reserved concurrency
// Whatever the account's limit: an invocation that is waited for takes a worker of the server
// (128), and functions that call the server need some, too.
inline constexpr std::int64_t kMaxRunning = 96;
inline constexpr std::size_t kMaxIdleSandboxes = 64;  // the one idle longest goes first
inline constexpr std::chrono::minutes kIdleLife{10};

class Pool {
 public:
  Pool();
  ~Pool();  // Stop
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // A place for one invocation, and the sandbox that was taken with it. Given back when it ends.
  class Place {
   public:
    Place(Place&& other) noexcept;
    Place& operator=(Place&&) = delete;
    ~Place();

    // A warm sandbox of this key, else a new one; nullptr when none can be made. The key changes
    // with code and configuration.
    Sandbox* Take(const std::string& key,
                  const std::function<std::unique_ptr<Sandbox>()>& make_new);

   private:
    friend class Pool;
    Place(Pool& pool, std::string function, bool reserved, std::uint64_t generation)
        : pool_(&pool),
          function_(std::move(function)),
          reserved_(reserved),
          generation_(generation) {}
    Pool* pool_;  // nullptr once moved from
    std::string function_;
    bool reserved_;
    std::uint64_t generation_;
    std::string key_;
    std::unique_ptr<Sandbox> sandbox_;
  };

  struct Limits {
    std::optional<std::int64_t> reserved;  // of this function
    std::int64_t unreserved = kAccountConcurrency;
  };
  // Waits up to `patience` for a place. Errors: throttled (TooManyRequestsException with its
  // Reason); cancelled when the pool stops or `stop` is set.
  Result<Place> Enter(const std::string& function, const Limits& limits,
                      std::chrono::milliseconds patience, const std::atomic<bool>* stop = nullptr);

  // Idle sandboxes of the function end, those at work end after it.
  void Retire(const std::string& function);
  // Invocations that still run after this time are ended.
  void StopAfter(std::chrono::milliseconds grace);
  // Ends everything; nothing enters any more.
  void Stop();

  [[nodiscard]] std::size_t idle() const;
  [[nodiscard]] jobs::Spawner& spawner() { return spawner_; }

 private:
  struct Idle {
    std::string function;
    std::string key;
    std::chrono::steady_clock::time_point since;
    std::unique_ptr<Sandbox> sandbox;
  };
  struct Running {
    std::int64_t reserved = 0;
    std::int64_t unreserved = 0;
  };

  void Leave(Place& place);
  std::unique_ptr<Sandbox> TakeIdle(const std::string& key);
  void Tend();

  jobs::Spawner spawner_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;  // places and stopping
  std::condition_variable tend_;     // for the tender alone: stopping
  std::vector<Idle> idle_;           // in the order in which they became so
  std::unordered_map<std::string, Running> running_;
  std::unordered_map<std::string, std::uint64_t> generations_;
  std::vector<Sandbox*> busy_;
  std::int64_t total_ = 0;
  std::int64_t unreserved_ = 0;
  std::optional<std::chrono::steady_clock::time_point> stop_at_;
  bool stopping_ = false;
  std::thread tender_;
};

}  // namespace usher::lambda
