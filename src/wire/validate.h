// Checks a decoded request against its shape, as the services word it:
//   2 validation errors detected: Value 'a b' at 'name' failed to satisfy constraint: Member must
//   satisfy regular expression pattern: ^[a-zA-Z0-9]…; Value null at 'datasetGroupArn' failed to
//   satisfy constraint: Member must not be null
#pragma once

#include "base/result.h"
#include "base/value.h"
#include "wire/shape.h"

namespace usher::wire {

// Errors: invalid input naming every violation of required, length, range, pattern and enum (named
// "ValidationException" where a service's own error table does not say otherwise).
Result<void> Validate(const Shape& shape, const Value& value);

}  // namespace usher::wire
