// Any text as a template, with the objects' stand-ins: it is read or refused, and rendering it
// ends.
#include <cstddef>
#include <cstdint>

#include "services/apigateway/vtl/template.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace usher::apigateway::vtl;
  const auto parsed = Template::Parse({reinterpret_cast<const char*>(data), size});
  if (!parsed) return 0;
  Arena arena({.steps = 20'000, .output_bytes = 1U << 16, .made_bytes = 1 << 20});
  Map* const map = arena.NewMap();
  map->Set("key", Value("value"));
  List* const list = arena.NewList();
  list->items = {Value(std::int64_t{1}), Value("two"), Value(map)};
  const Root roots[] = {{"map", Value(map)}, {"list", Value(list)}, {"text", Value("a'b\"c")}};
  (void)parsed->Render(roots, arena);
  return 0;
}
