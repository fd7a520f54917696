#include "tracing/recorder.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace usher::tracing {
namespace {

constexpr std::chrono::minutes kTellEvery{1};

}  // namespace

Recorder::Recorder(MicroClock now_us) : now_us_(std::move(now_us)) {}

Recorder::~Recorder() { Stop(); }

void Recorder::Start() {
  const std::lock_guard lock(mutex_);
  running_ = true;
  thread_ = std::thread([this] { Work(); });
}

void Recorder::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::int64_t Recorder::NowMicros() const {
  if (now_us_) return now_us_();
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

bool Recorder::Record(Segment segment, std::string document) {
  bool half_full = false;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= kMaxWaiting ||
        waiting_bytes_ + document.size() > kMaxWaitingDocumentBytes || stopping_) {
      ++dropped_;
      ++untold_;
      return false;
    }
    waiting_bytes_ += document.size();
    waiting_.emplace_back(std::move(segment), std::move(document));
    ++recorded_;
    half_full = waiting_.size() == kMaxWaiting / 2;
  }
  if (half_full) work_.notify_one();
  return true;
}

void Recorder::Flush() {
  std::unique_lock lock(mutex_);
  if (!running_) return;
  const std::uint64_t until = recorded_;
  flush_until_ = std::max(flush_until_, until);
  work_.notify_one();
  handed_.wait(lock, [&] { return handed_over_ >= until || !running_; });
}

Recorder::Stats Recorder::stats() const {
  const std::lock_guard lock(mutex_);
  return {.recorded = recorded_, .dropped = dropped_, .waiting = waiting_.size()};
}

void Recorder::Work() {
  std::unique_lock lock(mutex_);
  std::vector<Finished> batch;
  while (true) {
    work_.wait_for(lock, kGatherTime, [&] {
      return stopping_ || waiting_.size() >= kMaxWaiting / 2 || flush_until_ > handed_over_;
    });
    TellDropped(lock);
    if (waiting_.empty()) {
      if (stopping_) break;
      continue;
    }
    batch.clear();
    batch.swap(waiting_);
    waiting_bytes_ = 0;
    lock.unlock();
    for (const Sink& sink : sinks_) sink(batch);
    lock.lock();
    handed_over_ += batch.size();
    handed_.notify_all();
  }
  running_ = false;
  handed_.notify_all();
}

void Recorder::TellDropped(std::unique_lock<std::mutex>& lock) {
  const auto now = std::chrono::steady_clock::now();
  if (untold_ == 0 || (told_ && now - *told_ < kTellEvery)) return;
  const std::uint64_t count = std::exchange(untold_, 0);
  told_ = now;
  lock.unlock();
  Log(LogLevel::kWarning, "segments of traces were dropped: they came faster than they are stored",
      {{"segments", std::to_string(count)}});
  lock.lock();
}

}  // namespace usher::tracing
