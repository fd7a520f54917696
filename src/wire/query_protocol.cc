// Query: the request is a form ("Action=CreateRole&Tags.member.1.Key=a"), the answer is XML.
#include <charconv>
#include <map>

#include "base/text.h"
#include "wire/protocol.h"
#include "wire/scalar_text.h"
#include "wire/xml_body.h"

namespace usher::wire {
namespace {

constexpr int kFirstServerStatus = 500;

// The parameters as the tree that their dotted names spell.
struct Form {
  std::optional<std::string> value;
  std::map<std::string, Form, std::less<>> children;

  [[nodiscard]] const Form* Find(std::string_view name) const {
    const auto found = children.find(name);
    return found == children.end() ? nullptr : &found->second;
  }
};

Error Malformed(std::string message) {
  return Named("MalformedQueryString", ErrorCode::kInvalidInput, std::move(message), 400);
}

Error At(std::string_view path, const Error& why) {
  return Malformed("'" + std::string(path) + "' " + why.message);
}

Result<void> Add(std::string_view path, std::string value, Form& root) {
  Form* node = &root;
  std::size_t depth = 0;
  for (const std::string_view step : Split(path, '.')) {
    if (++depth > kMaxFormDepth) return Malformed("a parameter's name has too many parts");
    node = &node->children.try_emplace(std::string(step)).first->second;
  }
  if (node->value) return Malformed("'" + std::string(path) + "' is given twice");
  node->value = std::move(value);
  return {};
}

// The children of a list or map in the order of their numbers. Errors: one is not a number.
Result<std::map<std::size_t, const Form*>> Numbered(const Form& form, const std::string& path) {
  std::map<std::size_t, const Form*> numbered;
  for (const auto& [name, child] : form.children) {
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error != std::errc() || end != name.data() + name.size() || number == 0) {
      return Malformed("'" + path + "." + name + "' is not a numbered element");
    }
    if (!numbered.emplace(number, &child).second) {
      return Malformed("'" + path + "' has one number twice");
    }
  }
  return numbered;
}

Result<Value> Decode(const Shape& shape, bool flattened, const Form& form, const std::string& path);

Result<Value> DecodeStructure(const Shape& shape, const Form& form, const std::string& path) {
  ValueMap result;
  for (const Member& member : shape.members) {
    const Form* child = form.Find(member.wire_name);
    if (!child) continue;
    const std::string here =
        path.empty() ? std::string(member.wire_name) : path + "." + std::string(member.wire_name);
    auto value = Decode(*member.shape, member.flattened, *child, here);
    if (!value) return value;
    result.Append(std::string(member.name), *std::move(value));
  }
  return Value(std::move(result));
}

Result<Value> DecodeList(const Shape& shape, bool flattened, const Form& form,
                         const std::string& path) {
  ValueList list;
  const Form* elements = flattened ? &form : form.Find(shape.element->wire_name);
  if (!elements) return Value(std::move(list));  // "Tags=" is an empty list
  const auto numbered = Numbered(*elements, path);
  if (!numbered) return numbered.error();
  for (const auto& [number, child] : *numbered) {
    auto value = Decode(*shape.element->shape, shape.element->flattened, *child,
                        path + "." + std::to_string(number));
    if (!value) return value;
    list.push_back(*std::move(value));
  }
  return Value(std::move(list));
}

Result<Value> DecodeMap(const Shape& shape, bool flattened, const Form& form,
                        const std::string& path) {
  ValueMap map;
  const Form* entries = flattened ? &form : form.Find("entry");
  if (!entries) return Value(std::move(map));
  const auto numbered = Numbered(*entries, path);
  if (!numbered) return numbered.error();
  for (const auto& [number, entry] : *numbered) {
    const std::string here = path + "." + std::to_string(number);
    const Form* key = entry->Find(shape.key->wire_name);
    const Form* value = entry->Find(shape.value->wire_name);
    if (!key || !key->value || !value) return Malformed("'" + here + "' lacks its key or value");
    auto decoded = Decode(*shape.value->shape, shape.value->flattened, *value, here);
    if (!decoded) return decoded;
    if (map.Find(*key->value)) return Malformed("'" + path + "' has one key twice");
    map.Append(*key->value, *std::move(decoded));
  }
  return Value(std::move(map));
}

Result<Value> Decode(const Shape& shape, bool flattened, const Form& form,
                     const std::string& path) {
  switch (shape.kind) {
    case ShapeKind::kStructure:
      return DecodeStructure(shape, form, path);
    case ShapeKind::kList:
      return DecodeList(shape, flattened, form, path);
    case ShapeKind::kMap:
      return DecodeMap(shape, flattened, form, path);
    default:
      break;
  }
  if (!form.value) return Malformed("'" + path + "' has no value of its own");
  auto value = ParseScalar(shape, *form.value);
  if (!value) return At(path, value.error());
  return value;
}

Result<Value> DecodeRequest(const DecodeInput& input) {
  if (!input.operation.input) return Value(ValueMap());
  const auto parameters = ParseParameters(input.body, kMaxFormParameters);
  if (!parameters) return Malformed(parameters.error().message);
  Form root;
  for (const Parameters* from : {&input.query, &*parameters}) {
    for (const auto& [name, value] : *from) {
      if (name.starts_with("X-Amz-")) continue;  // of a presigned request
      if (const auto added = Add(name, value, root); !added) return added.error();
    }
  }
  return DecodeStructure(*input.operation.input, root, "");
}

HttpResponse Encode(const Operation& operation, const Value& response,
                    const AnswerContext& context) {
  HttpResponse answer;
  answer.headers.Add("x-amzn-RequestId", std::string(context.request_id));
  answer.headers.Add("Content-Type", "text/xml");
  const std::string root = std::string(operation.name) + "Response";
  std::string& body = answer.body;
  body = kXmlDeclaration;
  AppendXmlStart(body, root, operation.service->xml_namespace);
  if (operation.output) {
    if (!operation.result_wrapper.empty()) AppendXmlStart(body, operation.result_wrapper);
    AppendXmlMembers(body, *operation.output, response, BodyMembers::kAll, /*millis=*/false);
    if (!operation.result_wrapper.empty()) AppendXmlEnd(body, operation.result_wrapper);
  }
  AppendXmlStart(body, "ResponseMetadata");
  AppendXmlElement(body, "RequestId", context.request_id);
  AppendXmlEnd(body, "ResponseMetadata");
  AppendXmlEnd(body, root);
  return answer;
}

HttpResponse EncodeError(const ErrorAnswer& error, const AnswerContext& context) {
  HttpResponse answer;
  answer.status = error.status;
  answer.headers.Add("x-amzn-RequestId", std::string(context.request_id));
  answer.headers.Add("Content-Type", "text/xml");
  std::string& body = answer.body;
  body = kXmlDeclaration;
  AppendXmlStart(body, "ErrorResponse", error.service ? error.service->xml_namespace : "");
  AppendXmlStart(body, "Error");
  AppendXmlElement(body, "Type", error.status < kFirstServerStatus ? "Sender" : "Receiver");
  AppendXmlElement(body, "Code", error.name);
  AppendXmlElement(body, "Message", error.message);
  for (const auto& [name, text] : error.details) AppendXmlElement(body, name, text);
  AppendXmlEnd(body, "Error");
  AppendXmlElement(body, "RequestId", context.request_id);
  AppendXmlEnd(body, "ErrorResponse");
  return answer;
}

}  // namespace

constinit const Codec kQueryCodec = {DecodeRequest, Encode, EncodeError};

}  // namespace usher::wire
