// JsonSchema: a model of an API, compiled, and what a document violates of it.
//
// Of draft 4: type, enum, properties, required, additionalProperties, patternProperties,
// minProperties, maxProperties, items, additionalItems, minItems, maxItems, uniqueItems, minimum,
// maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, minLength, maxLength, pattern, allOf,
// anyOf, oneOf, not, and $ref to "#", "#/definitions/…" and other models of the API
// (https://apigateway.amazonaws.com/restapis/ID/models/NAME). `format` says nothing, as draft 4
// allows; `dependencies` is refused.
//
// Source:  draft-zyp-json-schema-04 and draft-fge-json-schema-validation-00.
// Cost:    of Check: O(document * schema), bounded by kMaxSteps.
// Threads: safe from any once compiled.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/value.h"

namespace usher::apigateway {

class JsonSchema {
 public:
  // `models` gives the schema of another model by its name. Errors: invalid input, with the place
  // in the schema.
  static Result<JsonSchema> Compile(
      std::string_view schema,
      const std::function<Result<std::string>(std::string_view name)>& models);

  // Errors: invalid input with the first violations, as the service words them: "object has missing
  // required properties (["user_id"])".
  [[nodiscard]] Result<void> Check(const Value& document) const;

  struct Program;

 private:
  explicit JsonSchema(std::shared_ptr<const Program> program) : program_(std::move(program)) {}
  std::shared_ptr<const Program> program_;
};

}  // namespace usher::apigateway
