// Operations StartQuery, GetQueryResults, StopQuery, DescribeQueries.
#include "services/logs/queries.h"

#include <algorithm>
#include <charconv>
#include <ranges>

#include "base/random.h"
#include "services/logs/operations.h"
#include "services/logs/query_tokens.h"
#include "services/logs/tokens.h"

namespace usher::logs {
namespace {

constexpr std::size_t kMaxGroupsOfAQuery = 50;
constexpr std::int64_t kMaxRunMs = 20'000;
constexpr std::size_t kRowsOfAPage = 10'000;

Result<std::vector<GroupPtr>> GroupsOf(const api::StartQueryRequest& request, Service& service) {
  const int given = (request.log_group_name ? 1 : 0) + (request.log_group_names ? 1 : 0) +
                    (request.log_group_identifiers ? 1 : 0);
  if (given != 1) {
    return InvalidInput(
        "Exactly one of logGroupName, logGroupNames and logGroupIdentifiers must be given.");
  }
  std::vector<GroupPtr> groups;
  const auto add = [&](const std::optional<std::string>& name,
                       const std::optional<std::string>& identifier) -> Result<void> {
    auto group = service.groups.Find(name, identifier);
    if (!group) return group.error();
    groups.push_back(*std::move(group));
    return {};
  };
  if (request.log_group_name) {
    if (auto added = add(request.log_group_name, std::nullopt); !added) return added.error();
  }
  for (const auto& name : request.log_group_names.value_or(std::vector<std::string>())) {
    if (auto added = add(name, std::nullopt); !added) return added.error();
  }
  for (const auto& arn : request.log_group_identifiers.value_or(std::vector<std::string>())) {
    if (auto added = add(std::nullopt, arn); !added) return added.error();
  }
  if (groups.empty() || groups.size() > kMaxGroupsOfAQuery) {
    return InvalidInput("A query looks through 1 to " + std::to_string(kMaxGroupsOfAQuery) +
                        " log groups, got " + std::to_string(groups.size()));
  }
  return groups;
}

// Looks through one group, newest first. Of several, each may hold what comes first.
Result<void> Look(Service& service, Group& group, const api::StartQueryRequest& request,
                  bool is_only, Query& query, RanQuery& ran) {
  const std::string log_name = std::string(wire::kAccountId) + ":" + group.name();
  const auto names = service.groups.StreamNames(group, "");
  if (!names) return names.error();
  const auto log = service.groups.Events(group);
  if (!log) return log.error();
  storage::EventQuery events;
  events.backward = true;
  events.from = request.start_time * 1000;
  events.to = (request.end_time + 1) * 1000;  // the last second is meant whole
  if (const auto oldest = group.OldestKept(service.groups.Now())) {
    events.from = std::max(events.from, *oldest);
  }
  events.wants = [&](std::uint64_t stream) { return names->contains(stream); };
  while (true) {
    const auto page = (*log)->Read(events);
    if (!page) return page.error();
    for (const storage::StoredEvent& event : std::views::reverse(page->events)) {
      ran.scanned += 1;
      ran.bytes += static_cast<double>(event.message.size());
      ran.matched += query.Add({.time = event.key.time,
                                .ingested = event.ingested,
                                .message = event.message,
                                .stream = names->at(event.stream),
                                .log = log_name,
                                .ptr = EventId(event.key)})
                         ? 1
                         : 0;
    }
    if (!page->next || (is_only && query.is_full())) return {};
    if (EpochMillis(service.groups.Now()) - ran.created > kMaxRunMs) {
      ran.status = "Timeout";
      return {};
    }
    events.beyond = page->next;
  }
}

api::QueryStatistics StatisticsOf(const RanQuery& ran) {
  return {.records_matched = ran.matched,
          .records_scanned = ran.scanned,
          .bytes_scanned = ran.bytes,
          .log_groups_scanned = static_cast<double>(ran.groups)};
}

}  // namespace

void Queries::Add(RanQuery query) {
  const std::unique_lock lock(mutex_);
  queries_.push_back(std::move(query));
  if (queries_.size() > kMaxKeptQueries) queries_.pop_front();
}

std::optional<RanQuery> Queries::Find(const std::string& id) const {
  const std::unique_lock lock(mutex_);
  const auto found = std::ranges::find(queries_, id, &RanQuery::id);
  if (found == queries_.end()) return std::nullopt;
  return *found;
}

std::vector<RanQuery> Queries::List() const {
  const std::unique_lock lock(mutex_);
  std::vector<RanQuery> queries;
  for (const RanQuery& query : std::views::reverse(queries_)) {
    queries.push_back(query);
    queries.back().rows.clear();
  }
  return queries;
}

// Runs the query before it answers: GetQueryResults finds it complete at once. Errors: malformed
// query; invalid input; not found.
Result<api::StartQueryResponse> StartQuery(const api::StartQueryRequest& request, Service& service,
                                           wire::CallContext& /*context*/) {
  if (request.query_language.value_or("CWLI") != "CWLI") {
    return InvalidInput("queryLanguage " + *request.query_language +
                        " is not supported; CWLI is the one that is.");
  }
  if (request.end_time < request.start_time) {
    return InvalidInput("endTime " + std::to_string(request.end_time) + " is before startTime " +
                        std::to_string(request.start_time));
  }
  auto query = Query::Parse(request.query_string);
  if (!query) return query.error();
  const auto groups = GroupsOf(request, service);
  if (!groups) return groups.error();
  RanQuery ran{.id = NewUuid(),
               .text = request.query_string,
               .group = groups->front()->name(),
               .status = "Complete",
               .created = EpochMillis(service.groups.Now()),
               .groups = groups->size()};
  for (const GroupPtr& group : *groups) {
    const auto looked = Look(service, *group, request, groups->size() == 1, *query, ran);
    if (!looked) return looked.error();
  }
  std::optional<std::size_t> limit;
  if (request.limit) limit = static_cast<std::size_t>(*request.limit);
  ran.rows = query->Finish(limit);
  ran.duration_ms = EpochMillis(service.groups.Now()) - ran.created;
  const std::string id = ran.id;
  service.queries.Add(std::move(ran));
  return api::StartQueryResponse{.query_id = id};
}

// Errors: not found; invalid token.
Result<api::GetQueryResultsResponse> GetQueryResults(const api::GetQueryResultsRequest& request,
                                                     Service& service,
                                                     wire::CallContext& /*context*/) {
  const auto ran = service.queries.Find(request.query_id);
  if (!ran) return NotFound("The query " + request.query_id + " does not exist.");
  const auto place = ReadNameToken(request.next_token);
  if (!place) return place.error();
  std::size_t at = 0;
  std::from_chars(place->data(), place->data() + place->size(), at);
  const std::size_t most = std::min<std::size_t>(request.max_items.value_or(0) > 0
                                                     ? static_cast<std::size_t>(*request.max_items)
                                                     : kRowsOfAPage,
                                                 kRowsOfAPage);
  api::GetQueryResultsResponse response{
      .query_language = "CWLI",
      .results = std::vector<std::vector<api::ResultField>>(),
      .statistics = StatisticsOf(*ran),
      .status = ran->status,
  };
  for (; at < ran->rows.size() && response.results->size() < most; ++at) {
    std::vector<api::ResultField> row;
    for (const auto& [field, value] : ran->rows[at]) row.push_back({field, value});
    response.results->push_back(std::move(row));
  }
  if (at < ran->rows.size()) response.next_token = NameToken(std::to_string(at));
  return response;
}

// Errors: not found; invalid input, since no query runs for long.
Result<api::StopQueryResponse> StopQuery(const api::StopQueryRequest& request, Service& service,
                                         wire::CallContext& /*context*/) {
  const auto ran = service.queries.Find(request.query_id);
  if (!ran) return NotFound("The query " + request.query_id + " does not exist.");
  return InvalidInput("Query is already ended with status: " + ran->status);
}

// The queries of this run of the server, newest first. Errors: none.
Result<api::DescribeQueriesResponse> DescribeQueries(const api::DescribeQueriesRequest& request,
                                                     Service& service,
                                                     wire::CallContext& /*context*/) {
  api::DescribeQueriesResponse response{.queries = std::vector<api::QueryInfo>()};
  for (const RanQuery& ran : service.queries.List()) {
    if (request.log_group_name && *request.log_group_name != ran.group) continue;
    if (request.status && *request.status != ran.status) continue;
    if (request.max_results &&
        static_cast<std::int64_t>(response.queries->size()) == *request.max_results) {
      break;
    }
    response.queries->push_back({.query_language = "CWLI",
                                 .query_id = ran.id,
                                 .query_string = ran.text,
                                 .status = ran.status,
                                 .create_time = ran.created,
                                 .log_group_name = ran.group,
                                 .query_duration = ran.duration_ms,
                                 .bytes_scanned = ran.bytes});
  }
  return response;
}

}  // namespace usher::logs
