// What Parse accepts, Write writes so that it reads back equal.
#include <cstdint>

#include "base/check.h"
#include "json/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace usher;
  const std::string_view given(reinterpret_cast<const char*>(data), size);
  const auto value = json::Parse(given);
  Check(json::CheckGrammar(given).has_value() == value.has_value(), "one grammar");
  if (!value) return 0;
  const std::string text = json::Write(*value);
  const auto again = json::Parse(text);
  Check(again.has_value(), "what is written is JSON");
  Check(json::Write(*again) == text, "a second round changes nothing");
  return 0;
}
