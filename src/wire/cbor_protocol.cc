// Source: Smithy specification, "Smithy RPC v2 CBOR protocol".
#include "wire/cbor_protocol.h"

#include "wire/cbor.h"
#include "wire/json_body.h"
#include "wire/member_finder.h"
#include "wire/protocol.h"

namespace usher::wire {
namespace {

constexpr int kFirstServerStatus = 500;

Result<Value> Decode(const DecodeInput& input) {
  static constexpr Shape kNothing{.name = "Nothing", .kind = ShapeKind::kStructure};
  const Shape& shape = input.operation.input ? *input.operation.input : kNothing;
  if (input.body.empty()) return Value(ValueMap());
  auto tree = ParseCbor(input.body);
  if (!tree) {
    return Named("SerializationException", ErrorCode::kInvalidInput, tree.error().message, 400);
  }
  return DecodeTree(shape, *std::move(tree));
}

void AppendShaped(std::string& out, const Shape& shape, const Value& value) {
  if (const ValueList* list = value.as_list(); list && shape.kind == ShapeKind::kList) {
    AppendCborArrayHead(out, list->size());
    for (const Value& element : *list) AppendShaped(out, *shape.element->shape, element);
    return;
  }
  if (const ValueMap* map = value.as_map(); map && shape.kind == ShapeKind::kMap) {
    AppendCborMapHead(out, map->size());
    for (const auto& [key, element] : *map) {
      AppendCborText(out, key);
      AppendShaped(out, *shape.value->shape, element);
    }
    return;
  }
  if (const ValueMap* map = value.as_map(); map && shape.kind == ShapeKind::kStructure) {
    MemberFinder members(shape);
    std::size_t count = 0;
    for (const auto& [name, element] : *map) count += members.ByName(name) != nullptr ? 1 : 0;
    AppendCborMapHead(out, count);
    for (const auto& [name, element] : *map) {
      const Member* member = members.ByName(name);
      if (member == nullptr) continue;
      AppendCborText(out, name);
      AppendShaped(out, *member->shape, element);
    }
    return;
  }
  if (const std::string* bytes = value.as_string(); bytes && shape.kind == ShapeKind::kBlob) {
    AppendCbor(out, Value(Blob{*bytes}));  // a typed response holds blobs as text
    return;
  }
  AppendCbor(out, value);
}

HttpResponse Frame(const AnswerContext& context) {
  HttpResponse answer;
  answer.headers.Add("x-amzn-RequestId", std::string(context.request_id));
  answer.headers.Add("smithy-protocol", "rpc-v2-cbor");
  answer.headers.Add("Content-Type", "application/cbor");
  return answer;
}

HttpResponse Encode(const Operation& operation, const Value& response,
                    const AnswerContext& context) {
  HttpResponse answer = Frame(context);
  if (operation.output) {
    AppendShaped(answer.body, *operation.output, response);
  } else {
    AppendCborMapHead(answer.body, 0);
  }
  return answer;
}

HttpResponse EncodeError(const ErrorAnswer& error, const AnswerContext& context) {
  HttpResponse answer = Frame(context);
  answer.status = error.status;
  // Clients of services that once spoke the query protocol know errors by their old codes.
  answer.headers.Add("x-amzn-query-error",
                     error.name + (error.status < kFirstServerStatus ? ";Sender" : ";Receiver"));
  const Shape* model = ModelledError(error.operation, error.name);
  ValueMap body;
  body.Append("__type", model != nullptr ? std::string(model->name) : error.name);
  body.Append("message", error.message);
  for (const auto& [name, text] : error.details) body.Append(name, text);
  AppendCbor(answer.body, Value(std::move(body)));
  return answer;
}

}  // namespace

constinit const Codec kCborCodec = {Decode, Encode, EncodeError};

}  // namespace usher::wire
