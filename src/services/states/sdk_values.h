// Values as state machines write and see them, and as operations take and give them, led by shapes.
//
// In a definition every member has a capital letter, whatever the service's own name for it is
// (DatasetGroupArn for datasetGroupArn); keys of maps and free-form JSON stay as they are. Texts
// become the booleans, numbers and times that a shape wants ("true", "3"); times are given back in
// ISO 8601, bytes as text.
//
// Source: Step Functions developer guide, "Using AWS SDK service integrations".
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/value.h"
#include "wire/shape.h"

namespace usher::states {

// The member that a definition calls `name`; nullptr when there is none.
const wire::Member* FindSdkMember(const wire::Shape& structure, std::string_view name);
[[nodiscard]] std::string SdkName(std::string_view member);

// Whether a template (with its ".$" members) fits the shape as far as can be told without data.
// Errors: invalid input, naming the member and those there are.
Result<void> CheckSdkTemplate(const wire::Shape& shape, const Value& value);

// From a definition's names to the operation's. Errors: invalid input, naming the member.
Result<Value> ToOperation(const wire::Shape& shape, const Value& value);

// From the operation's answer to a definition's names. Streams are read, up to the bytes that a
// state may give. Errors: States.DataLimitExceeded.
Result<Value> FromOperation(const wire::Shape& shape, const Value& value);

}  // namespace usher::states
