// AWS JSON 1.0 and 1.1: every operation is POST / with its name in X-Amz-Target, and the body is
// one JSON object each way.
#include "base/text.h"
#include "json/json.h"
#include "wire/json_body.h"
#include "wire/json_error.h"
#include "wire/protocol.h"

namespace usher::wire {
namespace {

std::string ContentType(const Service* service) {
  const bool known = service && !service->json_version.empty();
  return "application/x-amz-json-" + std::string(known ? service->json_version : "1.1");
}

Result<Value> Decode(const DecodeInput& input) {
  static constexpr Shape kNothing{.name = "Nothing", .kind = ShapeKind::kStructure};
  const Shape& shape = input.operation.input ? *input.operation.input : kNothing;
  return DecodeJsonBody(shape, input.body, BodyMembers::kAll);
}

HttpResponse Encode(const Operation& operation, const Value& response,
                    const AnswerContext& context) {
  HttpResponse answer;
  answer.headers.Add("x-amzn-RequestId", std::string(context.request_id));
  answer.headers.Add("Content-Type", ContentType(operation.service));
  if (operation.output) {
    AppendJsonBody(answer.body, *operation.output, response, BodyMembers::kAll);
  }
  return answer;
}

HttpResponse EncodeError(const ErrorAnswer& error, const AnswerContext& context) {
  HttpResponse answer;
  answer.status = error.status;
  answer.headers.Add("x-amzn-RequestId", std::string(context.request_id));
  answer.headers.Add("x-amzn-ErrorType", error.name);
  answer.headers.Add("Content-Type", ContentType(error.service));
  answer.body = "{\"__type\":";
  json::AppendString(answer.body, error.name);
  AppendErrorMembers(answer.body, error);
  answer.body += '}';
  return answer;
}

}  // namespace

constinit const Codec kJsonCodec = {Decode, Encode, EncodeError};

}  // namespace usher::wire
