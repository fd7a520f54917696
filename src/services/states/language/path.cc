#include "services/states/language/path.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace usher::states {

// What stands in [?( … )]: comparisons of paths below @ with literals, joined by && and ||.
struct PathFilter {
  enum class Kind { kAnd, kOr, kNot, kExists, kCompare } kind = Kind::kExists;
  std::vector<PathFilter> parts;  // kAnd, kOr, kNot
  Path left;                      // rooted at @
  std::string comparison;         // "==", "!=", "<", "<=", ">", ">="
  Value literal;
  std::optional<Path> right;  // instead of the literal
};

namespace {

constexpr int kMaxFilterDepth = 16;

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || static_cast<unsigned char>(c) >= 0x80;
}

std::optional<double> NumberOf(const Value& value) {
  if (value.as_int()) return static_cast<double>(*value.as_int());
  if (value.as_double()) return *value.as_double();
  return std::nullopt;
}

bool Compare(const Value& a, const std::string& comparison, const Value& b) {
  const auto left = NumberOf(a);
  const auto right = NumberOf(b);
  if (comparison == "==") return left && right ? *left == *right : a == b;
  if (comparison == "!=") return !Compare(a, "==", b);
  int order = 0;
  if (left && right) {
    order = *left < *right ? -1 : static_cast<int>(*left > *right);
  } else if (a.as_string() && b.as_string()) {
    order = a.as_string()->compare(*b.as_string());
  } else {
    return false;
  }
  if (comparison == "<") return order < 0;
  if (comparison == "<=") return order <= 0;
  if (comparison == ">") return order > 0;
  return order >= 0;
}

bool Holds(const PathFilter& filter, const Value& element) {
  using Kind = PathFilter::Kind;
  const auto holds = [&](const PathFilter& part) { return Holds(part, element); };
  switch (filter.kind) {
    case Kind::kAnd:
      return std::ranges::all_of(filter.parts, holds);
    case Kind::kOr:
      return std::ranges::any_of(filter.parts, holds);
    case Kind::kNot:
      return !holds(filter.parts.front());
    case Kind::kExists:
      return filter.left.Select(element).has_value();
    case Kind::kCompare:
      break;
  }
  const auto left = filter.left.Select(element);
  if (!left) return false;
  if (!filter.right) return Compare(*left, filter.comparison, filter.literal);
  const auto right = filter.right->Select(element);
  return right && Compare(*left, filter.comparison, *right);
}

// Where a negative index counts from the end; nullopt outside the list.
std::optional<std::size_t> PlaceOf(std::int64_t index, std::size_t size) {
  const auto count = static_cast<std::int64_t>(size);
  if (index < 0) index += count;
  if (index < 0 || index >= count) return std::nullopt;
  return static_cast<std::size_t>(index);
}

using Found = std::vector<const Value*>;

void Add(const Value* value, Found& found) {
  if (found.size() < kMaxPathMatches) found.push_back(value);
}

void Descend(const Value& value, Found& found) {
  Add(&value, found);
  if (const ValueMap* map = value.as_map()) {
    for (const auto& [name, member] : *map) Descend(member, found);
  } else if (const ValueList* list = value.as_list()) {
    for (const Value& element : *list) Descend(element, found);
  }
}

void ApplySlice(const Path::Slice& slice, const ValueList& list, Found& found) {
  const auto size = static_cast<std::int64_t>(list.size());
  const auto bound = [&](std::int64_t index) {
    return std::clamp(index < 0 ? index + size : index, std::int64_t{0}, size);
  };
  const std::int64_t end = slice.end ? bound(*slice.end) : size;
  for (std::int64_t i = slice.begin ? bound(*slice.begin) : 0; i < end;) {
    Add(&list[static_cast<std::size_t>(i)], found);
    if (slice.step >= size) return;  // the next one is beyond the list, whatever the sum would be
    i += slice.step;
  }
}

