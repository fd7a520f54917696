#include "engine/filter_expression.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/text.h"

namespace usher::engine {
namespace {

constexpr std::string_view kEventType = "EVENT_TYPE";
constexpr std::string_view kInvalid = "Could not create filter. Invalid Expression: ";

Error Invalid(const std::string& what) { return InvalidInput(std::string(kInvalid) + what); }

std::optional<double> NumberIn(std::string_view text) {
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end || !std::isfinite(number)) return std::nullopt;
  return number;
}

FilterValue ValueOf(std::string text) {
  FilterValue value{.text = std::move(text), .number = std::nullopt};
  value.number = NumberIn(value.text);
  return value;
}

struct Token {
  enum class Kind { kWord, kString, kNumber, kPlaceholder, kSymbol, kEnd };
  Kind kind = Kind::kEnd;
  std::string text;    // of a string without quotes, of a placeholder without '$'
  std::size_t at = 0;  // character of the text, from 1
};

bool IsWordCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}
bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<std::vector<Token>> Run() {
    std::vector<Token> tokens;
    while (true) {
      while (at_ < text_.size() && IsSpace(text_[at_])) Advance();
      Token token{.at = character_};
      if (at_ == text_.size()) {
        tokens.push_back(std::move(token));
        return tokens;
      }
      if (auto read = ReadInto(token); !read) return read.error();
      tokens.push_back(std::move(token));
    }
  }

 private:
  void Advance() {
    // Of a character of several bytes the first counts.
    if ((static_cast<unsigned char>(text_[at_]) & 0xC0) != 0x80) ++character_;
    ++at_;
  }

  std::string TakeWhile(bool (*belongs)(char)) {
    const std::size_t begin = at_;
    while (at_ < text_.size() && belongs(text_[at_])) Advance();
    return std::string(text_.substr(begin, at_ - begin));
  }

  Result<void> ReadInto(Token& token) {
    const char c = text_[at_];
    if (c == '"' || c == '\'') return ReadString(token);
    if (c == '$') {
      Advance();
      token.kind = Token::Kind::kPlaceholder;
      token.text = TakeWhile(IsWordCharacter);
      if (!token.text.empty()) return {};
      return Invalid("a name must follow '$' at character " + std::to_string(token.at));
    }
    const bool signs = c == '-' && at_ + 1 < text_.size() && IsDigit(text_[at_ + 1]);
    if (IsDigit(c) || signs) {
      token.kind = Token::Kind::kNumber;
      const std::size_t begin = at_;
      Advance();
      TakeWhile([](char d) { return IsWordCharacter(d) || d == '.'; });
      token.text = std::string(text_.substr(begin, at_ - begin));
      if (NumberIn(token.text)) return {};
      return Invalid("'" + token.text + "' at character " + std::to_string(token.at) +
                     " is no number");
    }
    if (IsWordCharacter(c)) {
      token.kind = Token::Kind::kWord;
      token.text = TakeWhile(IsWordCharacter);
      return {};
    }
    token.kind = Token::Kind::kSymbol;
    for (const std::string_view symbol :
         {"!=", "<=", ">=", "=", "<", ">", "(", ")", ",", ".", "|", "*"}) {
      if (!text_.substr(at_).starts_with(symbol)) continue;
      token.text = symbol;
      for (std::size_t i = 0; i < symbol.size(); ++i) Advance();
      return {};
    }
    std::size_t end = at_ + 1;
    while (end < text_.size() && (static_cast<unsigned char>(text_[end]) & 0xC0) == 0x80) ++end;
    return Invalid("'" + std::string(text_.substr(at_, end - at_)) + "' at character " +
                   std::to_string(token.at) + " has no meaning here");
  }

  Result<void> ReadString(Token& token) {
    const char quote = text_[at_];
    token.kind = Token::Kind::kString;
    Advance();
    while (at_ < text_.size()) {
      if (text_[at_] == quote) {
        Advance();
        return {};
      }
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) Advance();
      token.text += text_[at_];
      Advance();
    }
    return Invalid("the string that begins at character " + std::to_string(token.at) +
                   " does not end");
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t character_ = 1;
};

