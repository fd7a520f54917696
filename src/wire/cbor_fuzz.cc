// Any bytes are either CBOR or an error; what was read is written and read back equal.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "wire/cbor.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace usher::wire;
  const auto value = ParseCbor({reinterpret_cast<const char*>(data), size});
  if (!value) return 0;
  std::string once;
  AppendCbor(once, *value);
  const auto again = ParseCbor(once);
  if (!again) std::abort();
  std::string twice;  // compared as bytes: NaN is not equal to itself
  AppendCbor(twice, *again);
  if (once != twice) std::abort();
  return 0;
}
