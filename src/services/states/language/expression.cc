#include "services/states/language/expression.h"

#include <charconv>
#include <cmath>

#include "json/json.h"
#include "services/states/language/failure.h"
#include "services/states/language/intrinsics.h"

namespace usher::states {
namespace {

constexpr std::size_t kMaxQuotedBytes = 1024;  // of the data that a message repeats

std::string Quoted(const Value& value) {
  std::string text = json::Write(value);
  if (text.size() <= kMaxQuotedBytes) return text;
  std::size_t end = kMaxQuotedBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

Error NotFound(const ScopedPath& path, std::string_view error, std::string_view field,
               const Scope& scope) {
  return StatesError(error, "The JSONPath '" + path.text() + "' specified for the field '" +
                                std::string(field) + "' could not be found in the input '" +
                                Quoted(path.in_context() ? scope.context : scope.input) + "'");
}

}  // namespace

Result<ScopedPath> ScopedPath::Parse(std::string_view text) {
  const bool in_context = text.starts_with("$$");
  auto path = Path::Parse(in_context ? text.substr(1) : text);
  if (!path) return path.error();
  return ScopedPath(*std::move(path), in_context);
}

Result<Value> ScopedPath::Get(const Scope& scope, std::string_view field) const {
  auto found = Select(scope);
  if (!found) return found.error();
  if (!*found) return states::NotFound(*this, kRuntime, field, scope);
  return **std::move(found);
}

class ExpressionParser {
 public:
  explicit ExpressionParser(std::string_view text) : text_(text) {}

  Result<Expression> Whole() {
    if (text_.size() > kMaxExpressionBytes) {
      return InvalidInput("an expression has at most " + std::to_string(kMaxExpressionBytes) +
                          " bytes");
    }
    if (text_.starts_with('$')) {
      auto path = ScopedPath::Parse(text_);
      if (!path) return path.error();
      Expression expression;
      expression.what_ = *std::move(path);
      return expression;
    }
    if (!text_.starts_with("States.")) {
      return Bad("it must be a path, which begins with $, or the call of an intrinsic function");
    }
    auto call = Call(0);
    if (call && at_ != text_.size()) return Bad("nothing may follow the call");
    return call;
  }

 private:
  Result<Expression> Call(int depth) {
    if (depth > kMaxExpressionDepth) return Bad("calls are nested too deeply");
    const std::size_t open = text_.find('(', at_);
    if (open == std::string_view::npos) return Bad("'(' must follow the function's name");
    const std::string_view name = text_.substr(at_, open - at_);
    const IntrinsicFunction* function = FindIntrinsic(name);
    if (!function) {
      return Bad("there is no intrinsic function " + std::string(name.substr(0, 64)));
    }
    at_ = open + 1;
    Expression::Call call{.function = function, .arguments = {}};
    Space();
    if (!Take(')')) {
      do {
        const bool is_format = name == "States.Format" && call.arguments.empty();
        auto argument = Argument(depth, is_format);
        if (!argument) return argument;
        call.arguments.push_back(*std::move(argument));
        Space();
      } while (Take(','));
      if (!Take(')')) return Bad("',' or ')' must follow an argument");
    }
    const std::size_t count = call.arguments.size();
    if (count < function->min_arguments || count > function->max_arguments) {
      return Bad(std::string(name) + " does not take " + std::to_string(count) + " arguments");
    }
    Expression expression;
    expression.what_ = std::move(call);
    return expression;
  }

  Result<Expression> Argument(int depth, bool is_format) {
    Space();
    Expression expression;
    const std::string_view rest = text_.substr(at_);
    if (rest.starts_with("States.")) return Call(depth + 1);
    if (rest.starts_with('$')) {
      const std::string_view text = PathText();
      auto path = ScopedPath::Parse(text);
      if (!path) return path.error();
      expression.what_ = *std::move(path);
      return expression;
    }
    if (rest.starts_with('\'')) {
      auto text = Text(is_format);
      if (!text) return text.error();
      expression.what_ = Value(*std::move(text));
      return expression;
    }
    const std::string_view word = rest.substr(0, rest.find_first_of(",) "));
    at_ += word.size();
    if (word == "true" || word == "false") {
      expression.what_ = Value(word == "true");
    } else if (word == "null") {
      expression.what_ = Value();
    } else {
      auto number = json::Parse(word);
      if (!number || (!number->as_int() && !number->as_double())) {
        return Bad("an argument is a path, a number, a 'text', true, false, null or a call");
      }
      expression.what_ = *std::move(number);
    }
    return expression;
  }

  // A path ends at a comma, parenthesis or blank outside of its brackets.
  std::string_view PathText() {
    const std::size_t begin = at_;
    int brackets = 0;
    char quote = '\0';
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (quote != '\0') {
        if (c == '\\') {
          ++at_;
        } else if (c == quote) {
          quote = '\0';
        }
      } else if (brackets > 0 && (c == '\'' || c == '"')) {
        quote = c;
      } else if (c == '[') {
        ++brackets;
      } else if (c == ']') {
        --brackets;
      } else if (brackets <= 0 && text_.substr(at_, 2) == "()") {
        ++at_;  // of a function at the path's end
      } else if (brackets <= 0 && (c == ',' || c == ')' || c == ' ')) {
        break;
      }
    }
    at_ = std::min(at_, text_.size());
    return text_.substr(begin, at_ - begin);
  }

  // A backslash takes the next character as it is. In the format of States.Format, which reads them
  // once more, all but \' stay.
  Result<std::string> Text(bool is_format) {
    ++at_;
    std::string text;
    while (at_ < text_.size() && text_[at_] != '\'') {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) {
        const char next = text_[at_ + 1];
        if (is_format && next != '\'') text += '\\';
        text += next;
        at_ += 2;
      } else {
        text += text_[at_++];
      }
    }
    if (!Take('\'')) return Bad("the text is not closed");
    return text;
  }

  bool Take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void Space() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  [[nodiscard]] Error Bad(std::string_view why) const {
    return InvalidInput("'" + std::string(text_.substr(0, 256)) + "' is not understood: " +
                        std::string(why) + " (character " + std::to_string(at_ + 1) + ")");
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

Result<Expression> Expression::Parse(std::string_view text) {
  return ExpressionParser(text).Whole();
}

Result<Value> Expression::Evaluate(const Scope& scope, std::string_view field) const {
  if (const Value* literal = std::get_if<Value>(&what_)) return *literal;
  if (const auto* path = std::get_if<ScopedPath>(&what_)) {
    auto found = path->Select(scope);
    if (!found) return found.error();
    if (!*found) return states::NotFound(*path, kParameterPathFailure, field, scope);
    return **std::move(found);
  }
  const auto& call = std::get<Call>(what_);
  std::vector<Value> arguments;
  arguments.reserve(call.arguments.size());
  for (const Expression& argument : call.arguments) {
    auto value = argument.Evaluate(scope, field);
    if (!value) return value;
    arguments.push_back(*std::move(value));
  }
  return call.function->evaluate(arguments);
}

}  // namespace usher::states