std::string Described(const Token& token) {
  switch (token.kind) {
    case Token::Kind::kEnd:
      return "the end";
    case Token::Kind::kPlaceholder:
      return "$" + token.text;
    case Token::Kind::kString:
      return "the string \"" + token.text + "\"";
    default:
      return "'" + token.text + "'";
  }
}

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  Result<FilterExpression> Run() {
    FilterExpression filter;
    do {
      auto clause = Clause();
      if (!clause) return std::move(clause).error();
      filter.clauses.push_back(*std::move(clause));
    } while (TakeSymbol("|"));
    if (!Is(Token::Kind::kEnd)) return Expected("AND, OR, IF, '|' or the end");
    for (const FilterClause& clause : filter.clauses) {
      if (clause.target != filter.target()) {
        return Invalid("all parts of a filter must be about ItemID, or all about UserID");
      }
    }
    return filter;
  }

 private:
  [[nodiscard]] const Token& Next() const { return tokens_[at_]; }
  [[nodiscard]] bool Is(Token::Kind kind) const { return Next().kind == kind; }
  [[nodiscard]] bool IsWord(std::string_view word) const {
    return Is(Token::Kind::kWord) && EqualsIgnoreCase(Next().text, word);
  }
  bool TakeWord(std::string_view word) {
    if (!IsWord(word)) return false;
    ++at_;
    return true;
  }
  bool TakeSymbol(std::string_view symbol) {
    if (!Is(Token::Kind::kSymbol) || Next().text != symbol) return false;
    ++at_;
    return true;
  }
  [[nodiscard]] Error Expected(const std::string& what) const {
    return Invalid(what + " must stand at character " + std::to_string(Next().at) + ", not " +
                   Described(Next()));
  }

  Result<FilterClause> Clause() {
    FilterClause clause;
    if (TakeWord("EXCLUDE")) {
      clause.include = false;
    } else if (!TakeWord("INCLUDE")) {
      return Expected("INCLUDE or EXCLUDE");
    }
    if (TakeWord("UserID")) {
      clause.target = FilterTarget::kUsers;
    } else if (IsWord("ActionID")) {
      return Invalid("actions are not supported by Usher: a filter is about ItemID or UserID");
    } else if (!TakeWord("ItemID")) {
      return Expected("ItemID or UserID");
    }
    if (!TakeWord("WHERE")) return Expected("WHERE");
    clause.alternatives.emplace_back();
    while (true) {
      const std::size_t place = Next().at;
      auto condition = Condition(false);
      if (!condition) return std::move(condition).error();
      const bool first = clause.alternatives.front().empty();
      if (first) clause.dataset = condition->dataset;
      if (condition->dataset != clause.dataset) {
        return Invalid("the condition at character " + std::to_string(place) +
                       " is on another dataset than the ones before it: conditions that AND or OR "
                       "join must be on one dataset; '|' joins filters on different ones");
      }
      clause.alternatives.back().push_back(*std::move(condition));
      if (TakeWord("OR")) {
        clause.alternatives.emplace_back();
      } else if (!TakeWord("AND")) {
        break;
      }
    }
    if (!TakeWord("IF")) return clause;
    do {
      auto condition = Condition(true);
      if (!condition) return std::move(condition).error();
      clause.only_if.push_back(*std::move(condition));
    } while (TakeWord("AND"));
    return clause;
  }

  Result<FilterCondition> Condition(bool of_current_user) {
    FilterCondition condition;
    if (of_current_user) {
      if (!TakeWord("CurrentUser")) return Expected("CurrentUser");
      condition.dataset = FilterDataset::kUsers;
    } else if (TakeWord("Interactions")) {
      condition.dataset = FilterDataset::kInteractions;
    } else if (TakeWord("Items")) {
      condition.dataset = FilterDataset::kItems;
    } else if (TakeWord("Users")) {
      condition.dataset = FilterDataset::kUsers;
    } else if (IsWord("CurrentUser")) {
      return Invalid("CurrentUser at character " + std::to_string(Next().at) +
                     " may only stand after IF, at the end of an expression");
    } else {
      return Expected("Interactions, Items or Users");
    }
    auto field = FieldName();
    if (!field) return std::move(field).error();
    condition.field = *std::move(field);
    auto done = Comparison(condition);
    return done ? Result<FilterCondition>(std::move(condition)) : done.error();
  }

  // What stands after a dataset's name.
  Result<std::string> FieldName() {
    if (!TakeSymbol(".")) return Expected("'.' and a field's name");
    if (!Is(Token::Kind::kWord)) return Expected("a field's name");
    return tokens_[at_++].text;
  }

  Result<void> Comparison(FilterCondition& condition) {
    if (TakeWord("NOT")) {
      if (!TakeWord("IN")) return Expected("IN");
      condition.op = FilterOperator::kNotIn;
      return Set(condition);
    }
    if (TakeWord("NOT_IN")) {
      condition.op = FilterOperator::kNotIn;
      return Set(condition);
    }
    if (TakeWord("IN")) return Set(condition);
    constexpr std::pair<std::string_view, FilterOperator> kComparisons[] = {
        {"=", FilterOperator::kIn},      {"!=", FilterOperator::kNotIn},
        {"<", FilterOperator::kLess},    {"<=", FilterOperator::kLessOrEqual},
        {">", FilterOperator::kGreater}, {">=", FilterOperator::kGreaterOrEqual}};
    for (const auto& [symbol, op] : kComparisons) {
      if (!TakeSymbol(symbol)) continue;
      condition.op = op;
      return Scalar(condition.operand);
    }
    return Expected("IN, NOT IN, =, !=, <, <=, > or >=");
  }

  Result<void> Set(FilterCondition& condition) {
    FilterOperand& operand = condition.operand;
    if (IsWord("CurrentItem")) return CurrentItem(operand);
    if (!TakeSymbol("(")) return Expected("'('");
    if (Is(Token::Kind::kPlaceholder)) {
      if (condition.op == FilterOperator::kNotIn) {
        return InvalidInput("Could not create filter. Invalid input symbol: $" + Next().text +
                            ". Placeholders are not allowed with NOT_IN operator.");
      }
      TakePlaceholder(operand);
    } else if (TakeSymbol("*")) {
      operand.kind = FilterOperand::Kind::kAnything;
    } else {
      do {
        if (!Is(Token::Kind::kString) && !Is(Token::Kind::kNumber)) {
          return Expected("a string in quotes, a placeholder or *");
        }
        if (operand.values.size() == kMaxFilterValues) {
          return Invalid("a list has more than " + std::to_string(kMaxFilterValues) + " values");
        }
        operand.values.push_back(ValueOf(tokens_[at_++].text));
      } while (TakeSymbol(","));
      if (operand.values.size() == 1 && operand.values.front().text == "*" &&
          EqualsIgnoreCase(condition.field, kEventType)) {
        operand = {.kind = FilterOperand::Kind::kAnything, .values = {}, .name = {}};
      }
    }
    return TakeSymbol(")") ? Result<void>{} : Expected("')'");
  }

  Result<void> Scalar(FilterOperand& operand) {
    if (IsWord("CurrentItem")) return CurrentItem(operand);
    if (TakeSymbol("(")) {
      if (!Is(Token::Kind::kPlaceholder)) return Expected("a placeholder");
      TakePlaceholder(operand);
      return TakeSymbol(")") ? Result<void>{} : Expected("')'");
    }
    if (Is(Token::Kind::kPlaceholder)) {
      TakePlaceholder(operand);
      return {};
    }
    if (!Is(Token::Kind::kString) && !Is(Token::Kind::kNumber)) {
      return Expected("a number, a string in quotes or a placeholder");
    }
    operand.values.push_back(ValueOf(tokens_[at_++].text));
    return {};
  }

  void TakePlaceholder(FilterOperand& operand) {
    operand.kind = FilterOperand::Kind::kPlaceholder;
    operand.name = tokens_[at_++].text;
  }

  Result<void> CurrentItem(FilterOperand& operand) {
    ++at_;
    auto field = FieldName();
    if (!field) return field.error();
    operand.kind = FilterOperand::Kind::kCurrentItem;
    operand.name = *std::move(field);
    return {};
  }

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
};

