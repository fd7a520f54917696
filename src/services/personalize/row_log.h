// RowLog: rows of a dataset that came one by one, in the order in which they came, in an event log
// (storage/event_log.h) of which nothing ever goes. A row is a JSON object; docs/formats.md says
// what is in it.
//
// Durability: Append returns when the rows are on the disk; calls that wait at the same time share
//             a sync.
// Threads:    safe from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "base/result.h"
#include "base/value.h"
#include "storage/event_log.h"

namespace usher::personalize {

class RowLog {
 public:
  // Makes the folder and those above it where they are missing, and packs the files that are full.
  // Errors: corrupt; internal.
  static Result<std::unique_ptr<RowLog>> Open(const std::string& folder);

  // Rows of one call, by the clock `now_ms`. Errors: internal.
  Result<void> Append(std::int64_t now_ms, std::span<const std::string> rows);

  // Every row that is on the disk, oldest first, until `visit` gives an error. Errors: corrupt;
  // internal; those of `visit`.
  Result<void> ForEach(const std::function<Result<void>(const Value& row)>& visit) const;

 private:
  explicit RowLog(std::unique_ptr<storage::EventLog> log) : log_(std::move(log)) {}

  std::unique_ptr<storage::EventLog> log_;
  std::mutex mutex_;
  std::int64_t latest_ms_ = 0;  // guarded; time never goes back, since it is the order
};

}  // namespace usher::personalize
