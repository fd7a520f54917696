#include "base/value.h"

#include <algorithm>

namespace usher {

const Value* ValueMap::Find(std::string_view name) const {
  const auto at = std::ranges::find(entries_, name, &Entry::first);
  return at == entries_.end() ? nullptr : &at->second;
}

Value* ValueMap::Find(std::string_view name) {
  const auto at = std::ranges::find(entries_, name, &Entry::first);
  return at == entries_.end() ? nullptr : &at->second;
}

void ValueMap::Set(std::string name, Value value) {
  if (Value* found = Find(name)) {
    *found = std::move(value);
  } else {
    entries_.emplace_back(std::move(name), std::move(value));
  }
}

void ValueMap::Erase(std::string_view name) {
  std::erase_if(entries_, [&](const Entry& entry) { return entry.first == name; });
}

const Value* Value::Find(std::string_view name) const {
  const ValueMap* map = as_map();
  return map ? map->Find(name) : nullptr;
}

}  // namespace usher
