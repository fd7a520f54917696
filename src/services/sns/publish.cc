// Operations Publish and PublishBatch.
#include <algorithm>
#include <set>

#include "base/encoding.h"
#include "base/random.h"
#include "base/text.h"
#include "json/json.h"
#include "services/sns/errors.h"
#include "services/sns/filter_policy.h"
#include "services/sns/message.h"
#include "services/sns/operations.h"
#include "services/sns/subscription_rules.h"
#include "wire/message_attribute_name.h"

namespace usher::sns {
namespace {

constexpr std::size_t kMaxMessageBytes = 256U << 10;  // with attributes
constexpr std::size_t kMaxSubjectCharacters = 100;
constexpr std::size_t kMaxBatchEntries = 10;
constexpr std::size_t kMaxBatchIdBytes = 80;

using ApiAttributes = std::optional<std::map<std::string, api::MessageAttributeValue>>;

// What a caller wants to tell, checked, before it is known who takes it.
struct Draft {
  std::string id;
  std::optional<std::string> subject;
  std::string text;
  ValueMap by_protocol;  // MessageStructure=json: the texts by protocol, "default" among them
  std::map<std::string, MessageAttribute> attributes;
  std::size_t size = 0;
};

Result<void> CheckSubject(const std::string& subject) {
  const auto characters = std::ranges::count_if(
      subject, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; });
  const bool has_control = std::ranges::any_of(
      subject, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; });
  if (subject.empty() || subject.front() == ' ' || has_control || !IsUtf8(subject) ||
      static_cast<std::size_t>(characters) > kMaxSubjectCharacters) {
    return InvalidParameter("Subject",
                            "it is one line of 1 to 100 characters that begins with no space");
  }
  return {};
}

Error BadAttribute(const std::string& name, std::string_view reason) {
  return Named("ParameterValueInvalid", ErrorCode::kInvalidInput,
               "The message attribute '" + name + "' " + std::string(reason), 400);
}

Result<MessageAttribute> ReadAttribute(const std::string& name,
                                       const api::MessageAttributeValue& given) {
  if (!wire::IsMessageAttributeName(name)) {
    return BadAttribute(name,
                        "has a name that is not 1 to 256 letters, digits, _, - and single "
                        "dots within, or that begins with AWS. or Amazon.");
  }
  const std::string_view kind =
      std::string_view(given.data_type).substr(0, given.data_type.find('.'));
  if (kind == "Binary") {
    if (!given.binary_value || given.binary_value->empty()) {
      return BadAttribute(name, "must contain a non-empty binary value");
    }
    return MessageAttribute{given.data_type, Base64Encode(*given.binary_value)};
  }
  if (kind != "String" && kind != "Number") {
    return BadAttribute(name, "has an invalid type: it is String, String.Array, Number or Binary");
  }
  if (!given.string_value || given.string_value->empty() || !IsUtf8(*given.string_value)) {
    return BadAttribute(name, "must contain a non-empty string value");
  }
  if (kind == "Number") {
    const auto number = json::Parse(*given.string_value);
    if (!number || (!number->as_int() && !number->as_double())) {
      return BadAttribute(name, "is of type Number, but its value is no number");
    }
  }
  if (given.data_type == "String.Array") {
    const auto array = json::Parse(*given.string_value);
    if (!array || !array->as_list()) {
      return BadAttribute(name, "is of type String.Array, but its value is no JSON array");
    }
  }
  return MessageAttribute{given.data_type, *given.string_value};
}

Result<void> ReadStructure(const std::string& text, ValueMap& by_protocol) {
  auto parsed = json::Parse(text);
  if (!parsed || !parsed->as_map()) {
    return InvalidParameter("Message Structure", "JSON message body failed to parse");
  }
  const Value* fallback = parsed->Find("default");
  if (!fallback || !fallback->as_string()) {
    return InvalidParameter("Message Structure", "No default entry in JSON message body");
  }
  for (const auto& [protocol, said] : *parsed->as_map()) {
    if (said.as_string()) by_protocol.Set(protocol, said);
  }
  return {};
}

