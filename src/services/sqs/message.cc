#include "services/sqs/message.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/text.h"
#include "json/json.h"
#include "services/sqs/errors.h"
#include "wire/digest.h"
#include "wire/message_attribute_name.h"

namespace usher::sqs {
namespace {

bool IsBinary(std::string_view type) { return type == "Binary" || type.starts_with("Binary."); }

bool IsText(std::string_view type) {
  const std::string_view kind = type.substr(0, type.find('.'));
  return kind == "String" || kind == "Number";
}

// Characters that XML 1.0 has; `text` is UTF-8.
bool IsXmlText(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < ' ' && c != '\t' && c != '\n' && c != '\r') return false;
    // U+FFFE and U+FFFF are ef bf be and ef bf bf.
    if (c == 0xef && text.substr(i + 1, 1) == "\xbf" &&
        (text.substr(i + 2, 1) == "\xbe" || text.substr(i + 2, 1) == "\xbf")) {
      return false;
    }
  }
  return true;
}

Error BadAttribute(const std::string& name, std::string_view reason) {
  return InvalidValue("The message attribute '" + name + "' " + std::string(reason));
}

Result<void> CheckAttribute(const std::string& name, const api::MessageAttributeValue& value) {
  if (!wire::IsMessageAttributeName(name)) {
    return BadAttribute(name,
                        "has a name that is not 1 to 256 letters, digits, _, - and single "
                        "dots within, or that begins with AWS. or Amazon.");
  }
  if (IsBinary(value.data_type)) {
    if (value.binary_value && !value.binary_value->empty()) return {};
    return BadAttribute(name, "must contain a non-empty binary value.");
  }
  if (!IsText(value.data_type)) {
    return BadAttribute(name,
                        "has an invalid message attribute type; it is String, Number or "
                        "Binary.");
  }
  if (!value.string_value || value.string_value->empty() || !IsUtf8(*value.string_value) ||
      !IsXmlText(*value.string_value)) {
    return BadAttribute(name, "must contain a non-empty string value.");
  }
  if (value.data_type.starts_with("Number")) {
    const auto number = json::Parse(*value.string_value);
    if (!number || (!number->as_int() && !number->as_double())) {
      return BadAttribute(name, "is of type Number, but its value is no number.");
    }
  }
  return {};
}

void AppendSized(wire::Digest& digest, std::string_view bytes) {
  const std::string size{static_cast<char>(bytes.size() >> 24U & 0xffU),
                         static_cast<char>(bytes.size() >> 16U & 0xffU),
                         static_cast<char>(bytes.size() >> 8U & 0xffU),
                         static_cast<char>(bytes.size() & 0xffU)};
  digest.Update(size);
  digest.Update(bytes);
}

}  // namespace

std::string Encode(const Message& message) {
  ValueMap attributes;
  for (const auto& [name, value] : message.attributes) {
    const bool binary = IsBinary(value.data_type);
    attributes.Append(
        name, ValueList{value.data_type, binary ? Base64Encode(value.binary_value.value_or(""))
                                                : value.string_value.value_or("")});
  }
  ValueMap map;
  map.Append("sent", EpochMillis(message.sent));
  map.Append("visible", EpochMillis(message.visible));
  map.Append("body", message.body);
  map.Append("attributes", std::move(attributes));
  if (!message.trace_header.empty()) map.Append("trace", message.trace_header);
  if (!message.dead_from.empty()) map.Append("deadFrom", message.dead_from);
  return json::Write(map);
}

Result<Message> DecodeMessage(std::string_view text) {
  const auto value = json::Parse(text);
  const Value* sent = value ? value->Find("sent") : nullptr;
  const Value* visible = value ? value->Find("visible") : nullptr;
  const Value* body = value ? value->Find("body") : nullptr;
  const Value* attributes = value ? value->Find("attributes") : nullptr;
  if (!sent || !sent->as_int() || !visible || !visible->as_int() || !body || !body->as_string() ||
      !attributes || !attributes->as_map()) {
    return Corrupt("a stored message cannot be read");
  }
  Message message{.body = *body->as_string(),
                  .sent = FromEpochMillis(*sent->as_int()),
                  .visible = FromEpochMillis(*visible->as_int())};
  for (const auto& [name, pair] : *attributes->as_map()) {
    const ValueList* list = pair.as_list();
    if (!list || list->size() != 2 || !(*list)[0].as_string() || !(*list)[1].as_string()) {
      return Corrupt("a stored message has an attribute that cannot be read");
    }
    api::MessageAttributeValue attribute{.data_type = *(*list)[0].as_string()};
    if (IsBinary(attribute.data_type)) {
      auto bytes = Base64Decode(*(*list)[1].as_string());
      if (!bytes) return Corrupt("a stored message has an attribute that cannot be read");
      attribute.binary_value = *std::move(bytes);
    } else {
      attribute.string_value = *(*list)[1].as_string();
    }
    message.attributes.emplace(name, std::move(attribute));
  }
  if (const Value* trace = value->Find("trace"); trace && trace->as_string()) {
    message.trace_header = *trace->as_string();
  }
  if (const Value* from = value->Find("deadFrom"); from && from->as_string()) {
    message.dead_from = *from->as_string();
  }
  return message;
}

std::size_t SizeOf(const Message& message) {
  std::size_t size = message.body.size();
  for (const auto& [name, value] : message.attributes) {
    size += name.size() + value.data_type.size() + value.string_value.value_or("").size() +
            value.binary_value.value_or("").size();
  }
  return size;
}

Result<void> CheckMessage(const Message& message) {
  if (message.body.empty()) {
    return Named("MissingParameter", ErrorCode::kInvalidInput,
                 "The request must contain the parameter MessageBody.", 400);
  }
  if (!IsUtf8(message.body) || !IsXmlText(message.body)) {
    return Named("InvalidMessageContents", ErrorCode::kInvalidInput,
                 "Invalid characters found in the message body. Allowed are #x9 | #xA | #xD | #x20 "
                 "to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF.",
                 400);
  }
  if (message.attributes.size() > kMaxAttributes) {
    return InvalidValue("Number of message attributes [" +
                        std::to_string(message.attributes.size()) +
                        "] exceeds the allowed maximum [10].");
  }
  for (const auto& [name, value] : message.attributes) {
    if (auto valid = CheckAttribute(name, value); !valid) return valid;
  }
  return {};
}

std::string Md5Of(std::string_view body) {
  wire::Digest digest(wire::Digest::Kind::kMd5);
  digest.Update(body);
  return HexEncode(digest.Finish());
}

std::string Md5Of(const Attributes& attributes) {
  constexpr std::string_view text_kind("\x01", 1);
  constexpr std::string_view binary_kind("\x02", 1);
  wire::Digest digest(wire::Digest::Kind::kMd5);
  for (const auto& [name, value] : attributes) {
    const bool binary = IsBinary(value.data_type);
    AppendSized(digest, name);
    AppendSized(digest, value.data_type);
    digest.Update(binary ? binary_kind : text_kind);
    AppendSized(digest, binary ? value.binary_value.value_or("") : value.string_value.value_or(""));
  }
  return HexEncode(digest.Finish());
}

}  // namespace usher::sqs
