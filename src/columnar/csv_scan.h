// ScanSeparators: where the fields and records of CSV text end. The one place that knows the
// quoting rules.
//
// Rules:   a field that begins with '"' runs to the next '"' that is not escaped; inside it '""',
//          '\"' and '\\' stand for '"', '"' and '\' (RFC 4180 and the import format of Amazon
//          Personalize), and commas and newlines are text. A quote anywhere else is text. Records
//          end with '\n'; a '\r' before it belongs to the line ending.
// Cost:    O(bytes), 64 bytes a step; text without quotes is bound by memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace usher::columnar {

// Where the scan of a text stands, so that it can go on in the next piece.
struct CsvScanState {
  bool in_quotes = false;
  std::size_t quote_begin = 0;  // position of the opening quote, when in_quotes
  std::size_t record_end = 0;   // position after the last '\n' that ends a record
  std::size_t separators = 0;   // number of ',' and '\n' outside quotes
};

// Writes the position of each ',' and '\n' outside quotes to `separators`, which has room for
// text.size() positions (nullptr: only the state is wanted). `text` begins at the start of a record
// and is shorter than 4 GiB.
CsvScanState ScanSeparators(std::string_view text, std::uint32_t* separators);

// The same for text that is known to hold no quote, where every ',' and '\n' counts. Writes to
// `separators`, which has room for text.size() positions, and gives their number.
std::size_t ScanUnquotedSeparators(std::string_view text, std::uint32_t* separators);

// The text of a field in quotes: `raw` begins with '"'. Views `raw` where nothing is escaped, else
// what was appended to `scratch`, which must have room for raw.size() more. False when there is
// something after the closing quote.
bool UnquoteField(std::string_view raw, std::string& scratch, std::string_view& text);

// Number of '\n' in `text`.
std::uint64_t CountNewlines(std::string_view text);

}  // namespace usher::columnar