Result<Draft> MakeDraft(const std::string& text, const std::optional<std::string>& subject,
                        const std::optional<std::string>& structure,
                        const ApiAttributes& attributes,
                        const std::optional<std::string>& group_id) {
  if (text.empty()) return InvalidParameter("Message", "Empty message");
  if (!IsUtf8(text)) return InvalidParameter("Message", "it is not UTF-8");
  if (subject) {
    if (const auto valid = CheckSubject(*subject); !valid) return valid.error();
  }
  if (group_id) {
    return InvalidParameter("MessageGroupId",
                            "The request includes MessageGroupId parameter that is not valid for "
                            "this topic type");
  }
  Draft draft{.id = NewUuid(), .subject = subject, .text = text, .size = text.size()};
  if (structure) {
    if (*structure != "json") return InvalidParameter("MessageStructure", "it can only be json");
    if (const auto read = ReadStructure(text, draft.by_protocol); !read) return read.error();
  }
  if (attributes) {
    for (const auto& [name, given] : *attributes) {
      auto attribute = ReadAttribute(name, given);
      if (!attribute) return attribute.error();
      draft.size += name.size() + attribute->type.size() + attribute->value.size();
      draft.attributes.emplace(name, *std::move(attribute));
    }
  }
  if (draft.size > kMaxMessageBytes) return InvalidParameter("Message", "Message too long");
  return draft;
}

std::string TextFor(const Draft& draft, std::string_view protocol) {
  if (draft.by_protocol.empty()) return draft.text;
  const Value* own = draft.by_protocol.Find(protocol);
  if (!own) own = draft.by_protocol.Find("default");
  return own && own->as_string() ? *own->as_string() : draft.text;
}

bool Takes(const Subscription& subscription, const Draft& draft, std::string_view text) {
  const auto policy = subscription.attributes.find("FilterPolicy");
  if (policy == subscription.attributes.end()) return true;
  const auto scope = subscription.attributes.find("FilterPolicyScope");
  const bool body = scope != subscription.attributes.end() && scope->second == "MessageBody";
  const auto filter = FilterPolicy::Parse(
      policy->second, body ? FilterPolicy::Scope::kBody : FilterPolicy::Scope::kAttributes);
  // It was checked when it was set; one that cannot be read holds nothing back.
  return !filter || filter->Matches(draft.attributes, text);
}

// One delivery for each subscription that takes it.
void AddDeliveries(const Draft& draft, const std::vector<Subscription>& subscriptions, Time now,
                   Service& service, storage::Batch& batch) {
  for (const Subscription& one : subscriptions) {
    if (!one.confirmed) continue;
    std::string text = TextFor(draft, one.protocol);
    if (!Takes(one, draft, text)) continue;
    const Message message{.id = draft.id,
                          .topic_arn = one.topic_arn,
                          .subscription_arn = one.arn,
                          .subject = draft.subject,
                          .text = std::move(text),
                          .time = now,
                          .attributes = draft.attributes};
    service.queue.Enqueue(batch, LaneOf(one.protocol),
                          {.key = one.arn, .payload = EncodePayload(message)});
  }
}

Result<void> Commit(const storage::Batch& batch, Service& service) {
  if (batch.empty()) return {};
  if (auto committed = service.store.Commit(batch); !committed) return committed;
  service.queue.Wake();
  return {};
}

