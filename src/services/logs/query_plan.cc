#include "services/logs/query_plan.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/text.h"
#include "services/logs/query_tokens.h"

namespace usher::logs {
namespace {

constexpr int kMaxNesting = 32;

class Parser {
 public:
  explicit Parser(std::vector<QueryToken> tokens) : tokens_(std::move(tokens)) {}

  Result<QueryPlan> Parse() {
    while (true) {
      if (auto done = ParseCommand(); !done) return done.error();
      if (Peek().kind == QueryTokenKind::kEnd) return std::move(plan_);
      if (!TakeSign("|")) return Unexpected("| or the end");
    }
  }

 private:
  [[nodiscard]] const QueryToken& Peek() const { return tokens_[at_]; }
  QueryToken Take() { return tokens_[at_ + 1 < tokens_.size() ? at_++ : at_]; }
  [[nodiscard]] Error Unexpected(const std::string& wanted) const {
    return MalformedQuery(wanted + " is expected, got " +
                          (Peek().kind == QueryTokenKind::kEnd ? "the end" : Peek().text));
  }
  bool TakeSign(std::string_view sign) {
    if (Peek().kind != QueryTokenKind::kSign || Peek().text != sign) return false;
    Take();
    return true;
  }
  bool TakeWord(std::string_view word) {
    if (Peek().kind != QueryTokenKind::kName || !EqualsIgnoreCase(Peek().text, word)) return false;
    Take();
    return true;
  }
  Result<std::string> TakeName() {
    if (Peek().kind != QueryTokenKind::kName && Peek().kind != QueryTokenKind::kQuotedName) {
      return Unexpected("the name of a field");
    }
    return Take().text;
  }

  Result<void> ParseCommand() {
    const bool after_stats = !plan_.aggregates.empty();
    if (TakeWord("sort")) return ParseOrder();
    if (TakeWord("limit")) return ParseLimit();
    const bool is_known =
        TakeWord("fields") || TakeWord("display") || TakeWord("filter") || TakeWord("stats");
    if (!is_known) return Unexpected("fields, display, filter, stats, sort or limit");
    const std::string command = AsciiLower(tokens_[at_ - 1].text);
    if (after_stats) return MalformedQuery(command + " after stats is not supported");
    if (command == "filter") {
      auto filter = ParseAny(0);
      if (!filter) return filter.error();
      plan_.filters.push_back(*std::move(filter));
      return {};
    }
    return command == "stats" ? ParseStats() : ParseFields();
  }

  Result<void> ParseFields() {
    do {
      auto name = TakeName();
      if (!name) return name.error();
      plan_.fields.push_back(*std::move(name));
    } while (TakeSign(","));
    return {};
  }

  Result<void> ParseLimit() {
    std::size_t limit = 0;
    const std::string text = Take().text;
    const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), limit);
    if (bad != std::errc() || end != text.data() + text.size() || limit == 0) {
      return MalformedQuery("limit takes a number that is at least 1, got " + text);
    }
    plan_.limit = limit;
    return {};
  }

  Result<void> ParseOrder() {
    do {
      QueryOrder order;
      if (IsFunction()) {
        auto name = TakeFunctionText();  // sort count(*)
        if (!name) return name.error();
        order.field = *std::move(name);
      } else {
        auto name = TakeName();
        if (!name) return name.error();
        order.field = *std::move(name);
      }
      order.descending = !TakeWord("asc");
      if (order.descending) TakeWord("desc");
      plan_.order.push_back(std::move(order));
    } while (TakeSign(","));
    return {};
  }

  // ---- stats ----

  [[nodiscard]] bool IsFunction() const {
    return Peek().kind == QueryTokenKind::kName && at_ + 1 < tokens_.size() &&
           tokens_[at_ + 1].kind == QueryTokenKind::kSign && tokens_[at_ + 1].text == "(";
  }

  // "count(*)", as a result is named without `as`.
  Result<std::string> TakeFunctionText() {
    std::string text = Take().text + "(";
    TakeSign("(");
    while (Peek().kind != QueryTokenKind::kEnd && !TakeSign(")")) text += Take().text;
    return text + ")";
  }

