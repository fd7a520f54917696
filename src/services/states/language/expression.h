// Expression: what stands in a member whose name ends in ".$": a path into the state's data, a path
// into the context object ("$$.Execution.Id"), or the call of an intrinsic function.
//
//   States.Format('run {} of {}', $.n, States.ArrayLength($.all))
//
// Source: Amazon States Language, "Intrinsic Functions", "The Context Object".
// Limits: kMaxExpressionBytes, kMaxExpressionDepth.
// Threads: immutable once parsed.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/value.h"
#include "services/states/language/path.h"

namespace usher::states {

inline constexpr std::size_t kMaxExpressionBytes = 10'000;
inline constexpr int kMaxExpressionDepth = 10;  // calls within calls

// What an evaluation sees.
struct Scope {
  const Value& input;
  const Value& context;
};

// A path that begins in the data ("$") or in the context object ("$$").
class ScopedPath {
 public:
  // Errors: invalid input.
  static Result<ScopedPath> Parse(std::string_view text);

  [[nodiscard]] const Path& path() const { return path_; }
  [[nodiscard]] bool in_context() const { return in_context_; }
  [[nodiscard]] std::string text() const { return (in_context_ ? "$" : "") + path_.text(); }
  // As Path::Select.
  [[nodiscard]] Result<std::optional<Value>> Select(const Scope& scope) const {
    return path_.Select(in_context_ ? scope.context : scope.input);
  }
  // Errors: States.Runtime when nothing is there; `field` names the member that holds the path.
  Result<Value> Get(const Scope& scope, std::string_view field) const;

 private:
  ScopedPath(Path path, bool in_context) : path_(std::move(path)), in_context_(in_context) {}

  Path path_;
  bool in_context_;
};

struct IntrinsicFunction;

class Expression {
 public:
  // Errors: invalid input that says what is not understood.
  static Result<Expression> Parse(std::string_view text);

  // Errors: States.ParameterPathFailure when a path finds nothing, States.IntrinsicFailure.
  // `field` names the member that holds the expression.
  Result<Value> Evaluate(const Scope& scope, std::string_view field) const;

 private:
  friend class ExpressionParser;
  struct Call {
    const IntrinsicFunction* function = nullptr;
    std::vector<Expression> arguments;
  };
  std::variant<Value, ScopedPath, Call> what_;
};

}  // namespace usher::states
