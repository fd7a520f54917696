#include "engine/line_reader.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace usher::engine {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 18;

}  // namespace

Result<bool> LineReader::Fill() {
  buffer_.resize(kBufferBytes);
  const auto got = source_.Read(buffer_);
  if (!got) return got.error();
  buffer_.resize(*got);
  at_ = 0;
  bytes_read_ += *got;
  ended_ = *got == 0;
  return !ended_;
}

void LineReader::Keep(std::string_view piece) {
  const std::size_t room = max_line_bytes_ + 1 - std::min(max_line_bytes_ + 1, line_.size());
  line_.append(piece.substr(0, room));
}

void LineReader::Give(std::vector<std::string>& lines) {
  for (; empty_lines_ > 0; --empty_lines_) lines.emplace_back();
  lines.push_back(std::exchange(line_, {}));
}

Result<std::vector<std::string>> LineReader::Read(std::size_t count) {
  std::vector<std::string> lines;
  while (lines.size() < count && !ended_) {
    if (at_ == buffer_.size()) {
      const auto more = Fill();
      if (!more) return more.error();
      if (!*more) {
        if (!line_.empty()) Give(lines);
        break;
      }
    }
    const std::string_view rest = std::string_view(buffer_).substr(at_);
    const std::size_t end = rest.find('\n');
    Keep(rest.substr(0, end));
    at_ += end == std::string_view::npos ? rest.size() : end + 1;
    if (end == std::string_view::npos) continue;
    if (line_.ends_with('\r')) line_.pop_back();
    if (line_.empty()) {
      ++empty_lines_;
      continue;
    }
    Give(lines);
  }
  return lines;
}

}  // namespace usher::engine
