#include "services/logs/filter_pattern.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/text.h"
#include "json/json.h"
#include "services/logs/condition.h"

namespace usher::logs {
namespace {

constexpr std::size_t kMaxMessageDepth = 64;  // of JSON in a message

// ---- terms ----

class Terms final : public FilterPattern::Matcher {
 public:
  static Result<std::shared_ptr<const Matcher>> Parse(std::string_view text) {
    auto terms = std::make_shared<Terms>();
    std::vector<std::string> optional;
    while (!(text = Trim(text)).empty()) {
      if (text.starts_with('%')) {
        auto regex = TakeRegex(text);
        if (!regex) return regex.error();
        terms->regexes_.push_back(*std::move(regex));
        continue;
      }
      const char sign = text.front();
      if (sign == '?' || sign == '-') text.remove_prefix(1);
      const auto term = TakeTerm(text);
      if (!term) return term.error();
      (sign == '?' ? optional : sign == '-' ? terms->excluded_ : terms->required_).push_back(*term);
    }
    if (terms->required_.empty() && terms->excluded_.empty() && terms->regexes_.empty()) {
      terms->any_ = std::move(optional);
    }
    return std::shared_ptr<const Matcher>(std::move(terms));
  }

  [[nodiscard]] bool Matches(std::string_view message) const override {
    const auto holds = [&](const std::string& term) {
      return message.find(term) != std::string_view::npos;
    };
    return std::ranges::all_of(required_, holds) && std::ranges::none_of(excluded_, holds) &&
           (any_.empty() || std::ranges::any_of(any_, holds)) &&
           std::ranges::all_of(regexes_, [&](const Regex& regex) { return regex.Finds(message); });
  }

 private:
  static Result<std::string> TakeTerm(std::string_view& text) {
    if (text.starts_with('"')) return TakeQuoted(text);
    const std::size_t end = std::min(text.find_first_of(" \t\r\n"), text.size());
    if (end == 0) return InvalidInput("Invalid filter pattern: a term is missing after ? or -.");
    std::string term(text.substr(0, end));
    text.remove_prefix(end);
    return term;
  }

  std::vector<std::string> required_;
  std::vector<std::string> excluded_;
  std::vector<std::string> any_;
  std::vector<Regex> regexes_;
};

// ---- { JSON } ----

class JsonSelector final : public FilterPattern::Matcher {
 public:
  explicit JsonSelector(Condition condition) : condition_(std::move(condition)) {}

  static Result<std::shared_ptr<const Matcher>> Parse(std::string_view text) {
    if (!text.ends_with('}')) {
      return InvalidInput("Invalid filter pattern: the closing } is missing.");
    }
    auto condition = Condition::Parse(text.substr(1, text.size() - 2));
    if (!condition) return condition.error();
    return std::shared_ptr<const Matcher>(std::make_shared<JsonSelector>(*std::move(condition)));
  }

  [[nodiscard]] bool Matches(std::string_view message) const override {
    const std::string_view text = Trim(message);
    if (!text.starts_with('{') && !text.starts_with('[')) return false;
    const auto value = json::Parse(text, kMaxMessageDepth);
    if (!value) return false;
    return condition_.Holds(
        [&](const Operand& operand) -> const Value* { return Follow(*value, operand.path); });
  }

 private:
  Condition condition_;
};

// ---- [ columns ] ----

// What stands between spaces, in quotes or in brackets.
std::vector<std::string_view> ColumnsOf(std::string_view message) {
  std::vector<std::string_view> columns;
  while (!(message = Trim(message)).empty()) {
    const char close = message.front() == '"' ? '"' : message.front() == '[' ? ']' : '\0';
    const std::size_t end = close != '\0' ? message.find(close, 1) : std::string_view::npos;
    if (end != std::string_view::npos) {
      columns.push_back(message.substr(1, end - 1));
      message.remove_prefix(end + 1);
    } else {
      const std::size_t space = std::min(message.find_first_of(" \t\r\n"), message.size());
      columns.push_back(message.substr(0, space));
      message.remove_prefix(space);
    }
  }
  return columns;
}

class Columns final : public FilterPattern::Matcher {
 public:
  static Result<std::shared_ptr<const Matcher>> Parse(std::string_view text) {
    if (!text.ends_with(']')) {
      return InvalidInput("Invalid filter pattern: the closing ] is missing.");
    }
    auto columns = std::make_shared<Columns>();
    for (const std::string_view part : SplitOutsideQuotes(text.substr(1, text.size() - 2))) {
      const std::string_view column = Trim(part);
      if (column == "...") {
        if (columns->rest_at_) {
          return InvalidInput("Invalid filter pattern: ... can stand in it once.");
        }
        columns->rest_at_ = columns->conditions_.size();
        continue;
      }
      auto condition = Condition::ParseColumn(column);
      if (!condition) return condition.error();
      columns->conditions_.push_back(*std::move(condition));
    }
    return std::shared_ptr<const Matcher>(std::move(columns));
  }

  [[nodiscard]] bool Matches(std::string_view message) const override {
    const auto found = ColumnsOf(message);
    if (rest_at_ ? found.size() < conditions_.size() : found.size() != conditions_.size()) {
      return false;
    }
    for (std::size_t i = 0; i < conditions_.size(); ++i) {
      // Those behind "..." are counted from the end.
      const bool from_end = rest_at_ && i >= *rest_at_;
      const std::size_t at = from_end ? found.size() - conditions_.size() + i : i;
      const Value value{found[at]};
      if (!conditions_[i].Holds([&](const Operand&) { return &value; })) return false;
    }
    return true;
  }

 private:
  // At commas that are outside of quotes.
  static std::vector<std::string_view> SplitOutsideQuotes(std::string_view text) {
    std::vector<std::string_view> parts;
    bool quoted = false;
    std::size_t begin = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (text[at] == '"') quoted = !quoted;
      if (text[at] != ',' || quoted) continue;
      parts.push_back(text.substr(begin, at - begin));
      begin = at + 1;
    }
    parts.push_back(text.substr(begin));
    return parts;
  }

  std::vector<Condition> conditions_;
  std::optional<std::size_t> rest_at_;  // where "..." stands
};

}  // namespace

Result<FilterPattern> FilterPattern::Parse(std::string_view text) {
  text = Trim(text);
  if (text.empty()) return FilterPattern(nullptr);
  auto matcher = text.starts_with('{')   ? JsonSelector::Parse(text)
                 : text.starts_with('[') ? Columns::Parse(text)
                                         : Terms::Parse(text);
  if (!matcher) return matcher.error();
  return FilterPattern(*std::move(matcher));
}

bool FilterPattern::Matches(std::string_view message) const {
  return !matcher_ || matcher_->Matches(message);
}

}  // namespace usher::logs
