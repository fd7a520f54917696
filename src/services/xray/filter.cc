#include "services/xray/filter.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/text.h"
#include "wire/dispatcher.h"

namespace usher::xray {
namespace {

enum class Field {
  kOk,
  kError,
  kFault,
  kThrottle,
  kPartial,
  kResponseTime,
  kDuration,
  kHttpStatus,
  kHttpUrl,
  kHttpMethod,
  kHttpUserAgent,
  kHttpClientIp,
  kUser,
  kName,
  kType,
  kFaultService,
  kErrorService,
  kFaultMessage,
  kErrorMessage,
  kAnnotation,
};

enum class FieldKind { kFlag, kNumber, kText };

struct FieldName {
  std::string_view name;
  Field field;
  FieldKind kind;
};

constexpr std::array<FieldName, 19> kFields{
    {{"ok", Field::kOk, FieldKind::kFlag},
     {"error", Field::kError, FieldKind::kFlag},
     {"fault", Field::kFault, FieldKind::kFlag},
     {"throttle", Field::kThrottle, FieldKind::kFlag},
     {"partial", Field::kPartial, FieldKind::kFlag},
     {"responsetime", Field::kResponseTime, FieldKind::kNumber},
     {"duration", Field::kDuration, FieldKind::kNumber},
     {"http.status", Field::kHttpStatus, FieldKind::kNumber},
     {"http.url", Field::kHttpUrl, FieldKind::kText},
     {"http.method", Field::kHttpMethod, FieldKind::kText},
     {"http.useragent", Field::kHttpUserAgent, FieldKind::kText},
     {"http.clientip", Field::kHttpClientIp, FieldKind::kText},
     {"user", Field::kUser, FieldKind::kText},
     {"name", Field::kName, FieldKind::kText},
     {"type", Field::kType, FieldKind::kText},
     {"rootcause.fault.service", Field::kFaultService, FieldKind::kText},
     {"rootcause.error.service", Field::kErrorService, FieldKind::kText},
     {"rootcause.fault.message", Field::kFaultMessage, FieldKind::kText},
     {"rootcause.error.message", Field::kErrorMessage, FieldKind::kText}}};

enum class Compare {
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kContains,
  kBegins,
  kEnds,
  kExists
};

// What a term compares with.
struct Literal {
  enum class Kind { kText, kNumber, kBoolean } kind = Kind::kBoolean;
  std::string text;
  double number = 0;
  bool boolean = true;
};

bool CompareNumbers(double a, Compare how, double b) {
  switch (how) {
    case Compare::kEqual:
      return a == b;
    case Compare::kNotEqual:
      return a != b;
    case Compare::kLess:
      return a < b;
    case Compare::kLessEqual:
      return a <= b;
    case Compare::kGreater:
      return a > b;
    case Compare::kGreaterEqual:
      return a >= b;
    default:
      return false;
  }
}

bool CompareTexts(std::string_view a, Compare how, std::string_view b) {
  switch (how) {
    case Compare::kEqual:
      return a == b;
    case Compare::kNotEqual:
      return a != b;
    case Compare::kContains:
      return a.find(b) != std::string_view::npos;
    case Compare::kBegins:
      return a.starts_with(b);
    case Compare::kEnds:
      return a.ends_with(b);
    default:
      return false;
  }
}

double Seconds(std::int64_t us) { return static_cast<double>(us) / 1e6; }

}  // namespace

struct Filter::Expression {
  enum class Kind { kAnd, kOr, kNot, kTerm, kService, kEdge } kind = Kind::kTerm;
  std::vector<std::unique_ptr<const Expression>> children;  // of a service or edge: at most one

  Field field = Field::kOk;
  std::string key;  // of an annotation
  Compare compare = Compare::kEqual;
  Literal literal;

  NodePattern service;
  NodePattern called;
};

namespace {

using Expression = Filter::Expression;

// ---- evaluation ----

// What terms ask of: all of a trace, or some of its parts.
struct Scope {
  const Trace& trace;
  const NodeTable& nodes;
  std::optional<std::vector<const Part*>> parts;

