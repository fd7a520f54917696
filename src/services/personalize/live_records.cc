#include "services/personalize/live_records.h"

#include <filesystem>
#include <utility>
#include <vector>

#include "engine/row_file.h"
#include "json/json.h"
#include "services/personalize/schema_columns.h"

namespace usher::personalize {
namespace {

// A row of the log; docs/formats.md names the members.
std::string RowOf(const LiveRecord& record) {
  std::string row = "{\"id\":";
  json::AppendString(row, record.id);
  row += ",\"c\":";
  json::Append(row, Value(record.columns));
  return row + "}";
}

}  // namespace

Result<std::unique_ptr<LiveRecords>> LiveRecords::Open(std::string folder) {
  std::unique_ptr<LiveRecords> live(new LiveRecords(std::move(folder)));
  std::error_code error;
  if (!std::filesystem::exists(live->folder_, error)) return live;
  auto log = RowLog::Open(live->folder_);
  if (!log) return log.error();
  live->log_ = *std::move(log);
  const auto read = live->log_->ForEach([&](const Value& row) -> Result<void> {
    const Value* id = row.Find("id");
    const Value* columns = row.Find("c");
    if (!id || !id->as_string() || !columns || !columns->as_map()) {
      return Corrupt("a row of individual records has not the form that it should have");
    }
    live->records_.insert_or_assign(*id->as_string(), *columns->as_map());
    ++live->version_;
    return {};
  });
  if (!read) return read.error();
  return live;
}

Result<void> LiveRecords::Put(std::int64_t now_ms, std::span<const LiveRecord> records) {
  const std::lock_guard putting(put_mutex_);
  if (records_.size() >= kMaxLiveRecords) {  // changes only under put_mutex_
    return LimitExceeded("more than " + std::to_string(kMaxLiveRecords) +
                         " records came one by one; no more are taken: use an import");
  }
  if (!log_) {
    auto log = RowLog::Open(folder_);
    if (!log) return log.error();
    log_ = *std::move(log);
  }
  std::vector<std::string> rows;
  rows.reserve(records.size());
  for (const LiveRecord& record : records) rows.push_back(RowOf(record));
  if (auto written = log_->Append(now_ms, rows); !written) return written;
  const std::unique_lock lock(mutex_);
  for (const LiveRecord& record : records) records_.insert_or_assign(record.id, record.columns);
  ++version_;
  return {};
}

std::uint64_t LiveRecords::version() const {
  const std::shared_lock lock(mutex_);
  return version_;
}

bool LiveRecords::Visit(std::string_view id,
                        const std::function<void(const ValueMap&)>& visit) const {
  const std::shared_lock lock(mutex_);
  const auto found = records_.find(id);
  if (found == records_.end()) return false;
  visit(found->second);
  return true;
}

void LiveRecords::ForEach(
    const std::function<void(const std::string& id, const ValueMap&)>& visit) const {
  const std::shared_lock lock(mutex_);
  for (const auto& [id, columns] : records_) visit(id, columns);
}

Result<std::uint64_t> LiveRecords::WriteRows(const AvroSchema& schema, std::string_view id_column,
                                             const std::string& imported,
                                             const std::string& path) const {
  // Copied, so that nobody waits for the file.
  const auto records = [&] {
    const std::shared_lock lock(mutex_);
    return records_;
  }();
  auto file = engine::RowFile::Create(path, ColumnsOf(schema));
  if (!file) return file.error();
  if (!imported.empty()) {
    std::vector<std::string> ids;
    ids.reserve(records.size());
    for (const auto& [id, columns] : records) ids.push_back(id);
    if (auto added = (*file)->AddFile(imported, id_column, ids); !added) return added.error();
  }
  std::vector<Value> cells;
  for (const auto& [id, columns] : records) {
    cells.clear();
    for (const SchemaField& field : schema.fields) {
      const Value* value = columns.Find(field.name);
      cells.push_back(field.name == id_column ? Value(id) : value ? *value : Value());
    }
    if (auto added = (*file)->Add(cells); !added) return added.error();
  }
  return (*file)->Finish();
}

}  // namespace usher::personalize