void ApplyToAll(const Value& value, const auto& visit) {
  if (const ValueMap* map = value.as_map()) {
    for (const auto& [name, member] : *map) visit(member);
  } else if (const ValueList* list = value.as_list()) {
    for (const Value& element : *list) visit(element);
  }
}

void Apply(const Path::Step& step, const Value& value, Found& found) {
  if (const auto* names = std::get_if<std::vector<std::string>>(&step.what)) {
    for (const std::string& name : *names) {
      if (const Value* member = value.Find(name)) Add(member, found);
    }
  } else if (const auto* indices = std::get_if<std::vector<std::int64_t>>(&step.what)) {
    const ValueList* list = value.as_list();
    for (const std::int64_t index : *indices) {
      const auto place = list ? PlaceOf(index, list->size()) : std::nullopt;
      if (place) Add(&(*list)[*place], found);
    }
  } else if (const auto* slice = std::get_if<Path::Slice>(&step.what)) {
    if (const ValueList* list = value.as_list()) ApplySlice(*slice, *list, found);
  } else if (std::holds_alternative<Path::Wildcard>(step.what)) {
    ApplyToAll(value, [&](const Value& element) { Add(&element, found); });
  } else if (const auto* filter = std::get_if<std::shared_ptr<const PathFilter>>(&step.what)) {
    ApplyToAll(value, [&](const Value& element) {
      if (Holds(**filter, element)) Add(&element, found);
    });
  }
}

}  // namespace

class PathParser {
 public:
  explicit PathParser(std::string_view text) : text_(text) {}

  Result<Path> Whole() {
    if (text_.size() > kMaxPathBytes) {
      return InvalidInput("a path has at most " + std::to_string(kMaxPathBytes) + " bytes");
    }
    auto path = Steps('$');
    if (!path) return path;
    if (at_ != text_.size()) return Bad("unexpected text");
    return path;
  }

 private:
  // From '$' or '@' on, as far as steps go.
  Result<Path> Steps(char root) {
    const std::size_t begin = at_;
    if (!Take(root)) return Bad(std::string("a path begins with ") + root);
    Path path;
    while (at_ < text_.size()) {
      Path::Step step;
      if (Peek() == '.') {
        ++at_;
        step.descend = Take('.');
        if (Peek() == '[') {
          if (!step.descend) return Bad("a name must follow the dot");
        } else if (Take('*')) {
          step.what = Path::Wildcard{};
        } else {
          std::string name = Name();
          if (name.empty()) return Bad("a name must follow the dot");
          if (Peek() == '(') return Bad("functions such as " + name + "() are not supported");
          step.what = std::vector<std::string>{std::move(name)};
        }
      } else if (Peek() != '[') {
        break;
      }
      if (Peek() == '[' && IsUnset(step)) {
        auto what = Brackets();
        if (!what) return what.error();
        what->descend = step.descend;
        step = *std::move(what);
      }
      path.definite_ = path.definite_ && IsDefinite(step);
      path.steps_.push_back(std::move(step));
      if (path.steps_.size() > kMaxPathSteps) return Bad("the path has too many steps");
    }
    path.text_ = std::string(text_.substr(begin, at_ - begin));
    return path;
  }

  static bool IsUnset(const Path::Step& step) {
    const auto* names = std::get_if<std::vector<std::string>>(&step.what);
    return names && names->empty();
  }

  static bool IsDefinite(const Path::Step& step) {
    if (step.descend) return false;
    if (const auto* names = std::get_if<std::vector<std::string>>(&step.what)) {
      return names->size() == 1;
    }
    const auto* indices = std::get_if<std::vector<std::int64_t>>(&step.what);
    return indices && indices->size() == 1;
  }

  Result<Path::Step> Brackets() {
    Path::Step step;
    ++at_;
    Space();
    if (Take('*')) {
      step.what = Path::Wildcard{};
    } else if (Take('?')) {
      auto filter = Filter();
      if (!filter) return filter.error();
      step.what = std::make_shared<const PathFilter>(*std::move(filter));
    } else if (Peek() == '\'' || Peek() == '"') {
      std::vector<std::string> names;
      do {
        Space();
        auto name = Quoted();
        if (!name) return name.error();
        names.push_back(*std::move(name));
        Space();
      } while (Take(','));
      step.what = std::move(names);
    } else {
      auto numbers = Numbers();
      if (!numbers) return numbers.error();
      step = *std::move(numbers);
    }
    Space();
    if (!Take(']')) return Bad("']' is missing");
    return step;
  }

