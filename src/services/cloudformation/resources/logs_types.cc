// AWS::Logs::LogGroup.
#include "services/cloudformation/resources/resource_type.h"

namespace usher::cloudformation {
namespace {

constexpr char kGroupArn[] = "arn:aws:logs:${Region}:${Account}:log-group:${Id}";

// Exactly this name: the operation lists by prefix.
Result<bool> FindGroup(Action& action) {
  ValueMap input;
  input.Append("logGroupNamePrefix", action.name);
  const auto answer = action.Call("logs", "DescribeLogGroups", std::move(input));
  if (!answer) return answer.error();
  const Value* groups = answer->Find("logGroups");
  if (groups == nullptr || groups->as_list() == nullptr) return false;
  for (const Value& group : *groups->as_list()) {
    const Value* name = group.Find("logGroupName");
    if (name != nullptr && *name == Value(action.name)) {
      action.physical_id = action.name;
      return true;
    }
  }
  return false;
}

Result<void> SetRetention(Action& action) {
  const Value* days = action.Find("RetentionInDays");
  ValueMap input;
  input.Append("logGroupName", action.physical_id);
  if (days == nullptr && !action.before) return {};
  if (days != nullptr) input.Append("retentionInDays", *days);
  const auto answer = action.Call(
      "logs", days == nullptr ? "DeleteRetentionPolicy" : "PutRetentionPolicy", std::move(input));
  if (!answer) return answer.error();
  return {};
}

}  // namespace

void AddLogsTypes(std::vector<ResourceType>& types) {
  constexpr auto kReplaces = OnChange::kReplaces;
  types.push_back(
      {.name = "AWS::Logs::LogGroup",
       .properties = {{"LogGroupName", Form::Text(), kReplaces, false, "logGroupName"},
                      {"RetentionInDays", Form::Integer(), OnChange::kUpdates},
                      {"KmsKeyId", Form::Text(), kReplaces, false, "kmsKeyId"},
                      {"LogGroupClass", Form::Text(), kReplaces, false, "logGroupClass"},
                      {"Tags", Form::Tags(), OnChange::kUpdates, false, "tags"}},
       .name_style = NameStyle::kGenerated,
       .name_property = "LogGroupName",
       .max_name = 512,
       .attributes = {{"Arn", std::string(kGroupArn) + ":*"}},
       .find = FindGroup,
       .create = Sequence(
           {Create({"logs", "CreateLogGroup", {{"logGroupName", "${Name}"}}}, ""), SetRetention}),
       .update =
           Sequence({SetRetention, ChangeTags({"logs", "TagResource", {{"resourceArn", kGroupArn}}},
                                              "UntagResource")}),
       .remove = Remove({"logs", "DeleteLogGroup", {{"logGroupName", "${Id}"}}}),
       .needs = {"logs CreateLogGroup", "logs DescribeLogGroups", "logs PutRetentionPolicy",
                 "logs DeleteRetentionPolicy", "logs TagResource", "logs UntagResource",
                 "logs DeleteLogGroup"}});
}

}  // namespace usher::cloudformation
