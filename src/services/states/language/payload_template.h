// PayloadTemplate: JSON in which members named "x.$" are computed: Parameters, ResultSelector,
// ItemSelector.
//
//   {"id.$": "$.user.id", "run.$": "$$.Execution.Name", "fixed": 1}
//
// Threads: immutable once parsed.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/value.h"
#include "services/states/language/expression.h"

namespace usher::states {

class PayloadTemplate {
 public:
  // Errors: invalid input, naming the member (a path from the template on) and what is wrong.
  static Result<PayloadTemplate> Parse(const Value& value);

  // Errors: those of Expression.
  Result<Value> Evaluate(const Scope& scope) const;

 private:
  struct Member {
    std::string name;  // without ".$"
    std::optional<Expression> computed;
    std::vector<PayloadTemplate> nested;  // one, where it is not computed
  };
  Value fixed_;                         // where there is nothing to compute
  std::vector<Member> members_;         // of an object
  std::vector<PayloadTemplate> items_;  // of an array
  enum class Kind { kFixed, kObject, kArray } kind_ = Kind::kFixed;

  static Result<PayloadTemplate> Parse(const Value& value, const std::string& at);
};

}  // namespace usher::states
