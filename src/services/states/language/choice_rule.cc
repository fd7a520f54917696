#include "services/states/language/choice_rule.h"

#include <algorithm>
#include <charconv>
#include <compare>

#include "base/clock.h"
#include "services/states/language/failure.h"

namespace usher::states {

struct ChoiceRule::Comparator {
  std::string name;
  Type type;
  Test test;
  bool with_path;
};

const std::vector<ChoiceRule::Comparator>& ChoiceRule::Table() {
  static const std::vector<Comparator> table = [] {
    struct TypeName {
      std::string_view name;
      Type type;
    };
    struct TestName {
      std::string_view name;
      Test test;
    };
    constexpr TypeName kOrdered[] = {
        {"String", Type::kString}, {"Numeric", Type::kNumeric}, {"Timestamp", Type::kTimestamp}};
    constexpr TestName kOrders[] = {{"Equals", Test::kEquals},
                                    {"LessThan", Test::kLess},
                                    {"LessThanEquals", Test::kLessOrEqual},
                                    {"GreaterThan", Test::kGreater},
                                    {"GreaterThanEquals", Test::kGreaterOrEqual}};
    constexpr TestName kKinds[] = {
        {"IsPresent", Test::kIsPresent}, {"IsNull", Test::kIsNull},
        {"IsString", Test::kIsString},   {"IsNumeric", Test::kIsNumeric},
        {"IsBoolean", Test::kIsBoolean}, {"IsTimestamp", Test::kIsTimestamp},
    };
    std::vector<Comparator> made;
    const auto both = [&](std::string name, Type type, Test test) {
      made.push_back({name, type, test, false});
      made.push_back({name + "Path", type, test, true});
    };
    for (const auto& [type_name, type] : kOrdered) {
      for (const auto& [test_name, test] : kOrders) {
        both(std::string(type_name) + std::string(test_name), type, test);
      }
    }
    both("BooleanEquals", Type::kBoolean, Test::kEquals);
    made.push_back({"StringMatches", Type::kString, Test::kMatches, false});
    for (const auto& [name, test] : kKinds) {
      made.push_back({std::string(name), Type::kBoolean, test, false});
    }
    return made;
  }();
  return table;
}

std::vector<std::string> ChoiceRule::Comparators() {
  std::vector<std::string> names;
  for (const Comparator& comparator : Table()) names.push_back(comparator.name);
  return names;
}

namespace {

std::optional<double> NumberOf(const Value& value) {
  if (value.as_int()) return static_cast<double>(*value.as_int());
  if (value.as_double()) return *value.as_double();
  return std::nullopt;
}

std::optional<int> Digits(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return std::nullopt;
  int number = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    number = number * 10 + (text[i] - '0');
  }
  return number;
}

}  // namespace

// Source: RFC 3339 section 5.6, with upper-case T and Z as the language demands.
std::optional<std::int64_t> ParseTimestamp(std::string_view text) {
  if (text.size() < 20) return std::nullopt;
  const auto base = ParseIso8601(std::string(text.substr(0, 19)) + "Z");
  if (!base) return std::nullopt;
  std::int64_t millis = EpochMillis(*base);
  std::size_t at = 19;
  if (text[at] == '.') {
    const std::size_t begin = ++at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    if (at == begin) return std::nullopt;
    int weight = 100;
    for (std::size_t i = begin; i < at && weight > 0; ++i, weight /= 10) {
      millis += std::int64_t{weight} * (text[i] - '0');
    }
  }
  const std::string_view zone = text.substr(at);
  if (zone == "Z") return millis;
  if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':') {
    return std::nullopt;
  }
  const auto hours = Digits(zone, 1, 2);
  const auto minutes = Digits(zone, 4, 2);
  if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  const std::int64_t offset = (std::int64_t{*hours} * 60 + *minutes) * 60'000;
  return zone[0] == '+' ? millis - offset : millis + offset;
}

// The usual two-pointer walk: after a '*' has failed to match so far, it takes one character more.
bool MatchesPattern(std::string_view text, std::string_view pattern) {
  struct Piece {
    char c;
    bool any;
  };
  std::vector<Piece> pieces;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) {
      pieces.push_back({pattern[++i], false});
    } else {
      pieces.push_back({pattern[i], pattern[i] == '*'});
    }
  }
  std::size_t t = 0;
  std::size_t p = 0;
  std::optional<std::size_t> star;
  std::size_t star_text = 0;
  while (t < text.size()) {
    if (p < pieces.size() && pieces[p].any) {
      star = p++;
      star_text = t;
    } else if (p < pieces.size() && pieces[p].c == text[t]) {
      ++p;
      ++t;
    } else if (star) {
      p = *star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pieces.size() && pieces[p].any) ++p;
  return p == pieces.size();
}

Result<ChoiceRule> ChoiceRule::Parse(const Value& value) { return Parse(value, 0); }

