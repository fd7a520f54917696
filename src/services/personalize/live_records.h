// LiveRecords: items or users that came one by one (PutItems, PutUsers): durable before they are
// acknowledged, and in memory, the newest record of each id. A record replaces the whole of the one
// before it and of the imported one.
//
// On disk:  services/personalize/row_log.h; read once at the first use after a start.
// Threads:  safe from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/value.h"
#include "engine/filter_data.h"
#include "services/personalize/avro_schema.h"
#include "services/personalize/row_log.h"

namespace usher::personalize {

inline constexpr std::size_t kMaxLiveRecords = 5'000'000;  // different ids; then more are refused

struct LiveRecord {
  std::string id;
  ValueMap columns;  // by name of the schema's field, without the id; fields left out are null
};

class LiveRecords final : public engine::NewerRecords {
 public:
  // Reads the log in `folder`, which is made by the first Put where it is missing. Errors: corrupt;
  // internal.
  static Result<std::unique_ptr<LiveRecords>> Open(std::string folder);

  // When this returns, the records are durable, and every request that begins afterwards sees them.
  // Errors: limit exceeded; internal.
  Result<void> Put(std::int64_t now_ms, std::span<const LiveRecord> records);

  // Grows with every Put: what was made of the records of one version holds as long as it is the
  // same.
  [[nodiscard]] std::uint64_t version() const override;
  [[nodiscard]] bool empty() const { return version() == 0; }

  // The record's columns while `visit` runs; false when there is none. A lock is held meanwhile.
  bool Visit(std::string_view id, const std::function<void(const ValueMap&)>& visit) const override;
  // All of them, by id. A lock is held meanwhile: `visit` must not call this object.
  void ForEach(
      const std::function<void(const std::string& id, const ValueMap&)>& visit) const override;

  // Writes the rows of an import (none when `imported` is empty) less those that were replaced, and
  // the records, into a Parquet file of the schema, whose id is `id_column`. Errors: corrupt;
  // internal.
  Result<std::uint64_t> WriteRows(const AvroSchema& schema, std::string_view id_column,
                                  const std::string& imported, const std::string& path) const;

 private:
  explicit LiveRecords(std::string folder) : folder_(std::move(folder)) {}

  const std::string folder_;
  std::mutex put_mutex_;         // the log's order is the order of replacement
  std::unique_ptr<RowLog> log_;  // guarded by put_mutex_

  mutable std::shared_mutex mutex_;  // of what follows
  std::map<std::string, ValueMap, std::less<>> records_;
  std::uint64_t version_ = 0;
};

}  // namespace usher::personalize
