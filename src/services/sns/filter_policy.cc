#include "services/sns/filter_policy.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "base/text.h"
#include "json/json.h"
#include "services/sns/errors.h"

namespace usher::sns {
namespace {

constexpr std::array kComparisons{"=", "<", "<=", ">", ">="};
constexpr double kNumberPrecision = 1e-5;  // five digits after the point count

Error Bad(std::string reason) { return InvalidParameter("FilterPolicy", reason); }

const double* AsNumber(const Value& value, double& storage) {
  if (const std::int64_t* number = value.as_int()) {
    storage = static_cast<double>(*number);
    return &storage;
  }
  return value.as_double();
}

bool AreEqual(const Value& a, const Value& b) {
  double a_number = 0;
  double b_number = 0;
  const double* x = AsNumber(a, a_number);
  const double* y = AsNumber(b, b_number);
  if (x && y) return std::abs(*x - *y) < kNumberPrecision / 2;
  return a == b;
}

bool Compares(double value, std::string_view comparison, double bound) {
  if (comparison == "=") return std::abs(value - bound) < kNumberPrecision / 2;
  if (comparison == "<") return value < bound;
  if (comparison == "<=") return value <= bound;
  if (comparison == ">") return value > bound;
  return value >= bound;
}

// '*' stands for any text, "\*" for a star. Cost: O(pattern * text), no recursion.
bool MatchesWildcard(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
      continue;
    }
    const bool escaped = p + 1 < pattern.size() && pattern[p] == '\\';
    if (p < pattern.size() && pattern[escaped ? p + 1 : p] == text[t]) {
      p += escaped ? 2 : 1;
      ++t;
      continue;
    }
    if (star == std::string_view::npos) return false;
    p = star + 1;
    t = ++star_text;
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

struct Network {
  std::array<unsigned char, 16> bytes{};
  std::size_t size = 0;  // 4 or 16
};

bool ParseAddress(std::string_view text, Network& network) {
  const std::string copy(text);
  if (inet_pton(AF_INET, copy.c_str(), network.bytes.data()) == 1) {
    network.size = 4;
    return true;
  }
  network.size = 16;
  return inet_pton(AF_INET6, copy.c_str(), network.bytes.data()) == 1;
}

// "10.0.0.0/24".
bool ParseCidr(std::string_view text, Network& network, std::size_t& bits) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos || !ParseAddress(text.substr(0, slash), network)) {
    return false;
  }
  const std::string_view digits = text.substr(slash + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  return error == std::errc() && end == digits.data() + digits.size() && bits <= network.size * 8;
}

bool IsInCidr(std::string_view address, std::string_view cidr) {
  Network network;
  Network given;
  std::size_t bits = 0;
  if (!ParseCidr(cidr, network, bits) || !ParseAddress(address, given) ||
      given.size != network.size) {
    return false;
  }
  for (std::size_t bit = 0; bit < bits; ++bit) {
    const auto differs = static_cast<unsigned>(network.bytes[bit / 8] ^ given.bytes[bit / 8]);
    if ((differs >> (7 - bit % 8) & 1U) != 0) return false;
  }
  return true;
}

// Attributes as the object that a policy looks at. Binary ones are not looked at.
ValueMap ObjectOf(const std::map<std::string, MessageAttribute>& attributes) {
  ValueMap object;
  for (const auto& [name, attribute] : attributes) {
    const std::string_view kind =
        std::string_view(attribute.type).substr(0, attribute.type.find('.'));
    if (attribute.type == "String.Array" || kind == "Number") {
      auto parsed = json::Parse(attribute.value);
      object.Append(name, parsed ? *std::move(parsed) : Value(attribute.value));
    } else if (kind == "String") {
      object.Append(name, attribute.value);
    }
  }
  return object;
}

}  // namespace

// Reads a policy; counts what the limits are about.
class FilterParser {
 public:
  explicit FilterParser(FilterPolicy::Scope scope) : scope_(scope) {}

  Result<FilterPolicy::Policy> Object(const ValueMap& map, std::size_t depth) {
    FilterPolicy::Policy policy;
    if (depth > kMaxFilterDepth) return Bad("it is nested too deeply");
    for (const auto& [key, value] : map) {
      if (key == "$or") {
        if (auto read = Or(value, depth, policy); !read) return read.error();
      } else if (const ValueList* list = value.as_list()) {
        if (auto counted = CountKey(); !counted) return counted.error();
        auto rule = List(key, *list, depth);
        if (!rule) return rule.error();
        policy.rules.emplace_back(key, *std::move(rule));
      } else if (value.as_map() && scope_ == FilterPolicy::Scope::kBody) {
        auto nested = Object(*value.as_map(), depth + 1);
        if (!nested) return nested.error();
        policy.nested.push_back({key, *std::move(nested)});
      } else {
        return Bad(value.as_map()
                       ? "Filter policy scope MessageAttributes does not support nested filter "
                         "policy"
                       : "\"" + key + "\" must be an object or an array");
      }
    }
    return policy;
  }

