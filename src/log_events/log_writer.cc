#include "log_events/log_writer.h"

#include <algorithm>

#include "base/log.h"

namespace usher::log_events {
namespace {

constexpr std::chrono::milliseconds kGather{50};
constexpr std::chrono::minutes kBetweenLines{1};  // about what is lost
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
  std::vector<std::string> messages;
  messages.push_back(std::move(message));
  Write(stream, time, std::move(messages));
}

void LogWriter::Write(const Stream& stream, Time time, std::vector<std::string> messages) {
  bool was_idle = false;
  {
    const std::lock_guard lock(mutex_);
    was_idle = waiting_.empty();
    std::vector<Event>* events = nullptr;
    for (std::string& message : messages) {
      const std::size_t bytes = message.size() + kEventOverheadBytes;
      if (waiting_bytes_ + bytes > kMaxWaitingBytes) {
        ++lost_;
        ++untold_;
        why_ = "more wait for the log than are kept";
        continue;
      }
      waiting_bytes_ += bytes;
      if (events == nullptr) events = &waiting_[stream];
      events->push_back({time, std::move(message)});
    }
  }
  if (was_idle) changed_.notify_all();
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
    lock.unlock();
    for (const auto& [stream, of_stream] : events) HandOver(stream, of_stream);
    lock.lock();
    TellLost(lock);
  }
}

Result<Value> LogWriter::Call(std::string_view operation, const Value& request,
                              const Stream& stream) const {
  const wire::Service* logs = wire::FindService("logs");
  Check(logs != nullptr, "operations.txt names the service logs");
  wire::CallContext context;
  context.region = stream.region;
  return dispatcher_.Call(*wire::FindOperation(*logs, operation), request, context);
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
    list.reserve(std::min(events.size() - first, kMaxBatchEvents));
    std::size_t bytes = 0;
    std::size_t next = first;
    for (; next < events.size() && list.size() < kMaxBatchEvents; ++next) {
      bytes += events[next].message.size() + kEventOverheadBytes;
      if (bytes > kMaxBatchBytes && !list.empty()) break;
      ValueMap event;
      event.reserve(2);
      event.Append("timestamp", EpochMillis(events[next].time));
      event.Append("message", events[next].message);
      list.push_back(std::move(event));
    }
    ValueMap members;
    members.Append("logGroupName", stream.group);
    members.Append("logStreamName", stream.name);
    members.Append("logEvents", std::move(list));
    const Value request(std::move(members));

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
    if (!put) CountLost(next - first, put.error().message);
    first = next;
  }
}

void LogWriter::CountLost(std::size_t events, std::string why) {
  const std::lock_guard lock(mutex_);
  lost_ += events;
  untold_ += events;
  why_ = std::move(why);
}

void LogWriter::TellLost(std::unique_lock<std::mutex>& lock) {
  const auto now = std::chrono::steady_clock::now();
  if (untold_ == 0 || (told_ && now - *told_ < kBetweenLines && !stopping_)) return;
  told_ = now;
  const std::uint64_t events = std::exchange(untold_, 0);
  const std::string why = why_;
  lock.unlock();
  Log(LogLevel::kError, "log events are lost",
      {{"events", std::to_string(events)}, {"reason", why}});
  lock.lock();
}

}  // namespace usher::log_events