  template <typename F>
  [[nodiscard]] bool AnyPart(F holds) const {
    if (parts) return std::ranges::any_of(*parts, [&](const Part* part) { return holds(*part); });
    return std::ranges::any_of(trace.parts, [&](const Part& part) {
      return part.kind != Part::Kind::kLocal && holds(part);
    });
  }
  [[nodiscard]] bool Holds(tracing::SegmentId id) const {
    if (!parts) return true;
    const Part* part = trace.Find(id);
    // What a subsegment says, its segment says.
    const Part* segment = part != nullptr ? trace.SegmentOf(*part) : nullptr;
    return std::ranges::any_of(*parts,
                               [&](const Part* one) { return one == part || one == segment; });
  }
};

bool CompareResponseTime(const Scope& scope, const Expression& term) {
  const auto holds = [&](const Part& part) {
    return CompareNumbers(Seconds(part.duration_us), term.compare, term.literal.number);
  };
  if (scope.parts) return scope.AnyPart(holds);
  const Part* entry = scope.trace.Entry();
  return entry != nullptr && holds(*entry);
}

bool CompareHttp(const Scope& scope, const Expression& term) {
  const auto holds = [&](const tracing::HttpInfo& http) {
    switch (term.field) {
      case Field::kHttpStatus:
        return http.status != 0 && CompareNumbers(http.status, term.compare, term.literal.number);
      case Field::kHttpUrl:
        return CompareTexts(http.url, term.compare, term.literal.text);
      case Field::kHttpMethod:
        return CompareTexts(http.method, term.compare, term.literal.text);
      case Field::kHttpUserAgent:
        return CompareTexts(http.user_agent, term.compare, term.literal.text);
      default:
        return CompareTexts(http.client_ip, term.compare, term.literal.text);
    }
  };
  if (scope.parts) {
    return scope.AnyPart([&](const Part& part) {
      const tracing::HttpInfo* http = scope.trace.HttpOf(part.id);
      return http != nullptr && holds(*http);
    });
  }
  const Part* entry = scope.trace.Entry();
  const tracing::HttpInfo* http = entry != nullptr ? scope.trace.HttpOf(entry->id) : nullptr;
  return http != nullptr && holds(*http);
}

bool CompareAnnotation(const Scope& scope, const Expression& term) {
  return std::ranges::any_of(scope.trace.annotations, [&](const Annotation& annotation) {
    if (annotation.key != term.key || !scope.Holds(annotation.part)) return false;
    if (term.compare == Compare::kExists) return true;
    const Value& value = annotation.value;
    switch (term.literal.kind) {
      case Literal::Kind::kText:
        return value.as_string() != nullptr &&
               CompareTexts(*value.as_string(), term.compare, term.literal.text);
      case Literal::Kind::kBoolean:
        return value.as_bool() != nullptr &&
               (*value.as_bool() == term.literal.boolean) == (term.compare == Compare::kEqual);
      case Literal::Kind::kNumber:
        break;
    }
    if (value.as_int() != nullptr) {
      return CompareNumbers(static_cast<double>(*value.as_int()), term.compare,
                            term.literal.number);
    }
    return value.as_double() != nullptr &&
           CompareNumbers(*value.as_double(), term.compare, term.literal.number);
  });
}

// A part that failed though nothing below it did.
bool IsRootCause(const Trace& trace, const Part& part, bool is_fault) {
  if (!(is_fault ? part.fault : part.error)) return false;
  return std::ranges::none_of(trace.parts, [&](const Part& below) {
    return below.parent_id == part.id && (is_fault ? below.fault : below.error);
  });
}

bool CompareRootCause(const Scope& scope, const Expression& term) {
  const Trace& trace = scope.trace;
  const bool is_fault = term.field == Field::kFaultService || term.field == Field::kFaultMessage;
  const bool asks_service =
      term.field == Field::kFaultService || term.field == Field::kErrorService;
  return std::ranges::any_of(trace.parts, [&](const Part& part) {
    if (!IsRootCause(trace, part, is_fault) || !scope.Holds(part.id)) return false;
    if (asks_service) {
      const Part* segment = part.kind == Part::Kind::kCall ? &part : trace.SegmentOf(part);
      return segment != nullptr &&
             CompareTexts(scope.nodes[segment->node].name, term.compare, term.literal.text);
    }
    return std::ranges::any_of(trace.exceptions, [&](const ExceptionOfPart& exception) {
      return exception.part == part.id &&
             CompareTexts(exception.message, term.compare, term.literal.text);
    });
  });
}

bool FlagOf(const Scope& scope, Field field) {
  switch (field) {
    case Field::kError:
      return scope.AnyPart([](const Part& part) { return part.error; });
    case Field::kFault:
      return scope.AnyPart([](const Part& part) { return part.fault; });
    case Field::kThrottle:
      return scope.AnyPart([](const Part& part) { return part.throttle; });
    case Field::kPartial:
      return scope.trace.in_progress() || scope.trace.Entry() == nullptr;
    default:
      break;
  }
  return !scope.AnyPart([](const Part& part) { return part.error || part.fault || part.throttle; });
}

bool TermHolds(const Scope& scope, const Expression& term) {
  switch (term.field) {
    case Field::kOk:
    case Field::kError:
    case Field::kFault:
    case Field::kThrottle:
    case Field::kPartial:
      return (FlagOf(scope, term.field) == term.literal.boolean) ==
             (term.compare == Compare::kEqual);
    case Field::kResponseTime:
      return CompareResponseTime(scope, term);
    case Field::kDuration:
      if (scope.parts) return CompareResponseTime(scope, term);
      return CompareNumbers(Seconds(scope.trace.end_us() - scope.trace.start_us()), term.compare,
                            term.literal.number);
    case Field::kHttpStatus:
    case Field::kHttpUrl:
    case Field::kHttpMethod:
    case Field::kHttpUserAgent:
    case Field::kHttpClientIp:
      return CompareHttp(scope, term);
    case Field::kUser:
      return std::ranges::any_of(scope.trace.users, [&](const UserOfPart& user) {
        return scope.Holds(user.part) && CompareTexts(user.user, term.compare, term.literal.text);
      });
    case Field::kName:
      return scope.AnyPart([&](const Part& part) {
        return CompareTexts(scope.nodes[part.node].name, term.compare, term.literal.text);
      });
    case Field::kType:
      return scope.AnyPart([&](const Part& part) {
        return CompareTexts(scope.nodes[part.node].type, term.compare, term.literal.text);
      });
    case Field::kFaultService:
    case Field::kErrorService:
    case Field::kFaultMessage:
    case Field::kErrorMessage:
      return CompareRootCause(scope, term);
    case Field::kAnnotation:
      return CompareAnnotation(scope, term);
  }
  return false;
}

bool Holds(const Scope& scope, const Expression& expression);

// The service's own segments; where it has sent none, the calls that go to it.
bool ServiceHolds(const Scope& scope, const Expression& expression) {
  std::vector<const Part*> segments;
  std::vector<const Part*> calls;
  for (const Part& part : scope.trace.parts) {
    if (part.kind == Part::Kind::kLocal || !expression.service.Fits(scope.nodes[part.node])) {
      continue;
    }
    (part.kind == Part::Kind::kSegment ? segments : calls).push_back(&part);
  }
  auto& parts = segments.empty() ? calls : segments;
  if (parts.empty()) return false;
  if (expression.children.empty()) return true;
  return Holds({scope.trace, scope.nodes, std::move(parts)}, *expression.children.front());
}

bool EdgeHolds(const Scope& scope, const Expression& expression) {
  std::vector<const Part*> parts;
  for (const Part& part : scope.trace.parts) {
    if (part.kind == Part::Kind::kLocal || !expression.called.Fits(scope.nodes[part.node])) {
      continue;
    }
    const Part* parent = scope.trace.Find(part.parent_id);
    const Part* caller = parent != nullptr ? scope.trace.SegmentOf(*parent) : nullptr;
    const NodeId from = caller != nullptr ? caller->node : part.client;
    if (caller == nullptr && part.kind != Part::Kind::kSegment) continue;
    if (expression.service.Fits(scope.nodes[from])) parts.push_back(&part);
  }
  if (parts.empty()) return false;
  if (expression.children.empty()) return true;
  return Holds({scope.trace, scope.nodes, std::move(parts)}, *expression.children.front());
}

bool Holds(const Scope& scope, const Expression& expression) {
  const auto holds = [&](const auto& child) { return Holds(scope, *child); };
  switch (expression.kind) {
    case Expression::Kind::kAnd:
      return std::ranges::all_of(expression.children, holds);
    case Expression::Kind::kOr:
      return std::ranges::any_of(expression.children, holds);
    case Expression::Kind::kNot:
      return !Holds(scope, *expression.children.front());
    case Expression::Kind::kService:
      return ServiceHolds(scope, expression);
    case Expression::Kind::kEdge:
      return EdgeHolds(scope, expression);
    case Expression::Kind::kTerm:
      break;
  }
  return TermHolds(scope, expression);
}

// ---- parsing ----

struct Token {
  enum class Kind { kEnd, kWord, kText, kNumber, kSign } kind = Kind::kEnd;
  std::string text;  // a word in lower case, a sign, or the content of a text
  std::string raw;   // a word as written
  double number = 0;
  std::size_t at = 0;
};

bool IsWordStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsWord(char c) { return IsWordStart(c) || IsDigit(c) || c == '.' || c == '-'; }

Error Wrong(std::size_t at, const std::string& what) {
  return InvalidInput("Invalid filter expression at position " + std::to_string(at + 1) + ": " +
                      what);
}

Result<std::vector<Token>> ReadTokens(std::string_view text) {
  constexpr std::array<std::string_view, 15> kSigns{"<=", ">=", "!=", "&&", "||", "(", ")", "{",
                                                    "}",  "[",  "]",  ",",  ":",  "=", "<"};
  std::vector<Token> tokens;
  std::size_t at = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      ++at;
      continue;
    }
    Token token{.at = at};
    if (IsWordStart(c)) {
      const std::size_t begin = at;
      while (at < text.size() && IsWord(text[at])) ++at;
      token.kind = Token::Kind::kWord;
      token.raw = text.substr(begin, at - begin);
      token.text = AsciiLower(token.raw);
    } else if (IsDigit(c) || c == '-' || c == '.') {
      const char* end = text.data() + text.size();
      const auto [stop, problem] = std::from_chars(text.data() + at, end, token.number);
      if (problem != std::errc()) return Wrong(at, "a number is expected here");
      token.kind = Token::Kind::kNumber;
      at = static_cast<std::size_t>(stop - text.data());
    } else if (c == '"' || c == '\'') {
      token.kind = Token::Kind::kText;
      for (++at; at < text.size() && text[at] != c; ++at) {
        if (text[at] == '\\' && at + 1 < text.size()) ++at;
        token.text += text[at];
      }
      if (at == text.size()) return Wrong(token.at, "a text that begins here does not end");
      ++at;
    } else {
      token.kind = Token::Kind::kSign;
      const auto sign = std::ranges::find_if(
          kSigns, [&](std::string_view one) { return text.substr(at).starts_with(one); });
      if (sign != kSigns.end()) {
        token.text = *sign;
      } else if (c == '>' || c == '!') {
        token.text = c;
      } else {
        return Wrong(at, "'" + std::string(1, c) + "' has no meaning here");
      }
      at += token.text.size();
    }
    tokens.push_back(std::move(token));
  }
  tokens.push_back({.at = text.size()});
  return tokens;
}

