// XML bodies by shape, for the query and the rest-xml protocol.
//
// Reading refuses document type definitions (so no entities but XML's own five), more than
// kMaxXmlDepth levels or kMaxXmlNodes nodes, and text that is not UTF-8. Namespaces are not told
// apart: prefixes are dropped, as the services do.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/value.h"
#include "wire/json_body.h"
#include "wire/shape.h"

namespace usher::wire {

inline constexpr std::string_view kXmlDeclaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

// A document whose root is named `root`, as a value of `shape`; no text at all is an empty
// structure. Errors: invalid input without a public name.
Result<Value> DecodeXmlBody(const Shape& shape, std::string_view root, std::string_view text,
                            BodyMembers which);

// The members as elements, without an element around them. Times are ISO 8601 unless the model says
// otherwise; `millis` writes their fraction even when it is zero.
void AppendXmlMembers(std::string& out, const Shape& shape, const Value& value, BodyMembers which,
                      bool millis);

// Character data: markup and control characters become references.
void AppendXmlText(std::string& out, std::string_view text);
// <name>text</name>
void AppendXmlElement(std::string& out, std::string_view name, std::string_view text);
// <name xmlns="…"> or, without a namespace, <name>.
void AppendXmlStart(std::string& out, std::string_view name, std::string_view xmlns = {});
void AppendXmlEnd(std::string& out, std::string_view name);

}  // namespace usher::wire
