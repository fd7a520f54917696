// A filter expression and, behind its line end, values as filterValues have them.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/text.h"
#include "engine/filter_expression.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using usher::engine::FilterField;
  const auto lines =
      usher::Split(std::string_view(reinterpret_cast<const char*>(data), size), '\n');
  for (const std::string_view line : lines) {
    static_cast<void>(usher::engine::ParseFilterValues(line));
  }
  const auto filter = usher::engine::ParseFilter(lines.front());
  if (!filter) return 0;
  static_cast<void>(filter->Fields());
  const usher::engine::FilterSchema schema{
      .interactions = {{{.name = "EVENT_TYPE"}}},
      .items = {{{.name = "G", .categorical = true},
                 {.name = "P", .type = FilterField::Type::kNumber}}},
      .users = {{{.name = "A", .type = FilterField::Type::kNumber}}}};
  static_cast<void>(usher::engine::BindFilter(*filter, schema));
  return 0;
}