template <typename Visit>
void ForEachCondition(const FilterExpression& filter, Visit visit) {
  for (const FilterClause& clause : filter.clauses) {
    for (const auto& alternative : clause.alternatives) {
      for (const FilterCondition& condition : alternative) visit(condition);
    }
    for (const FilterCondition& condition : clause.only_if) visit(condition);
  }
}

void AddOnce(std::vector<std::string>& names, std::string name) {
  if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
}

std::string_view NameOf(FilterDataset dataset) {
  switch (dataset) {
    case FilterDataset::kInteractions:
      return "INTERACTIONS";
    case FilterDataset::kItems:
      return "ITEMS";
    case FilterDataset::kUsers:
      return "USERS";
  }
  return "";
}

// Finds the field, whatever its case. Errors: kInvalidInput.
Result<const FilterField*> FieldIn(const std::optional<std::vector<FilterField>>& fields,
                                   std::string_view dataset, std::string_view name) {
  const std::string shown = std::string(dataset) + "." + std::string(name);
  if (!fields) {
    return Invalid(shown + ": the dataset group has no such dataset. Create it first");
  }
  const auto found = std::ranges::find_if(
      *fields, [&](const FilterField& field) { return EqualsIgnoreCase(field.name, name); });
  if (found == fields->end()) {
    std::string known;
    for (const FilterField& field : *fields) known += (known.empty() ? "" : ", ") + field.name;
    return Invalid(shown + " is no field of the dataset's schema, which has " + known);
  }
  if (found->type == FilterField::Type::kBoolean) {
    return Invalid(shown + " is a boolean field, which cannot be filtered by");
  }
  if (found->type == FilterField::Type::kFreeText) {
    return Invalid(shown + " is a textual field, which cannot be filtered by");
  }
  return &*found;
}