  Result<void> ParseStats() {
    do {
      auto aggregate = ParseAggregate();
      if (!aggregate) return aggregate.error();
      plan_.aggregates.push_back(*std::move(aggregate));
    } while (TakeSign(","));
    if (!TakeWord("by")) return {};
    do {
      auto key = ParseKey();
      if (!key) return key.error();
      plan_.keys.push_back(*std::move(key));
    } while (TakeSign(","));
    return {};
  }

  Result<QueryAggregate> ParseAggregate() {
    using Kind = QueryAggregate::Kind;
    constexpr std::array<std::pair<std::string_view, Kind>, 6> kinds = {{
        {"count", Kind::kCount},
        {"count_distinct", Kind::kCountDistinct},
        {"sum", Kind::kSum},
        {"avg", Kind::kAverage},
        {"min", Kind::kLeast},
        {"max", Kind::kGreatest},
    }};
    if (!IsFunction()) return Unexpected("a function such as count(*)");
    const std::string function = Peek().text;
    const auto kind = std::ranges::find_if(
        kinds, [&](const auto& known) { return EqualsIgnoreCase(known.first, function); });
    if (kind == kinds.end())
      return MalformedQuery("the function " + function + " is not supported");
    Take();
    TakeSign("(");
    QueryAggregate aggregate{.kind = kind->second};
    aggregate.name = function + "(";
    if (TakeSign("*")) {
      if (aggregate.kind != Kind::kCount) return MalformedQuery(function + "(*) is not supported");
      aggregate.name += "*";
    } else if (aggregate.kind != Kind::kCount || Peek().text != ")") {
      auto field = TakeName();
      if (!field) return field.error();
      aggregate.field = *std::move(field);
      aggregate.name += aggregate.field;
    }
    aggregate.name += ")";
    if (!TakeSign(")")) return Unexpected(")");
    if (auto named = TakeAlias(aggregate.name); !named) return named.error();
    return aggregate;
  }

  Result<void> TakeAlias(std::string& name) {
    if (!TakeWord("as")) return {};
    auto alias = TakeName();
    if (!alias) return alias.error();
    name = *std::move(alias);
    return {};
  }

  Result<QueryKey> ParseKey() {
    QueryKey key;
    if (!IsFunction()) {
      auto field = TakeName();
      if (!field) return field.error();
      key.field = *field;
      key.name = *std::move(field);
    } else {
      const std::string function = Take().text;
      if (!EqualsIgnoreCase(function, "bin")) {
        return MalformedQuery("the function " + function + " is not supported");
      }
      TakeSign("(");
      const std::string text = Take().text;
      const auto interval = Interval(text);
      if (!interval) return MalformedQuery("bin takes a time such as 5m, got " + text);
      key.interval_ms = *interval;
      key.name = "bin(" + text + ")";
      if (!TakeSign(")")) return Unexpected(")");
    }
    if (auto named = TakeAlias(key.name); !named) return named.error();
    return key;
  }

