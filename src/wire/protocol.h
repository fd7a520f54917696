// A protocol: how the operations of a service travel in HTTP messages. Driven by the tables of
// shape.h alone; no operation has code of its own here.
//
//   json        AWS JSON 1.0 and 1.1: POST / with X-Amz-Target
//   rest-json   path, query and headers carry members; the rest is a JSON body
//   query       a form in, XML out
//   rest-xml    as rest-json, with XML bodies: S3
//
// A further one (Smithy RPC v2 CBOR) is one more Codec.
//
// Source:  Smithy specification, "AWS protocols"; the protocol tests of botocore.
// Limits:  kMaxDepth and kMaxValues of json.h, kMaxFormParameters, kMaxFormDepth, kMaxXmlDepth and
//          kMaxXmlNodes below; the size of a body is bounded by the gateway.
// Threads: safe from any.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/value.h"
#include "wire/http_message.h"
#include "wire/request_target.h"
#include "wire/shape.h"

namespace usher::wire {

inline constexpr std::size_t kMaxFormParameters = 10'000;
inline constexpr std::size_t kMaxFormDepth = 32;      // dots in one parameter's name
inline constexpr std::size_t kMaxXmlDepth = 64;       // elements within elements
inline constexpr std::size_t kMaxXmlNodes = 200'000;  // elements and texts of one document

// The values of a path's {labels}, decoded.
using UriLabels = std::vector<std::pair<std::string_view, std::string>>;

// All of a request that its members are read from.
struct DecodeInput {
  const Operation& operation;
  const Headers& headers;
  const UriLabels& labels;
  const Parameters& query;
  std::string_view body;  // whole; empty where the operation streams
  Stream stream;          // where it streams
};

// What an answer carries beside its members.
struct AnswerContext {
  std::string_view request_id;
  bool head = false;  // answers a HEAD: no body
};

// An error under its public name.
struct ErrorAnswer {
  const Service* service = nullptr;      // nullptr: the service is not known
  const Operation* operation = nullptr;  // nullptr: nor the operation
  std::string name;
  int status = 400;
  std::string message;
  std::vector<std::pair<std::string, std::string>> details;  // further members
};

struct Codec {
  // Members that the shape does not know are ignored. Errors: those that the protocol's services
  // give for what cannot be read (SerializationException, MalformedXML …), with wire_name and
  // http_status.
  Result<Value> (*decode)(const DecodeInput& input);
  HttpResponse (*encode)(const Operation& operation, const Value& response,
                         const AnswerContext& context);
  HttpResponse (*encode_error)(const ErrorAnswer& error, const AnswerContext& context);
};

const Codec& CodecFor(Protocol protocol);

extern const Codec kJsonCodec;
extern const Codec kRestJsonCodec;
extern const Codec kQueryCodec;
extern const Codec kRestXmlCodec;

// True when the operation's request is one stream of bytes, to be read by its handler.
[[nodiscard]] bool StreamsIn(const Operation& operation);

// The error of this name that the operation's model knows; nullptr when there is none.
[[nodiscard]] const Shape* ModelledError(const Operation* operation, std::string_view name);

}  // namespace usher::wire
