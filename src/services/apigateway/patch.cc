#include "services/apigateway/patch.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace usher::apigateway {
namespace {

bool Fits(const std::vector<std::string_view>& rule, const std::vector<std::string>& path) {
  if (rule.size() != path.size()) return false;
  for (std::size_t i = 0; i < rule.size(); ++i) {
    if (rule[i] != "*" && rule[i] != path[i]) return false;
  }
  return true;
}

Error BadPath(const api::PatchOperation& operation, std::span<const PatchRule> rules) {
  std::string known;
  for (const PatchRule& rule : rules) {
    known += (known.empty() ? "" : ", ") + std::string(rule.path);
  }
  return InvalidInput("Invalid patch path '" + operation.path.value_or("") +
                      "' specified for op '" + operation.op.value_or("") + "'. Must be one of: [" +
                      known + "]");
}

// The map that holds the last part; made on the way where `make`. nullptr: not there.
ValueMap* Holder(Value& target, const std::vector<std::string>& path, bool make) {
  Value* at = &target;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    if (at->is_null() && make) *at = ValueMap();
    ValueMap* const map = at->as_map();
    if (map == nullptr) return nullptr;
    if (map->Find(path[i]) == nullptr) {
      if (!make) return nullptr;
      map->Set(path[i], ValueMap());
    }
    at = map->Find(path[i]);
  }
  if (at->is_null() && make) *at = ValueMap();
  return at->as_map();
}

Result<void> ChangeItem(Value& target, std::vector<std::string> path,
                        const api::PatchOperation& operation) {
  const std::string item = path.back();
  path.pop_back();
  ValueMap* const map = Holder(target, path, true);
  if (map == nullptr) return InvalidInput("Invalid patch path " + operation.path.value_or(""));
  const Value* const there = map->Find(path.back());
  ValueList list = there != nullptr && there->as_list() ? *there->as_list() : ValueList();
  const Value named(item);
  if (operation.op == "remove") {
    std::erase(list, named);
  } else if (operation.op == "replace" && operation.value && *operation.value != item) {
    std::ranges::replace(list, named, Value(*operation.value));
  } else if (std::ranges::find(list, named) == list.end()) {
    list.push_back(named);
  }
  map->Set(path.back(), std::move(list));
  return {};
}

}  // namespace

Result<std::vector<std::string>> PatchPath(std::string_view path) {
  if (!path.starts_with('/')) {
    return InvalidInput("Invalid patch path '" + std::string(path) + "': it must begin with '/'");
  }
  std::vector<std::string> parts;
  for (const std::string_view raw : Split(path.substr(1), '/')) {
    std::string part;
    for (std::size_t i = 0; i < raw.size(); ++i) {
      if (raw[i] == '~' && i + 1 < raw.size() && (raw[i + 1] == '0' || raw[i + 1] == '1')) {
        part += raw[++i] == '1' ? '/' : '~';
      } else {
        part += raw[i];
      }
    }
    parts.push_back(std::move(part));
  }
  return parts;
}

Result<Value> PatchValue(const api::PatchOperation& operation, PatchKind kind) {
  if (!operation.value) {
    return InvalidInput("the patch operation for '" + operation.path.value_or("") +
                        "' has no value");
  }
  const std::string& text = *operation.value;
  const auto refuse = [&](std::string_view wanted) {
    return InvalidInput("the value '" + text.substr(0, 100) + "' for " +
                        operation.path.value_or("") + " must be " + std::string(wanted));
  };
  const char* const end = text.data() + text.size();
  switch (kind) {
    case PatchKind::kText:
    case PatchKind::kItem:
    case PatchKind::kWhole:
      return Value(text);
    case PatchKind::kFlag:
      if (EqualsIgnoreCase(text, "true")) return Value(true);
      if (EqualsIgnoreCase(text, "false")) return Value(false);
      return refuse("true or false");
    case PatchKind::kInteger: {
      std::int64_t number = 0;
      const auto [last, error] = std::from_chars(text.data(), end, number);
      if (error != std::errc() || last != end) return refuse("a whole number");
      return Value(number);
    }
    case PatchKind::kNumber: {
      double number = 0;
      const auto [last, error] = std::from_chars(text.data(), end, number);
      if (error != std::errc() || last != end) return refuse("a number");
      return Value(number);
    }
  }
  return refuse("of a known kind");
}

Result<void> ApplyPatch(Value& target, const api::PatchOperation& operation,
                        std::span<const PatchRule> rules) {
  const std::string op = operation.op.value_or("");
  if (op != "add" && op != "replace" && op != "remove") {
    return InvalidInput("Invalid patch operation '" + op +
                        "' specified. Must be one of: [add, remove, replace]");
  }
  const auto path = PatchPath(operation.path.value_or(""));
  if (!path) return path.error();
  const auto rule = std::ranges::find_if(
      rules, [&](const PatchRule& one) { return Fits(Split(one.path.substr(1), '/'), *path); });
  if (rule == rules.end()) {
    // A whole map may be removed by its name.
    const bool is_map = std::ranges::any_of(rules, [&](const PatchRule& one) {
      auto parts = Split(one.path.substr(1), '/');
      if (parts.back() != "*") return false;
      parts.pop_back();
      return !parts.empty() && Fits(parts, *path);
    });
    if (op != "remove" || !is_map) return BadPath(operation, rules);
  } else if (rule->kind == PatchKind::kWhole && op != "remove") {
    return BadPath(operation, rules);
  } else if (rule->kind == PatchKind::kItem) {
    return ChangeItem(target, *path, operation);
  }
  if (op == "remove") {
    if (ValueMap* const map = Holder(target, *path, false)) map->Erase(path->back());
    return {};
  }
  auto value = PatchValue(operation, rule->kind);
  if (!value) return value.error();
  ValueMap* const map = Holder(target, *path, true);
  if (map == nullptr) return BadPath(operation, rules);
  map->Set(path->back(), *std::move(value));
  return {};
}

}  // namespace usher::apigateway
