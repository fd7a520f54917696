// A query and, behind its line end, messages to run it over.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/text.h"
#include "services/logs/query.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto lines =
      usher::Split(std::string_view(reinterpret_cast<const char*>(data), size), '\n');
  auto query = usher::logs::Query::Parse(lines.front());
  if (!query) return 0;
  std::int64_t time = 1'658'365'200'000;
  for (const std::string_view message : lines) {
    query->Add({.time = time += 60'000, .message = message, .stream = "s", .log = "0:g"});
  }
  static_cast<void>(query->Finish(10));
  return 0;
}
