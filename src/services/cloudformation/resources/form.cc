#include "services/cloudformation/resources/form.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

#include "base/check.h"
#include "base/text.h"
#include "json/json.h"
#include "services/cloudformation/template/template.h"
#include "wire/shape.h"

namespace usher::cloudformation {
namespace {

Error Mismatch(const Node& node, const std::string& path, std::string_view wanted) {
  return TemplateError(path, node.line,
                       "the value should be " + std::string(wanted) + ", not " + Describe(node));
}

Result<Value> ToInteger(const Node& node, const std::string& path) {
  std::int64_t number = 0;
  const char* end = node.text.data() + node.text.size();
  const auto [rest, error] = std::from_chars(node.text.data(), end, number);
  const bool whole = error == std::errc() && (rest == end || std::string_view(rest, end) == ".0");
  if (!node.is_scalar() || !whole) return Mismatch(node, path, "a whole number");
  return Value(number);
}

Result<Value> ToNumber(const Node& node, const std::string& path) {
  double number = 0;
  const char* end = node.text.data() + node.text.size();
  const auto [rest, error] = std::from_chars(node.text.data(), end, number);
  if (!node.is_scalar() || error != std::errc() || rest != end) {
    return Mismatch(node, path, "a number");
  }
  return Value(number);
}

Result<Value> ToBoolean(const Node& node, const std::string& path) {
  if (node.is_scalar() && EqualsIgnoreCase(node.text, "true")) return Value(true);
  if (node.is_scalar() && EqualsIgnoreCase(node.text, "false")) return Value(false);
  return Mismatch(node, path, "true or false");
}

// Free-form: numbers and booleans as they are.
Value ToTree(const Node& node) {
  if (node.is_list()) {
    ValueList list;
    for (const Node& item : node.items) list.push_back(ToTree(item));
    return list;
  }
  if (node.is_map()) {
    ValueMap map;
    for (const Member& member : node.members) map.Append(member.name, ToTree(member.value));
    return map;
  }
  if (node.kind == Node::Kind::kBoolean) return EqualsIgnoreCase(node.text, "true");
  if (node.kind == Node::Kind::kNumber) {
    if (auto number = json::Parse(node.text)) return *std::move(number);
  }
  if (node.is_scalar()) return node.text;
  return {};
}

// ---- as the shapes of an operation's input say ----

const wire::Member* FindMember(const wire::Shape& shape, std::string_view name) {
  for (const wire::Member& member : shape.members) {
    if (EqualsIgnoreCase(member.name, name)) return &member;
  }
  return nullptr;
}

std::string NamesOf(const wire::Shape& shape) {
  std::string names;
  for (const wire::Member& member : shape.members) {
    std::string name(member.name);
    name[0] = AsciiUpper(name.substr(0, 1))[0];
    names += (names.empty() ? "" : ", ") + name;
  }
  return names;
}

Result<Value> ToShape(const Node& node, const wire::Shape& shape, const std::string& path,
                      bool unevaluated);

Result<Value> ToStructure(const Node& node, const wire::Shape& shape, const std::string& path,
                          bool unevaluated) {
  ValueMap map;
  for (const Member& given : node.members) {
    const wire::Member* member = FindMember(shape, given.name);
    const std::string at = path + "/" + given.name;
    if (member == nullptr) {
      return TemplateError(at, given.line,
                           "there is no such property here; known are " + NamesOf(shape));
    }
    auto value = ToShape(given.value, *member->shape, at, unevaluated);
    if (!value) return value;
    map.Append(std::string(member->name), *std::move(value));
  }
  for (const wire::Member& member : shape.members) {
    if (member.required && map.Find(member.name) == nullptr) {
      return TemplateError(path, node.line,
                           "the property " + std::string(member.name) + " is missing");
    }
  }
  return Value(std::move(map));
}

Result<Value> ToShape(const Node& node, const wire::Shape& shape, const std::string& path,
                      bool unevaluated) {
  if (unevaluated && FunctionOf(node) != nullptr) return Value();
  switch (shape.kind) {
    case wire::ShapeKind::kStructure:
      if (shape.is_document) return ToTree(node);
      if (!node.is_map()) return Mismatch(node, path, "a map");
      return ToStructure(node, shape, path, unevaluated);
    case wire::ShapeKind::kList: {
      if (!node.is_list()) return Mismatch(node, path, "a list");
      ValueList list;
      for (std::size_t i = 0; i < node.items.size(); ++i) {
        auto item = ToShape(node.items[i], *shape.element->shape, path + "/" + std::to_string(i),
                            unevaluated);
        if (!item) return item;
        list.push_back(*std::move(item));
      }
      return Value(std::move(list));
    }
    case wire::ShapeKind::kMap: {
      if (!node.is_map()) return Mismatch(node, path, "a map");
      ValueMap map;
      for (const Member& member : node.members) {
        auto value =
            ToShape(member.value, *shape.value->shape, path + "/" + member.name, unevaluated);
        if (!value) return value;
        map.Append(member.name, *std::move(value));
      }
      return Value(std::move(map));
    }
    case wire::ShapeKind::kInteger:
    case wire::ShapeKind::kLong:
      return ToInteger(node, path);
    case wire::ShapeKind::kFloat:
    case wire::ShapeKind::kDouble:
      return ToNumber(node, path);
    case wire::ShapeKind::kBoolean:
      return ToBoolean(node, path);
    case wire::ShapeKind::kBlob:
      if (!node.is_scalar()) return Mismatch(node, path, "a text");
      return Value(Blob{node.text});
    case wire::ShapeKind::kString:
    case wire::ShapeKind::kTimestamp:
      break;
  }
  if (!node.is_scalar()) return Mismatch(node, path, "a text");
  return Value(node.text);
}

Result<Value> ToTags(const Node& node, const std::string& path, bool unevaluated) {
  ValueMap tags;
  if (node.is_map()) {
    for (const Member& member : node.members) {
      const bool is_function = unevaluated && FunctionOf(member.value) != nullptr;
      if (!is_function && !member.value.is_scalar()) {
        return Mismatch(member.value, path + "/" + member.name, "a text");
      }
      tags.Set(member.name, member.value.text);
    }
    return Value(std::move(tags));
  }
  if (!node.is_list()) return Mismatch(node, path, "a list of tags");
  for (const Node& item : node.items) {
    if (unevaluated && FunctionOf(item) != nullptr) continue;
    const Node* key = item.Find("Key");
    const Node* value = item.Find("Value");
    if (key == nullptr || value == nullptr || item.members.size() != 2) {
      return TemplateError(path, item.line, "a tag has a Key and a Value");
    }
    if (unevaluated) continue;
    if (!key->is_scalar() || !value->is_scalar()) {
      return TemplateError(path, item.line, "the Key and the Value of a tag are texts");
    }
    if (tags.Find(key->text) != nullptr) {
      return TemplateError(path, item.line, "the tag '" + key->text + "' occurs twice");
    }
    tags.Append(key->text, value->text);
  }
  return Value(std::move(tags));
}

}  // namespace

Form Form::List(Form element) {
  Form form(Kind::kList);
  form.element_ = std::make_shared<const Form>(std::move(element));
  return form;
}

Form Form::Map(Form element) {
  Form form(Kind::kMap);
  form.element_ = std::make_shared<const Form>(std::move(element));
  return form;
}

Form Form::Object(std::vector<Property> members) {
  Form form(Kind::kObject);
  form.members_ = std::make_shared<const std::vector<Property>>(std::move(members));
  return form;
}

Form Form::Input(std::string_view service, std::string_view operation, std::string_view member) {
  Form form(Kind::kInput);
  form.service_ = service;
  form.operation_ = operation;
  form.member_ = member;
  return form;
}

Result<Value> Form::Convert(const Node& node, const std::string& path, bool unevaluated) const {
  const Member* function = unevaluated ? FunctionOf(node) : nullptr;
  const bool free_form = kind_ == Kind::kJson || kind_ == Kind::kAnything;
  if (function != nullptr && !free_form) {
    if (function->name != "Fn::If" || function->value.items.size() != 3) return Value();
    for (const std::size_t branch : {1U, 2U}) {
      const auto checked = Convert(function->value.items[branch], path, true);
      if (!checked) return checked;
    }
    return Value();
  }
  return ConvertPlain(node, path, unevaluated);
}

Result<Value> Form::ConvertPlain(const Node& node, const std::string& path,
                                 bool unevaluated) const {
  switch (kind_) {
    case Kind::kText:
      if (!node.is_scalar()) return Mismatch(node, path, "a text");
      return Value(node.text);
    case Kind::kInteger:
      return ToInteger(node, path);
    case Kind::kNumber:
      return ToNumber(node, path);
    case Kind::kBoolean:
      return ToBoolean(node, path);
    case Kind::kJson:
      return Value(node.is_text() ? node.text : ToJson(node));
    case Kind::kTags:
      return ToTags(node, path, unevaluated);
    case Kind::kAnything:
      return ToTree(node);
    case Kind::kObject:
      if (!node.is_map()) return Mismatch(node, path, "a map");
      return ConvertProperties(*members_, node, path, unevaluated);
    case Kind::kList: {
      if (!node.is_list()) return Mismatch(node, path, "a list");
      ValueList list;
      for (std::size_t i = 0; i < node.items.size(); ++i) {
        auto item = element_->Convert(node.items[i], path + "/" + std::to_string(i), unevaluated);
        if (!item) return item;
        list.push_back(*std::move(item));
      }
      return Value(std::move(list));
    }
    case Kind::kMap: {
      if (!node.is_map()) return Mismatch(node, path, "a map");
      ValueMap map;
      for (const Member& member : node.members) {
        auto value = element_->Convert(member.value, path + "/" + member.name, unevaluated);
        if (!value) return value;
        map.Append(member.name, *std::move(value));
      }
      return Value(std::move(map));
    }
    case Kind::kInput:
      break;
  }
  const wire::Service* service = wire::FindService(service_);
  const wire::Operation* operation =
      service == nullptr ? nullptr : wire::FindOperation(*service, operation_);
  const wire::Member* member = operation == nullptr || operation->input == nullptr
                                   ? nullptr
                                   : FindMember(*operation->input, member_);
  Check(member != nullptr, "a form is borrowed from an operation that is built");
  return ToShape(node, *member->shape, path, unevaluated);
}

Result<Value> ConvertProperties(const std::vector<Property>& properties, const Node& node,
                                const std::string& path, bool unevaluated) {
  ValueMap map;
  for (const Member& given : node.members) {
    const auto property = std::ranges::find(properties, given.name, &Property::name);
    const std::string at = path + "/" + given.name;
    if (property == properties.end()) {
      std::string known;
      for (const Property& one : properties) known += (known.empty() ? "" : ", ") + one.name;
      return TemplateError(at, given.line, "there is no such property here; known are " + known);
    }
    auto value = property->form.Convert(given.value, at, unevaluated);
    if (!value) return value;
    map.Append(given.name, *std::move(value));
  }
  for (const Property& property : properties) {
    if (property.required && map.Find(property.name) == nullptr) {
      return TemplateError(path, node.line, "the property " + property.name + " is missing");
    }
  }
  return Value(std::move(map));
}

}  // namespace usher::cloudformation
