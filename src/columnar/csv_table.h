// CsvTableReader: CSV files as typed batches, parsed by several threads and given out in the order
// of the files, so that nothing depends on the number of threads.
//
// Header:  columns are found by name in any order; others are ignored; those that are missing are
//          named together. All files of one table must have the same header.
// Null:    an empty field, quoted or not, where the column allows it.
// Errors:  kInvalidInput, "NAME: line N: …", with the column, the value and what is accepted. Which
//          of several errors is told does not depend on threads. kInternal when a file cannot be
//          read.
// Memory:  a few blocks for each thread, whatever the size of the files.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "columnar/csv_reader.h"
#include "columnar/table.h"

namespace usher::columnar {

struct CsvInput {
  std::string name;  // for error messages: what the user calls the file
  std::string path;
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> size;  // nullopt: up to the end of the file
};

inline constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

struct CsvColumn {
  ColumnSpec spec;
  std::size_t max_characters = kNoLimit;   // of a string; a longer one is an error
  std::size_t keep_characters = kNoLimit;  // of a string; a longer one is cut
  bool epoch_seconds = false;              // of an integer: must be a plausible time in seconds
};

// Times after this are taken for milliseconds (in seconds, it is in the year 5138).
inline constexpr std::int64_t kMaxEpochSeconds = 99'999'999'999;

struct CsvTableOptions {
  CsvLimits limits;
  int threads = 0;  // 0: as many as the machine has
};

class CsvTableReader {
 public:
  // Opens the first file and finds the columns in its header.
  static Result<std::unique_ptr<CsvTableReader>> Open(std::vector<CsvInput> inputs,
                                                      std::vector<CsvColumn> columns,
                                                      CsvTableOptions options = {});
  virtual ~CsvTableReader() = default;

  // Fills `batch` (at least one row) with the next rows; false at the end. String columns have the
  // values of this batch only as dictionary, in first-seen order.
  virtual Result<bool> Next(Batch& batch) = 0;

  // Share of the bytes given out so far, 0 to 1.
  [[nodiscard]] virtual double fraction() const = 0;
};

// The header of one file. Errors as above.
Result<std::vector<std::string>> ReadCsvHeader(const CsvInput& input);

}  // namespace usher::columnar
