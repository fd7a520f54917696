#include "services/states/language/path.h"

#include <algorithm>
#include <charconv>

#include "services/states/language/failure.h"

namespace usher::states {

Result<Path> Path::Parse(std::string_view text) {
  auto reader = json::JsonPath::Parse(text);
  if (!reader) return reader.error();
  auto steps = reader->is_definite() ? ReferenceSteps(text) : std::nullopt;
  return Path(std::string(text), *std::move(reader), std::move(steps));
}

// Of a definite path, whose form has been checked; nullopt when it ends in a function.
std::optional<std::vector<Path::Step>> Path::ReferenceSteps(std::string_view text) {
  std::vector<Step> steps;
  std::size_t at = 1;
  while (at < text.size()) {
    if (text[at] == '.') {
      const std::size_t end = std::min(text.find_first_of(".[", at + 1), text.size());
      steps.emplace_back(std::string(text.substr(at + 1, end - at - 1)));
      at = end;
      continue;
    }
    at = text.find_first_not_of(" \t", at + 1);
    if (text[at] == '\'' || text[at] == '"') {
      const char quote = text[at++];
      std::string name;
      for (; text[at] != quote; ++at) {
        if (text[at] == '\\') ++at;
        name += text[at];
      }
      steps.emplace_back(std::move(name));
    } else {
      std::int64_t index = 0;
      std::from_chars(text.data() + at, text.data() + text.size(), index);
      steps.emplace_back(index);
    }
    at = text.find(']', at) + 1;
  }
  const auto* last = steps.empty() ? nullptr : std::get_if<std::string>(&steps.back());
  if (last && last->ends_with("()") && text.ends_with("()")) return std::nullopt;
  return steps;
}

Result<std::optional<Value>> Path::Select(const Value& root) const {
  auto found = reader_.Get(root);
  if (!found) return StatesError(kRuntime, text_ + ": " + found.error().message);
  return found;
}

Result<void> Path::Write(Value& root, Value value) const {
  Check(is_reference(), "only a reference path can be written to");
  Value* place = &root;
  for (const Step& step : *steps_) {
    if (const auto* name = std::get_if<std::string>(&step)) {
      if (place->is_null()) *place = ValueMap();
      ValueMap* map = place->as_map();
      if (!map) return InvalidInput(text_ + " leads through a value that is not an object");
      if (!map->Find(*name)) map->Append(*name, Value());
      place = map->Find(*name);
      continue;
    }
    ValueList* list = place->as_list();
    if (!list) return InvalidInput(text_ + " leads through a value that is not an array");
    const auto size = static_cast<std::int64_t>(list->size());
    std::int64_t index = std::get<std::int64_t>(step);
    if (index < 0) index += size;
    if (index < 0 || index > size || index > kMaxWrittenIndex) {
      return InvalidInput(text_ + " names an element that is outside of its array");
    }
    if (index == size) list->emplace_back();
    place = &(*list)[static_cast<std::size_t>(index)];
  }
  *place = std::move(value);
  return {};
}

}  // namespace usher::states
