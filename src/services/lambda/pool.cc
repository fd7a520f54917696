#include "services/lambda/pool.h"

#include <algorithm>

namespace usher::lambda {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds kTendEvery{1};
constexpr std::chrono::milliseconds kLookAround{100};

Error Throttled(std::string_view reason) {
  Error error{.code = ErrorCode::kThrottled, .message = "Rate Exceeded."};
  error.details.emplace_back("Reason", reason);
  return error;
}

}  // namespace

Pool::Pool() : tender_([this] { Tend(); }) {}

Pool::~Pool() {
  Stop();
  tender_.join();
}

Pool::Place::Place(Place&& other) noexcept
    : pool_(std::exchange(other.pool_, nullptr)),
      function_(std::move(other.function_)),
      reserved_(other.reserved_),
      generation_(other.generation_),
      key_(std::move(other.key_)),
      sandbox_(std::move(other.sandbox_)) {}

Pool::Place::~Place() {
  if (pool_ != nullptr) pool_->Leave(*this);
}

Sandbox* Pool::Place::Take(const std::string& key,
                           const std::function<std::unique_ptr<Sandbox>()>& make_new) {
  key_ = key;
  while ((sandbox_ = pool_->TakeIdle(key))) {
    sandbox_->Tend();  // it may have ended in the meantime
    if (sandbox_->is_usable()) break;
  }
  if (!sandbox_) sandbox_ = make_new();
  if (!sandbox_) return nullptr;
  const std::lock_guard lock(pool_->mutex_);
  pool_->busy_.push_back(sandbox_.get());
  if (pool_->stopping_) sandbox_->Stop();
  return sandbox_.get();
}

Result<Pool::Place> Pool::Enter(const std::string& function, const Limits& limits,
                                std::chrono::milliseconds patience, const std::atomic<bool>* stop) {
  const auto give_up = steady_clock::now() + patience;
  const bool reserved = limits.reserved.has_value();
  std::unique_lock lock(mutex_);
  while (true) {
    if (stopping_ || (stop != nullptr && stop->load())) return Cancelled("the server is stopping");
    Running& running = running_[function];
    const bool within = reserved ? running.reserved + running.unreserved < *limits.reserved
                                 : unreserved_ < limits.unreserved;
    if (within && total_ < kMaxRunning) {
      ++total_;
      ++(reserved ? running.reserved : running.unreserved);
      if (!reserved) ++unreserved_;
      return Place(*this, function, reserved, generations_[function]);
    }
    const auto now = steady_clock::now();
    if (now >= give_up) {
      return Throttled(reserved && !within ? "ReservedFunctionConcurrentInvocationLimitExceeded"
                                           : "ConcurrentInvocationLimitExceeded");
    }
    changed_.wait_until(lock, std::min(give_up, now + kLookAround));
  }
}

void Pool::Leave(Place& place) {
  std::vector<std::unique_ptr<Sandbox>> ended;  // outside the lock: it takes some ms
  {
    const std::lock_guard lock(mutex_);
    Running& running = running_[place.function_];
    --total_;
    --(place.reserved_ ? running.reserved : running.unreserved);
    if (!place.reserved_) --unreserved_;
    if (running.reserved == 0 && running.unreserved == 0) running_.erase(place.function_);
    if (place.sandbox_) {
      std::erase(busy_, place.sandbox_.get());
      if (place.sandbox_->is_usable() && !stopping_ &&
          generations_[place.function_] == place.generation_) {
        idle_.push_back(
            {place.function_, place.key_, steady_clock::now(), std::move(place.sandbox_)});
        if (idle_.size() > kMaxIdleSandboxes) {
          ended.push_back(std::move(idle_.front().sandbox));
          idle_.erase(idle_.begin());
        }
      } else {
        ended.push_back(std::move(place.sandbox_));
      }
    }
  }
  changed_.notify_all();
}

std::unique_ptr<Sandbox> Pool::TakeIdle(const std::string& key) {
  const std::lock_guard lock(mutex_);
  // The one used last: the others may grow old and end.
  const auto found =
      std::find_if(idle_.rbegin(), idle_.rend(), [&](const Idle& one) { return one.key == key; });
  if (found == idle_.rend()) return nullptr;
  auto sandbox = std::move(found->sandbox);
  idle_.erase(std::next(found).base());
  return sandbox;
}

void Pool::Retire(const std::string& function) {
  std::vector<Idle> ended;
  {
    const std::lock_guard lock(mutex_);
    ++generations_[function];
    const auto first = std::stable_partition(
        idle_.begin(), idle_.end(), [&](const Idle& one) { return one.function != function; });
    std::move(first, idle_.end(), std::back_inserter(ended));
    idle_.erase(first, idle_.end());
  }
}

void Pool::StopAfter(std::chrono::milliseconds grace) {
  {
    const std::lock_guard lock(mutex_);
    stop_at_ = steady_clock::now() + grace;
  }
  tend_.notify_all();
}

void Pool::Stop() {
  std::vector<Idle> ended;
  {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    for (Sandbox* sandbox : busy_) sandbox->Stop();
    tend_.notify_all();
    changed_.notify_all();
    changed_.wait(lock, [&] { return busy_.empty(); });
    ended.swap(idle_);
  }
}

std::size_t Pool::idle() const {
  const std::lock_guard lock(mutex_);
  return idle_.size();
}

void Pool::Tend() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const auto next = steady_clock::now() + kTendEvery;
    tend_.wait_until(lock, stop_at_ ? std::min(*stop_at_, next) : next);
    std::vector<Idle> ended;
    const auto now = steady_clock::now();
    if (stop_at_ && now >= *stop_at_) {
      for (Sandbox* sandbox : busy_) sandbox->Stop();
      stop_at_.reset();
    }
    for (Idle& one : idle_) one.sandbox->Tend();
    const auto first = std::stable_partition(idle_.begin(), idle_.end(), [&](const Idle& one) {
      return one.sandbox->is_usable() && now - one.since < kIdleLife;
    });
    std::move(first, idle_.end(), std::back_inserter(ended));
    idle_.erase(first, idle_.end());
    if (ended.empty()) continue;
    lock.unlock();
    ended.clear();
    lock.lock();
  }
}

}  // namespace usher::lambda
