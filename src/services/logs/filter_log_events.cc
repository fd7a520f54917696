// Operation FilterLogEvents.
#include <algorithm>
#include <unordered_map>

#include "services/logs/filter_pattern.h"
#include "services/logs/operations.h"
#include "services/logs/tokens.h"

namespace usher::logs {
namespace {

using StreamNames = std::unordered_map<std::uint64_t, std::string>;

// The streams that the request means. Errors: invalid input when it names them in two ways; not
// found.
Result<StreamNames> WantedStreams(const api::FilterLogEventsRequest& request, Service& service,
                                  Group& group) {
  if (!request.log_stream_names) {
    return service.groups.StreamNames(group, request.log_stream_name_prefix.value_or(""));
  }
  if (request.log_stream_name_prefix) {
    return InvalidInput("logStreamNames and logStreamNamePrefix exclude each other: give one.");
  }
  StreamNames names;
  for (const std::string& name : *request.log_stream_names) {
    const auto stream = service.groups.FindStream(group, name);
    if (!stream) return stream.error();
    names.emplace(stream->number, name);
  }
  return names;
}

}  // namespace

// Events of many streams that match a pattern, in order of time. `interleaved` is always so. A page
// may be empty although there are more. Errors: not found; invalid input; invalid token.
Result<api::FilterLogEventsResponse> FilterLogEvents(const api::FilterLogEventsRequest& request,
                                                     Service& service,
                                                     wire::CallContext& /*context*/) {
  const auto group = service.groups.Find(request.log_group_name, request.log_group_identifier);
  if (!group) return group.error();
  const auto pattern = FilterPattern::Parse(request.filter_pattern.value_or(""));
  if (!pattern) return pattern.error();
  const auto names = WantedStreams(request, service, **group);
  if (!names) return names.error();
  const auto log = service.groups.Events(**group);
  if (!log) return log.error();

  storage::EventQuery query;
  query.backward = !request.start_from_head.value_or(true);
  if (request.next_token) {
    const auto token = ReadEventToken(*request.next_token);
    if (!token) return token.error();
    query.backward = token->backward;
    query.beyond = token->key;
  }
  if (request.start_time) query.from = *request.start_time;
  if (request.end_time) query.to = *request.end_time + 1;  // the end is in the range here
  if (const auto oldest = (*group)->OldestKept(service.groups.Now())) {
    query.from = std::max(query.from, *oldest);
  }
  if (request.limit) query.limit = static_cast<std::size_t>(*request.limit);
  query.wants = [&](std::uint64_t stream) { return names->contains(stream); };
  if (request.log_stream_names || request.log_stream_name_prefix) {
    query.streams = 0;
    for (const auto& [number, name] : *names) query.streams |= storage::StreamBit(number);
  }
  if (!pattern->matches_all()) {
    query.matches = [&](std::string_view message) { return pattern->Matches(message); };
  }
  auto page = (*log)->Read(query);
  if (!page) return page.error();

  api::FilterLogEventsResponse response{
      .events = std::vector<api::FilteredLogEvent>(),
      .searched_log_streams = std::vector<api::SearchedLogStream>()};
  response.events->reserve(page->events.size());
  for (storage::StoredEvent& event : page->events) {
    response.events->push_back({.log_stream_name = names->at(event.stream),
                                .timestamp = event.key.time,
                                .message = std::move(event.message),
                                .ingestion_time = event.ingested,
                                .event_id = EventId(event.key)});
  }
  if (query.backward) std::ranges::reverse(*response.events);
  if (page->next) {
    response.next_token = WriteEventToken({.backward = query.backward, .key = *page->next});
  }
  return response;
}

}  // namespace usher::logs
