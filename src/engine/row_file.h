// RowFile: rows that came one by one, as a Parquet file of the form that an import publishes.
//
// Cost:    memory of one row group, as of an import.
// Threads: one at a time per object.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/value.h"
#include "columnar/parquet_file.h"
#include "columnar/table.h"

namespace usher::engine {

class RowFile {
 public:
  // `specs` not empty. The file appears by Finish. Errors: kInternal.
  static Result<std::unique_ptr<RowFile>> Create(std::string path,
                                                 std::vector<columnar::ColumnSpec> specs);
  ~RowFile();
  RowFile(const RowFile&) = delete;
  RowFile& operator=(const RowFile&) = delete;

  // A value for each column: a string, a whole number, a number (also for columns of numbers a
  // whole one), a bool, or null where the column may be. Errors: kInternal.
  Result<void> Add(std::span<const Value> row);

  // The rows of an earlier file, matched by column name; columns that it lacks are null. With
  // `ids`, rows whose string in column `id_column` is among them are left out. Errors: kCorrupt,
  // also when a column has another type; kNotFound; kInternal.
  Result<void> AddFile(const std::string& path, std::string_view id_column = {},
                       const std::vector<std::string>& ids = {});

  // Syncs and publishes; gives the number of rows. To be called once. Errors: kInternal.
  Result<std::uint64_t> Finish();

 private:
  class Rows;

  RowFile(std::unique_ptr<columnar::TableWriter> writer, std::vector<columnar::ColumnSpec> specs);
  Result<void> Put(const columnar::Batch& batch, const std::vector<std::uint8_t>* keep);
  Result<void> FlushRows();

  std::unique_ptr<columnar::TableWriter> writer_;
  std::vector<columnar::ColumnSpec> specs_;
  columnar::BatchMerger merger_;
  std::unique_ptr<Rows> rows_;
  std::uint64_t count_ = 0;
};

}  // namespace usher::engine
