#include "columnar/csv_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/text.h"
#include "columnar/csv_scan.h"

namespace usher::columnar {
namespace {

constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";
constexpr std::size_t kLongestMagic = 4;  // bytes that NotCsv and the mark look at

Error AtLine(std::uint64_t line, const std::string& what) {
  return InvalidInput("line " + std::to_string(line) + ": " + what);
}

Error TooLong(std::uint64_t line, std::size_t limit) {
  return AtLine(line, "the record is longer than " + std::to_string(limit) +
                          " bytes; is a line break missing?");
}

// Formats that are often uploaded by mistake, told by their first bytes.
std::optional<Error> NotCsv(std::string_view text) {
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    return InvalidInput("the file is UTF-16 text; save it as UTF-8");
  }
  if (text.starts_with("\x1F\x8B")) {
    return InvalidInput("the file is compressed with gzip; give plain CSV");
  }
  if (text.starts_with("PK\x03\x04")) {
    return InvalidInput("the file is a zip archive or a spreadsheet; give plain CSV");
  }
  if (text.starts_with("PAR1")) return InvalidInput("the file is Parquet; give plain CSV");
  return std::nullopt;
}

bool IsBlankLine(std::string_view line) { return line == "\n" || line == "\r\n"; }

}  // namespace

Result<std::unique_ptr<CsvReader>> CsvReader::Open(std::shared_ptr<ByteSource> source,
                                                   CsvLimits limits) {
  Check(limits.block_bytes > 0 && limits.block_bytes + limits.max_record_bytes < (1U << 31),
        "CSV limits fit 32-bit positions");
  std::unique_ptr<CsvReader> reader(new CsvReader(std::move(source), limits));
  if (const auto read = reader->ReadHeader(); !read) return read.error();
  return reader;
}

Result<void> CsvReader::ReadMore() {
  const std::size_t before = pending_.size();
  pending_.resize(before + limits_.block_bytes);
  std::size_t filled = before;
  while (filled < pending_.size()) {
    const auto count = source_->Read({pending_.data() + filled, pending_.size() - filled});
    if (!count) return count.error();
    if (*count == 0) {
      at_end_ = true;
      break;
    }
    filled += *count;
  }
  pending_.resize(filled);
  // The last record may lack its newline; from here on every record has one.
  if (at_end_ && !pending_.empty() && pending_.back() != '\n') pending_.push_back('\n');
  return {};
}

void CsvReader::FindWholeRecords() {
  open_quote_.reset();
  has_quotes_ = pending_.find('"') != std::string::npos;
  if (!has_quotes_) {
    const std::size_t last = pending_.rfind('\n');
    whole_ = last == std::string::npos ? 0 : last + 1;
    return;
  }
  const CsvScanState state = ScanSeparators(pending_, nullptr);
  if (state.in_quotes) open_quote_ = state.quote_begin;
  whole_ = state.record_end;
}

std::uint64_t CsvReader::LineOf(std::size_t position) const {
  return line_ + CountNewlines(std::string_view(pending_).substr(0, position));
}

Result<void> CsvReader::ReadHeader() {
  if (const auto read = ReadMore(); !read) return read;
  // Enough to tell the file's kind, also where blocks are tiny.
  while (!at_end_ && pending_.size() < kLongestMagic) {
    if (const auto read = ReadMore(); !read) return read;
  }
  if (const auto mistaken = NotCsv(pending_)) return *mistaken;
  if (pending_.starts_with(kUtf8Mark)) pending_.erase(0, kUtf8Mark.size());

  while (true) {
    FindWholeRecords();
    if (whole_ > 0) {
      const std::size_t newline = pending_.find('\n');
      if (!IsBlankLine(std::string_view(pending_).substr(0, newline + 1))) break;
      pending_.erase(0, newline + 1);
      ++line_;
      continue;
    }
    if (at_end_) {
      if (open_quote_) return AtLine(LineOf(*open_quote_), "a quoted field is never closed");
      return InvalidInput("the file is empty; its first line must be the header");
    }
    if (pending_.size() > limits_.max_record_bytes) {
      return AtLine(line_, "the header is longer than " + std::to_string(limits_.max_record_bytes) +
                               " bytes");
    }
    if (const auto read = ReadMore(); !read) return read;
  }

  std::vector<std::uint32_t> separators(whole_);
  const std::size_t count =
      ScanSeparators(std::string_view(pending_).substr(0, whole_), separators.data()).separators;
  std::size_t columns = 1;
  while (columns < count && pending_[separators[columns - 1]] != '\n') ++columns;
  const std::size_t end = separators[columns - 1] + std::size_t{1};
  if (columns > limits_.max_columns) {
    return AtLine(line_,
                  "the header has more than " + std::to_string(limits_.max_columns) + " columns");
  }

  CsvBlock block{.bytes = pending_.substr(0, end), .first_line = line_, .has_quotes = true};
  if (!IsUtf8(block.bytes)) return AtLine(line_, "the header is not UTF-8 text");
  CsvCursor cursor(columns, limits_.max_record_bytes);
  cursor.Begin(block);
  if (!cursor.Next()) return cursor.error().value_or(Internal("the header cannot be read"));
  for (std::size_t i = 0; i < columns; ++i) {
    std::string_view name;
    if (!cursor.Field(i, name)) {
      return AtLine(line_, "column " + std::to_string(i + 1) +
                               " of the header has text after its closing quote");
    }
    header_.emplace_back(Trim(name));
  }
  line_ += CountNewlines(block.bytes);
  pending_.erase(0, end);
  return {};
}