  Result<Path::Step> Numbers() {
    Path::Step step;
    const auto first = Integer();
    Space();
    if (Take(':')) {
      Path::Slice slice{.begin = first};
      Space();
      slice.end = Integer();
      Space();
      if (Take(':')) {
        Space();
        slice.step = Integer().value_or(1);
        if (slice.step < 1) return Bad("a slice's step is at least 1");
      }
      step.what = slice;
      return step;
    }
    if (!first) return Bad("an index, a slice, a quoted name, * or ?(…) must stand in brackets");
    std::vector<std::int64_t> indices{*first};
    while (Take(',')) {
      Space();
      const auto next = Integer();
      if (!next) return Bad("an index must follow the comma");
      indices.push_back(*next);
      Space();
    }
    step.what = std::move(indices);
    return step;
  }

  // "?" has been read.
  Result<PathFilter> Filter() {
    Space();
    if (!Take('(')) return Bad("'(' must follow the ?");
    auto filter = Or();
    if (!filter) return filter;
    Space();
    if (!Take(')')) return Bad("')' is missing");
    return filter;
  }

  Result<PathFilter> Or() { return Joined("||", PathFilter::Kind::kOr, &PathParser::And); }
  Result<PathFilter> And() { return Joined("&&", PathFilter::Kind::kAnd, &PathParser::Term); }

  Result<PathFilter> Joined(std::string_view word, PathFilter::Kind kind,
                            Result<PathFilter> (PathParser::*part)()) {
    PathFilter all{.kind = kind};
    do {
      auto one = (this->*part)();
      if (!one) return one;
      all.parts.push_back(*std::move(one));
      Space();
    } while (TakeWord(word));
    if (all.parts.size() == 1) return std::move(all.parts.front());
    return all;
  }

  Result<PathFilter> Term() {
    if (++depth_ > kMaxFilterDepth) return Bad("the filter is nested too deeply");
    Space();
    Result<PathFilter> term = Bad("");
    if (Peek() == '!' && text_.substr(at_, 2) != "!=") {
      ++at_;
      auto inner = Term();
      if (!inner) return inner;
      PathFilter negated{.kind = PathFilter::Kind::kNot};
      negated.parts.push_back(*std::move(inner));
      term = std::move(negated);
    } else if (Take('(')) {
      term = Or();
      Space();
      if (term && !Take(')')) return Bad("')' is missing");
    } else {
      term = Comparison();
    }
    --depth_;
    return term;
  }

  Result<PathFilter> Comparison() {
    PathFilter filter;
    auto left = Inner();
    if (!left) return left.error();
    filter.left = *std::move(left);
    Space();
    for (const std::string_view word : {"==", "!=", "<=", ">=", "<", ">"}) {
      if (!TakeWord(word)) continue;
      filter.kind = PathFilter::Kind::kCompare;
      filter.comparison = std::string(word);
      Space();
      if (Peek() == '@') {
        auto right = Inner();
        if (!right) return right.error();
        filter.right = *std::move(right);
        return filter;
      }
      auto literal = Literal();
      if (!literal) return literal.error();
      filter.literal = *std::move(literal);
      return filter;
    }
    return filter;
  }

  // A path below @: a definite one, so that a filter's cost does not multiply.
  Result<Path> Inner() {
    auto path = Steps('@');
    if (path && !path->is_definite()) return Bad("within a filter a path names one place");
    return path;
  }

