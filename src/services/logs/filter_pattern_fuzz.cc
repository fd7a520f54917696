// A filter pattern and, behind its line end, messages to match it against.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/text.h"
#include "services/logs/filter_pattern.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto lines =
      usher::Split(std::string_view(reinterpret_cast<const char*>(data), size), '\n');
  const auto pattern = usher::logs::FilterPattern::Parse(lines.front());
  if (!pattern) return 0;
  for (const std::string_view message : lines) static_cast<void>(pattern->Matches(message));
  return 0;
}
