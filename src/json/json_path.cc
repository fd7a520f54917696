#include "json/json_path.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <variant>

namespace usher::json {
namespace {

struct Filter;

struct Names {
  std::vector<std::string> names;
};
struct Indexes {
  std::vector<std::int64_t> indexes;
};
struct Slice {
  std::optional<std::int64_t> first;
  std::optional<std::int64_t> last;  // not included
};
struct Wildcard {};
struct Length {};

struct Step {
  bool descend = false;  // ".." before it
  std::variant<Names, Indexes, Slice, Wildcard, Length, std::shared_ptr<const Filter>> what;
};

using Steps = std::vector<Step>;

// A side of a comparison: a path from the item ('@') or from the root ('$'), or a constant.
struct Operand {
  bool is_path = false;
  bool from_root = false;
  Steps steps;
  Value constant;
};

struct Filter {
  enum class Kind { kAnd, kOr, kNot, kExists, kCompare } kind = Kind::kExists;
  std::vector<Filter> parts;  // of kAnd, kOr, kNot
  Operand left;
  std::string sign;
  Operand right;
};

}  // namespace

struct JsonPath::Program {
  Steps steps;
};

namespace {

constexpr std::size_t kMaxFilterDepth = 16;

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<Steps> Whole() {
    if (text_.size() > kMaxPathBytes) {
      return InvalidInput("a JSONPath has at most " + std::to_string(kMaxPathBytes) +
                          " characters");
    }
    if (!Take('$')) return Bad("'$'");
    auto steps = ReadSteps();
    if (steps && at_ < text_.size()) return Bad("'.' or '['");
    return steps;
  }

 private:
  Error Bad(std::string_view expected) const {
    return InvalidInput("JSONPath '" + std::string(text_.substr(0, 200)) + "' cannot be read at " +
                        "character " + std::to_string(at_ + 1) + ": expected " +
                        std::string(expected));
  }

  [[nodiscard]] char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool Take(char c) {
    if (Peek() != c || at_ >= text_.size()) return false;
    ++at_;
    return true;
  }
  bool Take(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  void SkipSpaces() {
    while (Peek() == ' ' || Peek() == '\t') ++at_;
  }

  Result<Steps> ReadSteps() {
    Steps steps;
    while (Peek() == '.' || Peek() == '[') {
      if (++step_count_ > kMaxPathSteps) {
        return InvalidInput("a JSONPath has at most " + std::to_string(kMaxPathSteps) + " steps");
      }
      Step step;
      if (Take("..")) {
        step.descend = true;
        if (Peek() != '[') {
          if (auto read = ReadName(step); !read) return read.error();
          steps.push_back(std::move(step));
          continue;
        }
      } else if (Take('.')) {
        if (auto read = ReadName(step); !read) return read.error();
        steps.push_back(std::move(step));
        continue;
      }
      if (auto read = ReadBracket(step); !read) return read.error();
      steps.push_back(std::move(step));
    }
    return steps;
  }

  static bool IsNameEnd(char c) {
    return c == '.' || c == '[' || c == ']' || c == '(' || c == ')' || c == ' ' || c == '=' ||
           c == '!' || c == '<' || c == '>' || c == '&' || c == '|' || c == ',';
  }

  Result<void> ReadName(Step& step) {
    if (Take('*')) {
      step.what = Wildcard{};
      return {};
    }
    const std::size_t begin = at_;
    while (at_ < text_.size() && !IsNameEnd(text_[at_])) ++at_;
    if (at_ == begin) return Bad("a name or '*'");
    std::string name(text_.substr(begin, at_ - begin));
    if (!step.descend && (name == "length" || name == "size") && Take("()")) {
      step.what = Length{};
      return {};
    }
    if (Peek() == '(') return Bad("no function but length()");
    step.what = Names{{std::move(name)}};
    return {};
  }

  Result<std::string> ReadQuoted() {
    const char quote = text_[at_++];
    std::string out;
    while (at_ < text_.size() && text_[at_] != quote) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      out += text_[at_++];
    }
    if (!Take(quote)) return Bad("the end of the quoted text");
    return out;
  }

