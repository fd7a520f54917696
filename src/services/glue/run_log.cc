#include "services/glue/run_log.h"

#include "base/text.h"
#include "log_events/as_utf8.h"
#include "log_events/log_writer.h"

namespace usher::glue {
namespace {

constexpr std::size_t kMaxUtf8Bytes = 4;

// The end of a piece of at most kMaxLineBytes, not within a character.
std::size_t PieceEnd(std::string_view text) {
  if (text.size() <= kMaxLineBytes) return text.size();
  std::size_t end = kMaxLineBytes;
  for (std::size_t i = 0; i < kMaxUtf8Bytes && (text[end] & 0xC0) == 0x80; ++i) --end;
  return end;
}

}  // namespace

void RunLog::Feed(std::string_view bytes) {
  pending_ += bytes;
  std::string_view rest = pending_;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) {
      if (rest.size() <= kMaxLineBytes) break;
      const std::size_t piece = PieceEnd(rest);
      Take(rest.substr(0, piece));
      rest.remove_prefix(piece);
      continue;
    }
    Take(rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
  pending_.erase(0, pending_.size() - rest.size());
  HandOver();
}

void RunLog::Write(std::string_view line) {
  Flush();
  Take(line);
  HandOver();
}

void RunLog::Flush() {
  if (!pending_.empty()) Take(pending_);
  pending_.clear();
  HandOver();
}

void RunLog::Take(std::string_view line) {
  while (line.ends_with('\r')) line.remove_suffix(1);
  if (Trim(line).empty()) return;  // the service keeps no empty event
  last_line_ = log_events::AsUtf8(Trim(line).substr(0, kLastLineBytes));
  while (!line.empty() && !cut_) {
    const std::size_t size = PieceEnd(line);
    bytes_ += size + log_events::kEventOverheadBytes;
    cut_ = bytes_ > kMaxStreamBytes;
    lines_.push_back(cut_ ? "USHER The output of this run is longer than " +
                                std::to_string(kMaxStreamBytes) +
                                " bytes: the rest of it is not kept."
                          : log_events::AsUtf8(line.substr(0, size)));
    line.remove_prefix(size);
  }
}

void RunLog::HandOver() {
  if (lines_.empty()) return;
  sink_(lines_);
  lines_.clear();
}

}  // namespace usher::glue
