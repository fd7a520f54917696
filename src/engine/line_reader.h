// LineReader: lines of a source, a few at a time, in bounded memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/byte_source.h"
#include "base/result.h"

namespace usher::engine {

class LineReader {
 public:
  // Of a line longer than `max_line_bytes` one byte more than those is given, so that the caller
  // sees that it is too long; the rest is skipped.
  LineReader(ByteSource& source, std::size_t max_line_bytes)
      : source_(source), max_line_bytes_(max_line_bytes) {}

  // About `count` lines without their line ends ("\n" or "\r\n"); none at the end. Empty lines at
  // the end of the source are no lines. Errors: those of the source.
  Result<std::vector<std::string>> Read(std::size_t count);

  [[nodiscard]] std::uint64_t bytes_read() const { return bytes_read_; }

 private:
  Result<bool> Fill();
  void Keep(std::string_view piece);
  void Give(std::vector<std::string>& lines);

  ByteSource& source_;
  std::size_t max_line_bytes_;
  std::string buffer_;
  std::size_t at_ = 0;
  std::string line_;             // begun, not ended
  std::size_t empty_lines_ = 0;  // seen, not given
  bool ended_ = false;
  std::uint64_t bytes_read_ = 0;
};

}  // namespace usher::engine
