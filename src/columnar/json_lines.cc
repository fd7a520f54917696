#include "columnar/json_lines.h"

namespace usher::columnar {
namespace {

constexpr std::size_t kReadBytes = std::size_t{256} << 10;
constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";

}  // namespace

Result<void> JsonLineReader::ReadMore() {
  buffer_.erase(0, at_);
  scanned_ -= at_;
  at_ = 0;
  const std::size_t before = buffer_.size();
  buffer_.resize(before + kReadBytes);
  const auto count = source_->Read({buffer_.data() + before, kReadBytes});
  buffer_.resize(before + (count ? *count : 0));
  if (!count) return count.error();
  bytes_read_ += *count;
  at_end_ = *count == 0;
  return {};
}

Result<std::optional<JsonLine>> JsonLineReader::Next() {
  while (true) {
    const std::size_t newline = buffer_.find('\n', scanned_);
    const bool found = newline != std::string::npos;
    scanned_ = found ? newline : buffer_.size();
    if (scanned_ - at_ > max_line_bytes_) {
      return InvalidInput("line " + std::to_string(number_ + 1) + " is longer than " +
                          std::to_string(max_line_bytes_) + " bytes");
    }
    if (!found && !at_end_) {
      if (const auto read = ReadMore(); !read) return read.error();
      continue;
    }
    if (!found && at_ == buffer_.size()) return std::optional<JsonLine>();

    std::string_view line = std::string_view(buffer_).substr(at_, scanned_ - at_);
    at_ = found ? newline + 1 : buffer_.size();
    scanned_ = at_;
    ++number_;
    if (number_ == 1 && line.starts_with(kUtf8Mark)) line.remove_prefix(kUtf8Mark.size());
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) return std::optional<JsonLine>({line, number_});
  }
}

}  // namespace usher::columnar
