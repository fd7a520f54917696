// A path or a call, evaluated over data that stands behind its line end; a path that names one
// place is written to.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "json/json.h"
#include "services/states/language/expression.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace usher::states;
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const std::string_view text = all.substr(0, all.find('\n'));
  const auto parsed =
      usher::json::Parse(text.size() < all.size() ? all.substr(text.size() + 1) : "{}");
  const usher::Value input = parsed ? *parsed : usher::Value("text");
  const usher::Value context = usher::ValueMap();
  if (const auto expression = Expression::Parse(text)) {
    static_cast<void>(expression->Evaluate({input, context}, "f.$"));
  }
  if (const auto path = Path::Parse(text); path && path->is_reference()) {
    usher::Value root = input;
    if (!path->Write(root, 7)) return 0;
    const auto read = path->Select(root);
    if (!read || *read != usher::Value(7)) __builtin_trap();
  }
  return 0;
}
