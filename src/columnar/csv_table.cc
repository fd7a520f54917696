#include "columnar/csv_table.h"

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "base/text.h"
#include "columnar/csv_scan.h"
#include "columnar/string_codes.h"

namespace usher::columnar {
namespace {

constexpr std::size_t kMaxShownBytes = 64;   // of a bad value in a message
constexpr std::size_t kBlocksPerThread = 3;  // read ahead of the consumer
constexpr std::size_t kMaxOwnThreads = 16;   // when the caller names no number: more would only
                                             // hold more blocks, the consumer being one thread

std::string Shown(std::string_view value) {
  if (value.size() <= kMaxShownBytes) return "\"" + std::string(value) + "\"";
  // Not to end inside a character: continuation bytes are 10xxxxxx.
  std::size_t end = kMaxShownBytes;
  while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xC0U) == 0x80U) --end;
  return "\"" + std::string(value.substr(0, end)) + "…\"";
}

bool IsAscii(std::string_view text) {
  std::uint64_t high = 0;
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    high |= word;
  }
  for (; at < text.size(); ++at) high |= static_cast<unsigned char>(text[at]);
  return (high & 0x8080808080808080U) == 0;
}

// Bytes of the first `characters` characters of UTF-8 text, or all of it.
std::size_t PrefixBytes(std::string_view text, std::size_t characters) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool begins = (static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80U;
    if (begins && characters-- == 0) return at;
  }
  return text.size();
}