using ExpressionPtr = std::unique_ptr<const Expression>;

class Parser {
 public:
  explicit Parser(std::span<const Token> tokens) : tokens_(tokens) {}

  Result<ExpressionPtr> ParseAll() {
    auto all = Or(0);
    if (!all) return all;
    if (Peek().kind != Token::Kind::kEnd) {
      return Wrong(Peek().at, "AND, OR or the end is expected here");
    }
    return all;
  }

 private:
  [[nodiscard]] const Token& Peek() const { return tokens_[next_]; }
  bool TakeSign(std::string_view sign) {
    if (Peek().kind != Token::Kind::kSign || Peek().text != sign) return false;
    ++next_;
    return true;
  }
  bool TakeWord(std::string_view word) {
    if (Peek().kind != Token::Kind::kWord || Peek().text != word) return false;
    ++next_;
    return true;
  }
  Result<void> Expect(std::string_view sign) {
    if (TakeSign(sign)) return {};
    return Wrong(Peek().at, "'" + std::string(sign) + "' is expected here");
  }

  Result<ExpressionPtr> Many(int depth, Expression::Kind kind, std::string_view word,
                             std::string_view sign, Result<ExpressionPtr> (Parser::*part)(int)) {
    auto first = (this->*part)(depth);
    if (!first) return first;
    auto made = std::make_unique<Expression>();
    made->kind = kind;
    made->children.push_back(*std::move(first));
    while (TakeWord(word) || TakeSign(sign)) {
      auto further = (this->*part)(depth);
      if (!further) return further;
      made->children.push_back(*std::move(further));
    }
    if (made->children.size() == 1) return std::move(made->children.front());
    return ExpressionPtr(std::move(made));
  }
  Result<ExpressionPtr> Or(int depth) {
    return Many(depth, Expression::Kind::kOr, "or", "||", &Parser::And);
  }
  Result<ExpressionPtr> And(int depth) {
    return Many(depth, Expression::Kind::kAnd, "and", "&&", &Parser::Not);
  }

