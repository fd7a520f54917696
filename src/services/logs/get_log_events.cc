// Operation GetLogEvents.
#include <algorithm>

#include "services/logs/operations.h"
#include "services/logs/tokens.h"

namespace usher::logs {

// Events of one stream. Each answer has a token for either direction; the one that is answered with
// nothing is answered with itself: the end. Errors: not found; invalid input; invalid token.
Result<api::GetLogEventsResponse> GetLogEvents(const api::GetLogEventsRequest& request,
                                               Service& service, wire::CallContext& /*context*/) {
  const auto group = service.groups.Find(request.log_group_name, request.log_group_identifier);
  if (!group) return group.error();
  const auto stream = service.groups.FindStream(**group, request.log_stream_name);
  if (!stream) return stream.error();
  const auto log = service.groups.Events(**group);
  if (!log) return log.error();

  storage::EventQuery query;
  query.backward = !request.start_from_head.value_or(false);
  if (request.next_token) {
    const auto token = ReadEventToken(*request.next_token);
    if (!token) return token.error();
    query.backward = token->backward;
    query.beyond = token->key;
  }
  if (request.start_time) query.from = *request.start_time;
  if (request.end_time) query.to = *request.end_time;
  if (const auto oldest = (*group)->OldestKept(service.groups.Now())) {
    query.from = std::max(query.from, *oldest);
  }
  if (request.limit) query.limit = static_cast<std::size_t>(*request.limit);
  query.wants = [number = stream->number](std::uint64_t other) { return other == number; };
  query.streams = storage::StreamBit(stream->number);
  // Blocks in which the stream has nothing are not looked through.
  if (const auto span = (*log)->SpanOf(stream->number)) {
    query.from = std::max(query.from, span->first);
    query.to = std::min(query.to, span->last + 1);
  }
  const auto page = (*log)->Read(query);
  if (!page) return page.error();

  // Where nothing was found, both directions go on from where this one stands.
  storage::EventKey before = query.beyond.value_or(storage::EventKey());
  storage::EventKey after = before;
  api::GetLogEventsResponse response{.events = std::vector<api::OutputLogEvent>()};
  for (const storage::StoredEvent& event : page->events) {
    response.events->push_back(
        {.timestamp = event.key.time, .message = event.message, .ingestion_time = event.ingested});
  }
  if (!page->events.empty()) {
    before = page->events.front().key;
    after = page->events.back().key;
  } else if (page->next) {
    // Much was looked through, and nothing found yet.
    (query.backward ? before : after) = *page->next;
  }
  response.next_forward_token = WriteEventToken({.backward = false, .key = after});
  response.next_backward_token = WriteEventToken({.backward = true, .key = before});
  return response;
}

}  // namespace usher::logs
