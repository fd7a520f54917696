// Operations CreateLogStream, DescribeLogStreams, DeleteLogStream.
#include <algorithm>

#include "services/logs/operations.h"
#include "services/logs/tokens.h"

namespace usher::logs {
namespace {

constexpr std::size_t kDefaultPage = 50;
constexpr std::string_view kSequenceToken =
    "49000000000000000000000000000000000000000000000000000000";

api::LogStream Described(const NamedStream& named, const std::string& group_arn) {
  api::LogStream described;
  described.log_stream_name = named.name;
  described.creation_time = named.stream.created;
  if (named.span) {
    described.first_event_timestamp = named.span->first;
    described.last_event_timestamp = named.span->last;
    described.last_ingestion_time = named.span->ingested;
  }
  described.upload_sequence_token = std::string(kSequenceToken);
  described.arn = group_arn + ":log-stream:" + named.name;
  described.stored_bytes = 0;  // as the service answers for every stream since 2019
  return described;
}

// Streams without events come as if they were the oldest.
std::int64_t LastEvent(const NamedStream& named) { return named.span ? named.span->last : -1; }

}  // namespace

// Errors: not found; already exists.
Result<api::CreateLogStreamResponse> CreateLogStream(const api::CreateLogStreamRequest& request,
                                                     Service& service,
                                                     wire::CallContext& /*context*/) {
  const auto group = service.groups.Find(request.log_group_name);
  if (!group) return group.error();
  const auto created = service.groups.CreateStream(**group, request.log_stream_name);
  if (!created) return created.error();
  return api::CreateLogStreamResponse{};
}

// Errors: not found; invalid input for a prefix together with an order by time; invalid token.
Result<api::DescribeLogStreamsResponse> DescribeLogStreams(
    const api::DescribeLogStreamsRequest& request, Service& service, wire::CallContext& context) {
  const bool by_time = request.order_by == "LastEventTime";
  if (by_time && request.log_stream_name_prefix) {
    return InvalidInput("Cannot order by LastEventTime with a logStreamNamePrefix.");
  }
  const auto group = service.groups.Find(request.log_group_name, request.log_group_identifier);
  if (!group) return group.error();
  const auto after = ReadNameToken(request.next_token);
  if (!after) return after.error();
  auto streams = service.groups.Streams(**group, request.log_stream_name_prefix.value_or(""));
  if (!streams) return streams.error();
  if (by_time) std::ranges::stable_sort(*streams, {}, LastEvent);
  if (request.descending.value_or(false)) std::ranges::reverse(*streams);

  // The token names the last stream of the page before. When that one is gone, its place is too:
  // the pages end there.
  auto next = streams->begin();
  if (!after->empty()) {
    next = std::ranges::find(*streams, *after, &NamedStream::name);
    if (next != streams->end()) ++next;
  }
  const auto limit = request.limit.value_or(kDefaultPage);
  const std::string arn = GroupArn(context.region, (*group)->name());
  api::DescribeLogStreamsResponse response{.log_streams = std::vector<api::LogStream>()};
  for (; next != streams->end(); ++next) {
    if (static_cast<std::int64_t>(response.log_streams->size()) == limit) {
      response.next_token = NameToken(*response.log_streams->back().log_stream_name);
      break;
    }
    response.log_streams->push_back(Described(*next, arn));
  }
  return response;
}

// Errors: not found.
Result<api::DeleteLogStreamResponse> DeleteLogStream(const api::DeleteLogStreamRequest& request,
                                                     Service& service,
                                                     wire::CallContext& /*context*/) {
  const auto group = service.groups.Find(request.log_group_name);
  if (!group) return group.error();
  const auto deleted = service.groups.DeleteStream(**group, request.log_stream_name);
  if (!deleted) return deleted.error();
  return api::DeleteLogStreamResponse{};
}

}  // namespace usher::logs
