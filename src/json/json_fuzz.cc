// What Parse accepts, Write writes so that it reads back equal.
#include <cstdint>

#include "base/check.h"
#include "json/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace usher;
  const auto value = json::Parse({reinterpret_cast<const char*>(data), size});
  if (!value) return 0;
  const std::string text = json::Write(*value);
  const auto again = json::Parse(text);
  Check(again.has_value(), "what is written is JSON");
  Check(json::Write(*again) == text, "a second round changes nothing");
  return 0;
}