class Binder {
 public:
  explicit Binder(const FilterSchema& schema) : schema_(schema) {}

  Result<void> Bind(FilterClause& clause) const {
    const bool fits = clause.target == FilterTarget::kItems
                          ? clause.dataset != FilterDataset::kUsers
                          : clause.dataset != FilterDataset::kItems;
    if (!fits) {
      return Invalid(clause.target == FilterTarget::kItems
                         ? "a filter of items has conditions on Interactions or Items; what is "
                           "known of the user stands after IF, as CurrentUser"
                         : "a filter of users has conditions on Interactions or Users");
    }
    for (auto& alternative : clause.alternatives) {
      for (FilterCondition& condition : alternative) {
        if (auto bound = BindOne(condition); !bound) return bound;
      }
    }
    for (FilterCondition& condition : clause.only_if) {
      if (auto bound = BindOne(condition); !bound) return bound;
    }
    return {};
  }

 private:
  Result<void> BindOne(FilterCondition& condition) const {
    const std::string dataset(NameOf(condition.dataset));
    const std::string shown = dataset + "." + condition.field;
    if (condition.dataset == FilterDataset::kInteractions) return BindEvent(condition, shown);
    const auto& fields = condition.dataset == FilterDataset::kItems ? schema_.items : schema_.users;
    const auto field = FieldIn(fields, dataset, condition.field);
    if (!field) return field.error();
    condition.field = (*field)->name;
    condition.is_number = (*field)->type == FilterField::Type::kNumber;
    condition.joined = (*field)->categorical;
    if (condition.operand.kind == FilterOperand::Kind::kAnything) {
      return Invalid("* stands for any event type and is for INTERACTIONS.EVENT_TYPE alone, not " +
                     shown);
    }
    const bool orders =
        condition.op != FilterOperator::kIn && condition.op != FilterOperator::kNotIn;
    if (orders && !condition.is_number) {
      return Invalid(shown + " is a field of strings: compare it by IN, NOT IN, = or !=");
    }
    if (condition.operand.kind == FilterOperand::Kind::kCurrentItem) {
      return BindCurrentItem(condition, shown);
    }
    for (const FilterValue& value : condition.operand.values) {
      if (condition.is_number && !value.number) {
        return Invalid(shown + " is a field of numbers, which \"" + value.text + "\" is not");
      }
    }
    return {};
  }

  Result<void> BindEvent(FilterCondition& condition, const std::string& shown) const {
    if (!EqualsIgnoreCase(condition.field, kEventType)) {
      return Invalid(shown + ": of interactions only EVENT_TYPE can be filtered by");
    }
    if (condition.op != FilterOperator::kIn && condition.op != FilterOperator::kNotIn) {
      return Invalid(shown + " is a field of strings: compare it by IN, NOT IN, = or !=");
    }
    if (condition.operand.kind == FilterOperand::Kind::kCurrentItem) {
      return Invalid(shown + " cannot be compared with the current item");
    }
    condition.field = kEventType;
    // Any event at all can be asked for whatever the schema has.
    if (condition.operand.kind == FilterOperand::Kind::kAnything && schema_.interactions) return {};
    const auto field = FieldIn(schema_.interactions, "INTERACTIONS", condition.field);
    return field ? Result<void>{} : Result<void>(field.error());
  }