  Result<ExpressionPtr> Not(int depth) {
    if (depth >= kMaxFilterDepth) {
      return Wrong(Peek().at, "it is nested deeper than " + std::to_string(kMaxFilterDepth));
    }
    if (TakeSign("!") || TakeWord("not")) {
      auto inner = Not(depth + 1);
      if (!inner) return inner;
      auto made = std::make_unique<Expression>();
      made->kind = Expression::Kind::kNot;
      made->children.push_back(*std::move(inner));
      return ExpressionPtr(std::move(made));
    }
    if (TakeSign("(")) {
      auto inner = Or(depth + 1);
      if (!inner) return inner;
      if (auto closed = Expect(")"); !closed) return closed.error();
      return inner;
    }
    return Term(depth);
  }

  Result<ExpressionPtr> Term(int depth) {
    const Token word = Peek();
    if (word.kind != Token::Kind::kWord) return Wrong(word.at, "a keyword is expected here");
    ++next_;
    if (word.text == "service" || word.text == "edge") return Entity(word.text == "edge", depth);
    auto made = std::make_unique<Expression>();
    if (word.text == "annotation" || word.text.starts_with("annotation.")) {
      made->field = Field::kAnnotation;
      auto key = AnnotationKey(word);
      if (!key) return key.error();
      made->key = *std::move(key);
      made->compare = Compare::kExists;
      if (const auto how = TakeCompare()) {
        made->compare = *how;
        auto literal = TakeLiteral();
        if (!literal) return literal.error();
        made->literal = *std::move(literal);
      }
      return ExpressionPtr(std::move(made));
    }
    const auto field = std::ranges::find(kFields, std::string_view(word.text), &FieldName::name);
    if (field == kFields.end()) return Unknown(word);
    made->field = field->field;
    if (field->kind == FieldKind::kFlag) {
      const std::size_t at = Peek().at;
      const auto how = TakeCompare();
      if (!how) return ExpressionPtr(std::move(made));  // "fault" alone
      auto literal = TakeLiteral();
      if (!literal) return literal.error();
      if (literal->kind != Literal::Kind::kBoolean ||
          (*how != Compare::kEqual && *how != Compare::kNotEqual)) {
        return Wrong(at, word.text + " can only be = or != true or false");
      }
      made->compare = *how;
      made->literal = *std::move(literal);
      return ExpressionPtr(std::move(made));
    }
    return Comparison(std::move(made), word, field->kind);
  }

