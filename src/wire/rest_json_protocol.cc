// REST-JSON: the path names the resource; members are in path, query and headers as the model says,
// all others in a JSON body.
#include "json/json.h"
#include "wire/json_body.h"
#include "wire/json_error.h"
#include "wire/protocol.h"
#include "wire/rest_binding.h"

namespace usher::wire {
namespace {

Error Serialization(const Error& why) {
  return Named("SerializationException", ErrorCode::kInvalidInput, why.message, 400);
}

Result<Value> DecodePayload(const Member& payload, const DecodeInput& input) {
  if (payload.streaming) return Value(input.stream);
  switch (payload.shape->kind) {
    case ShapeKind::kBlob:
      return Value(Blob{std::string(input.body)});
    case ShapeKind::kString:
      return Value(input.body);
    default:
      return DecodeJsonBody(*payload.shape, input.body, BodyMembers::kAll);
  }
}

Result<Value> Decode(const DecodeInput& input) {
  if (!input.operation.input) return Value(ValueMap());
  const Shape& shape = *input.operation.input;
  auto bound = DecodeBindings(input);
  if (!bound) return Serialization(bound.error());

  if (const Member* payload = PayloadOf(shape)) {
    if (!payload->streaming && input.body.empty()) return Value(*std::move(bound));
    auto value = DecodePayload(*payload, input);
    if (!value) return value;
    bound->Append(std::string(payload->name), *std::move(value));
    return Value(*std::move(bound));
  }
  auto body = DecodeJsonBody(shape, input.body, BodyMembers::kUnbound);
  if (!body) return body;
  for (auto& [name, value] : *bound) body->as_map()->Append(name, std::move(value));
  return body;
}

bool HasBody(const Shape& output) {
  for (const Member& member : output.members) {
    if (member.location == Location::kBody) return true;
  }
  return false;
}

void EncodePayload(const Member& payload, const Value& value, HttpResponse& answer) {
  if (const Stream* stream = value.as_stream()) {
    answer.stream = *stream;
  } else if (const Blob* blob = value.as_blob()) {
    answer.body = blob->bytes;
  } else if (const std::string* text = value.as_string()) {
    answer.body = *text;
  } else {
    AppendJsonBody(answer.body, *payload.shape, value, BodyMembers::kAll);
  }
}

HttpResponse Encode(const Operation& operation, const Value& response,
                    const AnswerContext& context) {
  HttpResponse answer;
  answer.status = operation.success_status;
  answer.headers.Add("x-amzn-RequestId", std::string(context.request_id));
  if (operation.output) {
    EncodeBindings(*operation.output, response, context.head, answer);
    if (const Member* payload = PayloadOf(*operation.output)) {
      if (const Value* value = response.Find(payload->name)) {
        EncodePayload(*payload, *value, answer);
      }
    } else if (HasBody(*operation.output)) {
      AppendJsonBody(answer.body, *operation.output, response, BodyMembers::kUnbound);
    }
  }
  if (!answer.headers.Find("Content-Type")) answer.headers.Add("Content-Type", "application/json");
  return answer;
}

HttpResponse EncodeError(const ErrorAnswer& error, const AnswerContext& context) {
  HttpResponse answer;
  answer.status = error.status;
  answer.headers.Add("x-amzn-RequestId", std::string(context.request_id));
  answer.headers.Add("x-amzn-ErrorType", error.name);
  answer.headers.Add("Content-Type", "application/json");
  answer.body = "{";
  AppendErrorMembers(answer.body, error);
  answer.body += '}';
  return answer;
}

}  // namespace

constinit const Codec kRestJsonCodec = {Decode, Encode, EncodeError};

}  // namespace usher::wire
