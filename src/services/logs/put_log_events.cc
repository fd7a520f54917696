// Operation PutLogEvents.
#include <algorithm>
#include <vector>

#include "services/logs/operations.h"

namespace usher::logs {
namespace {

constexpr std::size_t kMaxUploadBytes = 1'048'576;
constexpr std::size_t kEventBytes = 26;  // counted for each event beside its message
constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::int64_t kMaxAgeMs = 14 * 24 * kHourMs;
constexpr std::int64_t kMaxAheadMs = 2 * kHourMs;
constexpr std::int64_t kMaxSpanMs = 24 * kHourMs;
constexpr std::string_view kSequenceToken =
    "49000000000000000000000000000000000000000000000000000000";

Result<void> CheckUpload(const std::vector<api::InputLogEvent>& events) {
  std::size_t bytes = 0;
  for (const api::InputLogEvent& event : events) bytes += event.message.size() + kEventBytes;
  if (bytes > kMaxUploadBytes) {
    return InvalidInput("Upload too large: " + std::to_string(bytes) + " bytes exceeds limit of " +
                        std::to_string(kMaxUploadBytes));
  }
  if (!std::ranges::is_sorted(events, {}, &api::InputLogEvent::timestamp)) {
    return InvalidInput(
        "Log events in a single PutLogEvents request must be in chronological order.");
  }
  return {};
}

}  // namespace

// The events are on the disk when it returns. Sequence tokens are not looked at. Errors: not found;
// invalid input for an upload that is too large, too long or out of order.
Result<api::PutLogEventsResponse> PutLogEvents(const api::PutLogEventsRequest& request,
                                               Service& service, wire::CallContext& /*context*/) {
  const auto group = service.groups.Find(request.log_group_name);
  if (!group) return group.error();
  const auto stream = service.groups.FindStream(**group, request.log_stream_name);
  if (!stream) return stream.error();
  if (const auto checked = CheckUpload(request.log_events); !checked) return checked.error();

  const std::int64_t now = EpochMillis(service.groups.Now());
  const auto expired = (*group)->OldestKept(service.groups.Now());
  api::RejectedLogEventsInfo rejected;
  std::vector<storage::NewEvent> events;
  events.reserve(request.log_events.size());
  for (std::size_t i = 0; i < request.log_events.size(); ++i) {
    const auto& [time, message] = request.log_events[i];
    const auto index = static_cast<std::int64_t>(i);
    const bool is_too_old = time < now - kMaxAgeMs;
    const bool has_expired = expired && time < *expired;
    if (is_too_old) rejected.too_old_log_event_end_index = index + 1;
    if (has_expired) rejected.expired_log_event_end_index = index + 1;
    if (is_too_old || has_expired) continue;
    if (time > now + kMaxAheadMs) {
      rejected.too_new_log_event_start_index = index;
      break;
    }
    events.push_back({time, message});
  }
  if (!events.empty() && events.back().time - events.front().time > kMaxSpanMs) {
    return InvalidInput(
        "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.");
  }
  if (!events.empty()) {
    const auto log = service.groups.Events(**group);
    if (!log) return log.error();
    const auto put = (*log)->Append(stream->number, now, events);
    if (!put) return put.error();
    if ((*log)->wants_sealing()) service.WakeKeeper();
  }
  api::PutLogEventsResponse response{.next_sequence_token = std::string(kSequenceToken)};
  if (rejected != api::RejectedLogEventsInfo()) response.rejected_log_events_info = rejected;
  return response;
}

}  // namespace usher::logs
