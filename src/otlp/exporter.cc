#include "otlp/exporter.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "otlp/spans.h"

namespace usher::otlp {
namespace {

constexpr std::chrono::minutes kTellEvery{1};
constexpr std::chrono::seconds kLastTry{2};  // before a server that stops gives up

}  // namespace

Result<std::string> TracesUrl(std::string_view endpoint) {
  std::string url(endpoint);
  while (url.ends_with('/')) url.pop_back();
  if (const auto valid = outbound::CheckUrl(url); !valid) {
    return InvalidInput("'" + std::string(endpoint) +
                        "' is no address of a collector: give a URL such as http://127.0.0.1:4318");
  }
  const std::size_t host = url.find("://") + 3;
  if (url.find('/', host) == std::string::npos) url += "/v1/traces";
  return url;
}

// The address is the operator's own choice, so it may be a private one.
Exporter::Exporter(std::string url)
    : url_(std::move(url)), client_({.allow_private = true}), thread_([this] { Work(); }) {}

Exporter::~Exporter() { Stop(); }

void Exporter::Stop() {
  {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
    drained_.wait_for(lock, kLastTry, [&] { return queue_.empty(); });
  }
  client_.Stop();
  if (thread_.joinable()) thread_.join();
}

void Exporter::Take(std::span<const tracing::Finished> batch) {
  std::unique_lock lock(mutex_);
  std::size_t dropped = 0;
  for (const tracing::Finished& one : batch) {
    if (queue_.size() >= kMaxQueued || stopping_) {
      ++dropped;
    } else {
      queue_.push_back(one.segment);
    }
  }
  if (queue_.size() >= kBatch) changed_.notify_all();
  if (dropped > 0) Drop(lock, dropped, "the collector does not take them fast enough");
}

Exporter::Stats Exporter::stats() const {
  const std::lock_guard lock(mutex_);
  return {.sent = sent_, .dropped = dropped_, .waiting = queue_.size()};
}

Exporter::Answer Exporter::Send(std::span<const tracing::Segment> batch, std::string& why) {
  const auto answer = client_.Post(
      {.url = url_, .headers = {{"Content-Type", "application/json"}}, .body = WriteSpans(batch)});
  if (!answer) {
    why = answer.error().message;
    return Answer::kAgain;
  }
  if (answer->status / 100 == 2) return Answer::kTaken;
  why =
      "the collector answers " + std::to_string(answer->status) + " " + answer->body.substr(0, 200);
  return answer->status == 429 || answer->status >= 500 ? Answer::kAgain : Answer::kRefused;
}

void Exporter::Work() {
  std::unique_lock lock(mutex_);
  std::chrono::milliseconds pause = kSendEvery;
  std::vector<tracing::Segment> batch;
  while (true) {
    // After a failure a full queue is no reason to hurry.
    const bool failed = pause != kSendEvery;
    changed_.wait_for(lock, pause,
                      [&] { return stopping_ || (!failed && queue_.size() >= kBatch); });
    if (queue_.empty()) {
      if (stopping_) return;
      pause = kSendEvery;
      continue;
    }
    const std::size_t count = std::min(queue_.size(), kBatch);
    batch.assign(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(count));
    lock.unlock();
    std::string why;
    const Answer answer = Send(batch, why);
    lock.lock();
    if (answer == Answer::kAgain && !stopping_) {
      pause = failed ? std::min(pause * 2, kLongestPause) : kFirstPause;
      continue;
    }
    queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(count));
    if (queue_.empty()) drained_.notify_all();
    pause = kSendEvery;
    if (answer == Answer::kTaken) {
      sent_ += count;
      continue;
    }
    Drop(lock, count, why);
    if (answer == Answer::kAgain) {  // the last try
      Drop(lock, queue_.size(), why);
      queue_.clear();
    }
  }
}

void Exporter::Drop(std::unique_lock<std::mutex>& lock, std::size_t segments,
                    const std::string& why) {
  dropped_ += segments;
  const auto now = std::chrono::steady_clock::now();
  if (segments == 0 || (told_ && now - *told_ < kTellEvery)) return;
  told_ = now;
  const std::uint64_t so_far = dropped_;
  lock.unlock();
  Log(LogLevel::kWarning, "segments of traces did not reach the collector",
      {{"dropped_so_far", std::to_string(so_far)}, {"reason", why}});
  lock.lock();
}

}  // namespace usher::otlp