 private:
  using Condition = FilterPolicy::Condition;

  Result<void> CountKey() {
    if (++keys_ > kMaxFilterKeys) return Bad("Filter policy can not have more than 5 keys");
    return {};
  }

  Result<void> Or(const Value& value, std::size_t depth, FilterPolicy::Policy& policy) {
    const ValueList* list = value.as_list();
    if (!list || list->size() < 2) return Bad("\"$or\" must be an array of at least two policies");
    if (auto counted = Count(list->size()); !counted) return counted;
    auto& alternatives = policy.alternatives.emplace_back();
    for (const Value& one : *list) {
      if (!one.as_map() || one.as_map()->empty()) return Bad("\"$or\" holds policies");
      auto read = Object(*one.as_map(), depth + 1);
      if (!read) return read.error();
      alternatives.push_back(*std::move(read));
    }
    return {};
  }

  Result<FilterPolicy::Rule> List(const std::string& key, const ValueList& list,
                                  std::size_t depth) {
    if (list.empty()) return Bad("Empty arrays are not allowed: \"" + key + "\"");
    if (auto counted = Count(list.size() * depth); !counted) return counted.error();
    FilterPolicy::Rule rule;
    for (const Value& one : list) {
      auto condition = Read(one);
      if (!condition) return condition.error();
      rule.push_back(*std::move(condition));
    }
    return rule;
  }

  Result<void> Count(std::size_t choices) {
    combinations_ *= choices;
    if (combinations_ > kMaxFilterCombinations) {
      return Bad(
          "Filter policy is too complex: the product of the numbers of values of its keys, "
          "times their depth, may be " +
          std::to_string(kMaxFilterCombinations));
    }
    return {};
  }

  static Result<Condition> Scalar(const Value& value) {
    double storage = 0;
    const double* number = AsNumber(value, storage);
    if (number && !(std::abs(*number) <= kMaxFilterNumber)) {
      return Bad("numbers must lie between -1e9 and 1e9");
    }
    if (value.as_map() || value.as_list()) return Bad("a scalar value is expected");
    return Condition{.kind = Condition::Kind::kEquals, .value = value};
  }

  static Result<Condition> Read(const Value& value) {
    const ValueMap* map = value.as_map();
    if (!map) return Scalar(value);
    if (map->size() != 1) return Bad("Only one key allowed in match expression");
    const auto& [name, operand] = *map->begin();
    if (name == "exists") {
      if (!operand.as_bool()) return Bad("exists match pattern must be either true or false.");
      return Condition{.kind = Condition::Kind::kExists, .exists = *operand.as_bool()};
    }
    if (name == "numeric") return Numeric(operand);
    if (name == "anything-but") return AnythingBut(operand);
    return Text(name, operand);
  }

  static Result<Condition> Text(const std::string& name, const Value& operand) {
    using Kind = Condition::Kind;
    constexpr std::array<std::pair<std::string_view, Kind>, 5> kinds{
        {{"prefix", Kind::kPrefix},
         {"suffix", Kind::kSuffix},
         {"equals-ignore-case", Kind::kEqualsIgnoreCase},
         {"wildcard", Kind::kWildcard},
         {"cidr", Kind::kCidr}}};
    const auto found = std::ranges::find(kinds, name, &std::pair<std::string_view, Kind>::first);
    if (found == kinds.end()) return Bad("Unrecognized match type " + name);
    if (!operand.as_string() || operand.as_string()->empty()) {
      return Bad(name + " match pattern must be a string that is not empty");
    }
    Network network;
    std::size_t bits = 0;
    if (found->second == Kind::kCidr && !ParseCidr(*operand.as_string(), network, bits)) {
      return Bad("cidr match pattern must be an address, a slash and a number of bits");
    }
    return Condition{.kind = found->second, .text = *operand.as_string()};
  }

  static Result<Condition> Numeric(const Value& operand) {
    const ValueList* list = operand.as_list();
    if (!list || list->empty() || list->size() % 2 != 0 || list->size() > 4) {
      return Bad("Value of numeric must be an array of one or two comparisons and numbers");
    }
    Condition condition{.kind = Condition::Kind::kNumeric};
    for (std::size_t i = 0; i < list->size(); i += 2) {
      const std::string* comparison = (*list)[i].as_string();
      double storage = 0;
      const double* number = AsNumber((*list)[i + 1], storage);
      if (!comparison || std::ranges::find(kComparisons, *comparison) == kComparisons.end()) {
        return Bad("Unrecognized numeric range operator");
      }
      if (!number || !(std::abs(*number) <= kMaxFilterNumber)) {
        return Bad("Value of " + *comparison + " must be a number between -1e9 and 1e9");
      }
      condition.bounds.push_back({*comparison, *number});
    }
    if (condition.bounds.size() == 2) {
      // A lower bound, then a higher one.
      const bool ordered = condition.bounds[0].comparison.starts_with('>') &&
                           condition.bounds[1].comparison.starts_with('<') &&
                           condition.bounds[0].number < condition.bounds[1].number;
      if (!ordered) return Bad("Bottom must be less than top, and stand before it");
    }
    return condition;
  }

