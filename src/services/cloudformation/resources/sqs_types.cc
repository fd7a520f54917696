// AWS::SQS::Queue, AWS::SQS::QueuePolicy.
#include <array>

#include "json/json.h"
#include "services/cloudformation/resources/resource_type.h"

namespace usher::cloudformation {
namespace {

// Properties that are attributes of the queue, under the same name. What is taken away from a
// template goes back to its default.
constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kAttributes{
    {{"DelaySeconds", "0"},
     {"MaximumMessageSize", "262144"},
     {"MessageRetentionPeriod", "345600"},
     {"ReceiveMessageWaitTimeSeconds", "0"},
     {"VisibilityTimeout", "30"},
     {"RedrivePolicy", ""},
     {"RedriveAllowPolicy", ""},
     {"KmsMasterKeyId", ""},
     {"KmsDataKeyReusePeriodSeconds", ""},
     {"SqsManagedSseEnabled", ""}}};

ValueMap AttributesOf(const Action& action) {
  ValueMap attributes;
  for (const auto& [name, fallback] : kAttributes) {
    const Value* value = action.Find(name);
    if (value == nullptr && action.before && action.Changed(name)) {
      attributes.Append(std::string(name), fallback);
    } else if (value != nullptr && value->as_string() != nullptr) {
      attributes.Append(std::string(name), *value);
    } else if (value != nullptr) {
      attributes.Append(std::string(name), json::Write(*value));
    }
  }
  return attributes;
}

Result<void> CreateQueue(Action& action) {
  ValueMap input = action.inputs;
  input.Set("QueueName", action.name);
  ValueMap attributes = AttributesOf(action);
  if (const Value* fifo = action.Find("FifoQueue")) attributes.Set("FifoQueue", json::Write(*fifo));
  input.Set("Attributes", std::move(attributes));
  const auto answer = action.Call("sqs", "CreateQueue", std::move(input));
  if (!answer) return answer.error();
  action.physical_id = *answer->Find("QueueUrl")->as_string();
  return {};
}

Result<bool> FindQueue(Action& action) {
  ValueMap input;
  input.Append("QueueName", action.name);
  const auto answer = action.Call("sqs", "GetQueueUrl", std::move(input));
  if (!answer && answer.error().code == ErrorCode::kNotFound) return false;
  if (!answer) return answer.error();
  action.physical_id = *answer->Find("QueueUrl")->as_string();
  return true;
}

Result<void> UpdateQueue(Action& action) {
  if (auto tagged = ChangeTags({"sqs", "TagQueue", {{"QueueUrl", "${Id}"}}}, "UntagQueue")(action);
      !tagged) {
    return tagged;
  }
  ValueMap attributes = AttributesOf(action);
  if (attributes.empty()) return {};
  ValueMap input;
  input.Append("QueueUrl", action.physical_id);
  input.Append("Attributes", std::move(attributes));
  const auto answer = action.Call("sqs", "SetQueueAttributes", std::move(input));
  if (!answer) return answer.error();
  return {};
}

// ---- AWS::SQS::QueuePolicy ----

Result<void> SetPolicy(const Action& action, const Value& queues, const std::string& policy) {
  for (const Value& url : *queues.as_list()) {
    ValueMap attributes;
    attributes.Append("Policy", policy);
    ValueMap input;
    input.Append("QueueUrl", url);
    input.Append("Attributes", std::move(attributes));
    const auto answer = action.Call("sqs", "SetQueueAttributes", std::move(input));
    const bool is_gone = !answer && policy.empty() && answer.error().code == ErrorCode::kNotFound;
    if (!answer && !is_gone) return answer.error();
  }
  return {};
}

Result<void> PutQueuePolicy(Action& action) {
  action.physical_id = action.name;
  return SetPolicy(action, *action.Find("Queues"), action.Text("PolicyDocument"));
}

Result<void> RemoveQueuePolicy(Action& action) {
  return SetPolicy(action, *action.Find("Queues"), "");
}

}  // namespace

void AddSqsTypes(std::vector<ResourceType>& types) {
  constexpr auto kUpdates = OnChange::kUpdates;
  constexpr auto kReplaces = OnChange::kReplaces;
  types.push_back({.name = "AWS::SQS::Queue",
                   .properties = {{"QueueName", Form::Text(), kReplaces, false, "QueueName"},
                                  {"DelaySeconds", Form::Integer(), kUpdates},
                                  {"MaximumMessageSize", Form::Integer(), kUpdates},
                                  {"MessageRetentionPeriod", Form::Integer(), kUpdates},
                                  {"ReceiveMessageWaitTimeSeconds", Form::Integer(), kUpdates},
                                  {"VisibilityTimeout", Form::Integer(), kUpdates},
                                  {"RedrivePolicy", Form::Json(), kUpdates},
                                  {"RedriveAllowPolicy", Form::Json(), kUpdates},
                                  {"FifoQueue", Form::Boolean(), kReplaces},
                                  {"KmsMasterKeyId", Form::Text(), kUpdates},
                                  {"KmsDataKeyReusePeriodSeconds", Form::Integer(), kUpdates},
                                  {"SqsManagedSseEnabled", Form::Boolean(), kUpdates},
                                  {"Tags", Form::Tags(), kUpdates, false, "tags"}},
                   .name_style = NameStyle::kGenerated,
                   .name_property = "QueueName",
                   .max_name = 80,
                   .attributes = {{"Arn", "arn:aws:sqs:${Region}:${Account}:${Name}"},
                                  {"QueueName", "${Name}"},
                                  {"QueueUrl", "${Id}"}},
                   .find = FindQueue,
                   .create = CreateQueue,
                   .update = UpdateQueue,
                   .remove = Remove({"sqs", "DeleteQueue", {{"QueueUrl", "${Id}"}}}),
                   .needs = {"sqs CreateQueue", "sqs GetQueueUrl", "sqs SetQueueAttributes",
                             "sqs TagQueue", "sqs UntagQueue", "sqs DeleteQueue"}});
  types.push_back({.name = "AWS::SQS::QueuePolicy",
                   .properties = {{"Queues", Form::List(Form::Text()), kReplaces, true},
                                  {"PolicyDocument", Form::Json(), kUpdates, true}},
                   .name_style = NameStyle::kGenerated,
                   .attributes = {{"Id", "${Id}"}},
                   .create = PutQueuePolicy,
                   .update = PutQueuePolicy,
                   .remove = RemoveQueuePolicy,
                   .needs = {"sqs SetQueueAttributes"}});
}

}  // namespace usher::cloudformation