  static std::optional<std::int64_t> Interval(const std::string& text) {
    constexpr std::array<std::pair<std::string_view, std::int64_t>, 5> units = {{
        {"ms", 1},
        {"s", 1000},
        {"m", 60'000},
        {"h", 3'600'000},
        {"d", 86'400'000},
    }};
    std::int32_t count = 0;
    const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), count);
    const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
    const auto found =
        std::ranges::find(units, unit, &std::pair<std::string_view, std::int64_t>::first);
    if (bad != std::errc() || count < 1 || found == units.end()) return std::nullopt;
    return count * found->second;
  }

  // ---- filter: any := all {or all};  all := one {and one};  one := not one | (any) | comparison

  template <typename ParsePart>
  Result<QueryFilter> ParseJoined(std::string_view word, QueryFilter::Kind kind, ParsePart part) {
    QueryFilter joined{.kind = kind};
    do {
      auto parsed = part();
      if (!parsed) return parsed;
      joined.parts.push_back(*std::move(parsed));
    } while (TakeWord(word));
    if (joined.parts.size() > 1) return joined;
    QueryFilter only = std::move(joined.parts.front());
    return only;
  }

  Result<QueryFilter> ParseAny(int depth) {
    if (depth > kMaxNesting) {
      return MalformedQuery("brackets are nested more than " + std::to_string(kMaxNesting) +
                            " deep");
    }
    return ParseJoined("or", QueryFilter::Kind::kOr, [&] {
      return ParseJoined("and", QueryFilter::Kind::kAnd, [&] { return ParseOne(depth); });
    });
  }

  Result<QueryFilter> ParseOne(int depth) {
    if (TakeWord("not")) {
      auto part = ParseNested(depth);
      if (!part) return part;
      QueryFilter negated{.kind = QueryFilter::Kind::kNot};
      negated.parts.push_back(*std::move(part));
      return negated;
    }
    return ParseNested(depth);
  }

  Result<QueryFilter> ParseNested(int depth) {
    if (TakeSign("(")) {
      auto inner = ParseAny(depth + 1);
      if (!inner) return inner;
      if (!TakeSign(")")) return Unexpected(")");
      return inner;
    }
    return ParseComparison();
  }

  Result<QueryFilter> ParseComparison() {
    using Kind = QueryFilter::Kind;
    QueryFilter filter;
    if (IsFunction()) {
      const std::string function = Take().text;
      if (!EqualsIgnoreCase(function, "ispresent")) {
        return MalformedQuery("the function " + function + " is not supported");
      }
      TakeSign("(");
      auto field = TakeName();
      if (!field) return field.error();
      if (!TakeSign(")")) return Unexpected(")");
      return QueryFilter{.kind = Kind::kIsPresent, .field = *std::move(field)};
    }
    auto field = TakeName();
    if (!field) return field.error();
    filter.field = *std::move(field);
    const bool negated = TakeWord("not");
    if (TakeWord("like") || TakeSign("=~")) {
      if (auto taken = TakePattern(filter); !taken) return taken.error();
    } else if (TakeWord("in")) {
      if (auto taken = TakeList(filter); !taken) return taken.error();
    } else if (negated) {
      return Unexpected("like or in");
    } else if (auto taken = TakeComparison(filter); !taken) {
      return taken.error();
    }
    if (!negated) return filter;
    QueryFilter not_filter{.kind = Kind::kNot};
    not_filter.parts.push_back(std::move(filter));
    return not_filter;
  }

  Result<void> TakePattern(QueryFilter& filter) {
    filter.kind = QueryFilter::Kind::kLike;
    const bool is_regex = Peek().kind == QueryTokenKind::kRegex;
    if (!is_regex && Peek().kind != QueryTokenKind::kText) return Unexpected("/regex/ or \"text\"");
    const std::string text = Take().text;
    if (!is_regex) {
      filter.values.push_back(text);
      return {};
    }
    auto regex = Regex::Compile(text);
    if (!regex) return MalformedQuery(regex.error().message);
    filter.regex = *std::move(regex);
    return {};
  }

  Result<void> TakeList(QueryFilter& filter) {
    filter.kind = QueryFilter::Kind::kIn;
    if (!TakeSign("[")) return Unexpected("[");
    do {
      if (auto taken = TakeValue(filter); !taken) return taken;
    } while (TakeSign(","));
    if (!TakeSign("]")) return Unexpected("]");
    return {};
  }

  Result<void> TakeComparison(QueryFilter& filter) {
    using Kind = QueryFilter::Kind;
    constexpr std::array<std::pair<std::string_view, Kind>, 6> signs = {{
        {"=", Kind::kEqual},
        {"!=", Kind::kNotEqual},
        {"<", Kind::kLess},
        {"<=", Kind::kLessOrEqual},
        {">", Kind::kGreater},
        {">=", Kind::kGreaterOrEqual},
    }};
    const auto sign =
        std::ranges::find_if(signs, [&](const auto& known) { return TakeSign(known.first); });
    if (sign == signs.end()) return Unexpected("a comparison");
    filter.kind = sign->second;
    return TakeValue(filter);
  }

  Result<void> TakeValue(QueryFilter& filter) {
    if (Peek().kind != QueryTokenKind::kText && Peek().kind != QueryTokenKind::kNumber) {
      return Unexpected("a text in quotes or a number");
    }
    filter.values.push_back(Take().text);
    return {};
  }

  std::vector<QueryToken> tokens_;
  std::size_t at_ = 0;
  QueryPlan plan_;
};

}  // namespace

Result<QueryPlan> ParseQuery(std::string_view text) {
  auto tokens = ReadQueryTokens(text);
  if (!tokens) return tokens.error();
  return Parser(*std::move(tokens)).Parse();
}

}  // namespace usher::logs
