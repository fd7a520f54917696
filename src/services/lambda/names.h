// Names of functions and layers, as requests give them: "f", "f:prod", "000000000000:function:f",
// "arn:aws:lambda:us-east-1:000000000000:function:f:7", and the ARNs that answers carry.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace usher::lambda {

inline constexpr std::string_view kLatest = "$LATEST";

struct FunctionName {
  std::string name;
  std::string qualifier;  // "$LATEST", a number, an alias; empty when none was given
};

// `qualifier` is the request's own member. Errors: invalid input when both name a qualifier and
// differ, or when the name is longer than 64 characters.
Result<FunctionName> ParseFunctionName(std::string_view text,
                                       const std::optional<std::string>& qualifier);

// arn:aws:lambda:<region>:<account>:function:<name>[:<qualifier>]
[[nodiscard]] std::string FunctionArn(std::string_view region, std::string_view name,
                                      std::string_view qualifier = {});

struct LayerVersionName {
  std::string region;
  std::string account;
  std::string name;
  std::int64_t version = 0;
};
// nullopt for what is no ARN of a layer version.
[[nodiscard]] std::optional<LayerVersionName> ParseLayerVersionArn(std::string_view arn);
[[nodiscard]] std::string LayerArn(std::string_view region, std::string_view name);

[[nodiscard]] bool IsVersionNumber(std::string_view qualifier);

}  // namespace usher::lambda