Result<ChoiceRule> ChoiceRule::Parse(const Value& value, int depth) {
  if (depth > kMaxChoiceDepth) return InvalidInput("the rule is nested too deeply");
  const ValueMap* map = value.as_map();
  if (!map) return InvalidInput("a choice rule must be an object");
  ChoiceRule rule;
  int tests = 0;
  for (const auto& [name, member] : *map) {
    if (name == "Next" || name == "Comment") {
      if (depth > 0 && name == "Next") {
        return InvalidInput("Next stands in the outermost rule alone");
      }
      continue;
    }
    if (name == "Variable") {
      if (!member.as_string()) return InvalidInput("Variable must be a path");
      auto path = ScopedPath::Parse(*member.as_string());
      if (!path) return InvalidInput("Variable: " + path.error().message);
      rule.variable_ = *std::move(path);
      continue;
    }
    ++tests;
    if (name == "And" || name == "Or") {
      const ValueList* list = member.as_list();
      if (!list || list->empty()) {
        return InvalidInput(name + " must be an array of rules that is not empty");
      }
      rule.kind_ = name == "And" ? Kind::kAnd : Kind::kOr;
      for (const Value& part : *list) {
        auto parsed = Parse(part, depth + 1);
        if (!parsed) return InvalidInput(name + ": " + parsed.error().message);
        rule.parts_.push_back(*std::move(parsed));
      }
    } else if (name == "Not") {
      auto parsed = Parse(member, depth + 1);
      if (!parsed) return InvalidInput("Not: " + parsed.error().message);
      rule.kind_ = Kind::kNot;
      rule.parts_.push_back(*std::move(parsed));
    } else {
      const auto found = std::ranges::find(Table(), name, &Comparator::name);
      if (found == Table().end()) {
        return InvalidInput("there is no comparison '" + name.substr(0, 80) + "'");
      }
      rule.type_ = found->type;
      rule.test_ = found->test;
      if (found->with_path) {
        if (!member.as_string()) return InvalidInput(name + " must be a path");
        auto path = ScopedPath::Parse(*member.as_string());
        if (!path) return InvalidInput(name + ": " + path.error().message);
        rule.with_path_ = *std::move(path);
        continue;
      }
      const bool fits = (found->type == Type::kString && member.as_string()) ||
                        (found->type == Type::kNumeric && NumberOf(member)) ||
                        (found->type == Type::kBoolean && member.as_bool()) ||
                        (found->type == Type::kTimestamp && member.as_string() &&
                         ParseTimestamp(*member.as_string()));
      if (!fits) return InvalidInput("the value of " + name + " is of another kind");
      rule.with_ = member;
    }
  }
  if (tests != 1) {
    return InvalidInput("a choice rule must have one comparison, And, Or or Not, but this has " +
                        std::to_string(tests));
  }
  if (rule.kind_ == Kind::kCompare && !rule.variable_) return InvalidInput("Variable is missing");
  if (rule.kind_ != Kind::kCompare && rule.variable_) {
    return InvalidInput("Variable belongs to a comparison, not to And, Or or Not");
  }
  return rule;
}

Result<bool> ChoiceRule::Matches(const Scope& scope) const {
  switch (kind_) {
    case Kind::kAnd:
    case Kind::kOr:
      for (const ChoiceRule& part : parts_) {
        const auto matches = part.Matches(scope);
        if (!matches) return matches;
        if (*matches == (kind_ == Kind::kOr)) return *matches;
      }
      return kind_ == Kind::kAnd;
    case Kind::kNot: {
      const auto matches = parts_.front().Matches(scope);
      if (!matches) return matches;
      return !*matches;
    }
    case Kind::kCompare:
      break;
  }
  const auto variable = variable_->Select(scope);
  if (!variable) return variable.error();
  if (test_ == Test::kIsPresent) return variable->has_value() == *with_.as_bool();
  if (!*variable) {
    return StatesError(kRuntime, "Invalid path '" + variable_->text() +
                                     "': The choice state's condition path references an invalid "
                                     "value.");
  }
  return Compare(**variable, scope);
}

Result<bool> ChoiceRule::Compare(const Value& variable, const Scope& scope) const {
  if (test_ >= Test::kIsNull) return IsOfKind(variable) == *with_.as_bool();
  if (!with_path_) return CompareValues(variable, with_);
  const auto with = with_path_->Select(scope);
  if (!with) return with.error();
  if (!*with) {
    return StatesError(kRuntime, "Invalid path '" + with_path_->text() +
                                     "': The choice state's condition path references an invalid "
                                     "value.");
  }
  return CompareValues(variable, **with);
}

bool ChoiceRule::IsOfKind(const Value& variable) const {
  switch (test_) {
    case Test::kIsNull:
      return variable.is_null();
    case Test::kIsString:
      return variable.as_string() != nullptr;
    case Test::kIsNumeric:
      return NumberOf(variable).has_value();
    case Test::kIsBoolean:
      return variable.as_bool() != nullptr;
    default:
      return variable.as_string() && ParseTimestamp(*variable.as_string());
  }
}

bool ChoiceRule::CompareValues(const Value& variable, const Value& with) const {
  std::partial_ordering order = std::partial_ordering::unordered;
  switch (type_) {
    case Type::kString:
      if (!variable.as_string() || !with.as_string()) return false;
      if (test_ == Test::kMatches) return MatchesPattern(*variable.as_string(), *with.as_string());
      order = *variable.as_string() <=> *with.as_string();
      break;
    case Type::kNumeric: {
      const auto left = NumberOf(variable);
      const auto right = NumberOf(with);
      if (!left || !right) return false;
      // Whole numbers beyond 2^53 differ as such.
      order = variable.as_int() && with.as_int() ? *variable.as_int() <=> *with.as_int()
                                                 : *left <=> *right;
      break;
    }
    case Type::kBoolean:
      return variable.as_bool() && with.as_bool() && *variable.as_bool() == *with.as_bool();
    case Type::kTimestamp: {
      const auto left = variable.as_string() ? ParseTimestamp(*variable.as_string()) : std::nullopt;
      const auto right = with.as_string() ? ParseTimestamp(*with.as_string()) : std::nullopt;
      if (!left || !right) return false;
      order = *left <=> *right;
      break;
    }
  }
  switch (test_) {
    case Test::kEquals:
      return order == 0;
    case Test::kLess:
      return order < 0;
    case Test::kLessOrEqual:
      return order <= 0;
    case Test::kGreater:
      return order > 0;
    default:
      return order >= 0;
  }
}

}  // namespace usher::states