  std::optional<std::int64_t> ReadNumber() {
    std::int64_t number = 0;
    const char* const begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), number);
    if (error != std::errc()) return std::nullopt;
    at_ += static_cast<std::size_t>(end - begin);
    return number;
  }

  Result<void> ReadBracket(Step& step) {
    if (!Take('[')) return Bad("'['");
    SkipSpaces();
    if (Take('*')) {
      step.what = Wildcard{};
    } else if (Take('?')) {
      SkipSpaces();
      if (!Take('(')) return Bad("'(' after '?'");
      auto filter = ReadOr(0);
      if (!filter) return filter.error();
      if (!Take(')')) return Bad("')'");
      step.what = std::make_shared<const Filter>(*std::move(filter));
    } else if (Peek() == '\'' || Peek() == '"') {
      Names names;
      do {
        SkipSpaces();
        if (Peek() != '\'' && Peek() != '"') return Bad("a quoted name");
        auto name = ReadQuoted();
        if (!name) return name.error();
        names.names.push_back(*std::move(name));
        SkipSpaces();
      } while (Take(','));
      step.what = std::move(names);
    } else {
      const auto first = ReadNumber();
      SkipSpaces();
      if (Take(':')) {
        SkipSpaces();
        step.what = Slice{first, ReadNumber()};
      } else {
        if (!first) return Bad("an index, a name in quotes, '*' or '?'");
        Indexes indexes{{*first}};
        while (Take(',')) {
          SkipSpaces();
          const auto next = ReadNumber();
          if (!next) return Bad("an index");
          indexes.indexes.push_back(*next);
          SkipSpaces();
        }
        step.what = std::move(indexes);
      }
    }
    SkipSpaces();
    if (!Take(']')) return Bad("']'");
    return {};
  }

  Result<Filter> ReadOr(std::size_t depth) {
    return ReadJoined(depth, "||", Filter::Kind::kOr, [this](std::size_t d) { return ReadAnd(d); });
  }
  Result<Filter> ReadAnd(std::size_t depth) {
    return ReadJoined(depth, "&&", Filter::Kind::kAnd,
                      [this](std::size_t d) { return ReadOne(d); });
  }

  template <typename F>
  Result<Filter> ReadJoined(std::size_t depth, std::string_view sign, Filter::Kind kind, F read) {
    Filter joined{.kind = kind, .parts = {}, .left = {}, .sign = {}, .right = {}};
    do {
      auto part = read(depth);
      if (!part) return part;
      joined.parts.push_back(*std::move(part));
      SkipSpaces();
    } while (Take(sign));
    if (joined.parts.size() == 1) {
      Filter only = std::move(joined.parts.front());
      return only;
    }
    return joined;
  }

  Result<Filter> ReadOne(std::size_t depth) {
    if (depth > kMaxFilterDepth) return InvalidInput("a filter of a JSONPath is nested too deep");
    SkipSpaces();
    if (Peek() == '!' && text_.substr(at_, 2) != "!=") {
      ++at_;
      auto part = ReadOne(depth + 1);
      if (!part) return part;
      Filter negated{.kind = Filter::Kind::kNot, .parts = {}, .left = {}, .sign = {}, .right = {}};
      negated.parts.push_back(*std::move(part));
      return negated;
    }
    if (Take('(')) {
      auto inner = ReadOr(depth + 1);
      if (!inner) return inner;
      if (!Take(')')) return Bad("')'");
      return inner;
    }
    auto left = ReadOperand();
    if (!left) return left.error();
    SkipSpaces();
    Filter filter;
    filter.left = *std::move(left);
    for (const std::string_view sign : {"==", "!=", "<=", ">=", "<", ">"}) {
      if (!Take(sign)) continue;
      filter.kind = Filter::Kind::kCompare;
      filter.sign = sign;
      SkipSpaces();
      auto right = ReadOperand();
      if (!right) return right.error();
      filter.right = *std::move(right);
      SkipSpaces();
      return filter;
    }
    if (!filter.left.is_path) return Bad("a comparison");
    return filter;
  }

  Result<Operand> ReadOperand() {
    Operand operand;
    if (Peek() == '@' || Peek() == '$') {
      operand.is_path = true;
      operand.from_root = text_[at_++] == '$';
      auto steps = ReadSteps();
      if (!steps) return steps.error();
      operand.steps = *std::move(steps);
      return operand;
    }
    if (Peek() == '\'' || Peek() == '"') {
      auto text = ReadQuoted();
      if (!text) return text.error();
      operand.constant = *std::move(text);
      return operand;
    }
    if (Take("true")) {
      operand.constant = true;
      return operand;
    }
    if (Take("false")) {
      operand.constant = false;
      return operand;
    }
    if (Take("null")) return operand;
    double number = 0;
    const char* const begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), number);
    if (error != std::errc()) return Bad("a path, a number or a text");
    at_ += static_cast<std::size_t>(end - begin);
    operand.constant = number;
    return operand;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t step_count_ = 0;
};

