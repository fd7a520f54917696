#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"
#include "services/apigateway/vtl/program.h"

namespace usher::apigateway::vtl {
namespace {

bool IsNameStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsNamePart(char c) { return IsNameStart(c) || (c >= '0' && c <= '9') || c == '-'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

constexpr std::array<std::string_view, 5> kNotBuilt{"include", "parse", "evaluate", "define",
                                                    "return"};

class Parser {
 public:
  Parser(std::string_view text, Template::Program& program) : text_(text), program_(program) {}

  Result<void> Whole() {
    auto body = ReadBlock(0, {});
    if (!body) return body.error();
    program_.body = *std::move(body);
    return {};
  }

 private:
  // Of what begins at `at` in text_.
  [[nodiscard]] Node NodeAt(Node::Kind kind, std::size_t at, std::string text = {}) const {
    return {.kind = kind,
            .text = std::move(text),
            .reference = {},
            .expressions = {},
            .blocks = {},
            .at = offset_ + at};
  }

  // ---- characters ----

  [[nodiscard]] bool AtEnd() const { return at_ >= text_.size(); }
  [[nodiscard]] char Peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  bool Take(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  void SkipSpaces() {
    while (!AtEnd() && (Peek() == ' ' || Peek() == '\t' || Peek() == '\n' || Peek() == '\r')) ++at_;
  }
  // A word of letters that ends here: "and", but not the beginning of "android".
  bool TakeWord(std::string_view word) {
    if (text_.substr(at_, word.size()) != word || IsNamePart(Peek(word.size()))) return false;
    at_ += word.size();
    return true;
  }
  std::string_view ReadName() {
    const std::size_t begin = at_;
    if (IsNameStart(Peek())) {
      while (!AtEnd() && IsNamePart(text_[at_])) ++at_;
    }
    return text_.substr(begin, at_ - begin);
  }
  // A directive that ends its line takes the line's end with it.
  void SkipLineEnd() {
    std::size_t end = at_;
    while (end < text_.size() && (text_[end] == ' ' || text_[end] == '\t')) ++end;
    if (text_.substr(end, 2) == "\r\n") {
      at_ = end + 2;
    } else if (end < text_.size() && (text_[end] == '\n' || text_[end] == '\r')) {
      at_ = end + 1;
    }
  }

  Error Bad(std::size_t at, std::string message) const {
    return InvalidInput(Place(program_.source, offset_ + at) + message);
  }
  Error Expected(std::string_view what) const {
    if (AtEnd()) return Bad(at_, "expected " + std::string(what) + " before the template ends");
    return Bad(at_, "expected " + std::string(what) + ", found '" + std::string(1, Peek()) + "'");
  }

  // ---- text and directives ----

  // The name of the directive here, "#end" or "#{end}", without moving; empty when there is none.
  [[nodiscard]] std::string_view DirectiveName(std::size_t& size) const {
    std::size_t begin = at_ + 1;
    const bool braces = begin < text_.size() && text_[begin] == '{';
    if (braces) ++begin;
    std::size_t end = begin;
    while (end < text_.size() &&
           (end == begin ? IsNameStart(text_[end]) || text_[end] == '@' : IsNamePart(text_[end]))) {
      ++end;
    }
    if (end == begin || (braces && (end >= text_.size() || text_[end] != '}'))) return {};
    size = end + (braces ? 1 : 0) - at_;
    return text_.substr(begin, end - begin);
  }

  // Up to the end of the text, or to one of the directives in `ends`, which is not taken.
  Result<Block> ReadBlock(std::size_t depth, std::span<const std::string_view> ends) {
    if (depth > kMaxDepth) {
      return Bad(at_, "directives are nested more than " + std::to_string(kMaxDepth) + " deep");
    }
    Block block;
    std::string text;
    const auto flush = [&] {
      if (text.empty()) return;
      Node node = NodeAt(Node::Kind::kText, at_);
      node.text = std::exchange(text, {});
      block.push_back(std::move(node));
    };
    while (!AtEnd()) {
      const char c = Peek();
      if (c == '\\' && (Peek(1) == '$' || Peek(1) == '#')) {
        // An escaped reference or directive is text.
        const std::size_t begin = at_ + 1;
        ++at_;
        std::size_t size = 0;
        if (Peek() == '$' && IsReference()) {
          auto reference = ReadReference(depth);
          if (!reference) return reference.error();
          text += text_.substr(begin, at_ - begin);
        } else if (Peek() == '#' && !DirectiveName(size).empty()) {
          text += text_.substr(begin, size);
          at_ = begin + size;
        } else {
          text += '\\';
        }
      } else if (c == '$' && IsReference()) {
        flush();
        const std::size_t at = at_;
        auto reference = ReadReference(depth);
        if (!reference) return reference.error();
        block.push_back(NodeAt(Node::Kind::kReference, at));
        block.back().reference = std::make_shared<const Reference>(*std::move(reference));
      } else if (c == '#' && Peek(1) == '#') {
        const std::size_t end = text_.find('\n', at_);
        at_ = end == std::string_view::npos ? text_.size() : end + 1;
      } else if (c == '#' && Peek(1) == '*') {
        const std::size_t end = text_.find("*#", at_ + 2);
        if (end == std::string_view::npos) return Bad(at_, "the comment #* has no end *#");
        at_ = end + 2;
      } else if (text_.substr(at_, 3) == "#[[") {
        const std::size_t end = text_.find("]]#", at_ + 3);
        if (end == std::string_view::npos) return Bad(at_, "the text #[[ has no end ]]#");
        text += text_.substr(at_ + 3, end - at_ - 3);
        at_ = end + 3;
      } else if (c == '#') {
        std::size_t size = 0;
        const std::string_view name = DirectiveName(size);
        if (std::ranges::find(ends, name) != ends.end() && !name.empty()) {
          flush();
          return block;
        }
        if (name.empty()) {
          text += c;
          ++at_;
          continue;
        }
        flush();
        const std::size_t before = at_;
        if (auto read = ReadDirective(name, size, depth, block); !read) return read.error();
        if (at_ == before) {  // no directive after all
          text += text_.substr(at_, size);
          at_ += size;
        }
      } else {
        text += c;
        ++at_;
      }
    }
    flush();
    if (!ends.empty()) {
      return Bad(at_, "the template ends before the #end of a directive");
    }
    return block;
  }

  // Past the #end that ReadBlock has stopped at.
  void SkipEnd() {
    std::size_t size = 0;
    if (!DirectiveName(size).empty()) at_ += size;
    SkipLineEnd();
  }

  Result<void> ReadDirective(std::string_view name, std::size_t size, std::size_t depth,
                             Block& block) {
    const std::size_t at = at_;
    if (std::ranges::find(kNotBuilt, name) != kNotBuilt.end()) {
      return Bad(at, "the directive #" + std::string(name) + " is not supported");
    }
    if (name == "end" || name == "else" || name == "elseif") {
      return Bad(at, "#" + std::string(name) + " has no directive that it belongs to");
    }
    if (name == "stop" || name == "break") {
      at_ += size;
      SkipLineEnd();
      block.push_back(NodeAt(name == "stop" ? Node::Kind::kStop : Node::Kind::kBreak, at));
      return {};
    }
    if (name == "set") return ReadSet(size, depth, block);
    if (name == "if") return ReadIf(size, depth, block);
    if (name == "foreach") return ReadForeach(size, depth, block);
    if (name == "macro") return ReadMacro(size, depth);
    return ReadMacroCall(name, size, depth, block);
  }

  Result<void> Open(std::size_t size) {
    at_ += size;
    while (Peek() == ' ' || Peek() == '\t') ++at_;
    if (!Take("(")) return Expected("'('");
    SkipSpaces();
    return {};
  }

  Result<void> ReadSet(std::size_t size, std::size_t depth, Block& block) {
    Node node = NodeAt(Node::Kind::kSet, at_);
    if (auto open = Open(size); !open) return open;
    if (!IsReference()) return Expected("a reference, as in #set($name = value)");
    auto reference = ReadReference(depth);
    if (!reference) return reference.error();
    if (!reference->accesses.empty() && reference->accesses.back().kind == Access::Kind::kCall) {
      return Bad(reference->accesses.back().at - offset_, "a method's result cannot be set");
    }
    node.reference = std::make_shared<const Reference>(*std::move(reference));
    SkipSpaces();
    if (!Take("=")) return Expected("'='");
    auto value = ReadExpression(depth);
    if (!value) return value.error();
    node.expressions.push_back(*std::move(value));
    SkipSpaces();
    if (!Take(")")) return Expected("')'");
    SkipLineEnd();
    block.push_back(std::move(node));
    return {};
  }

  // "(condition)"
  Result<Expression> ReadCondition(std::size_t size, std::size_t depth) {
    if (auto open = Open(size); !open) return open.error();
    auto condition = ReadExpression(depth);
    if (!condition) return condition;
    SkipSpaces();
    if (!Take(")")) return Expected("')'");
    SkipLineEnd();
    return condition;
  }

  Result<void> ReadIf(std::size_t size, std::size_t depth, Block& block) {
    static constexpr std::string_view kEnds[] = {"elseif", "else", "end"};
    static constexpr std::string_view kEnd[] = {"end"};
    Node node = NodeAt(Node::Kind::kIf, at_);
    while (true) {
      auto condition = ReadCondition(size, depth);
      if (!condition) return condition.error();
      node.expressions.push_back(*std::move(condition));
      auto body = ReadBlock(depth + 1, kEnds);
      if (!body) return body.error();
      node.blocks.push_back(*std::move(body));
      const std::string_view name = DirectiveName(size);
      if (name == "elseif") continue;
      at_ += size;
      SkipLineEnd();
      if (name == "else") {
        auto otherwise = ReadBlock(depth + 1, kEnd);
        if (!otherwise) return otherwise.error();
        node.blocks.push_back(*std::move(otherwise));
        SkipEnd();
      }
      block.push_back(std::move(node));
      return {};
    }
  }

  Result<void> ReadForeach(std::size_t size, std::size_t depth, Block& block) {
    static constexpr std::string_view kEnd[] = {"end"};
    Node node = NodeAt(Node::Kind::kForeach, at_);
    if (auto open = Open(size); !open) return open;
    if (!IsReference()) return Expected("a reference, as in #foreach($item in $list)");
    auto item = ReadReference(depth);
    if (!item) return item.error();
    if (!item->accesses.empty())
      return Bad(item->at - offset_, "the item of #foreach is a plain name");
    node.reference = std::make_shared<const Reference>(*std::move(item));
    SkipSpaces();
    if (!TakeWord("in")) return Expected("'in'");
    auto list = ReadExpression(depth);
    if (!list) return list.error();
    node.expressions.push_back(*std::move(list));
    SkipSpaces();
    if (!Take(")")) return Expected("')'");
    SkipLineEnd();
    auto body = ReadBlock(depth + 1, kEnd);
    if (!body) return body.error();
    node.blocks.push_back(*std::move(body));
    SkipEnd();
    block.push_back(std::move(node));
    return {};
  }

  Result<void> ReadMacro(std::size_t size, std::size_t depth) {
    static constexpr std::string_view kEnd[] = {"end"};
    const std::size_t at = at_;
    if (auto open = Open(size); !open) return open;
    const std::string name(ReadName());
    if (name.empty()) return Expected("the name of the macro");
    Macro macro;
    for (SkipSpaces(); Peek() != ')'; SkipSpaces()) {
      Take(",");
      SkipSpaces();
      if (!Take("$")) return Expected("a parameter or ')'");
      macro.parameters.emplace_back(ReadName());
      if (macro.parameters.back().empty()) return Expected("the name of a parameter");
    }
    ++at_;
    SkipLineEnd();
    auto body = ReadBlock(depth + 1, kEnd);
    if (!body) return body.error();
    macro.body = *std::move(body);
    SkipEnd();
    if (!program_.macros.emplace(name, std::move(macro)).second) {
      return Bad(at, "there is already a macro " + name);
    }
    return {};
  }

  // A macro is called where one of the name has been defined before; else "#name" is text.
  Result<void> ReadMacroCall(std::string_view name, std::size_t size, std::size_t depth,
                             Block& block) {
    if (!program_.macros.contains(name)) return {};
    Node node = NodeAt(Node::Kind::kCall, at_, std::string(name));
    if (auto open = Open(size); !open) return open;
    for (SkipSpaces(); Peek() != ')'; SkipSpaces()) {
      if (AtEnd()) return Expected("')'");
      if (!node.expressions.empty()) Take(",");
      auto argument = ReadExpression(depth);
      if (!argument) return argument.error();
      node.expressions.push_back(*std::move(argument));
    }
    ++at_;
    SkipLineEnd();
    block.push_back(std::move(node));
    return {};
  }

  // ---- references ----

  // Whether '$' here begins a reference.
  [[nodiscard]] bool IsReference() const {
    if (Peek() != '$') return false;
    std::size_t at = 1;
    if (Peek(at) == '!') ++at;
    if (Peek(at) == '{') ++at;
    return IsNameStart(Peek(at));
  }

  Result<Reference> ReadReference(std::size_t depth) {
    Reference reference;
    const std::size_t begin = at_;
    reference.at = offset_ + at_;
    ++at_;
    reference.quiet = Take("!");
    const bool braces = Take("{");
    reference.name = ReadName();
    while (true) {
      Access access;
      access.at = offset_ + at_;
      if (Peek() == '.' && IsNameStart(Peek(1))) {
        ++at_;
        access.name = ReadName();
        if (Peek() == '(') {
          access.kind = Access::Kind::kCall;
          ++at_;
          auto arguments = ReadList(depth + 1, ')');
          if (!arguments) return arguments.error();
          access.arguments = *std::move(arguments);
        }
      } else if (Peek() == '[' && IsIndex()) {
        ++at_;
        access.kind = Access::Kind::kIndex;
        auto index = ReadExpression(depth + 1);
        if (!index) return index.error();
        access.arguments.push_back(*std::move(index));
        SkipSpaces();
        if (!Take("]")) return Expected("']'");
      } else {
        break;
      }
      reference.accesses.push_back(std::move(access));
    }
    if (braces && !Take("}")) return Expected("'}' of the reference");
    reference.source = text_.substr(begin, at_ - begin);
    return reference;
  }

  // "[" in a text after a reference is an index when it looks like one.
  [[nodiscard]] bool IsIndex() const {
    const char next = Peek(1);
    return next == '$' || next == '\'' || next == '"' || next == '-' || IsDigit(next) ||
           (next == ' ' && IsDigit(Peek(2)));
  }

  // Expressions with commas between, up to `close`, which is taken.
  Result<std::vector<Expression>> ReadList(std::size_t depth, char close) {
    std::vector<Expression> list;
    SkipSpaces();
    while (Peek() != close || AtEnd()) {
      if (AtEnd()) return Expected("'" + std::string(1, close) + "'");
      if (!list.empty() && !Take(",")) {
        return Expected("',' or '" + std::string(1, close) + "'");
      }
      auto item = ReadExpression(depth);
      if (!item) return item.error();
      list.push_back(*std::move(item));
      SkipSpaces();
    }
    ++at_;
    return list;
  }

  // ---- expressions, the loosest binding first ----

  struct Sign {
    std::string_view text;
    std::string_view word;  // the same in letters
  };

  Result<Expression> ReadExpression(std::size_t depth) { return ReadBinary(depth, 0); }

  Result<Expression> ReadBinary(std::size_t depth, std::size_t level) {
    static const std::array<std::vector<Sign>, 6> kLevels{{
        {{"||", "or"}},
        {{"&&", "and"}},
        {{"==", "eq"}, {"!=", "ne"}},
        {{"<=", "le"}, {">=", "ge"}, {"<", "lt"}, {">", "gt"}},
        {{"+", ""}, {"-", ""}},
        {{"*", ""}, {"/", ""}, {"%", ""}},
    }};
    if (level == kLevels.size()) return ReadUnary(depth);
    auto first = ReadBinary(depth, level + 1);
    if (!first) return first;
    Expression chain;
    chain.kind = Expression::Kind::kChain;
    chain.at = first->at;
    chain.parts.push_back(*std::move(first));
    while (true) {
      SkipSpaces();
      std::string_view found;
      for (const Sign& sign : kLevels[level]) {
        if (Take(sign.text) || (!sign.word.empty() && TakeWord(sign.word))) {
          found = sign.text;
          break;
        }
      }
      if (found.empty()) break;
      auto next = ReadBinary(depth, level + 1);
      if (!next) return next;
      chain.signs.emplace_back(found);
      chain.parts.push_back(*std::move(next));
    }
    if (chain.signs.empty()) {
      Expression only = std::move(chain.parts.front());
      return only;
    }
    return chain;
  }

  Result<Expression> ReadUnary(std::size_t depth) {
    if (depth > kMaxDepth) {
      return Bad(at_, "expressions are nested more than " + std::to_string(kMaxDepth) + " deep");
    }
    SkipSpaces();
    const std::size_t at = at_;
    const bool negated = (Peek() == '!' && Peek(1) != '=' && Take("!")) || TakeWord("not");
    const bool negative = !negated && Peek() == '-' && !IsDigit(Peek(1)) && Take("-");
    if (!negated && !negative) return ReadPrimary(depth);
    auto operand = ReadUnary(depth + 1);
    if (!operand) return operand;
    Expression out;
    out.kind = negated ? Expression::Kind::kNot : Expression::Kind::kNegative;
    out.at = offset_ + at;
    out.parts.push_back(*std::move(operand));
    return out;
  }

  Result<Expression> ReadPrimary(std::size_t depth) {
    Expression out;
    out.at = offset_ + at_;
    const char c = Peek();
    if (IsReference()) {
      auto reference = ReadReference(depth);
      if (!reference) return reference.error();
      out.kind = Expression::Kind::kReference;
      out.reference = std::make_shared<const Reference>(*std::move(reference));
      return out;
    }
    if (c == '"' || c == '\'') return ReadText(depth);
    if (IsDigit(c) || c == '-') return ReadNumber();
    if (Take("(")) {
      auto inner = ReadBinary(depth + 1, 0);
      if (!inner) return inner;
      SkipSpaces();
      if (!Take(")")) return Expected("')'");
      return inner;
    }
    if (Take("[")) return ReadListOrRange(depth, std::move(out));
    if (Take("{")) return ReadMap(depth, std::move(out));
    if (TakeWord("true")) {
      out.constant = Value(true);
      return out;
    }
    if (TakeWord("false")) {
      out.constant = Value(false);
      return out;
    }
    if (TakeWord("null")) return out;
    return Expected("a value");
  }

  Result<Expression> ReadListOrRange(std::size_t depth, Expression out) {
    SkipSpaces();
    out.kind = Expression::Kind::kList;
    if (Take("]")) return out;
    auto first = ReadExpression(depth + 1);
    if (!first) return first;
    out.parts.push_back(*std::move(first));
    SkipSpaces();
    if (Take("..")) {
      out.kind = Expression::Kind::kRange;
      auto last = ReadExpression(depth + 1);
      if (!last) return last;
      out.parts.push_back(*std::move(last));
      SkipSpaces();
      if (!Take("]")) return Expected("']'");
      return out;
    }
    while (!Take("]")) {
      if (!Take(",")) return Expected("',', '..' or ']'");
      auto item = ReadExpression(depth + 1);
      if (!item) return item;
      out.parts.push_back(*std::move(item));
      SkipSpaces();
    }
    return out;
  }

  Result<Expression> ReadMap(std::size_t depth, Expression out) {
    out.kind = Expression::Kind::kMap;
    SkipSpaces();
    while (!Take("}")) {
      if (!out.parts.empty() && !Take(",")) return Expected("',' or '}'");
      auto key = ReadExpression(depth + 1);
      if (!key) return key;
      SkipSpaces();
      if (!Take(":")) return Expected("':'");
      auto value = ReadExpression(depth + 1);
      if (!value) return value;
      out.parts.push_back(*std::move(key));
      out.parts.push_back(*std::move(value));
      SkipSpaces();
    }
    return out;
  }

  Result<Expression> ReadNumber() {
    Expression out;
    out.at = offset_ + at_;
    std::size_t end = at_ + (Peek() == '-' ? 1 : 0);
    while (end < text_.size() && IsDigit(text_[end])) ++end;
    bool whole = true;
    // "1..5" is a range.
    if (end + 1 < text_.size() && text_[end] == '.' && IsDigit(text_[end + 1])) {
      whole = false;
      ++end;
      while (end < text_.size() && IsDigit(text_[end])) ++end;
    }
    const std::string_view digits = text_.substr(at_, end - at_);
    std::from_chars_result read{};
    if (whole) {
      std::int64_t number = 0;
      read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
      out.constant = Value(number);
    } else {
      double number = 0;
      read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
      out.constant = Value(number);
    }
    if (read.ec != std::errc()) return Bad(at_, "the number is too large");
    at_ = end;
    return out;
  }

  // 'as it is', or "with $references"; the quote twice stands for itself.
  Result<Expression> ReadText(std::size_t depth) {
    Expression out;
    out.at = offset_ + at_;
    const std::size_t begin = at_;
    const char quote = text_[at_++];
    std::string content;
    bool plain = true;  // the content is the source's, byte for byte
    while (true) {
      if (AtEnd()) return Bad(begin, "the text has no end");
      if (Peek() == quote && Peek(1) == quote) {
        content += quote;
        at_ += 2;
        plain = false;
      } else if (Peek() == quote) {
        break;
      } else if (Peek() == '\\' && Peek(1) == quote && quote == '"') {
        content += quote;
        at_ += 2;
        plain = false;
      } else {
        content += text_[at_++];
      }
    }
    ++at_;
    if (quote == '\'' || content.find_first_of("$#") == std::string::npos) {
      out.constant = Value(std::move(content));
      return out;
    }
    if (depth + 1 > kMaxDepth) {
      return Bad(begin, "texts are nested more than " + std::to_string(kMaxDepth) + " deep");
    }
    // The text is a template of its own. Where quotes were escaped, places in it are only near.
    const std::size_t inner_offset = offset_ + begin + 1;
    Parser inner(content, program_);
    inner.offset_ = inner_offset;
    if (!plain) inner.offset_ = offset_ + begin;
    auto block = inner.ReadBlock(depth + 1, {});
    if (!block) return block.error();
    out.kind = Expression::Kind::kText;
    out.block = std::make_shared<const Block>(*std::move(block));
    return out;
  }

  std::string_view text_;
  Template::Program& program_;
  std::size_t offset_ = 0;  // of text_ within the template
  std::size_t at_ = 0;
};

}  // namespace

std::string Place(std::string_view source, std::size_t at) {
  at = std::min(at, source.size());
  const std::string_view before = source.substr(0, at);
  const auto line = std::ranges::count(before, '\n') + 1;
  const std::size_t start = before.rfind('\n') + 1;  // 0 where there is none
  const auto column =
      std::ranges::count_if(before.substr(start), [](char c) { return (c & 0xC0) != 0x80; }) + 1;
  return "line " + std::to_string(line) + ", column " + std::to_string(column) + ": ";
}

Result<Template> Template::Parse(std::string_view text) {
  if (text.size() > kMaxTemplateBytes) {
    return LimitExceeded("a template has at most " + std::to_string(kMaxTemplateBytes) + " bytes");
  }
  if (!IsUtf8(text)) return InvalidInput("a template is UTF-8 text");
  auto program = std::make_shared<Program>();
  program->source = text;
  if (const auto read = Parser(program->source, *program).Whole(); !read) return read.error();
  return Template(std::move(program));
}

}  // namespace usher::apigateway::vtl