  Result<void> BindCurrentItem(FilterCondition& condition, const std::string& shown) const {
    const auto field = FieldIn(schema_.items, "CurrentItem", condition.operand.name);
    if (!field) return field.error();
    condition.operand.name = (*field)->name;
    if (((*field)->type == FilterField::Type::kNumber) == condition.is_number) return {};
    return Invalid(shown + " and CurrentItem." + condition.operand.name +
                   " are of different types");
  }

  const FilterSchema& schema_;
};

}  // namespace

std::vector<std::string> FilterExpression::Placeholders() const {
  std::vector<std::string> names;
  ForEachCondition(*this, [&](const FilterCondition& condition) {
    if (condition.operand.kind == FilterOperand::Kind::kPlaceholder) {
      AddOnce(names, condition.operand.name);
    }
  });
  return names;
}

std::vector<std::string> FilterExpression::Fields() const {
  std::vector<std::string> names;
  ForEachCondition(*this, [&](const FilterCondition& condition) {
    AddOnce(names, std::string(NameOf(condition.dataset)) + "." + AsciiUpper(condition.field));
    if (condition.operand.kind == FilterOperand::Kind::kCurrentItem) {
      AddOnce(names, "ITEMS." + AsciiUpper(condition.operand.name));
    }
  });
  return names;
}

bool FilterExpression::UsesCurrentItem() const {
  bool uses = false;
  ForEachCondition(*this, [&](const FilterCondition& condition) {
    uses = uses || condition.operand.kind == FilterOperand::Kind::kCurrentItem;
  });
  return uses;
}

bool FilterExpression::UsesCurrentUser() const {
  return std::ranges::any_of(clauses,
                             [](const FilterClause& clause) { return !clause.only_if.empty(); });
}

bool FilterExpression::Uses(FilterDataset dataset) const {
  return std::ranges::find(clauses, dataset, &FilterClause::dataset) != clauses.end();
}

bool FilterExpression::IncludesByInteractions() const {
  return std::ranges::any_of(clauses, [](const FilterClause& clause) {
    return clause.include && clause.dataset == FilterDataset::kInteractions;
  });
}

Result<FilterExpression> ParseFilter(std::string_view text) {
  if (text.size() > kMaxFilterBytes) {
    return Invalid("it has more than " + std::to_string(kMaxFilterBytes) + " bytes");
  }
  if (!IsUtf8(text)) return Invalid("it is not UTF-8");
  auto tokens = Lexer(text).Run();
  if (!tokens) return std::move(tokens).error();
  return Parser(*std::move(tokens)).Run();
}

Result<FilterExpression> BindFilter(FilterExpression filter, const FilterSchema& schema) {
  const Binder binder(schema);
  for (FilterClause& clause : filter.clauses) {
    if (auto bound = binder.Bind(clause); !bound) return bound.error();
  }
  const std::size_t fields = filter.Fields().size();
  if (fields > kMaxFilterFields) {
    return Invalid("it uses " + std::to_string(fields) + " different fields; at most " +
                   std::to_string(kMaxFilterFields) + " are taken");
  }
  return filter;
}

Result<std::vector<FilterValue>> ParseFilterValues(std::string_view text) {
  std::vector<FilterValue> values;
  std::string_view rest = Trim(text);
  while (true) {
    std::string value;
    if (!rest.empty() && (rest.front() == '"' || rest.front() == '\'')) {
      const char quote = rest.front();
      std::size_t at = 1;
      while (at < rest.size() && rest[at] != quote) {
        if (rest[at] == '\\' && at + 1 < rest.size()) ++at;
        value += rest[at++];
      }
      if (at >= rest.size())
        return InvalidInput("a string in quotes does not end: " + std::string(text));
      rest = Trim(rest.substr(at + 1));
    } else {
      const std::size_t end = std::min(rest.find(','), rest.size());
      value = Trim(rest.substr(0, end));
      rest = rest.substr(end);
      if (value.empty()) return InvalidInput("a value is missing: " + std::string(text));
    }
    values.push_back(ValueOf(std::move(value)));
    if (rest.empty()) return values;
    if (rest.front() != ',') {
      return InvalidInput("values must be separated by commas: " + std::string(text));
    }
    rest = Trim(rest.substr(1));
  }
}

}  // namespace usher::engine
