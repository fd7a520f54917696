#include "services/states/language/payload_template.h"

namespace usher::states {
namespace {

constexpr std::string_view kComputed = ".$";

bool HasComputed(const Value& value) {
  if (const ValueMap* map = value.as_map()) {
    for (const auto& [name, member] : *map) {
      if (name.ends_with(kComputed) || HasComputed(member)) return true;
    }
  } else if (const ValueList* list = value.as_list()) {
    for (const Value& element : *list) {
      if (HasComputed(element)) return true;
    }
  }
  return false;
}

}  // namespace

Result<PayloadTemplate> PayloadTemplate::Parse(const Value& value) { return Parse(value, ""); }

Result<PayloadTemplate> PayloadTemplate::Parse(const Value& value, const std::string& at) {
  PayloadTemplate parsed;
  if (!HasComputed(value)) {
    parsed.fixed_ = value;
    return parsed;
  }
  if (const ValueList* list = value.as_list()) {
    parsed.kind_ = Kind::kArray;
    for (std::size_t i = 0; i < list->size(); ++i) {
      auto item = Parse((*list)[i], at + "/" + std::to_string(i));
      if (!item) return item;
      parsed.items_.push_back(*std::move(item));
    }
    return parsed;
  }
  parsed.kind_ = Kind::kObject;
  for (const auto& [name, member] : *value.as_map()) {
    const std::string place = at + "/" + name;
    Member made{.name = name, .computed = std::nullopt, .nested = {}};
    if (name.ends_with(kComputed)) {
      made.name.resize(name.size() - kComputed.size());
      if (value.Find(made.name)) {
        return InvalidInput("'" + made.name + "' stands there twice, with and without .$, at " +
                            place);
      }
      if (!member.as_string()) {
        return InvalidInput("a member whose name ends in .$ must be a string, at " + place);
      }
      auto expression = Expression::Parse(*member.as_string());
      if (!expression) return InvalidInput(expression.error().message + ", at " + place);
      made.computed = *std::move(expression);
    } else {
      auto nested = Parse(member, place);
      if (!nested) return nested;
      made.nested.push_back(*std::move(nested));
    }
    parsed.members_.push_back(std::move(made));
  }
  return parsed;
}

Result<Value> PayloadTemplate::Evaluate(const Scope& scope) const {
  if (kind_ == Kind::kFixed) return fixed_;
  if (kind_ == Kind::kArray) {
    ValueList list;
    for (const PayloadTemplate& item : items_) {
      auto value = item.Evaluate(scope);
      if (!value) return value;
      list.push_back(*std::move(value));
    }
    return Value(std::move(list));
  }
  ValueMap map;
  for (const Member& member : members_) {
    auto value = member.computed ? member.computed->Evaluate(scope, member.name + ".$")
                                 : member.nested.front().Evaluate(scope);
    if (!value) return value;
    map.Append(member.name, *std::move(value));
  }
  return Value(std::move(map));
}

}  // namespace usher::states
