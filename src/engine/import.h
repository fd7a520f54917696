// Import: CSV files with a schema become one Parquet file, or an error that says which line to
// mend.
//
// Source:  Amazon Personalize developer guide, "Preparing training data" and "Importing bulk data".
// FULL:    the files replace what was there. INCREMENTAL: they are added to `existing_path`;
//          interactions of which every field equals one that is already there are dropped, users
//          and items replace those with the same id. In both modes the last of several rows with
//          the same user or item id stays.
// Errors:  kInvalidInput: "FILE: line N: …", the columns that are missing, too few rows, too many
//          bytes; kCorrupt when the existing file is; kCancelled; kInternal.
// Memory:  bounded by a row group (some 100 MB) in FULL; by the new rows (16 to 32 bytes each, plus
//          ids of users and items) in INCREMENTAL and for users and items.
// The published file is complete or absent, and does not depend on the number of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "columnar/csv_table.h"
#include "columnar/table.h"

namespace usher::engine {

// Source of the limits: Amazon Personalize developer guide, "Endpoints and quotas".
inline constexpr std::size_t kMaxImportIdCharacters = 256;
inline constexpr std::size_t kMaxImportStringCharacters = 1000;
inline constexpr std::size_t kMaxImportTextCharacters = 20'000;  // textual fields are cut here
inline constexpr std::uint64_t kMinImportInteractions = 1000;    // rows of an import
inline constexpr std::uint64_t kMaxFullImportBytes = std::uint64_t{100} << 30;
inline constexpr std::uint64_t kMaxIncrementalImportBytes = std::uint64_t{1} << 30;

enum class ImportDataset { kInteractions, kItems, kUsers };
enum class ImportMode { kFull, kIncremental };

// A field of the dataset's schema, already checked against the rules for schemas.
struct ImportField {
  std::string name;
  columnar::ColumnType type = columnar::ColumnType::kString;
  bool nullable = false;
  bool textual = false;
};

struct ImportRequest {
  ImportDataset dataset = ImportDataset::kInteractions;
  ImportMode mode = ImportMode::kFull;
  std::vector<ImportField> fields;
  std::vector<columnar::CsvInput> inputs;  // at least one; named as the user knows them
  std::string existing_path;               // of an earlier import; empty when there is none
  std::string output_path;                 // differs from existing_path

  int threads = 0;                                // 0: as many as the machine has
  std::function<void(double fraction)> progress;  // from the calling thread; may be empty
  std::stop_token stop;
};

struct ImportResult {
  std::uint64_t rows_read = 0;        // of the CSV files
  std::uint64_t rows_published = 0;   // of the Parquet file, earlier rows included
  std::uint64_t duplicates = 0;       // read but not published: they were there already
  std::uint64_t replaced = 0;         // earlier rows that a later one with the same id replaced
  std::uint64_t bytes_published = 0;  // size of the Parquet file
};

Result<ImportResult> Import(const ImportRequest& request);

}  // namespace usher::engine
