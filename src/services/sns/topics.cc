// Operations CreateTopic, DeleteTopic, ListTopics, GetTopicAttributes, SetTopicAttributes.
#include <algorithm>
#include <array>

#include "json/json.h"
#include "services/sns/errors.h"
#include "services/sns/operations.h"
#include "services/sns/tag_rules.h"

namespace usher::sns {
namespace {

constexpr std::size_t kMaxNameBytes = 256;
constexpr std::size_t kMaxDisplayNameBytes = 100;
constexpr std::size_t kMaxAttributeBytes = 30U << 10;

// Kept and given back; nothing here follows from them.
constexpr std::array kKeptAttributes{
    "Policy",
    "DeliveryPolicy",
    "KmsMasterKeyId",
    "TracingConfig",
    "HTTPSuccessFeedbackRoleArn",
    "HTTPSuccessFeedbackSampleRate",
    "HTTPFailureFeedbackRoleArn",
    "LambdaSuccessFeedbackRoleArn",
    "LambdaSuccessFeedbackSampleRate",
    "LambdaFailureFeedbackRoleArn",
    "SQSSuccessFeedbackRoleArn",
    "SQSSuccessFeedbackSampleRate",
    "SQSFailureFeedbackRoleArn",
};

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

Error NoFifo(std::string_view parameter) {
  return InvalidParameter(parameter, "FIFO topics are not supported by Usher");
}

Result<void> CheckName(std::string_view name) {
  if (name.ends_with(".fifo")) return NoFifo("Topic Name");
  if (name.empty() || name.size() > kMaxNameBytes || !std::ranges::all_of(name, IsNameCharacter)) {
    return InvalidParameter("Topic Name",
                            "a name has 1 to 256 letters, digits, hyphens and underscores");
  }
  return {};
}

Result<void> SetAttribute(std::string_view name, const std::string& value, Texts& attributes) {
  const std::string parameter(name);
  if (value.size() > kMaxAttributeBytes) return InvalidParameter(name, "it is too long");
  if (name == "FifoTopic" || name == "ContentBasedDeduplication" || name == "FifoThroughputScope" ||
      name == "ArchivePolicy") {
    if (value == "false") return {};
    return NoFifo(name);
  }
  if (name == "DisplayName") {
    if (value.size() > kMaxDisplayNameBytes ||
        std::ranges::any_of(value, [](char c) { return static_cast<unsigned char>(c) < ' '; })) {
      return InvalidParameter(name, "it is one line of at most 100 characters");
    }
  } else if (name == "SignatureVersion") {
    if (value != "1" && value != "2") return InvalidParameter(name, "it is 1 or 2");
  } else if (name == "Policy" || name == "DeliveryPolicy") {
    const auto parsed = json::Parse(value);
    if (!value.empty() && (!parsed || !parsed->as_map())) {
      return InvalidParameter(name, "it is not a JSON object");
    }
  } else if (std::ranges::find(kKeptAttributes, name) == kKeptAttributes.end()) {
    return InvalidParameter("AttributeName",
                            "topics have no attribute " + parameter + " that can be set");
  }
  if (value.empty() && name != "DisplayName") {
    attributes.erase(parameter);
  } else {
    attributes[parameter] = value;
  }
  return {};
}

std::string DefaultPolicy(const std::string& arn) {
  return R"({"Version":"2008-10-17","Id":"__default_policy_ID","Statement":[{"Sid":"__default_statement_ID",)"
         R"("Effect":"Allow","Principal":{"AWS":"*"},"Action":["SNS:GetTopicAttributes",)"
         R"("SNS:SetTopicAttributes","SNS:AddPermission","SNS:RemovePermission","SNS:DeleteTopic",)"
         R"("SNS:Subscribe","SNS:ListSubscriptionsByTopic","SNS:Publish"],"Resource":")" +
         arn + R"(","Condition":{"StringEquals":{"AWS:SourceOwner":")" +
         std::string(wire::kAccountId) + R"("}}}]})";
}

}  // namespace