std::optional<double> NumberOf(const Value& value) {
  if (const auto* whole = value.as_int()) return static_cast<double>(*whole);
  if (const auto* number = value.as_double()) return *number;
  return std::nullopt;
}

bool Holds(const Value& left, std::string_view sign, const Value& right) {
  const auto a = NumberOf(left);
  const auto b = NumberOf(right);
  if (sign == "==") return a && b ? *a == *b : left == right;
  if (sign == "!=") return a && b ? *a != *b : !(left == right);
  int order = 0;
  if (a && b) {
    order = *a < *b ? -1 : (*a > *b ? 1 : 0);
  } else if (left.as_string() && right.as_string()) {
    order = left.as_string()->compare(*right.as_string());
  } else {
    return false;
  }
  if (sign == "<") return order < 0;
  if (sign == "<=") return order <= 0;
  return sign == ">" ? order > 0 : order >= 0;
}

// Follows steps; values that are computed (lengths) are kept where pointers can lead to them.
class Selector {
 public:
  Selector(const Value& root, std::vector<std::shared_ptr<const Value>>& made)
      : root_(root), made_(made) {}

  Result<std::vector<const Value*>> Follow(const Value& from, const Steps& steps) {
    std::vector<const Value*> found{&from};
    for (const Step& step : steps) {
      std::vector<const Value*> next;
      for (const Value* value : found) {
        const bool fits = step.descend ? Descend(*value, step, next) : Apply(*value, step, next);
        if (!fits) {
          return LimitExceeded("a JSONPath names more than " + std::to_string(kMaxPathResults) +
                               " values");
        }
      }
      found = std::move(next);
    }
    return found;
  }

 private:
  static bool Add(std::vector<const Value*>& out, const Value* value) {
    out.push_back(value);
    return out.size() <= kMaxPathResults;
  }

  bool Descend(const Value& value, const Step& step, std::vector<const Value*>& out) {
    if (++visited_ > kMaxPathResults || !Apply(value, step, out)) return false;
    if (const ValueList* list = value.as_list()) {
      return std::ranges::all_of(*list, [&](const Value& v) { return Descend(v, step, out); });
    }
    if (const ValueMap* map = value.as_map()) {
      return std::ranges::all_of(*map, [&](const auto& e) { return Descend(e.second, step, out); });
    }
    return true;
  }

  bool Apply(const Value& value, const Step& step, std::vector<const Value*>& out) {
    if (const auto* names = std::get_if<Names>(&step.what)) {
      for (const std::string& name : names->names) {
        const Value* const member = value.Find(name);
        if (member != nullptr && !Add(out, member)) return false;
      }
      return true;
    }
    const ValueList* const list = value.as_list();
    const ValueMap* const map = value.as_map();
    if (const auto* indexes = std::get_if<Indexes>(&step.what)) {
      for (const std::int64_t index : indexes->indexes) {
        if (list == nullptr) continue;
        const auto size = static_cast<std::int64_t>(list->size());
        const std::int64_t place = index < 0 ? size + index : index;
        if (place < 0 || place >= size) continue;
        if (!Add(out, &(*list)[static_cast<std::size_t>(place)])) return false;
      }
      return true;
    }
    if (const auto* slice = std::get_if<Slice>(&step.what)) {
      if (list == nullptr) return true;
      const auto size = static_cast<std::int64_t>(list->size());
      const auto place = [&](std::optional<std::int64_t> index, std::int64_t otherwise) {
        if (!index) return otherwise;
        return std::clamp<std::int64_t>(*index < 0 ? size + *index : *index, 0, size);
      };
      for (std::int64_t i = place(slice->first, 0); i < place(slice->last, size); ++i) {
        if (!Add(out, &(*list)[static_cast<std::size_t>(i)])) return false;
      }
      return true;
    }
    if (std::holds_alternative<Length>(step.what)) {
      std::size_t size = 0;
      if (list != nullptr) size = list->size();
      if (map != nullptr) size = map->size();
      if (value.as_string()) size = value.as_string()->size();
      made_.push_back(std::make_shared<const Value>(static_cast<std::int64_t>(size)));
      return Add(out, made_.back().get());
    }
    const auto* const filter = std::get_if<std::shared_ptr<const Filter>>(&step.what);
    const auto take = [&](const Value& one) {
      return (filter != nullptr && !Passes(one, **filter)) || Add(out, &one);
    };
    if (list != nullptr) return std::ranges::all_of(*list, take);
    if (map == nullptr) return true;
    if (filter != nullptr) return take(value);
    return std::ranges::all_of(*map, [&](const auto& entry) { return take(entry.second); });
  }

