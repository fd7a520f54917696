// Reads a template, JSON or YAML, into nodes.
//
// YAML is 1.2's core with CloudFormation's short tags: `!Sub x` becomes {"Fn::Sub": x}, `!Ref x`
// {"Ref": x}, `!Condition x` {"Condition": x}, `!GetAtt A.B` {"Fn::GetAtt": ["A", "B"]}. Dates,
// octal numbers, yes and no are texts; aliases are copied; merge keys ("<<") are not known.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "services/cloudformation/template/node.h"

namespace usher::cloudformation {

inline constexpr std::size_t kMaxDepth = 64;       // nested lists and maps
inline constexpr std::size_t kMaxNodes = 200'000;  // of one template, copies of aliases included

// Text that begins with '{' is read as JSON first and, when it is none, as YAML. Errors: invalid
// input with the line: what the syntax forbids, a name that occurs twice in one map, an unknown
// tag, a second document, too deep or too large. Cost: O(text + nodes).
Result<Node> ReadTemplate(std::string_view text);

// JSON alone (RFC 8259), as ToJson writes it.
Result<Node> ReadJson(std::string_view text);
// YAML alone.
Result<Node> ReadYaml(std::string_view text);

// True for a JSON number: what a plain scalar must look like to be one.
[[nodiscard]] bool IsJsonNumber(std::string_view text);

}  // namespace usher::cloudformation
