#include "jobs/progress_lines.h"

#include <algorithm>

#include "json/json.h"

namespace usher::jobs {
namespace {

constexpr std::size_t kMaxLineBytes = 4096;  // longer ones are dropped

}  // namespace

void ProgressLines::Feed(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    if (line_.size() <= kMaxLineBytes) line_ += bytes.substr(0, end);
    if (end == std::string_view::npos) return;
    bytes.remove_prefix(end + 1);
    if (line_.size() <= kMaxLineBytes) ReportLine();
    line_.clear();
  }
}

void ProgressLines::ReportLine() {
  const auto value = json::Parse(line_);
  if (!value) return;
  const Value* fraction = value->Find("fraction");
  const Value* stage = value->Find("stage");
  if (!fraction || !stage || !stage->as_string()) return;
  double number = 0;
  if (const double* real = fraction->as_double()) number = *real;
  if (const std::int64_t* whole = fraction->as_int()) number = static_cast<double>(*whole);
  report_({std::clamp(number, 0.0, 1.0), *stage->as_string()});
}

}  // namespace usher::jobs
