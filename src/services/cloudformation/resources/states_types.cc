// AWS::StepFunctions::StateMachine, AWS::StepFunctions::Activity.
#include "services/cloudformation/resources/resource_type.h"

namespace usher::cloudformation {
namespace {

constexpr auto kUpdates = OnChange::kUpdates;
constexpr auto kReplaces = OnChange::kReplaces;

constexpr std::size_t kMaxDefinitionBytes = 1U << 20;

Result<std::string> FromBucket(const Action& action, const Value& place) {
  ValueMap input;
  input.Append("Bucket", *place.Find("Bucket"));
  input.Append("Key", *place.Find("Key"));
  const auto object = action.Call("s3", "GetObject", std::move(input));
  if (!object) {
    return InvalidInput("the definition cannot be read: " + object.error().message);
  }
  const Value* body = object->Find("Body");
  if (body == nullptr || body->as_stream() == nullptr) return std::string();
  return ReadAll(**body->as_stream(), kMaxDefinitionBytes);
}

// Of the three ways to give one; "${x}" stands for a substitution.
Result<std::string> DefinitionOf(const Action& action) {
  Result<std::string> text = action.Text("DefinitionString");
  if (const Value* place = action.Find("DefinitionS3Location")) text = FromBucket(action, *place);
  if (!action.Text("Definition").empty()) text = action.Text("Definition");
  const Value* substitutions = action.Find("DefinitionSubstitutions");
  if (!text || substitutions == nullptr) return text;
  std::string out;
  std::string_view rest = *text;
  while (!rest.empty()) {
    const std::size_t begin = rest.find("${");
    const std::size_t end = begin == std::string_view::npos ? begin : rest.find('}', begin);
    if (end == std::string_view::npos) break;
    const Value* value = substitutions->Find(rest.substr(begin + 2, end - begin - 2));
    out += rest.substr(0, begin);
    if (value == nullptr) {
      out += rest.substr(begin, end + 1 - begin);
    } else {
      out += *value->as_string();
    }
    rest.remove_prefix(end + 1);
  }
  return out + std::string(rest);
}

// As the service words it: a machine that was never changed has none, and is at INITIAL.
Result<void> ReadRevision(Action& action) {
  ValueMap input;
  input.Append("stateMachineArn", action.physical_id);
  const auto answer = action.Call("stepfunctions", "DescribeStateMachine", std::move(input));
  if (!answer) return answer.error();
  const Value* revision = answer->Find("revisionId");
  const std::string* id = revision == nullptr ? nullptr : revision->as_string();
  action.attributes["StateMachineRevisionId"] = id == nullptr ? "INITIAL" : *id;
  return {};
}

Result<void> CreateMachine(Action& action) {
  const auto definition = DefinitionOf(action);
  if (!definition) return definition.error();
  ValueMap input = action.inputs;
  input.Set("name", action.name);
  input.Set("definition", *definition);
  if (Value tags = TagsFor(action, "stepfunctions", "CreateStateMachine"); !tags.is_null()) {
    input.Set("tags", std::move(tags));
  }
  const auto answer = action.Call("stepfunctions", "CreateStateMachine", std::move(input));
  if (!answer) return answer.error();
  action.physical_id = *answer->Find("stateMachineArn")->as_string();
  return ReadRevision(action);
}

Result<void> UpdateMachine(Action& action) {
  const auto definition = DefinitionOf(action);
  if (!definition) return definition.error();
  ValueMap input;
  input.Append("stateMachineArn", action.physical_id);
  input.Append("definition", *definition);
  for (const char* member : {"roleArn", "loggingConfiguration", "tracingConfiguration"}) {
    if (const Value* value = action.inputs.Find(member)) input.Append(member, *value);
  }
  // What a template no longer gives goes back to what a new machine has.
  if (action.Changed("LoggingConfiguration") && !action.Find("LoggingConfiguration")) {
    ValueMap off;
    off.Append("level", "OFF");
    input.Append("loggingConfiguration", std::move(off));
  }
  if (action.Changed("TracingConfiguration") && !action.Find("TracingConfiguration")) {
    ValueMap off;
    off.Append("enabled", false);
    input.Append("tracingConfiguration", std::move(off));
  }
  const auto answer = action.Call("stepfunctions", "UpdateStateMachine", std::move(input));
  if (!answer) return answer.error();
  return ReadRevision(action);
}

// Its status; "" when there is none, which the service says under a name of its own.
Result<std::string> StatusOf(const Action& action, const std::string& arn) {
  ValueMap input;
  input.Append("stateMachineArn", arn);
  const auto answer = action.Call("stepfunctions", "DescribeStateMachine", std::move(input));
  const bool is_missing = !answer && (answer.error().code == ErrorCode::kNotFound ||
                                      answer.error().wire_name == "StateMachineDoesNotExist");
  if (is_missing) return std::string();
  if (!answer) return answer.error();
  const Value* status = answer->Find("status");
  return status == nullptr || status->as_string() == nullptr ? std::string("ACTIVE")
                                                             : *status->as_string();
}

Result<bool> FindMachine(Action& action) {
  const std::string arn = action.Expand("arn:aws:states:${Region}:${Account}:stateMachine:${Name}");
  const auto status = StatusOf(action, arn);
  if (!status) return status.error();
  if (status->empty() || *status == "DELETING") return false;
  action.physical_id = arn;
  return true;
}

Result<bool> IsGone(Action& action) {
  const auto status = StatusOf(action, action.physical_id);
  if (!status) return status.error();
  return status->empty() || *status == "DELETING";
}

constexpr char kActivityArn[] = "arn:aws:states:${Region}:${Account}:activity:${Name}";

Result<void> CreateActivity(Action& action) {
  ValueMap input = action.inputs;
  if (Value tags = TagsFor(action, "stepfunctions", "CreateActivity"); !tags.is_null()) {
    input.Set("tags", std::move(tags));
  }
  const auto answer = action.Call("stepfunctions", "CreateActivity", std::move(input));
  if (!answer) return answer.error();
  action.physical_id = *answer->Find("activityArn")->as_string();
  return {};
}

}  // namespace

void AddStatesTypes(std::vector<ResourceType>& types) {
  const auto of = [](std::string_view member) {
    return Form::Input("stepfunctions", "CreateStateMachine", member);
  };
  const Step tag{"stepfunctions", "TagResource", {{"resourceArn", "${Id}"}}};
  types.push_back(
      {.name = "AWS::StepFunctions::StateMachine",
       .properties = {{"StateMachineName", Form::Text(), kReplaces},
                      {"StateMachineType", Form::Text(), kReplaces, false, "type"},
                      {"DefinitionString", Form::Text(), kUpdates},
                      {"Definition", Form::Json(), kUpdates},
                      {"DefinitionS3Location",
                       Form::Object({{"Bucket", Form::Text(), kUpdates, true},
                                     {"Key", Form::Text(), kUpdates, true}}),
                       kUpdates},
                      {"DefinitionSubstitutions", Form::Map(Form::Text()), kUpdates},
                      {"RoleArn", Form::Text(), kUpdates, true, "roleArn"},
                      {"LoggingConfiguration", of("loggingConfiguration"), kUpdates, false,
                       "loggingConfiguration"},
                      {"TracingConfiguration", of("tracingConfiguration"), kUpdates, false,
                       "tracingConfiguration"},
                      {"Tags", Form::Tags(), kUpdates}},
       .name_style = NameStyle::kGenerated,
       .name_property = "StateMachineName",
       .max_name = 80,
       .attributes = {{"Arn", "${Id}"},
                      {"Name", "${Name}"},
                      {"StateMachineRevisionId", "${A:StateMachineRevisionId}"}},
       .find = FindMachine,
       .create = CreateMachine,
       .update = Sequence({UpdateMachine, ChangeTags(tag, "UntagResource")}),
       .remove = Remove({"stepfunctions", "DeleteStateMachine", {{"stateMachineArn", "${Id}"}}}),
       .is_gone = IsGone,
       .needs = {"stepfunctions CreateStateMachine", "stepfunctions DescribeStateMachine",
                 "stepfunctions UpdateStateMachine", "stepfunctions DeleteStateMachine",
                 "stepfunctions TagResource", "stepfunctions UntagResource"}});
  types.push_back(
      {.name = "AWS::StepFunctions::Activity",
       .properties = {{"Name", Form::Text(), kReplaces, true, "name"},
                      {"Tags", Form::Tags(), kUpdates}},
       .name_style = NameStyle::kGenerated,
       .name_property = "Name",
       .max_name = 80,
       .attributes = {{"Arn", "${Id}"}, {"Name", "${Name}"}},
       .find = Find({"stepfunctions", "DescribeActivity", {{"activityArn", kActivityArn}}},
                    kActivityArn),
       .create = CreateActivity,
       .update = ChangeTags(tag, "UntagResource"),
       .remove = Remove({"stepfunctions", "DeleteActivity", {{"activityArn", "${Id}"}}}),
       .needs = {"stepfunctions CreateActivity", "stepfunctions DescribeActivity",
                 "stepfunctions DeleteActivity"}});
}

}  // namespace usher::cloudformation