  Result<ExpressionPtr> Comparison(std::unique_ptr<Expression> made, const Token& word,
                                   FieldKind kind) {
    const std::size_t at = Peek().at;
    const auto how = TakeCompare();
    if (!how) return Wrong(at, "an operator is expected after " + word.text);
    auto literal = TakeLiteral();
    if (!literal) return literal.error();
    const bool is_number = kind == FieldKind::kNumber;
    const bool orders = *how >= Compare::kLess && *how <= Compare::kGreaterEqual;
    const bool searches = *how >= Compare::kContains && *how <= Compare::kEnds;
    if (is_number && (literal->kind != Literal::Kind::kNumber || searches)) {
      return Wrong(at, word.text + " is compared with a number, by =, !=, <, <=, > or >=");
    }
    if (!is_number && (literal->kind != Literal::Kind::kText || orders)) {
      return Wrong(
          at, word.text + " is compared with a text, by =, !=, CONTAINS, BEGINSWITH or ENDSWITH");
    }
    made->compare = *how;
    made->literal = *std::move(literal);
    return ExpressionPtr(std::move(made));
  }

  static Error Unknown(const Token& word) {
    std::string known;
    for (const FieldName& field : kFields) known += std::string(field.name) + ", ";
    return Wrong(word.at, "the keyword '" + word.raw + "' is unknown: known are " + known +
                              "annotation, service and edge");
  }

