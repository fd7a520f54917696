// Resource: what a Task does, as its ARN says.
//
//   arn:aws:lambda:us-east-1:000000000000:function:resize        a function, called directly
//   arn:aws:states:us-east-1:000000000000:activity:approve       work for whoever asks for it
//   arn:aws:states:::glue:startJobRun.sync                       an optimised integration
//   arn:aws:states:::aws-sdk:personalize:createSolution          any operation of any service
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace usher::states {

struct Resource {
  enum class Kind { kFunction, kActivity, kIntegration };
  // What the state waits for: the answer, the end of what was started, or its token.
  enum class Pattern { kAnswer, kSync, kSync2, kToken };

  Kind kind = Kind::kIntegration;
  std::string arn;      // the whole
  std::string service;  // of integrations: "glue", "aws-sdk:personalize", as the history shows it
  std::string action;   // "startJobRun", without what says the pattern
  Pattern pattern = Pattern::kAnswer;

  // "startJobRun.sync", as the history shows it.
  [[nodiscard]] std::string ActionWithPattern() const;
  // "personalize" for aws-sdk integrations, nullopt for others.
  [[nodiscard]] std::optional<std::string_view> SdkService() const;
};

// Errors: invalid input.
Result<Resource> ParseResource(std::string_view arn);

}  // namespace usher::states
