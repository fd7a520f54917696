#include "services/logs/condition.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"
#include "json/json.h"

namespace usher::logs {
namespace {

constexpr int kMaxNesting = 32;  // of brackets in a pattern

std::optional<double> ParseNumber(std::string_view text) {
  double number = 0;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || bad != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<double> NumberOf(const Value& value) {
  if (const auto* number = value.as_int()) return static_cast<double>(*number);
  if (const auto* number = value.as_double()) return *number;
  if (const auto* text = value.as_string()) return ParseNumber(*text);
  return std::nullopt;
}

std::string TextOf(const Value& value) {
  if (const auto* text = value.as_string()) return *text;
  return json::Write(value);
}

Error Invalid(std::string_view what, std::string_view rest) {
  return InvalidInput("Invalid filter pattern: " + std::string(what) +
                      (rest.empty() ? " at its end." : " at \"" + std::string(rest) + "\"."));
}

}  // namespace

const Value* Follow(const Value& value, const Path& path) {
  const Value* at = &value;
  for (const auto& step : path) {
    if (const auto* name = std::get_if<std::string>(&step)) {
      at = at->Find(*name);
    } else {
      const ValueList* list = at->as_list();
      const std::size_t index = std::get<std::size_t>(step);
      at = list && index < list->size() ? &(*list)[index] : nullptr;
    }
    if (!at) return nullptr;
  }
  return at;
}

bool MatchesWildcard(std::string_view text, std::string_view pattern) {
  // Where the last '*' stands and the text that it has taken so far: on a mismatch it takes more.
  std::size_t star = std::string_view::npos;
  std::size_t taken = 0;
  std::size_t at = 0;
  std::size_t in_pattern = 0;
  while (at < text.size()) {
    if (in_pattern < pattern.size() && pattern[in_pattern] == '*') {
      star = in_pattern++;
      taken = at;
    } else if (in_pattern < pattern.size() && pattern[in_pattern] == text[at]) {
      ++in_pattern;
      ++at;
    } else if (star != std::string_view::npos) {
      in_pattern = star + 1;
      at = ++taken;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', in_pattern) == std::string_view::npos;
}

Result<std::string> TakeQuoted(std::string_view& text) {
  std::string taken;
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (text[at] == '"') {
      text.remove_prefix(at + 1);
      return taken;
    }
    if (text[at] == '\\' && at + 1 < text.size() && (text[at + 1] == '"' || text[at + 1] == '\\')) {
      ++at;
    }
    taken += text[at];
  }
  return Invalid("a quote is not closed", text);
}

Result<Regex> TakeRegex(std::string_view& text) {
  const std::size_t end = text.find('%', 1);
  if (end == std::string_view::npos) return Invalid("a closing % is missing", text);
  auto regex = Regex::Compile(text.substr(1, end - 1));
  if (!regex) return InvalidInput("Invalid filter pattern: " + regex.error().message);
  text.remove_prefix(end + 1);
  return regex;
}

bool Condition::Compare(const Value* value) const {
  switch (operator_) {
    case Operator::kExists:
      return value != nullptr;
    case Operator::kNotExists:
      return value == nullptr;
    case Operator::kIsNull:
      return value && value->is_null();
    case Operator::kIsTrue:
      return value && value->as_bool() && *value->as_bool();
    case Operator::kIsFalse:
      return value && value->as_bool() && !*value->as_bool();
    default:
      break;
  }
  if (!value) return false;
  if (regex_) return regex_->Finds(TextOf(*value)) == (operator_ == Operator::kEqual);
  const auto number = number_ ? NumberOf(*value) : std::nullopt;
  switch (operator_) {
    case Operator::kEqual:
      return number ? *number == *number_ : MatchesWildcard(TextOf(*value), right_);
    case Operator::kNotEqual:
      return number ? *number != *number_ : !MatchesWildcard(TextOf(*value), right_);
    case Operator::kLess:
      return number && *number < *number_;
    case Operator::kLessOrEqual:
      return number && *number <= *number_;
    case Operator::kGreater:
      return number && *number > *number_;
    default:
      return number && *number >= *number_;
  }
}

bool Condition::Holds(const Resolver& resolve) const {
  const auto holds = [&](const Condition& part) { return part.Holds(resolve); };
  switch (kind_) {
    case Kind::kTrue:
      return true;
    case Kind::kAnd:
      return std::ranges::all_of(parts_, holds);
    case Kind::kOr:
      return std::ranges::any_of(parts_, holds);
    case Kind::kCompare:
      return Compare(resolve(left_));
  }
  return false;
}

// any := all {"||" all};  all := one {"&&" one};  one := "(" any ")" | comparison
class ConditionParser {
 public:
  ConditionParser(std::string_view text, bool is_json) : text_(text), is_json_(is_json) {}

  Result<Condition> ParseWhole() {
    auto condition = ParseAny(0);
    if (!condition) return condition;
    Skip();
    if (!text_.empty()) return Invalid("&& or || is expected", text_);
    return condition;
  }

 private:
  using Kind = Condition::Kind;
  using Operator = Condition::Operator;

  void Skip() { text_ = Trim(text_); }
  bool Take(std::string_view word) {
    Skip();
    if (!text_.starts_with(word)) return false;
    text_.remove_prefix(word.size());
    return true;
  }
  // A word by itself, in any case.
  bool TakeWord(std::string_view word) {
    Skip();
    if (!EqualsIgnoreCase(text_.substr(0, word.size()), word)) return false;
    if (text_.size() > word.size() && text_[word.size()] != ' ' && text_[word.size()] != ')') {
      return false;
    }
    text_.remove_prefix(word.size());
    return true;
  }

  template <typename ParsePart>
  Result<Condition> ParseJoined(std::string_view sign, Kind kind, ParsePart parse_part) {
    Condition joined;
    joined.kind_ = kind;
    do {
      auto part = parse_part();
      if (!part) return part;
      joined.parts_.push_back(*std::move(part));
    } while (Take(sign));
    if (joined.parts_.size() > 1) return joined;
    Condition only = std::move(joined.parts_.front());
    return only;
  }

  Result<Condition> ParseAny(int depth) {
    if (depth > kMaxNesting) {
      return Invalid("brackets are nested more than " + std::to_string(kMaxNesting) + " deep",
                     text_);
    }
    return ParseJoined("||", Kind::kOr, [&] { return ParseAll(depth); });
  }

  Result<Condition> ParseAll(int depth) {
    return ParseJoined("&&", Kind::kAnd, [&] { return ParseOne(depth); });
  }

  Result<Condition> ParseOne(int depth) {
    if (Take("(")) {
      auto inner = ParseAny(depth + 1);
      if (!inner) return inner;
      if (!Take(")")) return Invalid("a closing ) is expected", text_);
      return inner;
    }
    return ParseComparison();
  }

  Result<Condition> ParseComparison() {
    Condition comparison;
    comparison.kind_ = Kind::kCompare;
    if (const auto left = TakeLeft(comparison.left_); !left) return left.error();
    if (TakeState(comparison.operator_)) return comparison;
    constexpr std::array<std::pair<std::string_view, Operator>, 6> signs = {{
        {"!=", Operator::kNotEqual},
        {"<=", Operator::kLessOrEqual},
        {">=", Operator::kGreaterOrEqual},
        {"=", Operator::kEqual},
        {"<", Operator::kLess},
        {">", Operator::kGreater},
    }};
    const auto sign =
        std::ranges::find_if(signs, [&](const auto& candidate) { return Take(candidate.first); });
    if (sign == signs.end()) return Invalid("an operator is expected", text_);
    comparison.operator_ = sign->second;
    if (const auto right = TakeRight(comparison); !right) return right.error();
    const bool is_order = sign->second != Operator::kEqual && sign->second != Operator::kNotEqual;
    if (is_order && !comparison.number_) {
      return InvalidInput("Invalid filter pattern: " + std::string(sign->first) +
                          " compares numbers, got \"" + comparison.right_ + "\".");
    }
    return comparison;
  }

  bool TakeState(Operator& state) {
    if (TakeWord("NOT")) {
      state = Operator::kNotExists;
      return TakeWord("EXISTS");
    }
    if (TakeWord("EXISTS")) {
      state = Operator::kExists;
      return true;
    }
    if (!TakeWord("IS")) return false;
    if (TakeWord("NULL")) {
      state = Operator::kIsNull;
    } else if (TakeWord("TRUE")) {
      state = Operator::kIsTrue;
    } else if (TakeWord("FALSE")) {
      state = Operator::kIsFalse;
    } else {
      return false;
    }
    return true;
  }

  Result<void> TakeLeft(Operand& left) {
    Skip();
    if (is_json_) return TakePath(left.path);
    const std::size_t end = std::min(text_.find_first_of(" =!<>()&|,"), text_.size());
    if (end == 0) return Invalid("the name of a column is expected", text_);
    left.name = text_.substr(0, end);
    text_.remove_prefix(end);
    if (name_ && *name_ != left.name) {
      return Invalid("a column is compared under two names, " + *name_ + " and " + left.name,
                     text_);
    }
    name_ = left.name;
    return {};
  }

  Result<void> TakePath(Path& path) {
    if (!text_.starts_with('$')) return Invalid("a member such as $.name is expected", text_);
    text_.remove_prefix(1);
    while (text_.starts_with('.') || text_.starts_with('[')) {
      if (text_.starts_with(".[")) text_.remove_prefix(1);
      const bool bracket = text_.front() == '[';
      text_.remove_prefix(1);
      if (bracket && text_.starts_with('"')) {
        auto name = TakeQuoted(text_);
        if (!name) return name.error();
        path.emplace_back(*std::move(name));
      } else if (bracket) {
        std::size_t index = 0;
        const auto [end, bad] = std::from_chars(text_.data(), text_.data() + text_.size(), index);
        if (bad != std::errc()) return Invalid("a position such as [0] is expected", text_);
        text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
        path.emplace_back(index);
      } else {
        const std::size_t end = std::min(text_.find_first_of(" .[=!<>()&|"), text_.size());
        if (end == 0) return Invalid("the name of a member is expected", text_);
        path.emplace_back(std::string(text_.substr(0, end)));
        text_.remove_prefix(end);
      }
      if (bracket && !Take("]")) return Invalid("a closing ] is expected", text_);
    }
    if (path.empty()) return Invalid("a member such as $.name is expected", text_);
    return {};
  }

  Result<void> TakeRight(Condition& comparison) {
    Skip();
    if (text_.starts_with('%')) {
      auto regex = TakeRegex(text_);
      if (!regex) return regex.error();
      comparison.regex_ = *std::move(regex);
      return {};
    }
    if (text_.starts_with('"')) {
      auto quoted = TakeQuoted(text_);
      if (!quoted) return quoted.error();
      comparison.right_ = *std::move(quoted);
      return {};
    }
    const std::size_t end = std::min(text_.find_first_of(" \t()&|=<>!,"), text_.size());
    if (end == 0) return Invalid("a value is expected", text_);
    comparison.right_ = text_.substr(0, end);
    comparison.number_ = ParseNumber(comparison.right_);
    text_.remove_prefix(end);
    return {};
  }

  std::string_view text_;
  const bool is_json_;
  std::optional<std::string> name_;  // of the column
};

Result<Condition> Condition::Parse(std::string_view text) {
  return ConditionParser(text, true).ParseWhole();
}

Result<Condition> Condition::ParseColumn(std::string_view text) {
  if (Trim(text).find_first_of(" =!<>()&|\"") == std::string_view::npos) return Condition();
  return ConditionParser(text, false).ParseWhole();
}

}  // namespace usher::logs
