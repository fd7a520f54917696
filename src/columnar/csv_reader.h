// CsvReader: CSV text of any length as blocks of whole records, in bounded memory; CsvCursor: the
// records of a block. Quoting rules: columnar/csv_scan.h. The first record is the header; a UTF-8
// byte order mark before it is skipped, empty lines are skipped everywhere.
//
// Errors:  kInvalidInput with the line (1 is the header): a quote that is never closed (the line
//          where it begins), a record too long, too few or too many fields, text that is not UTF-8.
// Threads: one thread at a time per object; blocks are independent, so several may be parsed at
//          once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_source.h"
#include "base/result.h"

namespace usher::columnar {

struct CsvLimits {
  std::size_t block_bytes = std::size_t{1} << 20;       // read at once; a block may grow to
                                                        // block_bytes + max_record_bytes
  std::size_t max_record_bytes = std::size_t{1} << 20;  // longest record, its newline included
  std::size_t max_columns = 1000;                       // in the header
};

struct CsvBlock {
  std::string bytes;             // whole records, each ended by '\n'
  std::uint64_t first_line = 0;  // line number of the first byte
  bool has_quotes = false;
};

class CsvReader {
 public:
  // Reads the header.
  static Result<std::unique_ptr<CsvReader>> Open(std::shared_ptr<ByteSource> source,
                                                 CsvLimits limits = {});

  [[nodiscard]] const std::vector<std::string>& header() const { return header_; }

  // Fills `block` with the next records; false at the end of the text.
  Result<bool> NextBlock(CsvBlock& block);

 private:
  CsvReader(std::shared_ptr<ByteSource> source, CsvLimits limits)
      : source_(std::move(source)), limits_(limits) {}
  Result<void> ReadHeader();
  Result<void> ReadMore();
  void FindWholeRecords();
  [[nodiscard]] std::uint64_t LineOf(std::size_t position) const;

  std::shared_ptr<ByteSource> source_;
  CsvLimits limits_;
  std::vector<std::string> header_;
  std::string pending_;     // read but not given out; begins at the start of a record
  std::uint64_t line_ = 1;  // line number of its first byte
  // Of pending_, by FindWholeRecords:
  std::size_t whole_ = 0;  // bytes of whole records at its beginning
  bool has_quotes_ = false;
  std::optional<std::size_t> open_quote_;  // where a quoted field begins that does not end
  bool at_end_ = false;
};

class CsvCursor {
 public:
  CsvCursor(std::size_t field_count, std::size_t max_record_bytes)
      : field_count_(field_count), max_record_bytes_(max_record_bytes) {}

  // Begins at the first record of `block`, which must stay until the cursor has left it.
  void Begin(const CsvBlock& block);
  // To the next record; false at the end of the block and on an error.
  bool Next();
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }

  // The text of a field of the present record, without quotes; valid until Next. False when
  // something stands after its closing quote.
  bool Field(std::size_t index, std::string_view& text);
  // Line on which the present record begins. Cost: O(bytes before it).
  [[nodiscard]] std::uint64_t line() const;

 private:
  [[nodiscard]] std::size_t FieldBegin(std::size_t index) const {
    return index == 0 ? record_begin_ : separators_[first_separator_ + index - 1] + std::size_t{1};
  }
  bool FailFieldCount();

  std::size_t field_count_;
  std::size_t max_record_bytes_;
  const CsvBlock* block_ = nullptr;
  std::unique_ptr<std::uint32_t[]> separators_;  // positions in the block; not set to 0 beforehand
  std::size_t separator_room_ = 0;
  std::size_t separator_count_ = 0;
  std::size_t first_separator_ = 0;  // of the present record
  std::size_t next_separator_ = 0;   // of the next one
  std::size_t record_begin_ = 0;
  std::size_t next_begin_ = 0;
  std::string scratch_;  // fields with escapes, unescaped
  std::optional<Error> error_;
};

}  // namespace usher::columnar
