#include "services/lambda/log_writer.h"

#include <algorithm>

#include "base/log.h"
#include "services/lambda/function_log.h"

namespace usher::lambda {
namespace {

constexpr std::chrono::milliseconds kGather{50};
constexpr int kAttempts = 3;
constexpr std::chrono::milliseconds kBetweenAttempts{100};
// Of one PutLogEvents, as the service has it.
constexpr std::size_t kMaxBatchEvents = 10'000;
constexpr std::size_t kMaxBatchBytes = 1U << 20;

}  // namespace

LogWriter::~LogWriter() { Stop(); }

void LogWriter::Start() {
  thread_ = std::thread([this] { Work(); });
}

void LogWriter::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::uint64_t LogWriter::lost() const {
  const std::lock_guard lock(mutex_);
  return lost_;
}

void LogWriter::Write(const Stream& stream, Time time, std::string message) {
  {
    const std::lock_guard lock(mutex_);
    const std::size_t bytes = message.size() + kEventOverheadBytes;
    if (waiting_bytes_ + bytes > kMaxWaitingBytes) {
      ++dropped_;
      ++lost_;
      return;
    }
    waiting_bytes_ += bytes;
    waiting_[stream].push_back({time, std::move(message)});
    if (waiting_.size() > 1 || waiting_.begin()->second.size() > 1) return;  // it has been woken
  }
  changed_.notify_all();
}

void LogWriter::Work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    if (!stopping_) changed_.wait_for(lock, kGather, [&] { return stopping_; });
    Events events;
    events.swap(waiting_);
    waiting_bytes_ = 0;
    const std::uint64_t dropped = std::exchange(dropped_, 0);
    lock.unlock();
    if (dropped != 0) {
      Log(LogLevel::kError, "function log events lost: too many wait for the log",
          {{"events", std::to_string(dropped)}});
    }
    for (const auto& [stream, of_stream] : events) HandOver(stream, of_stream);
    lock.lock();
  }
}

Result<Value> LogWriter::Call(std::string_view operation, ValueMap request,
                              const Stream& stream) const {
  const wire::Service* logs = wire::FindService("logs");
  Check(logs != nullptr, "operations.txt names the service logs");
  wire::CallContext context;
  context.region = stream.region;
  return dispatcher_.Call(*wire::FindOperation(*logs, operation), std::move(request), context);
}

Result<void> LogWriter::Make(const Stream& stream) const {
  ValueMap group;
  group.Append("logGroupName", stream.group);
  auto made = Call("CreateLogGroup", group, stream);
  if (!made && made.error().code != ErrorCode::kAlreadyExists) return made.error();
  group.Append("logStreamName", stream.name);
  made = Call("CreateLogStream", std::move(group), stream);
  if (!made && made.error().code != ErrorCode::kAlreadyExists) return made.error();
  return {};
}

void LogWriter::HandOver(const Stream& stream, const std::vector<Event>& events) {
  for (std::size_t first = 0; first < events.size();) {
    ValueList list;
    std::size_t bytes = 0;
    std::size_t next = first;
    for (; next < events.size() && list.size() < kMaxBatchEvents; ++next) {
      bytes += events[next].message.size() + kEventOverheadBytes;
      if (bytes > kMaxBatchBytes && !list.empty()) break;
      ValueMap event;
      event.Append("timestamp", EpochMillis(events[next].time));
      event.Append("message", events[next].message);
      list.push_back(std::move(event));
    }
    ValueMap request;
    request.Append("logGroupName", stream.group);
    request.Append("logStreamName", stream.name);
    request.Append("logEvents", std::move(list));

    // The stream is made when it turns out not to be there; so one that somebody deletes comes
    // back.
    Result<Value> put = Call("PutLogEvents", request, stream);
    for (int attempt = 1; !put && attempt < kAttempts; ++attempt) {
      if (put.error().code == ErrorCode::kUnsupported) break;
      if (put.error().code == ErrorCode::kNotFound) {
        if (const auto made = Make(stream); !made) put = made.error();
      } else {
        std::this_thread::sleep_for(kBetweenAttempts);
      }
      put = Call("PutLogEvents", request, stream);
    }
    if (!put) CountLost(stream, next - first, put.error().message);
    first = next;
  }
}

void LogWriter::CountLost(const Stream& stream, std::size_t events, const std::string& why) {
  {
    const std::lock_guard lock(mutex_);
    lost_ += events;
    if (std::exchange(told_unsupported_, true)) return;
  }
  Log(LogLevel::kError, "function log events lost; further ones are counted and not told",
      {{"group", stream.group}, {"events", std::to_string(events)}, {"reason", why}});
}

}  // namespace usher::lambda
