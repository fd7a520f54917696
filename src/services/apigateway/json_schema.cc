#include "services/apigateway/json_schema.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <vector>

#include "json/json.h"
#include "regex/regex.h"

namespace usher::apigateway {
namespace {

constexpr std::size_t kMaxNodes = 10'000;     // of one schema with the models that it refers to
constexpr std::size_t kMaxSchemaDepth = 64;   // schemas within schemas
constexpr std::size_t kMaxDepth = 300;        // of a check, references included
constexpr std::size_t kMaxSteps = 1'000'000;  // of a check
constexpr std::size_t kMaxErrors = 5;         // told of one document

constexpr std::array<std::string_view, 7> kTypes{"array",  "boolean", "integer", "null",
                                                 "number", "object",  "string"};

struct Node {
  std::vector<std::string> types;
  std::optional<ValueList> enumeration;
  std::vector<std::string> required;
  std::vector<std::pair<std::string, const Node*>> properties;
  std::vector<std::pair<Regex, const Node*>> patterns;
  bool more_properties = true;
  const Node* more_properties_schema = nullptr;
  const Node* every_item = nullptr;
  std::optional<std::vector<const Node*>> items;  // by position
  bool more_items = true;
  const Node* more_items_schema = nullptr;
  bool unique_items = false;
  std::optional<double> minimum, maximum, multiple_of;
  bool above_minimum = false;
  bool below_maximum = false;
  std::optional<std::size_t> min_length, max_length, min_items, max_items, min_properties,
      max_properties;
  std::optional<Regex> pattern;
  std::vector<const Node*> all_of, any_of, one_of;
  const Node* none_of = nullptr;
  const Node* reference = nullptr;
};

std::optional<double> NumberOf(const Value& value) {
  if (value.as_int()) return static_cast<double>(*value.as_int());
  if (value.as_double()) return *value.as_double();
  return std::nullopt;
}

bool IsWhole(const Value& value) {
  return value.as_int() ||
         (value.as_double() && std::floor(*value.as_double()) == *value.as_double());
}

bool IsOfType(const Value& value, std::string_view type) {
  if (type == "object") return value.as_map() != nullptr;
  if (type == "array") return value.as_list() != nullptr;
  if (type == "string") return value.as_string() != nullptr;
  if (type == "boolean") return value.as_bool() != nullptr;
  if (type == "null") return value.is_null();
  if (type == "integer") return IsWhole(value);
  return NumberOf(value).has_value();
}

std::string_view TypeOf(const Value& value) {
  for (const std::string_view type : kTypes) {
    if (IsOfType(value, type)) return type;
  }
  return "unknown";
}

bool AreSame(const Value& a, const Value& b) {
  const auto x = NumberOf(a);
  const auto y = NumberOf(b);
  return x && y ? *x == *y : a == b;
}

std::size_t CharactersOf(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

struct JsonSchema::Program {
  std::vector<std::unique_ptr<Node>> nodes;
  const Node* root = nullptr;
};

namespace {

class Compiler {
 public:
  Compiler(const std::function<Result<std::string>(std::string_view)>& models,
           JsonSchema::Program& program)
      : models_(models), program_(program) {}

  Result<const Node*> Document(std::string_view name, std::string_view text) {
    auto parsed = json::Parse(text, kMaxSchemaDepth * 2);
    if (!parsed) return InvalidInput("the schema is not JSON: " + parsed.error().message);
    const Value& document = documents_[std::string(name)] = *std::move(parsed);
    return Compile(std::string(name), "#", document, 0);
  }

 private:
  Error Bad(const std::string& place, const std::string& message) const {
    return InvalidInput(place + ": " + message);
  }

  // One node for each place of each document, so that references may form circles.
  Result<const Node*> Compile(const std::string& document, const std::string& place,
                              const Value& schema, std::size_t depth) {
    const std::string key = document + " " + place;
    if (const auto known = known_.find(key); known != known_.end()) return known->second;
    const ValueMap* const map = schema.as_map();
    if (map == nullptr) return Bad(place, "a schema is an object");
    if (depth > kMaxSchemaDepth) return Bad(place, "the schema is nested too deep");
    if (program_.nodes.size() >= kMaxNodes) {
      return LimitExceeded("a schema has at most " + std::to_string(kMaxNodes) + " parts");
    }
    Node& node = *program_.nodes.emplace_back(std::make_unique<Node>());
    known_.emplace(key, &node);
    for (const auto& [name, value] : *map) {
      if (const auto read = Keyword(document, place, name, value, depth, node); !read) {
        return read.error();
      }
    }
    return &node;
  }

  Result<void> Keyword(const std::string& document, const std::string& place,
                       const std::string& name, const Value& value, std::size_t depth, Node& node) {
    const std::string here = place + "/" + name;
    const auto one = [&](const Node*& out) -> Result<void> {
      const auto compiled = Compile(document, here, value, depth + 1);
      if (!compiled) return compiled.error();
      out = *compiled;
      return {};
    };
    const auto several = [&](std::vector<const Node*>& out) -> Result<void> {
      const ValueList* const list = value.as_list();
      if (list == nullptr || list->empty()) return Bad(here, "a list of schemas is expected");
      for (std::size_t i = 0; i < list->size(); ++i) {
        const auto compiled =
            Compile(document, here + "/" + std::to_string(i), (*list)[i], depth + 1);
        if (!compiled) return compiled.error();
        out.push_back(*compiled);
      }
      return {};
    };
    const auto flag = [&](bool& out) -> Result<void> {
      if (!value.as_bool()) return Bad(here, "true or false is expected");
      out = *value.as_bool();
      return {};
    };
    const auto number = [&](std::optional<double>& out) -> Result<void> {
      out = NumberOf(value);
      return out ? Result<void>() : Bad(here, "a number is expected");
    };
    const auto count = [&](std::optional<std::size_t>& out) -> Result<void> {
      if (!value.as_int() || *value.as_int() < 0) return Bad(here, "a count is expected");
      out = static_cast<std::size_t>(*value.as_int());
      return {};
    };
    const auto texts = [&](std::vector<std::string>& out) -> Result<void> {
      const ValueList* const list = value.as_list();
      if (list == nullptr) return Bad(here, "a list of texts is expected");
      for (const Value& item : *list) {
        if (!item.as_string()) return Bad(here, "a list of texts is expected");
        out.push_back(*item.as_string());
      }
      return {};
    };
    const auto schema_or_flag = [&](bool& out, const Node*& schema) -> Result<void> {
      return value.as_bool() ? flag(out) : one(schema);
    };

    if (name == "$ref") return Refer(document, here, value, depth, node);
    if (name == "type") return Types(here, value, node);
    if (name == "enum") {
      if (!value.as_list() || value.as_list()->empty()) return Bad(here, "a list is expected");
      node.enumeration = *value.as_list();
      return {};
    }
    if (name == "required") return texts(node.required);
    if (name == "properties" || name == "patternProperties") {
      return Properties(document, here, name == "properties", value, depth, node);
    }
    if (name == "additionalProperties") {
      return schema_or_flag(node.more_properties, node.more_properties_schema);
    }
    if (name == "items") {
      return value.as_list() ? several(node.items.emplace()) : one(node.every_item);
    }
    if (name == "additionalItems") return schema_or_flag(node.more_items, node.more_items_schema);
    if (name == "uniqueItems") return flag(node.unique_items);
    if (name == "minItems") return count(node.min_items);
    if (name == "maxItems") return count(node.max_items);
    if (name == "minProperties") return count(node.min_properties);
    if (name == "maxProperties") return count(node.max_properties);
    if (name == "minLength") return count(node.min_length);
    if (name == "maxLength") return count(node.max_length);
    if (name == "minimum") return number(node.minimum);
    if (name == "maximum") return number(node.maximum);
    if (name == "exclusiveMinimum") return flag(node.above_minimum);
    if (name == "exclusiveMaximum") return flag(node.below_maximum);
    if (name == "multipleOf") {
      if (auto read = number(node.multiple_of); !read) return read;
      return *node.multiple_of > 0 ? Result<void>() : Bad(here, "a number above 0 is expected");
    }
    if (name == "pattern") {
      if (!value.as_string()) return Bad(here, "a regular expression is expected");
      auto regex = Regex::Compile(*value.as_string());
      if (!regex) return Bad(here, regex.error().message);
      node.pattern = *std::move(regex);
      return {};
    }
    if (name == "allOf") return several(node.all_of);
    if (name == "anyOf") return several(node.any_of);
    if (name == "oneOf") return several(node.one_of);
    if (name == "not") return one(node.none_of);
    if (name == "dependencies") return Bad(here, "this keyword is not supported by Usher");
    return {};  // annotations, definitions, and what draft 4 does not know
  }

  Result<void> Types(const std::string& here, const Value& value, Node& node) {
    if (value.as_string()) {
      node.types = {*value.as_string()};
    } else if (value.as_list()) {
      for (const Value& item : *value.as_list()) {
        if (!item.as_string()) return Bad(here, "a type is a text");
        node.types.push_back(*item.as_string());
      }
    }
    for (const std::string& type : node.types) {
      if (std::ranges::find(kTypes, type) == kTypes.end()) {
        return Bad(here, "there is no type '" + type.substr(0, 100) + "'");
      }
    }
    return node.types.empty() ? Bad(here, "a type is expected") : Result<void>();
  }

  Result<void> Properties(const std::string& document, const std::string& here, bool by_name,
                          const Value& value, std::size_t depth, Node& node) {
    const ValueMap* const map = value.as_map();
    if (map == nullptr) return Bad(here, "an object of schemas is expected");
    for (const auto& [name, schema] : *map) {
      const auto compiled = Compile(document, here + "/" + name, schema, depth + 1);
      if (!compiled) return compiled.error();
      if (by_name) {
        node.properties.emplace_back(name, *compiled);
        continue;
      }
      auto regex = Regex::Compile(name);
      if (!regex) return Bad(here, regex.error().message);
      node.patterns.emplace_back(*std::move(regex), *compiled);
    }
    return {};
  }

  Result<void> Refer(const std::string& document, const std::string& here, const Value& value,
                     std::size_t depth, Node& node) {
    if (!value.as_string()) return Bad(here, "a reference is a text");
    std::string target = *value.as_string();
    std::string in = document;
    const std::size_t models = target.find("/models/");
    if (!target.starts_with('#') && models != std::string::npos) {
      std::string rest = target.substr(models + sizeof("/models/") - 1);
      const std::size_t hash = std::min(rest.find('#'), rest.size());
      in = rest.substr(0, hash);
      target = hash < rest.size() ? rest.substr(hash) : "#";
      if (!documents_.contains(in)) {
        const auto text = models_(in);
        if (!text) return text.error();
        const auto compiled = Document(in, *text);
        if (!compiled) return compiled.error();
      }
    }
    if (!target.starts_with('#')) {
      return Bad(here, "a reference is #/… or the address of a model, got '" +
                           target.substr(0, 200) + "'");
    }
    // "#/definitions/a": from member to member.
    const Value* at = &documents_.at(in);
    std::string place = "#";
    std::string_view rest = std::string_view(target).substr(1);
    while (rest.starts_with('/')) {
      rest.remove_prefix(1);
      const std::string part(rest.substr(0, rest.find('/')));
      rest.remove_prefix(part.size());
      at = at->Find(part);
      if (at == nullptr) return Bad(here, "the reference " + target + " leads nowhere");
      place += "/" + part;
    }
    const auto compiled = Compile(in, place, *at, depth + 1);
    if (!compiled) return compiled.error();
    node.reference = *compiled;
    return {};
  }

  const std::function<Result<std::string>(std::string_view)>& models_;
  JsonSchema::Program& program_;
  std::map<std::string, Value> documents_;  // by model's name; "" the schema itself
  std::map<std::string, const Node*> known_;
};

std::string Quoted(const std::vector<std::string>& names) {
  std::string out = "[";
  for (const std::string& name : names) {
    if (out.size() > 1) out += ',';
    json::AppendString(out, name);
  }
  return out + "]";
}

class Checker {
 public:
  bool Check(const Node& node, const Value& value, std::size_t depth) {
    if (depth > kMaxDepth || ++steps_ > kMaxSteps) {
      Violation("the check takes too many steps");
      return false;
    }
    bool good = true;
    const auto fail = [&](std::string message) {
      Violation(std::move(message));
      good = false;
    };
    // Draft 4: what stands beside a reference is not looked at.
    if (node.reference != nullptr) return Check(*node.reference, value, depth + 1);
    if (!node.types.empty() &&
        std::ranges::none_of(node.types, [&](const auto& type) { return IsOfType(value, type); })) {
      fail("instance type (" + std::string(TypeOf(value)) +
           ") does not match any allowed primitive type (allowed: " + Quoted(node.types) + ")");
      return false;
    }
    if (node.enumeration && std::ranges::none_of(*node.enumeration, [&](const Value& one) {
          return AreSame(one, value);
        })) {
      fail("instance value (" + json::Write(value).substr(0, 100) +
           ") not found in enum (possible values: " +
           json::Write(*node.enumeration).substr(0, 500) + ")");
    }
    if (const auto number = NumberOf(value)) good &= CheckNumber(node, *number);
    if (value.as_string()) good &= CheckText(node, *value.as_string());
    if (value.as_list()) good &= CheckList(node, *value.as_list(), depth);
    if (value.as_map()) good &= CheckMap(node, *value.as_map(), depth);
    for (const Node* part : node.all_of) good &= Check(*part, value, depth + 1);
    if (!node.any_of.empty() && CountOf(node.any_of, value, depth) == 0) {
      fail("instance failed to match at least one required schema among " +
           std::to_string(node.any_of.size()));
    }
    if (!node.one_of.empty()) {
      if (const std::size_t fits = CountOf(node.one_of, value, depth); fits != 1) {
        fail("instance failed to match exactly one schema (matched " + std::to_string(fits) +
             " out of " + std::to_string(node.one_of.size()) + ")");
      }
    }
    if (node.none_of != nullptr && CountOf({node.none_of}, value, depth) == 1) {
      fail("instance matched a schema which it should not have");
    }
    return good;
  }

  [[nodiscard]] std::string Told() const {
    std::string out;
    for (const std::string& one : violations_) out += (out.empty() ? "" : ", ") + one;
    return out;
  }

 private:
  void Violation(std::string message) {
    if (quiet_ == 0 && violations_.size() < kMaxErrors) violations_.push_back(std::move(message));
  }

  std::size_t CountOf(const std::vector<const Node*>& nodes, const Value& value,
                      std::size_t depth) {
    ++quiet_;
    std::size_t fits = 0;
    for (const Node* node : nodes) fits += Check(*node, value, depth + 1) ? 1 : 0;
    --quiet_;
    return fits;
  }

  bool CheckNumber(const Node& node, double number) {
    std::string text;
    json::AppendNumber(text, number);
    if (node.minimum && (node.above_minimum ? number <= *node.minimum : number < *node.minimum)) {
      Violation("numeric instance (" + text + ") is lower than the required minimum");
      return false;
    }
    if (node.maximum && (node.below_maximum ? number >= *node.maximum : number > *node.maximum)) {
      Violation("numeric instance (" + text + ") is greater than the required maximum");
      return false;
    }
    if (node.multiple_of) {
      const double parts = number / *node.multiple_of;
      if (std::abs(parts - std::round(parts)) > 1e-9 * std::max(1.0, std::abs(parts))) {
        Violation("numeric instance (" + text + ") is not a multiple of what is required");
        return false;
      }
    }
    return true;
  }

  bool CheckText(const Node& node, const std::string& text) {
    const std::size_t length = CharactersOf(text);
    bool good = true;
    if (node.min_length && length < *node.min_length) {
      Violation("string is too short (length: " + std::to_string(length) +
                ", required minimum: " + std::to_string(*node.min_length) + ")");
      good = false;
    }
    if (node.max_length && length > *node.max_length) {
      Violation("string is too long (length: " + std::to_string(length) +
                ", maximum allowed: " + std::to_string(*node.max_length) + ")");
      good = false;
    }
    if (node.pattern && !node.pattern->Finds(text)) {
      Violation("ECMA 262 regex does not match input string \"" + text.substr(0, 100) + "\"");
      good = false;
    }
    return good;
  }

  bool CheckList(const Node& node, const ValueList& list, std::size_t depth) {
    bool good = true;
    if (node.min_items && list.size() < *node.min_items) {
      Violation("array is too short: must have at least " + std::to_string(*node.min_items) +
                " elements but instance has " + std::to_string(list.size()) + " elements");
      good = false;
    }
    if (node.max_items && list.size() > *node.max_items) {
      Violation("array is too long: must have at most " + std::to_string(*node.max_items) +
                " elements but instance has " + std::to_string(list.size()) + " elements");
      good = false;
    }
    if (node.unique_items && HasEqual(list)) {
      Violation("array must not contain duplicate elements");
      good = false;
    }
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (node.every_item != nullptr) {
        good &= Check(*node.every_item, list[i], depth + 1);
      } else if (node.items && i < node.items->size()) {
        good &= Check(*(*node.items)[i], list[i], depth + 1);
      } else if (node.items && node.more_items_schema != nullptr) {
        good &= Check(*node.more_items_schema, list[i], depth + 1);
      } else if (node.items && !node.more_items) {
        Violation("array has more elements than the schema has items");
        return false;
      }
    }
    return good;
  }

  // Equal elements are equal as text, but for 1 and 1.0, which are looked for by pairs.
  bool HasEqual(const ValueList& list) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (++steps_ > kMaxSteps || AreSame(list[i], list[j])) return true;
      }
    }
    return false;
  }