  Result<std::string> AnnotationKey(const Token& word) {
    constexpr std::string_view kPrefix = "annotation.";
    if (word.text.starts_with(kPrefix)) {
      if (word.raw.size() == kPrefix.size()) return Wrong(word.at, "a key must follow annotation.");
      return word.raw.substr(kPrefix.size());
    }
    if (auto open = Expect("["); !open) return open.error();
    const Token key = Peek();
    if (key.kind != Token::Kind::kWord && key.kind != Token::Kind::kText) {
      return Wrong(key.at, "the key of an annotation is expected here");
    }
    ++next_;
    if (auto close = Expect("]"); !close) return close.error();
    return key.kind == Token::Kind::kWord ? key.raw : key.text;
  }

  std::optional<Compare> TakeCompare() {
    constexpr std::array<std::pair<std::string_view, Compare>, 6> kSigns{
        {{"=", Compare::kEqual},
         {"!=", Compare::kNotEqual},
         {"<", Compare::kLess},
         {"<=", Compare::kLessEqual},
         {">", Compare::kGreater},
         {">=", Compare::kGreaterEqual}}};
    for (const auto& [sign, compare] : kSigns) {
      if (TakeSign(sign)) return compare;
    }
    if (TakeWord("contains")) return Compare::kContains;
    if (TakeWord("beginswith")) return Compare::kBegins;
    if (TakeWord("endswith")) return Compare::kEnds;
    return std::nullopt;
  }

  Result<Literal> TakeLiteral() {
    const Token& token = Peek();
    Literal literal;
    if (token.kind == Token::Kind::kText) {
      literal.kind = Literal::Kind::kText;
      literal.text = token.text;
    } else if (token.kind == Token::Kind::kNumber) {
      literal.kind = Literal::Kind::kNumber;
      literal.number = token.number;
    } else if (token.kind == Token::Kind::kWord &&
               (token.text == "true" || token.text == "false")) {
      literal.boolean = token.text == "true";
    } else {
      return Wrong(token.at, "a \"text\", a number, true or false is expected here");
    }
    ++next_;
    return literal;
  }

