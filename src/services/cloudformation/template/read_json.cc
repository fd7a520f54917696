// JSON with the line of every value; json/json.h knows no lines and keeps no numbers as written.
#include <cstdint>
#include <optional>

#include "base/text.h"
#include "services/cloudformation/template/reader.h"

namespace usher::cloudformation {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

void AppendUtf8(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (code >> 18));
    out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text_(text) {}

  Result<Node> Read() {
    auto node = Value(0);
    if (!node) return node;
    SkipSpace();
    if (at_ != text_.size()) return Fail("there is more after the end of the JSON value");
    return node;
  }

 private:
  [[nodiscard]] Error Fail(const std::string& what) const {
    return InvalidInput("Template format error: JSON not well-formed. (line " +
                        std::to_string(line_) + "): " + what);
  }

  [[nodiscard]] char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void SkipSpace() {
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '\n') ++line_;
      if (c != ' ' && c != '\t' && c != '\n' && c != '\r') return;
    }
  }

  bool Take(char c) {
    SkipSpace();
    if (Peek() != c || at_ == text_.size()) return false;
    ++at_;
    return true;
  }

  Result<Node> Value(std::size_t depth) {
    SkipSpace();
    if (depth > kMaxDepth) return Fail("nested deeper than " + std::to_string(kMaxDepth));
    if (++nodes_ > kMaxNodes) return Fail("more than " + std::to_string(kMaxNodes) + " values");
    if (at_ == text_.size()) return Fail("it ends where a value should be");
    const char c = Peek();
    if (c == '{') return Map(depth);
    if (c == '[') return List(depth);
    if (c == '"') {
      const int line = line_;
      auto text = String();
      if (!text) return text.error();
      return Node::Text(*std::move(text), line);
    }
    return Literal();
  }

  Result<Node> Map(std::size_t depth) {
    Node node = Node::Map(line_);
    ++at_;
    if (Take('}')) return node;
    do {
      SkipSpace();
      if (Peek() != '"') return Fail("a name in double quotes should be here");
      const int line = line_;
      auto name = String();
      if (!name) return name.error();
      if (node.Find(*name) != nullptr) return Fail("the name \"" + *name + "\" occurs twice");
      if (!Take(':')) return Fail("a ':' should follow the name \"" + *name + "\"");
      auto value = Value(depth + 1);
      if (!value) return value;
      node.members.push_back({*std::move(name), line, *std::move(value)});
    } while (Take(','));
    if (!Take('}')) return Fail("a ',' or '}' should be here");
    return node;
  }

  Result<Node> List(std::size_t depth) {
    Node node(Node::Kind::kList, line_);
    ++at_;
    if (Take(']')) return node;
    do {
      auto value = Value(depth + 1);
      if (!value) return value;
      node.items.push_back(*std::move(value));
    } while (Take(','));
    if (!Take(']')) return Fail("a ',' or ']' should be here");
    return node;
  }

  Result<Node> Literal() {
    const std::size_t begin = at_;
    while (at_ < text_.size() &&
           std::string_view(" \t\r\n,]}").find(text_[at_]) == std::string_view::npos) {
      ++at_;
    }
    const std::string_view word = text_.substr(begin, at_ - begin);
    Node node(Node::Kind::kNull, line_);
    if (word == "null") return node;
    node.text = word;
    if (word == "true" || word == "false") {
      node.kind = Node::Kind::kBoolean;
    } else if (IsJsonNumber(word)) {
      node.kind = Node::Kind::kNumber;
    } else {
      return Fail("'" + std::string(word.substr(0, 40)) + "' is no JSON value");
    }
    return node;
  }

  std::optional<std::uint32_t> Hex4() {
    std::uint32_t code = 0;
    if (text_.size() - at_ < 4) return std::nullopt;
    for (int i = 0; i < 4; ++i) {
      const char c = text_[at_++];
      const std::size_t digit = std::string_view("0123456789abcdef").find(AsciiLower({&c, 1}));
      if (digit == std::string_view::npos) return std::nullopt;
      code = code * 16 + static_cast<std::uint32_t>(digit);
    }
    return code;
  }

  // After "\u".
  bool Unicode(std::string& out) {
    auto code = Hex4();
    if (!code || (*code >= 0xDC00 && *code < 0xE000)) return false;
    if (*code >= 0xD800 && *code < 0xDC00) {
      if (text_.substr(at_, 2) != "\\u") return false;
      at_ += 2;
      const auto low = Hex4();
      if (!low || *low < 0xDC00 || *low > 0xDFFF) return false;
      code = 0x10000 + ((*code - 0xD800) << 10) + (*low - 0xDC00);
    }
    AppendUtf8(out, *code);
    return true;
  }

  Result<std::string> String() {
    constexpr std::string_view kEscapes = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    std::string out;
    for (++at_; at_ < text_.size();) {
      const char c = text_[at_++];
      if (c == '"') return out;
      if (static_cast<unsigned char>(c) < 0x20) return Fail("a control character in a string");
      if (c != '\\') {
        out += c;
        continue;
      }
      const char escape = Peek();
      ++at_;
      const std::size_t known = kEscapes.find(escape);
      if (escape == 'u' ? !Unicode(out) : known == std::string_view::npos || escape == '\0') {
        return Fail("an escape that JSON does not know");
      }
      if (escape != 'u') out += kMeanings[known];
    }
    return Fail("a string that does not end");
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t nodes_ = 0;
  int line_ = 1;
};

}  // namespace

bool IsJsonNumber(std::string_view text) {
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t begin = at;
    while (at < text.size() && IsDigit(text[at])) ++at;
    return at > begin;
  };
  if (at < text.size() && text[at] == '-') ++at;
  const bool leading_zero = at < text.size() && text[at] == '0';
  const std::size_t whole = at;
  if (!digits() || (leading_zero && at - whole > 1)) return false;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (!digits()) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (!digits()) return false;
  }
  return at == text.size();
}

Result<Node> ReadJson(std::string_view text) {
  if (!IsUtf8(text)) return InvalidInput("Template format error: it is not UTF-8 text");
  return JsonReader(text).Read();
}

Result<Node> ReadTemplate(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || text[first] != '{') return ReadYaml(text);
  auto as_json = ReadJson(text);
  if (as_json) return as_json;
  auto as_yaml = ReadYaml(text);  // a flow map with YAML's own freedoms
  if (as_yaml) return as_yaml;
  return as_json;
}

}  // namespace usher::cloudformation