  bool CheckMap(const Node& node, const ValueMap& map, std::size_t depth) {
    bool good = true;
    std::vector<std::string> missing;
    for (const std::string& name : node.required) {
      if (map.Find(name) == nullptr) missing.push_back(name);
    }
    if (!missing.empty()) {
      Violation("object has missing required properties (" + Quoted(missing) + ")");
      good = false;
    }
    if (node.min_properties && map.size() < *node.min_properties) {
      Violation("object has too few properties");
      good = false;
    }
    if (node.max_properties && map.size() > *node.max_properties) {
      Violation("object has too many properties");
      good = false;
    }
    std::vector<std::string> unknown;
    for (const auto& [name, member] : map) {
      bool known = false;
      const auto property =
          std::ranges::find(node.properties, name, &std::pair<std::string, const Node*>::first);
      if (property != node.properties.end()) {
        known = true;
        good &= Check(*property->second, member, depth + 1);
      }
      for (const auto& [regex, schema] : node.patterns) {
        if (!regex.Finds(name)) continue;
        known = true;
        good &= Check(*schema, member, depth + 1);
      }
      if (known) continue;
      if (node.more_properties_schema != nullptr) {
        good &= Check(*node.more_properties_schema, member, depth + 1);
      } else if (!node.more_properties) {
        unknown.push_back(name);
      }
    }
    if (!unknown.empty()) {
      Violation("object instance has properties which are not allowed by the schema: " +
                Quoted(unknown));
      good = false;
    }
    return good;
  }

  std::vector<std::string> violations_;
  std::size_t steps_ = 0;
  std::size_t quiet_ = 0;  // within a schema that may fail
};

}  // namespace

Result<JsonSchema> JsonSchema::Compile(
    std::string_view schema,
    const std::function<Result<std::string>(std::string_view name)>& models) {
  auto program = std::make_shared<Program>();
  const auto root = Compiler(models, *program).Document("", schema);
  if (!root) return root.error();
  program->root = *root;
  return JsonSchema(std::move(program));
}

Result<void> JsonSchema::Check(const Value& document) const {
  Checker checker;
  if (checker.Check(*program_->root, document, 0)) return {};
  return InvalidInput(checker.Told());
}

}  // namespace usher::apigateway
