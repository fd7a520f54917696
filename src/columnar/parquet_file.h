// Parquet: tables of typed, nullable columns in files that any Parquet reader opens.
//
// Layout:  one row group for each batch written; strings dictionary-encoded unless most of them
//          differ, integers delta-encoded, snappy pages with checksums. The dictionary of a row
//          group holds only its own values, so the cost of a file does not grow faster than its
//          rows.
// Errors:  kCorrupt for a file that is not such a table, kNotFound, kInternal when the disk fails.
// Threads: one thread at a time per object; columns are written and read on several inside.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "columnar/table.h"

namespace usher::columnar {

// Rows of a batch that is written as one row group; fewer where strings are long.
inline constexpr std::size_t kRowGroupRows = std::size_t{1} << 22;
inline constexpr std::size_t kRowGroupStringBytes = std::size_t{256} << 20;

class TableWriter {
 public:
  // Writes go to a temporary file beside `path`, which appears only by Finish. `specs` not empty.
  static Result<std::unique_ptr<TableWriter>> Create(std::string path,
                                                     std::vector<ColumnSpec> specs);
  virtual ~TableWriter() = default;

  virtual Result<void> Write(const Batch& batch) = 0;
  // Syncs and publishes the file and gives its size in bytes. To be called once.
  virtual Result<std::uint64_t> Finish() = 0;
};

class TableReader {
 public:
  static Result<std::unique_ptr<TableReader>> Open(const std::string& path);
  virtual ~TableReader() = default;

  [[nodiscard]] virtual const std::vector<ColumnSpec>& specs() const = 0;
  [[nodiscard]] virtual std::uint64_t rows() const = 0;
  [[nodiscard]] virtual std::size_t group_count() const = 0;
  // One row group. With `columns` (indices in specs()) only those, in that order.
  virtual Result<Batch> Read(std::size_t group) = 0;
  virtual Result<Batch> Read(std::size_t group, const std::vector<std::size_t>& columns) = 0;
};

// Gathers batches into larger ones with a dictionary of their own: what row groups are made of.
class BatchMerger {
 public:
  explicit BatchMerger(std::vector<ColumnSpec> specs);
  ~BatchMerger();
  BatchMerger(const BatchMerger&) = delete;
  BatchMerger& operator=(const BatchMerger&) = delete;

  void Add(const Batch& batch);
  // Only the rows for which keep[row] is not 0; keep.size() == batch.rows.
  void Add(const Batch& batch, const std::vector<std::uint8_t>& keep);
  [[nodiscard]] std::size_t rows() const { return merged_.rows; }
  // True when the batch has grown to the size of a row group.
  [[nodiscard]] bool full() const;
  // What was gathered; the merger is empty afterwards.
  Batch Take();

 private:
  struct Codes;
  template <typename Rows>
  void AddRows(const Batch& batch, const Rows& rows);

  std::vector<ColumnSpec> specs_;
  Batch merged_;
  std::unique_ptr<Codes> codes_;
};

}  // namespace usher::columnar
