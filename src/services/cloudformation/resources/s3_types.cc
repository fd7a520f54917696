// AWS::S3::Bucket, AWS::S3::BucketPolicy.
#include <array>

#include "services/cloudformation/resources/resource_type.h"

namespace usher::cloudformation {
namespace {

constexpr auto kUpdates = OnChange::kUpdates;
constexpr auto kReplaces = OnChange::kReplaces;

ValueMap BucketInput(const Action& action) {
  ValueMap input;
  input.Append("Bucket", action.physical_id.empty() ? action.name : action.physical_id);
  return input;
}

Result<void> CallS3(const Action& action, std::string_view operation, ValueMap input) {
  const auto answer = action.Call("s3", operation, std::move(input));
  if (!answer) return answer.error();
  return {};
}

// A template speaks of one event and of a Function, a Topic or a Queue; the operation of a list of
// events and of ARNs.
Value RulesOf(const Value& rules, std::string_view target, std::string_view arn) {
  ValueList list;
  for (const Value& rule : *rules.as_list()) {
    ValueMap made;
    made.Append(std::string(arn), *rule.Find(target));
    made.Append("Events", ValueList{*rule.Find("Event")});
    if (const Value* filter = rule.Find("Filter")) {
      ValueMap key;
      if (const Value* given = At(*filter, "S3Key.Rules")) key.Append("FilterRules", *given);
      ValueMap outer;
      outer.Append("Key", std::move(key));
      made.Append("Filter", std::move(outer));
    }
    list.push_back(std::move(made));
  }
  return list;
}

Result<void> SetNotifications(const Action& action) {
  const Value* given = action.Find("NotificationConfiguration");
  if (!action.Changed("NotificationConfiguration")) return {};
  ValueMap configuration;
  if (given != nullptr) {
    for (const auto& [property, member, target, arn] :
         {std::array{"LambdaConfigurations", "LambdaFunctionConfigurations", "Function",
                     "LambdaFunctionArn"},
          std::array{"TopicConfigurations", "TopicConfigurations", "Topic", "TopicArn"},
          std::array{"QueueConfigurations", "QueueConfigurations", "Queue", "QueueArn"}}) {
      const Value* rules = given->Find(property);
      if (rules != nullptr) configuration.Append(member, RulesOf(*rules, target, arn));
    }
  }
  ValueMap input = BucketInput(action);
  input.Append("NotificationConfiguration", std::move(configuration));
  return CallS3(action, "PutBucketNotificationConfiguration", std::move(input));
}

Result<void> SetAcceleration(const Action& action) {
  const Value* given = action.Find("AccelerateConfiguration");
  if (!action.Changed("AccelerateConfiguration")) return {};
  const Value* wanted = given == nullptr ? nullptr : given->Find("AccelerationStatus");
  ValueMap configuration;
  configuration.Append("Status", wanted == nullptr ? Value("Suspended") : *wanted);
  ValueMap input = BucketInput(action);
  input.Append("AccelerateConfiguration", std::move(configuration));
  return CallS3(action, "PutBucketAccelerateConfiguration", std::move(input));
}

Result<void> SetTags(const Action& action) {
  if (!action.Changed("Tags")) return {};
  const Value* tags = action.Find("Tags");
  ValueMap input = BucketInput(action);
  if (tags == nullptr || tags->as_map()->empty()) {
    return CallS3(action, "DeleteBucketTagging", std::move(input));
  }
  ValueList set;
  for (const auto& [key, value] : *tags->as_map()) {
    ValueMap tag;
    tag.Append("Key", key);
    tag.Append("Value", value);
    set.push_back(std::move(tag));
  }
  ValueMap tagging;
  tagging.Append("TagSet", std::move(set));
  input.Append("Tagging", std::move(tagging));
  return CallS3(action, "PutBucketTagging", std::move(input));
}

Result<void> Configure(Action& action) {
  if (auto set = SetTags(action); !set) return set;
  if (auto set = SetAcceleration(action); !set) return set;
  return SetNotifications(action);
}

Result<void> CreateBucket(Action& action) {
  ValueMap input = BucketInput(action);
  if (action.stack.region != wire::kDefaultRegion) {
    ValueMap place;
    place.Append("LocationConstraint", action.stack.region);
    input.Append("CreateBucketConfiguration", std::move(place));
  }
  if (auto made = CallS3(action, "CreateBucket", std::move(input)); !made) return made;
  action.physical_id = action.name;
  return Configure(action);
}

Result<void> PutPolicy(Action& action) {
  ValueMap input;
  input.Append("Bucket", action.Text("Bucket"));
  input.Append("Policy", action.Text("PolicyDocument"));
  if (auto put = CallS3(action, "PutBucketPolicy", std::move(input)); !put) return put;
  action.physical_id = action.Text("Bucket");
  return {};
}

Form Rules(const std::string& target) {
  const Form filter = Form::Object(
      {{"S3Key",
        Form::Object({{"Rules",
                       Form::List(Form::Object({{"Name", Form::Text(), kUpdates, true},
                                                {"Value", Form::Text(), kUpdates, true}})),
                       kUpdates, true}}),
        kUpdates, true}});
  return Form::List(Form::Object({{"Event", Form::Text(), kUpdates, true},
                                  {"Filter", filter},
                                  {target, Form::Text(), kUpdates, true}}));
}

}  // namespace

// Encryption, ownership and the block of public access are kept and change nothing: what they ask
// for is so here in any case (docs/security.md).
void AddS3Types(std::vector<ResourceType>& types) {
  types.push_back(
      {.name = "AWS::S3::Bucket",
       .properties = {{"BucketName", Form::Text(), kReplaces},
                      {"NotificationConfiguration",
                       Form::Object({{"LambdaConfigurations", Rules("Function")},
                                     {"TopicConfigurations", Rules("Topic")},
                                     {"QueueConfigurations", Rules("Queue")}})},
                      {"AccelerateConfiguration",
                       Form::Object({{"AccelerationStatus", Form::Text(), kUpdates, true}})},
                      {"BucketEncryption", Form::Anything()},
                      {"OwnershipControls", Form::Anything()},
                      {"PublicAccessBlockConfiguration", Form::Anything()},
                      {"Tags", Form::Tags()}},
       .name_style = NameStyle::kLower,
       .name_property = "BucketName",
       .max_name = 63,
       .attributes = {{"Arn", "arn:aws:s3:::${Id}"},
                      {"DomainName", "${Id}.s3.amazonaws.com"},
                      {"RegionalDomainName", "${Id}.s3.${Region}.amazonaws.com"},
                      {"DualStackDomainName", "${Id}.s3.dualstack.${Region}.amazonaws.com"}},
       .find = Find({"s3", "HeadBucket", {{"Bucket", "${Name}"}}}, "${Name}"),
       .create = CreateBucket,
       .update = Configure,
       .remove = Remove({"s3", "DeleteBucket", {{"Bucket", "${Id}"}}}),
       .needs = {"s3 CreateBucket", "s3 HeadBucket", "s3 PutBucketNotificationConfiguration",
                 "s3 PutBucketAccelerateConfiguration", "s3 PutBucketTagging",
                 "s3 DeleteBucketTagging", "s3 DeleteBucket"}});
  types.push_back({.name = "AWS::S3::BucketPolicy",
                   .properties = {{"Bucket", Form::Text(), kReplaces, true},
                                  {"PolicyDocument", Form::Json(), kUpdates, true}},
                   .create = PutPolicy,
                   .update = PutPolicy,
                   .remove = Remove({"s3", "DeleteBucketPolicy", {{"Bucket", "${Id}"}}}),
                   .needs = {"s3 PutBucketPolicy", "s3 DeleteBucketPolicy"}});
}

}  // namespace usher::cloudformation
