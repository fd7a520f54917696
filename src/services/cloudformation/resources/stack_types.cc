// AWS::CloudFormation::Stack: a stack within a stack; AWS::CloudFormation::WaitConditionHandle:
// nothing, which templates use to have something to refer to.
#include "base/value_members.h"
#include "services/cloudformation/resources/resource_type.h"

namespace usher::cloudformation {
namespace {

constexpr auto kUpdates = OnChange::kUpdates;

ValueMap InputOf(const Action& action) {
  ValueMap input;
  input.Append("StackName", action.physical_id.empty() ? action.name : action.physical_id);
  input.Append("TemplateURL", action.Text("TemplateURL"));
  ValueList capabilities;
  for (const std::string& one : action.stack.capabilities) capabilities.emplace_back(one);
  input.Append("Capabilities", std::move(capabilities));
  ValueList parameters;
  if (const Value* given = action.Find("Parameters")) {
    for (const auto& [key, value] : *given->as_map()) {
      ValueMap parameter;
      parameter.Append("ParameterKey", key);
      parameter.Append("ParameterValue", value);
      parameters.push_back(std::move(parameter));
    }
  }
  input.Append("Parameters", std::move(parameters));
  if (const Value* given = action.Find("Tags")) {
    ValueList tags;
    for (const auto& [key, value] : *given->as_map()) {
      ValueMap tag;
      tag.Append("Key", key);
      tag.Append("Value", value);
      tags.push_back(std::move(tag));
    }
    input.Append("Tags", std::move(tags));
  }
  if (const Value* topics = action.Find("NotificationARNs")) {
    input.Append("NotificationARNs", *topics);
  }
  return input;
}

// The stack as DescribeStacks shows it; not found when there is none by this name or id.
Result<Value> Describe(const Action& action) {
  ValueMap input;
  input.Append("StackName", action.physical_id.empty() ? action.name : action.physical_id);
  const auto answer = action.Call("cloudformation", "DescribeStacks", std::move(input));
  if (!answer) return answer.error();
  return answer->Find("Stacks")->as_list()->front();
}

Result<bool> FindStack(Action& action) {
  const auto stack = Describe(action);
  if (!stack && stack.error().code == ErrorCode::kNotFound) return false;
  if (!stack) return stack.error();
  action.physical_id = TextOf(*stack, "StackId");
  return true;
}

Result<void> CreateStack(Action& action) {
  ValueMap input = InputOf(action);
  if (const Value* minutes = action.Find("TimeoutInMinutes")) {
    input.Append("TimeoutInMinutes", *minutes);
  }
  const auto answer = action.Call("cloudformation", "CreateStack", std::move(input));
  if (!answer) return answer.error();
  action.physical_id = TextOf(*answer, "StackId");
  return {};
}

// Found again after a crash, it is being made already: then there is nothing to update. Asked again
// while it is still updating, or tidying up after that, it has begun.
Result<void> UpdateStack(Action& action) {
  if (action.before && action.before->empty()) return {};
  const auto answer = action.Call("cloudformation", "UpdateStack", InputOf(action));
  const bool is_same =
      !answer && answer.error().message.find("No updates are to be performed") != std::string::npos;
  if (answer || is_same) return {};
  const auto now = Describe(action);
  const std::string status = now ? TextOf(*now, "StackStatus") : "";
  if (status.starts_with("UPDATE_") && status.ends_with("_IN_PROGRESS")) return {};
  return answer.error();
}

// With the outputs as attributes.
Result<bool> IsReady(Action& action) {
  const auto stack = Describe(action);
  if (!stack) return stack.error();
  const std::string status = TextOf(*stack, "StackStatus");
  if (status.ends_with("_IN_PROGRESS")) return false;
  if (status != "CREATE_COMPLETE" && status != "UPDATE_COMPLETE") {
    return InUse("Embedded stack " + action.physical_id + " was not successfully created: " +
                 status + ". " + TextOf(*stack, "StackStatusReason"));
  }
  action.attributes.clear();
  if (const Value* outputs = stack->Find("Outputs")) {
    for (const Value& output : *outputs->as_list()) {
      action.attributes["Outputs." + TextOf(output, "OutputKey")] = TextOf(output, "OutputValue");
    }
  }
  return true;
}

Result<bool> IsGone(Action& action) {
  const auto stack = Describe(action);
  if (!stack && stack.error().code == ErrorCode::kNotFound) return true;
  if (!stack) return stack.error();
  const std::string status = TextOf(*stack, "StackStatus");
  if (status == "DELETE_FAILED") {
    return InUse("Embedded stack " + action.physical_id +
                 " was not successfully deleted: " + TextOf(*stack, "StackStatusReason"));
  }
  return status == "DELETE_COMPLETE";
}

Result<void> MakeNothing(Action& action) {
  action.physical_id = action.name;
  return {};
}

}  // namespace

void AddStackTypes(std::vector<ResourceType>& types) {
  types.push_back({.name = "AWS::CloudFormation::Stack",
                   .properties = {{"TemplateURL", Form::Text(), kUpdates, true},
                                  {"Parameters", Form::Map(Form::Text()), kUpdates},
                                  {"Tags", Form::Tags(), kUpdates},
                                  {"NotificationARNs", Form::List(Form::Text()), kUpdates},
                                  {"TimeoutInMinutes", Form::Integer(), kUpdates}},
                   .name_style = NameStyle::kGenerated,
                   .max_name = 128,
                   .find = FindStack,
                   .create = CreateStack,
                   .update = UpdateStack,
                   .remove = Remove({"cloudformation", "DeleteStack", {{"StackName", "${Id}"}}}),
                   .is_ready = IsReady,
                   .is_gone = IsGone,
                   .needs = {"cloudformation CreateStack"}});
  types.push_back({.name = "AWS::CloudFormation::WaitConditionHandle",
                   .name_style = NameStyle::kGenerated,
                   .create = MakeNothing,
                   .remove = [](Action&) { return Result<void>(); }});
}

}  // namespace usher::cloudformation