  Result<NodePattern> TakeId() {
    NodePattern pattern;
    if (Peek().kind == Token::Kind::kText) {
      pattern.name = Peek().text;
      ++next_;
      return pattern;
    }
    if (!TakeWord("id")) return Wrong(Peek().at, "a \"name\" or id(…) is expected here");
    if (auto open = Expect("("); !open) return open.error();
    do {
      const Token member = Peek();
      if (member.kind != Token::Kind::kWord) return Wrong(member.at, "name: or type: is expected");
      ++next_;
      if (auto colon = Expect(":"); !colon) return colon.error();
      const Token value = Peek();
      if (value.kind != Token::Kind::kText) return Wrong(value.at, "a \"text\" is expected here");
      ++next_;
      if (member.text == "name") {
        pattern.name = value.text;
      } else if (member.text == "type") {
        pattern.type = value.text;
      } else if (member.text == "account.id") {
        pattern.account = value.text;
      } else {
        return Wrong(member.at, "an id has name, type and account.id, not " + member.raw);
      }
    } while (TakeSign(","));
    if (auto close = Expect(")"); !close) return close.error();
    return pattern;
  }

  Result<ExpressionPtr> Entity(bool is_edge, int depth) {
    auto made = std::make_unique<Expression>();
    made->kind = is_edge ? Expression::Kind::kEdge : Expression::Kind::kService;
    if (auto open = Expect("("); !open) return open.error();
    if (is_edge || !(Peek().kind == Token::Kind::kSign && Peek().text == ")")) {
      auto service = TakeId();
      if (!service) return service.error();
      made->service = *std::move(service);
    }
    if (is_edge) {
      if (auto comma = Expect(","); !comma) return comma.error();
      auto called = TakeId();
      if (!called) return called.error();
      made->called = *std::move(called);
    }
    if (auto close = Expect(")"); !close) return close.error();
    if (TakeSign("{")) {
      auto inner = Or(depth + 1);
      if (!inner) return inner;
      if (auto close = Expect("}"); !close) return close.error();
      made->children.push_back(*std::move(inner));
    }
    return ExpressionPtr(std::move(made));
  }

  std::span<const Token> tokens_;
  std::size_t next_ = 0;
};

Result<ExpressionPtr> ParseExpression(std::string_view text) {
  if (text.size() > kMaxFilterBytes) {
    return InvalidInput("Invalid filter expression: it is longer than " +
                        std::to_string(kMaxFilterBytes) + " bytes");
  }
  const auto tokens = ReadTokens(text);
  if (!tokens) return tokens.error();
  return Parser(*tokens).ParseAll();
}

}  // namespace

bool NodePattern::Fits(const Node& node) const {
  return (name.empty() || name == node.name) && (type.empty() || type == node.type) &&
         (account.empty() || account == wire::kAccountId);
}

Filter::Filter(std::unique_ptr<const Expression> root) : root_(std::move(root)) {}
Filter::~Filter() = default;
Filter::Filter(Filter&&) noexcept = default;
Filter& Filter::operator=(Filter&&) noexcept = default;

Result<Filter> Filter::Parse(std::string_view text) {
  auto root = ParseExpression(text);
  if (!root) return root.error();
  return Filter(*std::move(root));
}

bool Filter::Matches(const Trace& trace, const NodeTable& nodes) const {
  return Holds({trace, nodes, std::nullopt}, *root_);
}

Result<EntitySelector> ParseEntitySelector(std::string_view text) {
  const auto root = ParseExpression(text);
  if (!root) return root.error();
  const Expression& expression = **root;
  const bool is_edge = expression.kind == Expression::Kind::kEdge;
  if ((!is_edge && expression.kind != Expression::Kind::kService) || !expression.children.empty()) {
    return InvalidInput(
        "an entity selector is service(\"…\"), service(id(name: \"…\", type: \"…\")) or "
        "edge(…, …), and nothing more");
  }
  return EntitySelector{
      .is_edge = is_edge, .service = expression.service, .called = expression.called};
}

}  // namespace usher::xray
