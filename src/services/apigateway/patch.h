// Patch operations: how the Update operations say what to change.
//
//   {"op": "replace", "path": "/requestTemplates/application~1json", "value": "{}"}
//
// `~1` in a path stands for '/', `~0` for '~'; values are text whatever the member's type.
// Source: API Gateway API Reference, "PatchOperation" (after RFC 6902).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/value.h"
#include "services/apigateway/catalog.h"

namespace usher::apigateway {

inline constexpr std::size_t kMaxPatchOperations = 1000;

enum class PatchKind {
  kText,
  kFlag,     // "true" or "false"
  kInteger,  // "29000"
  kNumber,   // "0.5"
  kItem,     // the last part names an item of a list of texts
  kWhole,    // an object, which may only be removed
};

// A path that may be changed; a part "*" stands for any text. The member lies at the same path.
struct PatchRule {
  std::string_view path;
  PatchKind kind = PatchKind::kText;
};

// The parts of a path, unescaped: "/a/b~1c" gives "a" and "b/c". Errors: no leading '/'.
Result<std::vector<std::string>> PatchPath(std::string_view path);

// The value of an operation as the member's type. Errors: invalid input.
Result<Value> PatchValue(const api::PatchOperation& operation, PatchKind kind);

// Changes `target`, a structure as its Value. Errors: invalid input for a path that no rule takes,
// listing those that may be changed, and for a value of the wrong kind.
Result<void> ApplyPatch(Value& target, const api::PatchOperation& operation,
                        std::span<const PatchRule> rules);

// All of them, one after the other, to a generated structure; all or nothing.
template <typename T>
Result<T> Patched(const T& before,
                  const std::optional<std::vector<api::PatchOperation>>& operations,
                  std::span<const PatchRule> rules) {
  Value value = before.ToValue();
  if (operations && operations->size() > kMaxPatchOperations) {
    return InvalidInput("a request has at most " + std::to_string(kMaxPatchOperations) +
                        " patch operations");
  }
  if (operations) {
    for (const api::PatchOperation& operation : *operations) {
      if (const auto applied = ApplyPatch(value, operation, rules); !applied) {
        return applied.error();
      }
    }
  }
  return T::FromValue(value);
}

}  // namespace usher::apigateway
