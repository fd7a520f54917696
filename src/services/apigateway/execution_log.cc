#include "services/apigateway/execution_log.h"

#include "base/text.h"
#include "log_events/as_utf8.h"

namespace usher::apigateway {
namespace {

std::string Clipped(std::string_view text) {
  if (text.size() <= kMaxLoggedBytes) return log_events::AsUtf8(text);
  std::size_t end = kMaxLoggedBytes;
  while (end > 0 && (text[end] & 0xC0) == 0x80) --end;
  return log_events::AsUtf8(text.substr(0, end)) + " [TRUNCATED]";
}

// What must not be read in a log.
bool IsSecret(std::string_view name) {
  return EqualsIgnoreCase(name, "Authorization") || EqualsIgnoreCase(name, "x-api-key") ||
         EqualsIgnoreCase(name, "Cookie");
}

template <typename Pairs>
std::string ShownPairs(const Pairs& pairs, bool hide) {
  std::string out = "{";
  for (const auto& [name, value] : pairs) {
    if (out.size() > 1) out += ", ";
    out += name + "=" + (hide && IsSecret(name) ? std::string("******") : value);
  }
  return out + "}";
}

}  // namespace

void ExecutionLog::Tell(std::string_view line) {
  if (tells_all()) lines_.push_back(prefix_ + Clipped(line));
}

void ExecutionLog::TellData(std::string_view what, std::string_view text) {
  if (tells_data()) lines_.push_back(prefix_ + std::string(what) + ": " + Clipped(text));
}

void ExecutionLog::TellFailure(std::string_view line) {
  if (settings_.log_level != ExecutionLevel::kOff) lines_.push_back(prefix_ + Clipped(line));
}

std::string Shown(const wire::Parameters& parameters) { return ShownPairs(parameters, false); }
std::string Shown(const wire::Headers& headers) { return ShownPairs(headers, true); }

}  // namespace usher::apigateway