// The same name again gives the same topic. Errors: invalid input, also when it was made with other
// attributes or tags.
Result<api::CreateTopicResponse> CreateTopic(const api::CreateTopicInput& request, Service& service,
                                             wire::CallContext& context) {
  if (const auto name = CheckName(request.name); !name) return name.error();
  if (request.data_protection_policy) {
    return InvalidParameter("DataProtectionPolicy", "it is not supported by Usher");
  }
  Topic topic{.arn = "arn:aws:sns:" + context.region + ":" + std::string(wire::kAccountId) + ":" +
                     request.name};
  for (const auto& [name, value] : request.attributes.value_or(Texts())) {
    if (const auto set = SetAttribute(name, value, topic.attributes); !set) return set.error();
  }
  if (const auto tags = AddTags(request.tags.value_or(std::vector<api::Tag>()), topic.tags);
      !tags) {
    return tags.error();
  }

  const Catalog catalog(service.store);
  const auto added = catalog.AddTopic(topic);
  if (!added && added.error().code != ErrorCode::kAlreadyExists) return added.error();
  if (!added) {
    const auto there = catalog.FindTopic(topic.arn);
    if (!there) return there.error();
    for (const auto& [name, value] : topic.attributes) {
      const auto found = there->attributes.find(name);
      if (found == there->attributes.end() || found->second != value) {
        return InvalidParameter("Attributes", "Topic already exists with different attributes");
      }
    }
    if (request.tags && topic.tags != there->tags) {
      return InvalidParameter("Tags", "Topic already exists with different tags");
    }
  }
  return api::CreateTopicResponse{.topic_arn = topic.arn};
}

// Its subscriptions go with it; what is on its way to them is dropped.
Result<api::DeleteTopicResponse> DeleteTopic(const api::DeleteTopicInput& request, Service& service,
                                             wire::CallContext& /*context*/) {
  const auto deleted = Catalog(service.store).DeleteTopic(request.topic_arn);
  if (!deleted) return deleted.error();
  return api::DeleteTopicResponse{};
}

// Errors: invalid token.
Result<api::ListTopicsResponse> ListTopics(const api::ListTopicsInput& request, Service& service,
                                           wire::CallContext& /*context*/) {
  auto page = Catalog(service.store).ListTopics(request.next_token);
  if (!page) return page.error();
  api::ListTopicsResponse response;
  response.topics.emplace();
  for (Topic& topic : page->items) response.topics->push_back({.topic_arn = std::move(topic.arn)});
  response.next_token = page->next_token;
  return response;
}

// Errors: not found.
Result<api::GetTopicAttributesResponse> GetTopicAttributes(
    const api::GetTopicAttributesInput& request, Service& service, wire::CallContext& /*context*/) {
  const Catalog catalog(service.store);
  auto topic = catalog.FindTopic(request.topic_arn);
  if (!topic) return topic.error();
  const auto subscriptions = catalog.SubscriptionsOf(topic->arn);
  if (!subscriptions) return subscriptions.error();
  const auto confirmed = std::ranges::count(*subscriptions, true, &Subscription::confirmed);
  Texts attributes = std::move(topic->attributes);
  attributes["TopicArn"] = topic->arn;
  attributes["Owner"] = wire::kAccountId;
  attributes["SubscriptionsConfirmed"] = std::to_string(confirmed);
  attributes["SubscriptionsPending"] =
      std::to_string(static_cast<std::ptrdiff_t>(subscriptions->size()) - confirmed);
  attributes["SubscriptionsDeleted"] = "0";
  attributes.emplace("DisplayName", "");
  attributes.emplace("Policy", DefaultPolicy(topic->arn));
  return api::GetTopicAttributesResponse{.attributes = std::move(attributes)};
}

// Errors: not found, invalid input.
Result<api::SetTopicAttributesResponse> SetTopicAttributes(
    const api::SetTopicAttributesInput& request, Service& service, wire::CallContext& /*context*/) {
  const auto done = Catalog(service.store).ModifyTopic(request.topic_arn, [&](Topic& topic) {
    return SetAttribute(request.attribute_name, request.attribute_value.value_or(""),
                        topic.attributes);
  });
  if (!done) return done.error();
  return api::SetTopicAttributesResponse{};
}

}  // namespace usher::sns
