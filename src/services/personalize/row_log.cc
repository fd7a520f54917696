#include "services/personalize/row_log.h"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <utility>
#include <vector>

#include "json/json.h"

namespace usher::personalize {
namespace {

constexpr std::uint64_t kStream = 1;  // all rows are one stream
constexpr storage::EventLog::Limits kLimits{.segment_bytes = std::uint64_t{64} << 20,
                                            .segment_ms = std::numeric_limits<std::int64_t>::max(),
                                            .max_bytes = std::numeric_limits<std::uint64_t>::max()};
constexpr std::size_t kRowsAtOnce = 50'000;
constexpr std::size_t kBytesAtOnce = std::size_t{32} << 20;

}  // namespace

Result<std::unique_ptr<RowLog>> RowLog::Open(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(folder).parent_path(), error);
  if (error) return Internal("cannot make the folder of rows: " + error.message());
  auto log = storage::EventLog::Open(folder, kLimits);
  if (!log) return log.error();
  std::unique_ptr<RowLog> rows(new RowLog(*std::move(log)));
  if (const auto span = rows->log_->SpanOf(kStream)) rows->latest_ms_ = span->last;
  if (rows->log_->wants_sealing()) {
    if (auto packed = rows->log_->Maintain(rows->latest_ms_, std::nullopt); !packed) {
      return packed.error();
    }
  }
  return rows;
}

Result<void> RowLog::Append(std::int64_t now_ms, std::span<const std::string> rows) {
  {
    const std::lock_guard lock(mutex_);
    latest_ms_ = now_ms = std::max(now_ms, latest_ms_);
  }
  std::vector<storage::NewEvent> events;
  events.reserve(rows.size());
  for (const std::string& row : rows) events.push_back({.time = now_ms, .message = row});
  return log_->Append(kStream, now_ms, events);
}

Result<void> RowLog::ForEach(const std::function<Result<void>(const Value& row)>& visit) const {
  storage::EventQuery query;
  query.limit = kRowsAtOnce;
  query.max_bytes = kBytesAtOnce;
  do {
    const auto page = log_->Read(query);
    if (!page) return page.error();
    for (const storage::StoredEvent& event : page->events) {
      const auto row = json::Parse(event.message);
      if (!row || !row->as_map()) return Corrupt("a row of an event log is no JSON object");
      if (auto visited = visit(*row); !visited) return visited;
    }
    query.beyond = page->next;
  } while (query.beyond);
  return {};
}

}  // namespace usher::personalize