bool IsBatchId(std::string_view id) {
  return !id.empty() && id.size() <= kMaxBatchIdBytes && std::ranges::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

Result<void> CheckBatch(const std::vector<api::PublishBatchRequestEntry>& entries) {
  if (entries.empty()) {
    return Named("EmptyBatchRequest", ErrorCode::kInvalidInput,
                 "The batch request doesn't contain any entries.", 400);
  }
  if (entries.size() > kMaxBatchEntries) {
    return Named("TooManyEntriesInBatchRequest", ErrorCode::kInvalidInput,
                 "The batch request contains more entries than permissible: it is at most 10.",
                 400);
  }
  std::set<std::string_view> ids;
  for (const auto& entry : entries) {
    if (!IsBatchId(entry.id)) {
      return Named("InvalidBatchEntryId", ErrorCode::kInvalidInput,
                   "The Id of a batch entry has 1 to 80 letters, digits, hyphens and underscores.",
                   400);
    }
    if (!ids.insert(entry.id).second) {
      return Named("BatchEntryIdsNotDistinct", ErrorCode::kInvalidInput,
                   "Two or more batch entries in the request have the same Id: " + entry.id + ".",
                   400);
    }
  }
  return {};
}

}  // namespace

// Durable when it returns. Errors: not found, invalid input.
Result<api::PublishResponse> Publish(const api::PublishInput& request, Service& service,
                                     wire::CallContext& /*context*/) {
  if (request.phone_number) {
    return InvalidParameter("PhoneNumber", "text messages are not supported by Usher");
  }
  const std::optional<std::string>& target =
      request.topic_arn ? request.topic_arn : request.target_arn;
  if (!target) return InvalidParameter("TopicArn or TargetArn", "no value for required parameter");
  if (target->find(":endpoint/") != std::string::npos) {
    return InvalidParameter("TargetArn", "mobile endpoints are not supported by Usher");
  }
  const auto draft = MakeDraft(request.message, request.subject, request.message_structure,
                               request.message_attributes, request.message_group_id);
  if (!draft) return draft.error();
  const Catalog catalog(service.store);
  if (const auto topic = catalog.FindTopic(*target); !topic) return topic.error();
  const auto subscriptions = catalog.SubscriptionsOf(*target);
  if (!subscriptions) return subscriptions.error();

  storage::Batch batch;
  AddDeliveries(*draft, *subscriptions, service.clock.Now(), service, batch);
  if (const auto committed = Commit(batch, service); !committed) return committed.error();
  return api::PublishResponse{.message_id = draft->id};
}

// All that is successful is durable when it returns. Errors: not found; those of the batch as a
// whole; those of an entry are told beside it.
Result<api::PublishBatchResponse> PublishBatch(const api::PublishBatchInput& request,
                                               Service& service, wire::CallContext& /*context*/) {
  const auto& entries = request.publish_batch_request_entries;
  if (const auto valid = CheckBatch(entries); !valid) return valid.error();
  const Catalog catalog(service.store);
  if (const auto topic = catalog.FindTopic(request.topic_arn); !topic) return topic.error();
  const auto subscriptions = catalog.SubscriptionsOf(request.topic_arn);
  if (!subscriptions) return subscriptions.error();

  api::PublishBatchResponse response;
  response.successful.emplace();
  response.failed.emplace();
  storage::Batch batch;
  std::size_t size = 0;
  for (const auto& entry : entries) {
    const auto draft = MakeDraft(entry.message, entry.subject, entry.message_structure,
                                 entry.message_attributes, entry.message_group_id);
    if (!draft) {
      response.failed->push_back({.id = entry.id,
                                  .code = draft.error().wire_name,
                                  .message = draft.error().message,
                                  .sender_fault = true});
      continue;
    }
    size += draft->size;
    AddDeliveries(*draft, *subscriptions, service.clock.Now(), service, batch);
    response.successful->push_back({.id = entry.id, .message_id = draft->id});
  }
  if (size > kMaxMessageBytes) {
    return Named("BatchRequestTooLong", ErrorCode::kInvalidInput,
                 "The messages of a batch have at most 262144 bytes together.", 400);
  }
  if (const auto committed = Commit(batch, service); !committed) return committed.error();
  return response;
}

}  // namespace usher::sns
