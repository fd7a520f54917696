#include "wire/http_message.h"

#include "base/text.h"

namespace usher::wire {

void Headers::Set(std::string name, std::string value) {
  std::erase_if(entries_, [&](const Entry& entry) { return EqualsIgnoreCase(entry.first, name); });
  entries_.emplace_back(std::move(name), std::move(value));
}

const std::string* Headers::Find(std::string_view name) const {
  for (const auto& [key, value] : entries_) {
    if (EqualsIgnoreCase(key, name)) return &value;
  }
  return nullptr;
}

std::vector<std::string_view> Headers::FindAll(std::string_view name) const {
  std::vector<std::string_view> found;
  for (const auto& [key, value] : entries_) {
    if (EqualsIgnoreCase(key, name)) found.emplace_back(value);
  }
  return found;
}

}  // namespace usher::wire