  // nullopt: the path leads nowhere.
  std::optional<Value> ValueOf(const Operand& operand, const Value& item) {
    if (!operand.is_path) return operand.constant;
    auto found = Follow(operand.from_root ? root_ : item, operand.steps);
    if (!found || found->empty()) return std::nullopt;
    return *found->front();
  }

  bool Passes(const Value& item, const Filter& filter) {
    const auto passes = [&](const Filter& part) { return Passes(item, part); };
    switch (filter.kind) {
      case Filter::Kind::kAnd:
        return std::ranges::all_of(filter.parts, passes);
      case Filter::Kind::kOr:
        return std::ranges::any_of(filter.parts, passes);
      case Filter::Kind::kNot:
        return !Passes(item, filter.parts.front());
      case Filter::Kind::kExists:
        return ValueOf(filter.left, item).has_value();
      case Filter::Kind::kCompare:
        break;
    }
    const auto left = ValueOf(filter.left, item);
    const auto right = ValueOf(filter.right, item);
    if (!left || !right) return filter.sign == "!=" && left.has_value() != right.has_value();
    return Holds(*left, filter.sign, *right);
  }

  const Value& root_;
  std::vector<std::shared_ptr<const Value>>& made_;
  std::size_t visited_ = 0;
};

bool IsDefinite(const Step& step) {
  if (step.descend) return false;
  if (const auto* names = std::get_if<Names>(&step.what)) return names->names.size() == 1;
  if (const auto* indexes = std::get_if<Indexes>(&step.what)) return indexes->indexes.size() == 1;
  return std::holds_alternative<Length>(step.what);
}

}  // namespace

Result<JsonPath> JsonPath::Parse(std::string_view text) {
  auto steps = Parser(text).Whole();
  if (!steps) return steps.error();
  for (std::size_t i = 0; i + 1 < steps->size(); ++i) {
    if (std::holds_alternative<Length>((*steps)[i].what)) {
      return InvalidInput("in a JSONPath, length() comes last");
    }
  }
  return JsonPath(std::make_shared<const Program>(Program{*std::move(steps)}));
}

bool JsonPath::is_definite() const { return std::ranges::all_of(program_->steps, IsDefinite); }

Result<std::vector<const Value*>> JsonPath::Select(const Value& root) const {
  // A length is no part of the tree: whoever wants one asks Get.
  std::vector<std::shared_ptr<const Value>> made;
  auto found = Selector(root, made).Follow(root, program_->steps);
  if (found && !made.empty()) return InvalidInput("length() names no part of the document");
  return found;
}

Result<std::optional<Value>> JsonPath::Get(const Value& root) const {
  std::vector<std::shared_ptr<const Value>> made;
  const auto found = Selector(root, made).Follow(root, program_->steps);
  if (!found) return found.error();
  if (is_definite()) {
    return found->empty() ? std::optional<Value>() : std::optional<Value>(*found->front());
  }
  ValueList all;
  all.reserve(found->size());
  for (const Value* value : *found) all.push_back(*value);
  return std::optional<Value>(std::move(all));
}

}  // namespace usher::json
