// JsonLineReader: the lines of a JSON Lines file, in memory bounded by the longest line.
//
// Rules:  lines end with '\n' or "\r\n"; the last may lack its ending; empty lines are skipped but
//         counted. A UTF-8 byte order mark at the beginning is skipped.
// Errors: kInvalidInput with the line for one longer than the limit; what the source says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/byte_source.h"
#include "base/result.h"

namespace usher::columnar {

struct JsonLine {
  std::string_view text;     // without its ending; valid until the next call
  std::uint64_t number = 0;  // 1 is the first line
};

class JsonLineReader {
 public:
  JsonLineReader(std::shared_ptr<ByteSource> source, std::size_t max_line_bytes)
      : source_(std::move(source)), max_line_bytes_(max_line_bytes) {}

  // nullopt at the end.
  Result<std::optional<JsonLine>> Next();
  [[nodiscard]] std::uint64_t bytes_read() const { return bytes_read_; }

 private:
  Result<void> ReadMore();

  std::shared_ptr<ByteSource> source_;
  std::size_t max_line_bytes_;
  std::string buffer_;
  std::size_t at_ = 0;       // of the next line in buffer_
  std::size_t scanned_ = 0;  // no '\n' from at_ to here
  std::uint64_t number_ = 0;
  std::uint64_t bytes_read_ = 0;
  bool at_end_ = false;
};

}  // namespace usher::columnar