  Result<Value> Literal() {
    if (Peek() == '\'' || Peek() == '"') {
      auto text = Quoted();
      if (!text) return text.error();
      return Value(*std::move(text));
    }
    if (TakeWord("true")) return Value(true);
    if (TakeWord("false")) return Value(false);
    if (TakeWord("null")) return Value();
    double number = 0;
    const char* begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), number);
    if (error != std::errc() || !std::isfinite(number)) return Bad("a literal must stand here");
    at_ += static_cast<std::size_t>(end - begin);
    return Value(number);
  }

  Result<std::string> Quoted() {
    const char quote = Peek();
    if (quote != '\'' && quote != '"') return Bad("a quoted name must stand here");
    ++at_;
    std::string text;
    while (at_ < text_.size() && Peek() != quote) {
      if (Peek() == '\\' && at_ + 1 < text_.size()) ++at_;
      text += text_[at_++];
    }
    if (!Take(quote)) return Bad("the quote is not closed");
    return text;
  }

  std::string Name() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && IsNameCharacter(text_[at_])) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  std::optional<std::int64_t> Integer() {
    std::int64_t number = 0;
    const char* begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), number);
    if (error != std::errc()) return std::nullopt;
    at_ += static_cast<std::size_t>(end - begin);
    return number;
  }

  [[nodiscard]] char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool Take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool TakeWord(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  void Space() {
    while (Peek() == ' ') ++at_;
  }
  [[nodiscard]] Error Bad(std::string_view why) const {
    return InvalidInput("'" + std::string(text_.substr(0, 256)) + "' is not a path: " +
                        std::string(why) + " (character " + std::to_string(at_ + 1) + ")");
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

Result<Path> Path::Parse(std::string_view text) { return PathParser(text).Whole(); }

const Value* Path::Find(const Value& root) const {
  Check(definite_, "only a definite path points to one place");
  const Value* value = &root;
  for (const Step& step : steps_) {
    if (const auto* names = std::get_if<std::vector<std::string>>(&step.what)) {
      value = value->Find(names->front());
    } else {
      const ValueList* list = value->as_list();
      const std::int64_t index = std::get<std::vector<std::int64_t>>(step.what).front();
      const auto place = list ? PlaceOf(index, list->size()) : std::nullopt;
      value = place ? &(*list)[*place] : nullptr;
    }
    if (!value) return nullptr;
  }
  return value;
}

std::optional<Value> Path::Select(const Value& root) const {
  if (definite_) {
    const Value* value = Find(root);
    return value ? std::optional<Value>(*value) : std::nullopt;
  }
  Found found{&root};
  for (const Step& step : steps_) {
    Found next;
    for (const Value* value : found) {
      if (!step.descend) {
        Apply(step, *value, next);
        continue;
      }
      Found below;
      Descend(*value, below);
      for (const Value* one : below) Apply(step, *one, next);
    }
    found = std::move(next);
  }
  ValueList list;
  list.reserve(found.size());
  for (const Value* value : found) list.push_back(*value);
  return Value(std::move(list));
}

Result<void> Path::Write(Value& root, Value value) const {
  Check(definite_, "only a definite path can be written to");
  Value* place = &root;
  for (const Step& step : steps_) {
    if (const auto* names = std::get_if<std::vector<std::string>>(&step.what)) {
      if (place->is_null()) *place = ValueMap();
      ValueMap* map = place->as_map();
      if (!map) return InvalidInput(text_ + " leads through a value that is not an object");
      if (!map->Find(names->front())) map->Append(names->front(), Value());
      place = map->Find(names->front());
    } else {
      ValueList* list = place->as_list();
      std::int64_t index = std::get<std::vector<std::int64_t>>(step.what).front();
      if (!list) return InvalidInput(text_ + " leads through a value that is not an array");
      if (index < 0) index += static_cast<std::int64_t>(list->size());
      if (index < 0 || index > static_cast<std::int64_t>(list->size()) ||
          index > kMaxWrittenIndex) {
        return InvalidInput(text_ + " names an element that is outside of its array");
      }
      if (index == static_cast<std::int64_t>(list->size())) list->emplace_back();
      place = &(*list)[static_cast<std::size_t>(index)];
    }
  }
  *place = std::move(value);
  return {};
}

}  // namespace usher::states
