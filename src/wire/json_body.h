// JSON bodies by shape, for the two JSON protocols.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/value.h"
#include "wire/shape.h"

namespace usher::wire {

// Which members of the outermost structure are in the body.
enum class BodyMembers {
  kAll,
  kUnbound
};  // kUnbound: those that no header, query or label carries

// `text` as a value of `shape`, a structure; no text at all is an empty structure, null members are
// left out. Errors: SerializationException naming the member.
Result<Value> DecodeJsonBody(const Shape& shape, std::string_view text, BodyMembers which);

// The same of a tree that another format was read into, which may hold blobs and times as such.
Result<Value> DecodeTree(const Shape& shape, Value tree);

void AppendJsonBody(std::string& out, const Shape& shape, const Value& value, BodyMembers which);

}  // namespace usher::wire
