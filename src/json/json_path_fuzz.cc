// Any text as a path, over a fixed document: it is read or refused, and never runs away.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "json/json.h"
#include "json/json_path.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto document =
      *usher::json::Parse(R"({"a":[1,{"b":"c","d":null},[2,3]],"e":{"f":true,"g":-1.5}})");
  const auto path = usher::json::JsonPath::Parse({reinterpret_cast<const char*>(data), size});
  if (path) (void)path->Get(document);
  return 0;
}
