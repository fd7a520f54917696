// AWS::SNS::Topic, AWS::SNS::Subscription, AWS::SNS::TopicPolicy.
#include <array>

#include "json/json.h"
#include "services/cloudformation/resources/resource_type.h"

namespace usher::cloudformation {
namespace {

constexpr auto kUpdates = OnChange::kUpdates;
constexpr auto kReplaces = OnChange::kReplaces;

constexpr std::string_view kTopicArn = "arn:aws:sns:${Region}:${Account}:${Name}";

Result<void> Subscribe(const Action& action, const Value& subscription) {
  ValueMap input;
  input.Append("TopicArn", action.physical_id);
  input.Append("Protocol", *subscription.Find("Protocol"));
  input.Append("Endpoint", *subscription.Find("Endpoint"));
  const auto answer = action.Call("sns", "Subscribe", std::move(input));
  if (!answer) return answer.error();
  return {};
}

// The topic's own list of subscriptions. The service takes the same one twice without another being
// made, so that doing it again after a crash is safe.
Result<void> SubscribeAll(Action& action) {
  const Value* subscriptions = action.Find("Subscription");
  if (subscriptions == nullptr) return {};
  for (const Value& subscription : *subscriptions->as_list()) {
    if (auto done = Subscribe(action, subscription); !done) return done;
  }
  return {};
}

Result<void> CreateTopic(Action& action) {
  ValueMap attributes;
  for (const char* name : {"DisplayName", "KmsMasterKeyId", "TracingConfig", "SignatureVersion"}) {
    if (const Value* value = action.Find(name)) attributes.Append(name, *value);
  }
  ValueMap input;
  input.Append("Name", action.name);
  if (!attributes.empty()) input.Append("Attributes", std::move(attributes));
  if (Value tags = TagsFor(action, "sns", "CreateTopic"); !tags.is_null()) {
    input.Append("Tags", std::move(tags));
  }
  const auto answer = action.Call("sns", "CreateTopic", std::move(input));
  if (!answer) return answer.error();
  action.physical_id = *answer->Find("TopicArn")->as_string();
  return SubscribeAll(action);
}

bool Contains(const Value* list, const Value& item) {
  if (list == nullptr) return false;
  for (const Value& other : *list->as_list()) {
    if (other == item) return true;
  }
  return false;
}

// Ends those of the topic's subscriptions that the template listed and lists no more.
Result<void> UnsubscribeOld(const Action& action) {
  const Value* old = action.before ? action.before->Find("Subscription") : nullptr;
  if (old == nullptr) return {};
  ValueMap input;
  input.Append("TopicArn", action.physical_id);
  while (true) {
    const auto page = action.Call("sns", "ListSubscriptionsByTopic", input);
    if (!page) return page.error();
    for (const Value& there : *page->Find("Subscriptions")->as_list()) {
      ValueMap pair;
      pair.Append("Endpoint", *there.Find("Endpoint"));
      pair.Append("Protocol", *there.Find("Protocol"));
      const auto is_same = [&](const Value& listed) {
        return *listed.Find("Endpoint") == *pair.Find("Endpoint") &&
               *listed.Find("Protocol") == *pair.Find("Protocol");
      };
      bool was = false;
      bool is = false;
      for (const Value& listed : *old->as_list()) was = was || is_same(listed);
      if (const Value* now = action.Find("Subscription")) {
        for (const Value& listed : *now->as_list()) is = is || is_same(listed);
      }
      const std::string& arn = *there.Find("SubscriptionArn")->as_string();
      if (!was || is || !arn.starts_with("arn:")) continue;  // one that is pending has no ARN
      ValueMap end;
      end.Append("SubscriptionArn", arn);
      const auto ended = action.Call("sns", "Unsubscribe", std::move(end));
      if (!ended && ended.error().code != ErrorCode::kNotFound) return ended.error();
    }
    const Value* next = page->Find("NextToken");
    if (next == nullptr || next->as_string() == nullptr) return {};
    input.Set("NextToken", *next);
  }
}

Result<void> SetAttribute(const Action& action, std::string_view operation,
                          const std::string& arn_member, const std::string& arn,
                          const std::string& name, const std::string& value) {
  ValueMap input;
  input.Append(arn_member, arn);
  input.Append("AttributeName", name);
  input.Append("AttributeValue", value);
  const auto answer = action.Call("sns", operation, std::move(input));
  if (!answer) return answer.error();
  return {};
}

Result<void> UpdateTopic(Action& action) {
  for (const char* name : {"DisplayName", "KmsMasterKeyId", "TracingConfig", "SignatureVersion"}) {
    if (!action.Changed(name)) continue;
    const bool is_version = std::string_view(name) == "SignatureVersion";
    const std::string value = action.Find(name) == nullptr && is_version ? "1" : action.Text(name);
    const auto set =
        SetAttribute(action, "SetTopicAttributes", "TopicArn", action.physical_id, name, value);
    if (!set) return set;
  }
  const Value* now = action.Find("Subscription");
  if (now != nullptr) {
    const Value* old = action.before ? action.before->Find("Subscription") : nullptr;
    for (const Value& subscription : *now->as_list()) {
      if (Contains(old, subscription)) continue;
      if (auto done = Subscribe(action, subscription); !done) return done;
    }
  }
  if (auto done = UnsubscribeOld(action); !done) return done;
  return ChangeTags({"sns", "TagResource", {{"ResourceArn", "${Id}"}}}, "UntagResource")(action);
}

// ---- AWS::SNS::Subscription ----

constexpr std::array kSubscriptionAttributes{"DeliveryPolicy", "FilterPolicy", "FilterPolicyScope",
                                             "RawMessageDelivery", "RedrivePolicy"};

std::string AttributeText(const Value& value) {
  return value.as_string() != nullptr ? *value.as_string() : json::Write(value);
}

Result<void> CreateSubscription(Action& action) {
  ValueMap attributes;
  for (const char* name : kSubscriptionAttributes) {
    if (const Value* value = action.Find(name)) attributes.Append(name, AttributeText(*value));
  }
  ValueMap input = action.inputs;
  input.Append("ReturnSubscriptionArn", true);
  if (!attributes.empty()) input.Append("Attributes", std::move(attributes));
  const auto answer = action.Call("sns", "Subscribe", std::move(input));
  if (!answer) return answer.error();
  action.physical_id = *answer->Find("SubscriptionArn")->as_string();
  return {};
}

Result<void> UpdateSubscription(Action& action) {
  for (const char* name : kSubscriptionAttributes) {
    if (!action.Changed(name)) continue;
    const Value* value = action.Find(name);
    const auto set = SetAttribute(action, "SetSubscriptionAttributes", "SubscriptionArn",
                                  action.physical_id, name, value ? AttributeText(*value) : "");
    if (!set) return set;
  }
  return {};
}

Result<void> RemoveSubscription(Action& action) {
  ValueMap input;
  input.Append("SubscriptionArn", action.physical_id);
  const auto answer = action.Call("sns", "Unsubscribe", std::move(input));
  if (!answer && answer.error().code != ErrorCode::kNotFound) return answer.error();
  return {};
}

// ---- AWS::SNS::TopicPolicy ----

Result<void> PutTopicPolicy(Action& action) {
  action.physical_id = action.name;
  for (const Value& topic : *action.Find("Topics")->as_list()) {
    const auto set = SetAttribute(action, "SetTopicAttributes", "TopicArn", *topic.as_string(),
                                  "Policy", action.Text("PolicyDocument"));
    if (!set) return set;
  }
  return {};
}

Result<void> RemoveTopicPolicy(Action& action) {
  for (const Value& topic : *action.Find("Topics")->as_list()) {
    const auto set =
        SetAttribute(action, "SetTopicAttributes", "TopicArn", *topic.as_string(), "Policy", "");
    if (!set && set.error().code != ErrorCode::kNotFound) return set;
  }
  return {};
}

ResourceType Topic() {
  return {.name = "AWS::SNS::Topic",
          .properties = {{"TopicName", Form::Text(), kReplaces},
                         {"DisplayName", Form::Text(), kUpdates},
                         {"KmsMasterKeyId", Form::Text(), kUpdates},
                         {"SignatureVersion", Form::Text(), kUpdates},
                         {"TracingConfig", Form::Text(), kUpdates},
                         {"Subscription",
                          Form::List(Form::Object({{"Endpoint", Form::Text(), kUpdates, true},
                                                   {"Protocol", Form::Text(), kUpdates, true}})),
                          kUpdates},
                         {"Tags", Form::Tags(), kUpdates}},
          .name_style = NameStyle::kGenerated,
          .name_property = "TopicName",
          .max_name = 256,
          .attributes = {{"TopicName", "${Name}"}, {"TopicArn", "${Id}"}},
          .find = Find({"sns", "GetTopicAttributes", {{"TopicArn", std::string(kTopicArn)}}},
                       std::string(kTopicArn)),
          .create = CreateTopic,
          .update = UpdateTopic,
          .remove = Remove({"sns", "DeleteTopic", {{"TopicArn", "${Id}"}}}),
          .needs = {"sns CreateTopic", "sns GetTopicAttributes", "sns SetTopicAttributes",
                    "sns Subscribe", "sns Unsubscribe", "sns TagResource", "sns UntagResource",
                    "sns DeleteTopic"}};
}

ResourceType Subscription() {
  return {.name = "AWS::SNS::Subscription",
          .properties = {{"TopicArn", Form::Text(), kReplaces, true, "TopicArn"},
                         {"Protocol", Form::Text(), kReplaces, true, "Protocol"},
                         {"Endpoint", Form::Text(), kReplaces, false, "Endpoint"},
                         {"FilterPolicy", Form::Json(), kUpdates},
                         {"FilterPolicyScope", Form::Text(), kUpdates},
                         {"RawMessageDelivery", Form::Boolean(), kUpdates},
                         {"RedrivePolicy", Form::Json(), kUpdates},
                         {"DeliveryPolicy", Form::Json(), kUpdates}},
          .attributes = {{"Arn", "${Id}"}},
          .create = CreateSubscription,
          .update = UpdateSubscription,
          .remove = RemoveSubscription,
          .needs = {"sns Subscribe", "sns Unsubscribe", "sns SetSubscriptionAttributes"}};
}

ResourceType TopicPolicy() {
  return {.name = "AWS::SNS::TopicPolicy",
          .properties = {{"Topics", Form::List(Form::Text()), kReplaces, true},
                         {"PolicyDocument", Form::Json(), kUpdates, true}},
          .name_style = NameStyle::kGenerated,
          .attributes = {{"Id", "${Id}"}},
          .create = PutTopicPolicy,
          .update = PutTopicPolicy,
          .remove = RemoveTopicPolicy,
          .needs = {"sns SetTopicAttributes"}};
}

}  // namespace

void AddSnsTypes(std::vector<ResourceType>& types) {
  types.push_back(Topic());
  types.push_back(Subscription());
  types.push_back(TopicPolicy());
}

}  // namespace usher::cloudformation
