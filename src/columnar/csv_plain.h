// ReadPlainCsv: the plain case of an interactions file in a fraction of the time of
// CsvTableReader: no quotes, ASCII, ids of at most 16 bytes, times and numbers in their simplest
// form. Whatever is not plain is left to CsvTableReader, which also knows how to say what is wrong.
//
// Method:  threads take turns at blocks of whole lines; each numbers the ids that it meets,
// compared
//          as one or two machine words, and notes where it met them first. At the end the numbers
//          are exchanged for those in the order of the file, so that nothing depends on threads.
// Cost:    O(bytes); about 25 ns a line of 27 bytes on one thread.
// Memory:  4 bytes a row for each key column, 8 for the times, 4 for the numbers; a few blocks for
//          each thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "columnar/table.h"

namespace usher::columnar {

inline constexpr std::size_t kMaxPlainIdBytes = 16;

// Which field is what, counted from 0.
struct PlainCsvFields {
  std::size_t count = 0;              // of a line
  std::vector<std::size_t> keys;      // texts to be numbered
  std::size_t epoch = 0;              // Unix time in seconds
  std::optional<std::size_t> number;  // decimal number, or empty
};

struct PlainCsvTable {
  std::vector<std::vector<std::uint32_t>> codes;  // of each key, of each row: index in its names
  std::vector<StringList> names;                  // of each key, in the order first seen
  std::vector<std::int64_t> epochs;
  std::vector<float> numbers;  // NaN where empty; no entries without a number field
};

struct PlainCsvOptions {
  int threads = 0;                       // 0: as many as the machine has
  std::size_t block_bytes = 128 << 10;   // read at a time; fits the second-level cache
  std::function<void(double)> progress;  // share done, from the calling thread; may be empty
};

// nullopt when the file is not plain. Errors: kNotFound, kInternal when it cannot be read.
Result<std::optional<PlainCsvTable>> ReadPlainCsv(const std::string& path,
                                                  const PlainCsvFields& fields,
                                                  const PlainCsvOptions& options = {});

}  // namespace usher::columnar
