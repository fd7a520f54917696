// REST-XML, of which S3 is the one speaker here: as REST-JSON with XML bodies, and with the answers
// that differ from the rule listed in kAnswers.
#include <algorithm>

#include "base/encoding.h"
#include "wire/protocol.h"
#include "wire/rest_binding.h"
#include "wire/xml_body.h"

namespace usher::wire {
namespace {

// The root elements of S3's answers, which its public model leaves out; a shape without a row is
// named after itself without "Output".
struct AnswerForm {
  std::string_view shape;
  std::string_view root;
  bool unwrapped = false;  // the one member's text is the root's own
};
constexpr AnswerForm kAnswers[] = {
    {"CompleteMultipartUploadOutput", "CompleteMultipartUploadResult"},
    {"CreateMultipartUploadOutput", "InitiateMultipartUploadResult"},
    {"DeleteObjectsOutput", "DeleteResult"},
    {"GetBucketAccelerateConfigurationOutput", "AccelerateConfiguration"},
    {"GetBucketAclOutput", "AccessControlPolicy"},
    {"GetBucketLocationOutput", "LocationConstraint", true},
    {"GetBucketTaggingOutput", "Tagging"},
    {"GetBucketVersioningOutput", "VersioningConfiguration"},
    {"GetObjectAttributesOutput", "GetObjectAttributesResponse"},
    {"GetObjectTaggingOutput", "Tagging"},
    {"ListBucketsOutput", "ListAllMyBucketsResult"},
    {"ListMultipartUploadsOutput", "ListMultipartUploadsResult"},
    {"ListObjectsOutput", "ListBucketResult"},
    {"ListObjectsV2Output", "ListBucketResult"},
    {"ListPartsOutput", "ListPartsResult"},
};

AnswerForm FormOf(const Shape& output) {
  const auto* found = std::ranges::find(kAnswers, output.name, &AnswerForm::shape);
  if (found != std::end(kAnswers)) return *found;
  std::string_view root = output.name;
  if (root.ends_with("Output")) root.remove_suffix(6);
  return {output.name, root};
}

Error Malformed(const Error& why) {
  return Named("MalformedXML", ErrorCode::kInvalidInput,
               "The XML you provided was not well-formed or did not validate against our published "
               "schema: " +
                   why.message,
               400);
}

Result<Value> Decode(const DecodeInput& input) {
  if (!input.operation.input) return Value(ValueMap());
  const Shape& shape = *input.operation.input;
  auto bound = DecodeBindings(input);
  if (!bound) return Named("InvalidArgument", ErrorCode::kInvalidInput, bound.error().message, 400);

  const Member* payload = PayloadOf(shape);
  if (!payload) {
    const bool has_body = std::ranges::any_of(
        shape.members, [](const Member& member) { return member.location == Location::kBody; });
    if (!has_body) return Value(*std::move(bound));
    auto body =
        DecodeXmlBody(shape, input.operation.input_element, input.body, BodyMembers::kUnbound);
    if (!body) return Malformed(body.error());
    for (auto& [name, value] : *bound) body->as_map()->Append(name, std::move(value));
    return body;
  }
  if (payload->streaming) {
    bound->Append(std::string(payload->name), Value(input.stream));
  } else if (payload->shape->kind == ShapeKind::kBlob) {
    bound->Append(std::string(payload->name), Value(Blob{std::string(input.body)}));
  } else if (payload->shape->kind == ShapeKind::kString) {
    bound->Append(std::string(payload->name), Value(input.body));
  } else if (!input.body.empty()) {
    auto value = DecodeXmlBody(*payload->shape, payload->wire_name, input.body, BodyMembers::kAll);
    if (!value) return Malformed(value.error());
    bound->Append(std::string(payload->name), *std::move(value));
  }
  return Value(*std::move(bound));
}

// Every answer has both; clients log them and some fail without.
void AddIds(const AnswerContext& context, HttpResponse& answer) {
  answer.headers.Add("x-amz-request-id", std::string(context.request_id));
  answer.headers.Add("x-amz-id-2", Base64Encode(context.request_id));
}

void EncodeXml(std::string_view root, std::string_view xmlns, const Shape& shape,
               const Value& value, BodyMembers which, std::string& body) {
  body = kXmlDeclaration;
  AppendXmlStart(body, root, xmlns);
  AppendXmlMembers(body, shape, value, which, /*millis=*/true);
  AppendXmlEnd(body, root);
}

void EncodeUnwrapped(const AnswerForm& form, std::string_view xmlns, const Value& response,
                     std::string& body) {
  body = kXmlDeclaration;
  AppendXmlStart(body, form.root, xmlns);
  const Value* text = response.Find(form.root);
  if (text && text->as_string()) AppendXmlText(body, *text->as_string());
  AppendXmlEnd(body, form.root);
}

// Gives the content type of what it wrote; empty for no body.
std::string_view EncodeBody(const Operation& operation, const Value& response,
                            HttpResponse& answer) {
  constexpr std::string_view kXml = "application/xml";
  const Shape& output = *operation.output;
  const std::string_view xmlns = operation.service->xml_namespace;
  if (const Member* payload = PayloadOf(output)) {
    const Value* value = response.Find(payload->name);
    if (!value) return "";
    if (const Stream* stream = value->as_stream()) {
      answer.stream = *stream;
      return "binary/octet-stream";
    }
    if (const std::string* text = value->as_string()) {
      answer.body = *text;
      return "text/plain";
    }
    if (const Blob* blob = value->as_blob()) {
      answer.body = blob->bytes;
      return "binary/octet-stream";
    }
    EncodeXml(payload->wire_name, xmlns, *payload->shape, *value, BodyMembers::kAll, answer.body);
    return kXml;
  }
  const AnswerForm form = FormOf(output);
  if (form.unwrapped) {
    EncodeUnwrapped(form, xmlns, response, answer.body);
    return kXml;
  }
  const bool has_body = std::ranges::any_of(
      output.members, [](const Member& member) { return member.location == Location::kBody; });
  if (!has_body) return "";
  EncodeXml(form.root, xmlns, output, response, BodyMembers::kUnbound, answer.body);
  return kXml;
}

HttpResponse Encode(const Operation& operation, const Value& response,
                    const AnswerContext& context) {
  HttpResponse answer;
  answer.status = operation.success_status;
  AddIds(context, answer);
  if (!operation.output) return answer;
  EncodeBindings(*operation.output, response, context.head, answer);
  if (context.head) return answer;
  const std::string_view content_type = EncodeBody(operation, response, answer);
  if (!content_type.empty() && !answer.headers.Find("Content-Type")) {
    answer.headers.Add("Content-Type", std::string(content_type));
  }
  return answer;
}

HttpResponse EncodeError(const ErrorAnswer& error, const AnswerContext& context) {
  constexpr int kNotModified = 304;
  HttpResponse answer;
  answer.status = error.status;
  AddIds(context, answer);
  if (context.head || error.status == kNotModified) return answer;  // the status is the error
  answer.headers.Add("Content-Type", "application/xml");
  std::string& body = answer.body;
  body = kXmlDeclaration;
  AppendXmlStart(body, "Error");
  AppendXmlElement(body, "Code", error.name);
  AppendXmlElement(body, "Message", error.message);
  for (const auto& [name, text] : error.details) AppendXmlElement(body, name, text);
  AppendXmlElement(body, "RequestId", context.request_id);
  AppendXmlElement(body, "HostId", Base64Encode(context.request_id));
  AppendXmlEnd(body, "Error");
  return answer;
}

}  // namespace

constinit const Codec kRestXmlCodec = {Decode, Encode, EncodeError};

}  // namespace usher::wire