  static Result<Condition> AnythingBut(const Value& operand) {
    Condition condition{.kind = Condition::Kind::kAnythingBut};
    if (const ValueMap* map = operand.as_map()) {
      if (map->size() != 1 || (!map->Find("prefix") && !map->Find("suffix") &&
                               !map->Find("equals-ignore-case") && !map->Find("wildcard"))) {
        return Bad("Unsupported anything-but pattern");
      }
      auto inner = Text(map->begin()->first, map->begin()->second);
      if (!inner) return inner;
      condition.but_these.push_back(*std::move(inner));
      return condition;
    }
    const ValueList one{operand};
    const ValueList& list = operand.as_list() ? *operand.as_list() : one;
    if (list.empty()) return Bad("Empty arrays are not allowed: anything-but");
    for (const Value& value : list) {
      double storage = 0;
      if (!value.as_string() && !AsNumber(value, storage)) {
        return Bad("anything-but takes strings and numbers");
      }
      auto inner = Scalar(value);
      if (!inner) return inner;
      condition.but_these.push_back(*std::move(inner));
    }
    return condition;
  }

  FilterPolicy::Scope scope_;
  std::size_t keys_ = 0;
  std::size_t combinations_ = 1;
};

Result<FilterPolicy> FilterPolicy::Parse(std::string_view policy, Scope scope) {
  const auto parsed = json::Parse(policy);
  if (!parsed || !parsed->as_map()) return Bad("it is not a JSON object");
  auto root = FilterParser(scope).Object(*parsed->as_map(), 1);
  if (!root) return root.error();
  FilterPolicy result;
  result.scope_ = scope;
  result.root_ = *std::move(root);
  return result;
}

bool FilterPolicy::Condition::Holds(const Value& scalar) const {
  const std::string* said = scalar.as_string();
  switch (kind) {
    case Kind::kEquals:
      return AreEqual(scalar, value);
    case Kind::kEqualsIgnoreCase:
      return said && EqualsIgnoreCase(*said, text);
    case Kind::kPrefix:
      return said && said->starts_with(text);
    case Kind::kSuffix:
      return said && said->ends_with(text);
    case Kind::kWildcard:
      return said && MatchesWildcard(text, *said);
    case Kind::kCidr:
      return said && IsInCidr(*said, text);
    case Kind::kNumeric: {
      double storage = 0;
      const double* number = AsNumber(scalar, storage);
      return number && std::ranges::all_of(bounds, [&](const Bound& bound) {
               return Compares(*number, bound.comparison, bound.number);
             });
    }
    case Kind::kExists:
      return exists;
    case Kind::kAnythingBut:
      return std::ranges::none_of(but_these,
                                  [&](const Condition& one) { return one.Holds(scalar); });
  }
  return false;
}

// `value` is what the message has under the rule's key; nullptr when it has nothing.
bool FilterPolicy::RuleHolds(const Rule& rule, const Value* value) {
  if (value && value->as_map()) value = nullptr;  // no leaf
  if (const ValueList* list = value ? value->as_list() : nullptr) {
    if (list->empty()) return RuleHolds(rule, nullptr);
    return std::ranges::any_of(*list, [&](const Value& one) {
      return !one.as_map() && !one.as_list() && RuleHolds(rule, &one);
    });
  }
  return std::ranges::any_of(rule, [&](const Condition& condition) {
    if (condition.kind == Condition::Kind::kExists) {
      const bool there = value && !value->is_null();
      return there == condition.exists;
    }
    return value && condition.Holds(*value);
  });
}

bool FilterPolicy::Policy::Holds(const ValueMap& message) const {
  for (const auto& [key, rule] : rules) {
    if (!RuleHolds(rule, message.Find(key))) return false;
  }
  for (const auto& [key, policy] : nested) {
    const Value* value = message.Find(key);
    const ValueMap* object = value ? value->as_map() : nullptr;
    if (const ValueList* list = value ? value->as_list() : nullptr) {
      const bool any = std::ranges::any_of(*list, [&, &policy = policy](const Value& one) {
        return one.as_map() && policy.Holds(*one.as_map());
      });
      if (!any) return false;
    } else if (!policy.Holds(object ? *object : ValueMap())) {
      return false;
    }
  }
  return std::ranges::all_of(alternatives, [&](const std::vector<Policy>& choices) {
    return std::ranges::any_of(choices,
                               [&](const Policy& choice) { return choice.Holds(message); });
  });
}

bool FilterPolicy::Matches(const std::map<std::string, MessageAttribute>& attributes,
                           std::string_view text) const {
  if (root_.rules.empty() && root_.nested.empty() && root_.alternatives.empty()) return true;
  if (scope_ == Scope::kAttributes) {
    return !attributes.empty() && root_.Holds(ObjectOf(attributes));
  }
  const auto body = json::Parse(text);
  return body && body->as_map() && !body->as_map()->empty() && root_.Holds(*body->as_map());
}

}  // namespace usher::sns
