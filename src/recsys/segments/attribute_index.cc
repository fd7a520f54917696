#include "recsys/segments/attribute_index.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <utility>

#include "base/text.h"

namespace usher::recsys {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool IsNameByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// Reads the expression from left to right.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<std::vector<AttributeTerm>> Parse() {
    std::vector<AttributeTerm> terms;
    while (true) {
      auto term = Term();
      if (!term) return term.error();
      if (terms.size() == kMaxExpressionTerms) {
        return InvalidInput("the expression has more than " + std::to_string(kMaxExpressionTerms) +
                            " terms");
      }
      terms.push_back(*std::move(term));
      SkipSpaces();
      if (at_ == text_.size()) return terms;
      if (!EqualsIgnoreCase(Word(), "AND")) return Expected("AND or the end");
      at_ += Word().size();
    }
  }

 private:
  Result<AttributeTerm> Term() {
    SkipSpaces();
    constexpr std::string_view kItems = "ITEMS.";
    if (!EqualsIgnoreCase(text_.substr(at_, kItems.size()), kItems)) {
      return Expected("ITEMS. and a column");
    }
    at_ += kItems.size();
    AttributeTerm term;
    term.column = Word();
    if (term.column.empty()) return Expected("a column");
    if (term.column.size() > kMaxColumnNameBytes) return Expected("a shorter column name");
    at_ += term.column.size();
    SkipSpaces();
    if (at_ == text_.size() || text_[at_] != '=') return Expected("=");
    ++at_;
    SkipSpaces();
    const auto read = at_ < text_.size() && text_[at_] == '"' ? ReadString(term) : ReadNumber(term);
    if (!read) return read.error();
    return term;
  }

  Result<void> ReadString(AttributeTerm& term) {
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\') ++at_;  // the next one stands for itself
      if (at_ < text_.size()) term.value += text_[at_];
    }
    if (at_ >= text_.size()) {
      at_ = text_.size();
      return Expected("\" at the end of the value");
    }
    ++at_;
    return {};
  }

  Result<void> ReadNumber(AttributeTerm& term) {
    double number = 0;
    const auto [end, error] =
        std::from_chars(text_.data() + at_, text_.data() + text_.size(), number);
    const bool ends = error == std::errc() && (end == text_.data() + text_.size() || IsSpace(*end));
    if (!ends || !std::isfinite(number)) return Expected("a value in double quotes or a number");
    at_ = static_cast<std::size_t>(end - text_.data());
    term.value = NumberKey(number);
    term.is_number = true;
    return {};
  }

  [[nodiscard]] std::string_view Word() const {
    std::size_t end = at_;
    while (end < text_.size() && IsNameByte(text_[end])) ++end;
    return text_.substr(at_, end - at_);
  }
  void SkipSpaces() {
    while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
  }
  [[nodiscard]] Error Expected(const std::string& what) const {
    return InvalidInput("itemAttributes: expected " + what + " at character " +
                        std::to_string(at_ + 1));
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Result<std::vector<AttributeTerm>> ParseAttributes(std::string_view expression) {
  if (expression.size() > kMaxExpressionBytes) {
    return InvalidInput("itemAttributes is longer than " + std::to_string(kMaxExpressionBytes) +
                        " bytes");
  }
  return Parser(expression).Parse();
}

std::string NumberKey(double number) {
  char text[32];
  if (number == 0) number = 0;  // -0 is 0
  return {text, std::to_chars(text, text + sizeof(text), number).ptr};
}

void AttributeIndex::AddColumn(std::string name, bool is_number, std::vector<std::string> values,
                               ListsView items) {
  columns_.push_back({std::move(name), is_number, std::move(values), items});
}

Result<std::vector<std::uint32_t>> AttributeIndex::Find(
    std::span<const AttributeTerm> terms) const {
  std::vector<std::uint32_t> found;
  for (std::size_t t = 0; t < terms.size(); ++t) {
    const AttributeTerm& term = terms[t];
    const auto column = std::ranges::find(columns_, term.column, &Column::name);
    if (column == columns_.end()) {
      std::string names;
      for (const Column& known : columns_) names += (names.empty() ? "" : ", ") + known.name;
      return InvalidInput("the items have no attribute " + term.column +
                          "; those that they have: " + (names.empty() ? "none" : names));
    }
    if (column->is_number != term.is_number) {
      return InvalidInput("the attribute " + term.column + " is " +
                          (column->is_number ? "a number: give it without quotes"
                                             : "a string: give it in double quotes"));
    }
    const auto value = std::ranges::find(column->values, term.value);
    if (value == column->values.end()) return std::vector<std::uint32_t>{};
    const auto items = column->items[static_cast<std::size_t>(value - column->values.begin())];
    if (t == 0) {
      found.assign(items.begin(), items.end());
    } else {
      std::vector<std::uint32_t> both;
      std::ranges::set_intersection(found, items, std::back_inserter(both));
      found = std::move(both);
    }
  }
  return found;
}

}  // namespace usher::recsys
