// AWS::Glue::Job.
#include "services/cloudformation/resources/resource_type.h"

namespace usher::cloudformation {
namespace {

constexpr auto kUpdates = OnChange::kUpdates;
constexpr auto kReplaces = OnChange::kReplaces;
constexpr bool kRequired = true;

Result<void> CreateJob(Action& action) {
  ValueMap input = action.inputs;
  input.Set("Name", action.name);
  if (const Value* tags = action.Find("Tags")) input.Set("Tags", *tags);
  const auto answer = action.Call("glue", "CreateJob", std::move(input));
  if (!answer) return answer.error();
  action.physical_id = action.name;
  return {};
}

// Tags that are not given any more go; the others are set.
Result<void> UpdateTags(const Action& action) {
  const std::string arn = action.Expand("arn:aws:glue:${Region}:${Account}:job/${Id}");
  const Value* tags = action.Find("Tags");
  const Value* before = action.before ? action.before->Find("Tags") : nullptr;
  ValueList gone;
  if (before != nullptr && before->as_map() != nullptr) {
    for (const auto& [key, value] : *before->as_map()) {
      if (tags == nullptr || tags->Find(key) == nullptr) gone.push_back(key);
    }
  }
  if (!gone.empty()) {
    ValueMap input;
    input.Append("ResourceArn", arn);
    input.Append("TagsToRemove", std::move(gone));
    const auto answer = action.Call("glue", "UntagResource", std::move(input));
    if (!answer) return answer.error();
  }
  if (tags == nullptr) return {};
  ValueMap input;
  input.Append("ResourceArn", arn);
  input.Append("TagsToAdd", *tags);
  const auto answer = action.Call("glue", "TagResource", std::move(input));
  return answer ? Result<void>() : Result<void>(answer.error());
}

// The update is the whole job: what the template does not hold any more is gone.
Result<void> UpdateJob(Action& action) {
  ValueMap input;
  input.Append("JobName", action.physical_id);
  input.Append("JobUpdate", action.inputs);
  const auto answer = action.Call("glue", "UpdateJob", std::move(input));
  if (!answer) return answer.error();
  return action.Changed("Tags") ? UpdateTags(action) : Result<void>();
}

}  // namespace

void AddGlueTypes(std::vector<ResourceType>& types) {
  const auto of = [](std::string name, bool required = false) {
    Form form = Form::Input("glue", "CreateJob", name);
    return Property{name, std::move(form), kUpdates, required, name};
  };
  const auto texts = [](std::string name) {
    return Property{name, Form::Map(Form::Text()), kUpdates, false, name};
  };
  types.push_back({.name = "AWS::Glue::Job",
                   .properties = {{"Name", Form::Text(), kReplaces},
                                  of("Command", kRequired),
                                  of("Role", kRequired),
                                  texts("DefaultArguments"),
                                  texts("NonOverridableArguments"),
                                  {"Tags", Form::Tags(), kUpdates},
                                  of("AllocatedCapacity"),
                                  of("Connections"),
                                  of("Description"),
                                  of("ExecutionClass"),
                                  of("ExecutionProperty"),
                                  of("GlueVersion"),
                                  of("JobMode"),
                                  of("JobRunQueuingEnabled"),
                                  of("LogUri"),
                                  of("MaintenanceWindow"),
                                  of("MaxCapacity"),
                                  of("MaxRetries"),
                                  of("NotificationProperty"),
                                  of("NumberOfWorkers"),
                                  of("SecurityConfiguration"),
                                  of("Timeout"),
                                  of("WorkerType")},
                   .name_style = NameStyle::kGenerated,
                   .name_property = "Name",
                   .max_name = 255,
                   .find = Find({"glue", "GetJob", {{"JobName", "${Name}"}}}, "${Name}"),
                   .create = CreateJob,
                   .update = UpdateJob,
                   .remove = Remove({"glue", "DeleteJob", {{"JobName", "${Id}"}}}),
                   .needs = {"glue CreateJob", "glue GetJob", "glue UpdateJob", "glue DeleteJob",
                             "glue TagResource", "glue UntagResource"}});
}

}  // namespace usher::cloudformation