bool ParseInteger(std::string_view text, std::int64_t& value) {
  // 18 digits cannot overflow.
  if (!text.empty() && text.size() <= 18 && text.front() != '-') {
    std::int64_t sum = 0;
    for (const char c : text) {
      const auto digit = static_cast<unsigned>(static_cast<unsigned char>(c)) - '0';
      if (digit > 9) return false;
      sum = sum * 10 + digit;
    }
    value = sum;
    return true;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

bool ParseNumber(std::string_view text, double& value) {
  // The short form of ratings and prices: one digit, a point, one digit.
  if (text.size() == 3 && text[1] == '.' && text[0] >= '0' && text[0] <= '9' && text[2] >= '0' &&
      text[2] <= '9') {
    value = static_cast<double>((text[0] - '0') * 10 + (text[2] - '0')) / 10;
    return true;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value - value == 0;
}

std::string TypeName(ColumnType type) {
  switch (type) {
    case ColumnType::kString:
      return "a string";
    case ColumnType::kInt32:
      return "a whole number between -2147483648 and 2147483647";
    case ColumnType::kInt64:
      return "a whole number of at most 64 bits";
    case ColumnType::kFloat:
    case ColumnType::kDouble:
      return "a number";
    case ColumnType::kBool:
      return "true or false";
  }
  return "";
}

// Parses the blocks of one thread. Cells go straight into the columns of the batch.
class BlockParser {
 public:
  BlockParser(const std::vector<CsvColumn>& columns, const std::vector<std::size_t>& positions,
              std::size_t field_count, std::size_t max_record_bytes)
      : columns_(columns),
        positions_(positions),
        cursor_(field_count, max_record_bytes),
        codes_(columns.size()) {}

  Result<Batch> Parse(const CsvBlock& block) {
    Batch batch;
    batch.columns.resize(columns_.size());
    for (StringCodes& codes : codes_) codes.Clear();
    const bool checked = IsAscii(block.bytes) || IsUtf8(block.bytes);

    cursor_.Begin(block);
    while (cursor_.Next()) {
      for (std::size_t i = 0; i < columns_.size(); ++i) {
        std::string_view text;
        if (!cursor_.Field(positions_[i], text)) {
          return Bad(i,
                     "has text after its closing quote; inside quotes write a quote as \\\" or "
                     "\"\"");
        }
        if (!checked && !IsUtf8(text)) return Bad(i, "is not UTF-8 text");
        if (auto failure = Append(i, text, batch.rows, batch.columns[i])) {
          return *std::move(failure);
        }
      }
      ++batch.rows;
    }
    if (cursor_.error()) return *cursor_.error();
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      batch.columns[i].dictionary = codes_[i].Take();
    }
    return batch;
  }

 private:
  [[nodiscard]] Error Bad(std::size_t i, const std::string& what) const {
    return InvalidInput("line " + std::to_string(cursor_.line()) + ": " + columns_[i].spec.name +
                        " " + what);
  }

  std::optional<Error> Append(std::size_t i, std::string_view text, std::size_t row,
                              Column& column) {
    const CsvColumn& wanted = columns_[i];
    if (text.empty()) return AppendNull(i, row, column);
    if (!column.valid.empty()) column.valid.push_back(1);

    switch (wanted.spec.type) {
      case ColumnType::kString:
        return AppendString(i, text, column);
      case ColumnType::kInt32:
      case ColumnType::kInt64: {
        std::int64_t value = 0;
        const bool is_small = wanted.spec.type == ColumnType::kInt32;
        if (!ParseInteger(text, value) || (is_small && value != static_cast<std::int32_t>(value))) {
          return Bad(i, Shown(text) + " is not " + TypeName(wanted.spec.type));
        }
        if (wanted.epoch_seconds && (value < 0 || value > kMaxEpochSeconds)) {
          return Bad(i, Shown(text) + " is not a Unix time in seconds" +
                            (value > 0 ? "; it looks like milliseconds, divide it by 1000" : ""));
        }
        column.ints.push_back(value);
        return std::nullopt;
      }
      case ColumnType::kFloat:
      case ColumnType::kDouble: {
        double value = 0;
        if (!ParseNumber(text, value)) return Bad(i, Shown(text) + " is not a number");
        column.numbers.push_back(value);
        return std::nullopt;
      }
      case ColumnType::kBool: {
        const bool is_true = EqualsIgnoreCase(text, "true");
        if (!is_true && !EqualsIgnoreCase(text, "false")) {
          return Bad(i, Shown(text) + " is not true or false");
        }
        column.ints.push_back(is_true ? 1 : 0);
        return std::nullopt;
      }
    }
    return std::nullopt;
  }

  std::optional<Error> AppendNull(std::size_t i, std::size_t row, Column& column) {
    if (!columns_[i].spec.nullable) {
      return Bad(i, "is empty; only columns whose type in the schema includes null may be");
    }
    if (column.valid.empty()) column.valid.assign(row, 1);
    column.valid.push_back(0);
    switch (columns_[i].spec.type) {
      case ColumnType::kString:
        column.codes.push_back(codes_[i].CodeOf(""));
        break;
      case ColumnType::kFloat:
      case ColumnType::kDouble:
        column.numbers.push_back(0);
        break;
      default:
        column.ints.push_back(0);
    }
    return std::nullopt;
  }

  std::optional<Error> AppendString(std::size_t i, std::string_view text, Column& column) {
    const CsvColumn& wanted = columns_[i];
    if (text.size() > wanted.max_characters &&
        PrefixBytes(text, wanted.max_characters) < text.size()) {
      return InvalidInput("line " + std::to_string(cursor_.line()) +
                          ": Length cannot be more than " + std::to_string(wanted.max_characters) +
                          " characters for " + wanted.spec.name +
                          ". If no values exceed the character limit, make sure your data follows "
                          "the formatting guidelines: fields that contain commas, quotes or line "
                          "breaks stand in quotes.");
    }
    if (text.size() > wanted.keep_characters) {
      text = text.substr(0, PrefixBytes(text, wanted.keep_characters));
    }
    column.codes.push_back(codes_[i].CodeOf(text));
    return std::nullopt;
  }

  const std::vector<CsvColumn>& columns_;
  const std::vector<std::size_t>& positions_;
  CsvCursor cursor_;
  std::vector<StringCodes> codes_;
};

Result<std::unique_ptr<CsvReader>> OpenInput(const CsvInput& input, const CsvLimits& limits) {
  auto source = FileSource::Open(input.path, input.offset, input.size);
  if (!source) return source.error();
  auto reader = CsvReader::Open(*std::move(source), limits);
  if (!reader) {
    Error error = reader.error();
    error.message = input.name + ": " + error.message;
    return error;
  }
  return reader;
}

// Where each wanted column stands in the header.
Result<std::vector<std::size_t>> FindColumns(const std::string& file,
                                             const std::vector<std::string>& header,
                                             const std::vector<CsvColumn>& columns) {
  std::vector<std::size_t> positions;
  std::string missing;
  for (const CsvColumn& column : columns) {
    const auto found = std::ranges::find(header, column.spec.name);
    if (found == header.end()) {
      missing += (missing.empty() ? "" : ", ") + column.spec.name;
      continue;
    }
    if (std::find(found + 1, header.end(), column.spec.name) != header.end()) {
      return InvalidInput(file + ": the header names the column " + column.spec.name + " twice");
    }
    positions.push_back(static_cast<std::size_t>(found - header.begin()));
  }
  if (!missing.empty()) {
    return InvalidInput("Input CSV is missing the following columns:[" + missing + "]. (" + file +
                        ": line 1 must name them exactly as the schema does.)");
  }
  return positions;
}

// Workers take turns at reading a block, parse it side by side, and put the batch in its place in
// line; the consumer takes batches from the front.
class ParallelReader final : public CsvTableReader {
 public:
  ParallelReader(std::vector<CsvInput> inputs, std::vector<CsvColumn> columns,
                 CsvTableOptions options)
      : inputs_(std::move(inputs)), columns_(std::move(columns)), options_(options) {}

  ~ParallelReader() override {
    {
      const std::scoped_lock lock(mutex_);
      stopping_ = true;
    }
    room_.notify_all();
    for (std::thread& worker : workers_) worker.join();
  }

  Result<void> Start() {
    Check(!inputs_.empty(), "there is a file to read");
    for (const CsvInput& input : inputs_) {
      auto source = FileSource::Open(input.path, input.offset, input.size);
      if (!source) return source.error();
      total_bytes_ += (*source)->size().value_or(0);
    }
    auto first = OpenInput(inputs_.front(), options_.limits);
    if (!first) return first.error();
    reader_ = *std::move(first);
    header_ = reader_->header();
    auto positions = FindColumns(inputs_.front().name, header_, columns_);
    if (!positions) return positions.error();
    positions_ = *std::move(positions);

    std::size_t threads = static_cast<std::size_t>(std::max(options_.threads, 0));
    if (threads == 0) {
      threads = std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, kMaxOwnThreads);
    }
    window_ = threads * kBlocksPerThread;
    for (std::size_t i = 0; i < threads; ++i) workers_.emplace_back([this] { Work(); });
    return {};
  }

  Result<bool> Next(Batch& batch) override {
    std::unique_lock lock(mutex_);
    while (true) {
      filled_.wait(lock, [this] { return finished_.contains(next_out_) || next_out_ == end_; });
      if (next_out_ == end_) return false;
      Finished finished = std::move(finished_.extract(next_out_).mapped());
      ++next_out_;
      bytes_out_ += finished.bytes;
      room_.notify_all();
      if (!finished.batch) {
        end_ = next_out_;  // nothing is given out after an error
        return finished.batch.error();
      }
      if (finished.batch->rows == 0) continue;
      batch = *std::move(finished.batch);
      return true;
    }
  }

  double fraction() const override {
    const std::scoped_lock lock(mutex_);
    if (next_out_ == end_) return 1;  // headers and marks are in no block
    return std::min(1.0, static_cast<double>(bytes_out_) / static_cast<double>(total_bytes_));
  }

 private:
  struct Finished {
    Result<Batch> batch;
    std::uint64_t bytes;
  };

  void Work() {
    BlockParser parser(columns_, positions_, header_.size(), options_.limits.max_record_bytes);
    CsvBlock block;
    while (true) {
      std::uint64_t number = 0;
      std::string name;
      {
        const std::scoped_lock turn(reading_);
        {
          std::unique_lock lock(mutex_);
          room_.wait(lock, [this] { return stopping_ || next_in_ < next_out_ + window_; });
          if (stopping_ || all_read_) return;
          number = next_in_;
        }
        const auto more = ReadBlock(block, name);
        const std::scoped_lock lock(mutex_);
        if (!more || !*more) all_read_ = true;
        if (!more) {
          finished_.emplace(number, Finished{more.error(), 0});
          next_in_ = end_ = number + 1;
        } else if (!*more) {
          end_ = number;
        } else {
          next_in_ = number + 1;
        }
        if (all_read_) {
          filled_.notify_all();
          return;
        }
      }
      Result<Batch> batch = parser.Parse(block);
      if (!batch) {
        Error error = batch.error();
        error.message = name + ": " + error.message;
        batch = std::move(error);
      }
      {
        const std::scoped_lock lock(mutex_);
        finished_.emplace(number, Finished{std::move(batch), block.bytes.size()});
      }
      filled_.notify_all();
    }
  }

  // The next block of the files; false at the end of the last. Only under reading_.
  Result<bool> ReadBlock(CsvBlock& block, std::string& name) {
    while (true) {
      name = inputs_[input_].name;
      const auto more = reader_->NextBlock(block);
      if (!more) {
        Error error = more.error();
        error.message = name + ": " + error.message;
        return error;
      }
      if (*more) return true;
      if (input_ + 1 == inputs_.size()) return false;
      ++input_;
      auto opened = OpenInput(inputs_[input_], options_.limits);
      if (!opened) return opened.error();
      reader_ = *std::move(opened);
      if (reader_->header() != header_) {
        return InvalidInput(inputs_[input_].name + ": the header differs from that of " +
                            inputs_.front().name +
                            "; all files of one import must have the same header");
      }
    }
  }

  const std::vector<CsvInput> inputs_;
  const std::vector<CsvColumn> columns_;
  const CsvTableOptions options_;
  std::vector<std::string> header_;
  std::vector<std::size_t> positions_;  // of columns_ in header_
  std::uint64_t total_bytes_ = 0;
  std::size_t window_ = 0;

  std::mutex reading_;  // taken before mutex_
  std::size_t input_ = 0;
  std::unique_ptr<CsvReader> reader_;

  mutable std::mutex mutex_;
  std::condition_variable room_;    // the window moved, or stop
  std::condition_variable filled_;  // a batch was finished, or the end is known
  std::map<std::uint64_t, Finished> finished_;
  std::uint64_t next_in_ = 0;   // number of the next block to be read
  std::uint64_t next_out_ = 0;  // number of the next batch to be given out
  std::uint64_t end_ = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t bytes_out_ = 0;
  bool all_read_ = false;
  bool stopping_ = false;
  std::vector<std::thread> workers_;
};

}  // namespace

Result<std::unique_ptr<CsvTableReader>> CsvTableReader::Open(std::vector<CsvInput> inputs,
                                                             std::vector<CsvColumn> columns,
                                                             CsvTableOptions options) {
  auto reader = std::make_unique<ParallelReader>(std::move(inputs), std::move(columns), options);
  if (const auto started = reader->Start(); !started) return started.error();
  return std::unique_ptr<CsvTableReader>(std::move(reader));
}

Result<std::vector<std::string>> ReadCsvHeader(const CsvInput& input) {
  const auto reader = OpenInput(input, {});
  if (!reader) return reader.error();
  return (*reader)->header();
}

}  // namespace usher::columnar
