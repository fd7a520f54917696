// AWS::IAM::Role, AWS::IAM::Policy.
#include <algorithm>

#include "services/cloudformation/resources/resource_type.h"

namespace usher::cloudformation {
namespace {

// By name, as a set of inline policies is kept on a role.
std::map<std::string, std::string> PoliciesOf(const Value* list) {
  std::map<std::string, std::string> policies;
  if (list == nullptr || list->as_list() == nullptr) return policies;
  for (const Value& policy : *list->as_list()) {
    const Value* name = policy.Find("PolicyName");
    const Value* document = policy.Find("PolicyDocument");
    if (name != nullptr && document != nullptr)
      policies[*name->as_string()] = *document->as_string();
  }
  return policies;
}

std::vector<std::string> TextsOf(const Value* list) {
  std::vector<std::string> texts;
  if (list == nullptr || list->as_list() == nullptr) return texts;
  for (const Value& item : *list->as_list()) {
    if (item.as_string() != nullptr) texts.push_back(*item.as_string());
  }
  return texts;
}

const Value* Before(const Action& action, std::string_view property) {
  return action.before ? action.before->Find(property) : nullptr;
}

bool Contains(const std::vector<std::string>& texts, const std::string& text) {
  return std::ranges::find(texts, text) != texts.end();
}

Result<void> CallFor(const Action& action, std::string_view operation, ValueMap input) {
  const auto answer = action.Call("iam", operation, std::move(input));
  if (!answer) return answer.error();
  return {};
}

ValueMap RoleInput(const std::string& role) {
  ValueMap input;
  input.Append("RoleName", role);
  return input;
}

Result<void> PutPolicy(const Action& action, const std::string& role, const std::string& name,
                       const std::string& document) {
  ValueMap input = RoleInput(role);
  input.Append("PolicyName", name);
  input.Append("PolicyDocument", document);
  return CallFor(action, "PutRolePolicy", std::move(input));
}

Result<void> DeletePolicy(const Action& action, const std::string& role, const std::string& name) {
  ValueMap input = RoleInput(role);
  input.Append("PolicyName", name);
  const auto deleted = CallFor(action, "DeleteRolePolicy", std::move(input));
  if (!deleted && deleted.error().code == ErrorCode::kNotFound) return {};
  return deleted;
}

Result<void> Attach(const Action& action, std::string_view operation, const std::string& arn) {
  ValueMap input = RoleInput(action.physical_id);
  input.Append("PolicyArn", arn);
  const auto done = CallFor(action, operation, std::move(input));
  if (!done && done.error().code == ErrorCode::kNotFound && operation == "DetachRolePolicy")
    return {};
  return done;
}

// Policies as the properties say, whatever there is until now.
Result<void> SetPolicies(Action& action) {
  const auto wanted = PoliciesOf(action.Find("Policies"));
  for (const auto& [name, document] : wanted) {
    const auto put = PutPolicy(action, action.physical_id, name, document);
    if (!put) return put;
  }
  for (const auto& [name, document] : PoliciesOf(Before(action, "Policies"))) {
    if (wanted.contains(name)) continue;
    if (auto deleted = DeletePolicy(action, action.physical_id, name); !deleted) return deleted;
  }
  const auto arns = TextsOf(action.Find("ManagedPolicyArns"));
  for (const std::string& arn : arns) {
    if (auto attached = Attach(action, "AttachRolePolicy", arn); !attached) return attached;
  }
  for (const std::string& arn : TextsOf(Before(action, "ManagedPolicyArns"))) {
    if (Contains(arns, arn)) continue;
    if (auto detached = Attach(action, "DetachRolePolicy", arn); !detached) return detached;
  }
  return {};
}

Result<bool> FindRole(Action& action) {
  auto answer = action.Call("iam", "GetRole", RoleInput(action.name));
  if (!answer && answer.error().code == ErrorCode::kNotFound) return false;
  if (!answer) return answer.error();
  action.physical_id = action.name;
  for (const auto& [attribute, path] : {std::pair("Arn", "Role.Arn"), {"RoleId", "Role.RoleId"}}) {
    if (const Value* value = At(*answer, path)) action.attributes[attribute] = *value->as_string();
  }
  return true;
}

Result<void> CreateRole(Action& action) {
  ValueMap input = action.inputs;
  input.Set("RoleName", action.name);
  if (const Value* tags = action.Find("Tags")) {
    ValueList list;
    for (const auto& [key, value] : *tags->as_map()) {
      ValueMap tag;
      tag.Append("Key", key);
      tag.Append("Value", value);
      list.push_back(std::move(tag));
    }
    if (!list.empty()) input.Set("Tags", std::move(list));
  }
  if (auto made = CallFor(action, "CreateRole", std::move(input)); !made) return made;
  if (const auto found = FindRole(action); !found) return found.error();
  return SetPolicies(action);
}

// Policies that others have put on the role stay where they are: then the deletion is refused.
Result<void> RemoveRole(Action& action) {
  const auto gone = [](const Result<void>& done) {
    return !done && done.error().code == ErrorCode::kNotFound;
  };
  for (const auto& [name, document] : PoliciesOf(action.Find("Policies"))) {
    if (auto deleted = DeletePolicy(action, action.physical_id, name); !deleted) return deleted;
  }
  for (const std::string& arn : TextsOf(action.Find("ManagedPolicyArns"))) {
    if (auto detached = Attach(action, "DetachRolePolicy", arn); !detached) return detached;
  }
  const auto deleted = CallFor(action, "DeleteRole", RoleInput(action.physical_id));
  if (gone(deleted)) return {};
  return deleted;
}

// ---- AWS::IAM::Policy: an inline policy on each of its roles ----

Result<void> SetPolicy(Action& action) {
  const auto roles = TextsOf(action.Find("Roles"));
  for (const std::string& role : roles) {
    const auto put =
        PutPolicy(action, role, action.Text("PolicyName"), action.Text("PolicyDocument"));
    if (!put) return put;
    action.physical_id = action.name;
  }
  for (const std::string& role : TextsOf(Before(action, "Roles"))) {
    if (Contains(roles, role)) continue;
    if (auto deleted = DeletePolicy(action, role, action.Text("PolicyName")); !deleted) {
      return deleted;
    }
  }
  return {};
}

Result<void> RemovePolicy(Action& action) {
  for (const std::string& role : TextsOf(action.Find("Roles"))) {
    auto deleted = DeletePolicy(action, role, action.Text("PolicyName"));
    if (!deleted) return deleted;
  }
  return {};
}

}  // namespace

void AddIamTypes(std::vector<ResourceType>& types) {
  constexpr auto kReplaces = OnChange::kReplaces;
  constexpr auto kUpdates = OnChange::kUpdates;
  types.push_back(
      {.name = "AWS::IAM::Role",
       .properties =
           {{"RoleName", Form::Text(), kReplaces, false, "RoleName"},
            {"Path", Form::Text(), kReplaces, false, "Path"},
            {"AssumeRolePolicyDocument", Form::Json(), kReplaces, true, "AssumeRolePolicyDocument"},
            {"Description", Form::Text(), kReplaces, false, "Description"},
            {"MaxSessionDuration", Form::Integer(), kReplaces, false, "MaxSessionDuration"},
            {"PermissionsBoundary", Form::Text(), kReplaces, false, "PermissionsBoundary"},
            {"ManagedPolicyArns", Form::List(Form::Text()), kUpdates},
            {"Policies",
             Form::List(Form::Object({{"PolicyName", Form::Text(), kUpdates, true},
                                      {"PolicyDocument", Form::Json(), kUpdates, true}})),
             kUpdates},
            {"Tags", Form::Tags(), kReplaces}},
       .name_style = NameStyle::kGenerated,
       .name_property = "RoleName",
       .attributes = {{"Arn", "${A:Arn}"}, {"RoleId", "${A:RoleId}"}},
       .find = FindRole,
       .create = CreateRole,
       .update = SetPolicies,
       .remove = RemoveRole,
       .needs = {"iam CreateRole", "iam GetRole", "iam DeleteRole", "iam PutRolePolicy",
                 "iam DeleteRolePolicy", "iam AttachRolePolicy", "iam DetachRolePolicy"},
       .is_iam = true});
  types.push_back({.name = "AWS::IAM::Policy",
                   .properties = {{"PolicyName", Form::Text(), kReplaces, true},
                                  {"PolicyDocument", Form::Json(), kUpdates, true},
                                  {"Roles", Form::List(Form::Text()), kUpdates, true}},
                   .name_style = NameStyle::kGenerated,
                   .attributes = {{"Id", "${Id}"}},
                   .create = SetPolicy,
                   .update = SetPolicy,
                   .remove = RemovePolicy,
                   .needs = {"iam PutRolePolicy", "iam DeleteRolePolicy"},
                   .is_iam = true});
}

}  // namespace usher::cloudformation