Result<bool> CsvReader::NextBlock(CsvBlock& block) {
  whole_ = 0;
  open_quote_.reset();
  // What is pending is less than one block, except right after the header.
  if (pending_.size() >= limits_.block_bytes || at_end_) FindWholeRecords();
  while (whole_ == 0 && !at_end_) {
    if (const auto read = ReadMore(); !read) return read.error();
    FindWholeRecords();
    if (whole_ == 0 && !at_end_ && pending_.size() > limits_.max_record_bytes) break;
  }
  if (pending_.empty()) return false;

  const std::size_t rest = pending_.size() - whole_;
  if (open_quote_ && (at_end_ || rest > limits_.max_record_bytes)) {
    // Records before it are still good, but the file cannot be taken: say so at once.
    return AtLine(LineOf(*open_quote_),
                  at_end_ ? "a quoted field begins here and is never closed; inside quotes write "
                            "a quote as \\\" or \"\""
                          : "a quoted field begins here and is not closed within " +
                                std::to_string(limits_.max_record_bytes) + " bytes");
  }
  if (rest > limits_.max_record_bytes) return TooLong(LineOf(whole_), limits_.max_record_bytes);

  // The long piece changes hands, the short one is copied.
  block.first_line = line_;
  block.has_quotes = has_quotes_;
  block.bytes.swap(pending_);
  pending_.assign(block.bytes, whole_);
  block.bytes.resize(whole_);
  line_ += CountNewlines(block.bytes);
  return true;
}

void CsvCursor::Begin(const CsvBlock& block) {
  block_ = &block;
  if (separator_room_ < block.bytes.size()) {
    separator_room_ = block.bytes.size();
    separators_ = std::make_unique_for_overwrite<std::uint32_t[]>(separator_room_);
  }
  if (block.has_quotes) {
    separator_count_ = ScanSeparators(block.bytes, separators_.get()).separators;
    scratch_.reserve(block.bytes.size());
  } else {
    separator_count_ = ScanUnquotedSeparators(block.bytes, separators_.get());
  }
  next_separator_ = 0;
  next_begin_ = 0;
  error_.reset();
}

bool CsvCursor::Next() {
  const std::string& bytes = block_->bytes;
  while (next_separator_ < separator_count_) {
    record_begin_ = next_begin_;
    first_separator_ = next_separator_;
    // The last field's separator must be the record's first newline; the block ends with one.
    const std::size_t last = first_separator_ + field_count_ - 1;
    std::size_t at = first_separator_;
    while (at < last && bytes[separators_[at]] == ',') ++at;
    next_separator_ = at + 1;
    next_begin_ = separators_[at] + std::size_t{1};

    const std::size_t size = next_begin_ - record_begin_;
    if (size <= 2 && IsBlankLine(std::string_view(bytes).substr(record_begin_, size))) continue;
    if (at != last || bytes[separators_[at]] != '\n') return FailFieldCount();
    if (size > max_record_bytes_) {
      error_ = TooLong(line(), max_record_bytes_);
      return false;
    }
    scratch_.clear();
    return true;
  }
  return false;
}

bool CsvCursor::FailFieldCount() {
  std::size_t fields = 1;
  while (block_->bytes[separators_[first_separator_ + fields - 1]] != '\n') ++fields;
  error_ = AtLine(line(), "the record has " + std::to_string(fields) +
                              (fields == 1 ? " field" : " fields") + ", the header has " +
                              std::to_string(field_count_) +
                              "; put fields that contain commas in quotes");
  return false;
}

bool CsvCursor::Field(std::size_t index, std::string_view& text) {
  const std::size_t begin = FieldBegin(index);
  std::size_t end = separators_[first_separator_ + index];
  const std::string& bytes = block_->bytes;
  if (index + 1 == field_count_ && end > begin && bytes[end - 1] == '\r') --end;
  text = std::string_view(bytes).substr(begin, end - begin);
  if (text.empty() || text.front() != '"') return true;
  return UnquoteField(text, scratch_, text);
}

std::uint64_t CsvCursor::line() const {
  return block_->first_line +
         CountNewlines(std::string_view(block_->bytes).substr(0, record_begin_));
}

}  // namespace usher::columnar
