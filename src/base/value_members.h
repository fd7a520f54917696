// The members of a Value map, read with a default where one is missing or of another type: for what
// the project wrote itself or only looks into. Requests are decoded by their shapes instead.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/value.h"

namespace usher {

[[nodiscard]] inline std::string TextOf(const Value& value, std::string_view name) {
  const Value* member = value.Find(name);
  return member && member->as_string() ? *member->as_string() : std::string();
}

[[nodiscard]] inline std::int64_t IntegerOf(const Value& value, std::string_view name) {
  const Value* member = value.Find(name);
  return member && member->as_int() ? *member->as_int() : 0;
}

[[nodiscard]] inline bool FlagOf(const Value& value, std::string_view name) {
  const Value* member = value.Find(name);
  return member && member->as_bool() && *member->as_bool();
}

}  // namespace usher
