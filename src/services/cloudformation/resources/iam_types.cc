// AWS::IAM::Role, AWS::IAM::Policy, AWS::IAM::ManagedPolicy.
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

Result<void> Attach(const Action& action, const std::string& role, const std::string& arn) {
  ValueMap input = RoleInput(role);
  input.Append("PolicyArn", arn);
  return CallFor(action, "AttachRolePolicy", std::move(input));
}

Result<void> Detach(const Action& action, const std::string& role, const std::string& arn) {
  ValueMap input = RoleInput(role);
  input.Append("PolicyArn", arn);
  const auto done = CallFor(action, "DetachRolePolicy", std::move(input));
  if (!done && done.error().code == ErrorCode::kNotFound) return {};
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
    if (auto attached = Attach(action, action.physical_id, arn); !attached) return attached;
  }
  for (const std::string& arn : TextsOf(Before(action, "ManagedPolicyArns"))) {
    if (Contains(arns, arn)) continue;
    if (auto detached = Detach(action, action.physical_id, arn); !detached) return detached;
  }
  return {};
}

Result<void> SetBoundary(const Action& action) {
  if (!action.Changed("PermissionsBoundary")) return {};
  ValueMap input = RoleInput(action.physical_id);
  const Value* boundary = action.Find("PermissionsBoundary");
  if (boundary == nullptr) {
    return CallFor(action, "DeleteRolePermissionsBoundary", std::move(input));
  }
  input.Append("PermissionsBoundary", *boundary);
  return CallFor(action, "PutRolePermissionsBoundary", std::move(input));
}

Result<void> UpdateRole(Action& action) {
  if (action.Changed("AssumeRolePolicyDocument")) {
    ValueMap input = RoleInput(action.physical_id);
    input.Append("PolicyDocument", *action.Find("AssumeRolePolicyDocument"));
    if (auto done = CallFor(action, "UpdateAssumeRolePolicy", std::move(input)); !done) return done;
  }
  if (action.Changed("Description") || action.Changed("MaxSessionDuration")) {
    ValueMap input = RoleInput(action.physical_id);
    input.Append("Description", action.Text("Description"));
    if (const Value* seconds = action.Find("MaxSessionDuration")) {
      input.Append("MaxSessionDuration", *seconds);
    }
    if (auto done = CallFor(action, "UpdateRole", std::move(input)); !done) return done;
  }
  if (auto done = SetBoundary(action); !done) return done;
  const auto tag = ChangeTags({"iam", "TagRole", {{"RoleName", "${Id}"}}}, "UntagRole");
  if (auto done = tag(action); !done) return done;
  return SetPolicies(action);
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
  if (Value tags = TagsFor(action, "iam", "CreateRole"); !tags.is_null()) {
    input.Set("Tags", std::move(tags));
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
    if (auto detached = Detach(action, action.physical_id, arn); !detached) return detached;
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

// ---- AWS::IAM::ManagedPolicy ----

Result<bool> FindManagedPolicy(Action& action) {
  const std::string path = action.Find("Path") == nullptr ? "/" : action.Text("Path");
  ValueMap input;
  const std::string arn =
      "arn:aws:iam::" + std::string(wire::kAccountId) + ":policy" + path + action.name;
  input.Append("PolicyArn", arn);
  const auto answer = action.Call("iam", "GetPolicy", std::move(input));
  if (!answer && answer.error().code == ErrorCode::kNotFound) return false;
  if (!answer) return answer.error();
  action.physical_id = arn;
  for (const char* attribute : {"PolicyId", "DefaultVersionId"}) {
    const Value* value = At(*answer, "Policy." + std::string(attribute));
    if (value != nullptr) action.attributes[attribute] = *value->as_string();
  }
  return true;
}

// Attached to the roles of the template, and no more to those that were in it until now.
Result<void> SetRoles(Action& action) {
  const auto roles = TextsOf(action.Find("Roles"));
  for (const std::string& role : roles) {
    if (auto attached = Attach(action, role, action.physical_id); !attached) return attached;
  }
  for (const std::string& role : TextsOf(Before(action, "Roles"))) {
    if (Contains(roles, role)) continue;
    if (auto detached = Detach(action, role, action.physical_id); !detached) return detached;
  }
  return {};
}

Result<void> CreateManagedPolicy(Action& action) {
  ValueMap input = action.inputs;
  input.Set("PolicyName", action.name);
  if (auto made = CallFor(action, "CreatePolicy", std::move(input)); !made) return made;
  if (const auto found = FindManagedPolicy(action); !found) return found.error();
  return SetRoles(action);
}

ValueMap PolicyInput(const Action& action) {
  ValueMap input;
  input.Append("PolicyArn", action.physical_id);
  return input;
}

// The oldest first.
Result<std::vector<std::string>> VersionsBesideDefault(const Action& action) {
  const auto answer = action.Call("iam", "ListPolicyVersions", PolicyInput(action));
  if (!answer) return answer.error();
  std::vector<std::string> versions;
  for (const Value& version : *answer->Find("Versions")->as_list()) {
    if (*version.Find("IsDefaultVersion") == Value(true)) continue;
    versions.insert(versions.begin(), *version.Find("VersionId")->as_string());
  }
  return versions;
}

Result<void> DeleteVersion(const Action& action, const std::string& version) {
  ValueMap input = PolicyInput(action);
  input.Append("VersionId", version);
  return CallFor(action, "DeletePolicyVersion", std::move(input));
}

// A change of the document is a new version; the oldest makes room for it.
Result<void> UpdateManagedPolicy(Action& action) {
  constexpr std::size_t max_others = 4;
  if (action.Changed("PolicyDocument")) {
    const auto others = VersionsBesideDefault(action);
    if (!others) return others.error();
    if (others->size() >= max_others) {
      if (auto deleted = DeleteVersion(action, others->front()); !deleted) return deleted;
    }
    ValueMap input = PolicyInput(action);
    input.Append("PolicyDocument", *action.Find("PolicyDocument"));
    input.Append("SetAsDefault", true);
    if (auto made = CallFor(action, "CreatePolicyVersion", std::move(input)); !made) return made;
    if (const auto found = FindManagedPolicy(action); !found) return found.error();
  }
  return SetRoles(action);
}

// Where others have attached it, it stays: then the deletion is refused.
Result<void> RemoveManagedPolicy(Action& action) {
  for (const std::string& role : TextsOf(action.Find("Roles"))) {
    if (auto detached = Detach(action, role, action.physical_id); !detached) return detached;
  }
  const auto others = VersionsBesideDefault(action);
  if (!others && others.error().code == ErrorCode::kNotFound) return {};
  if (!others) return others.error();
  for (const std::string& version : *others) {
    if (auto deleted = DeleteVersion(action, version); !deleted) return deleted;
  }
  return CallFor(action, "DeletePolicy", PolicyInput(action));
}

}  // namespace

void AddIamTypes(std::vector<ResourceType>& types) {
  constexpr auto kReplaces = OnChange::kReplaces;
  constexpr auto kUpdates = OnChange::kUpdates;
  types.push_back(
      {.name = "AWS::IAM::Role",
       .properties = {{"RoleName", Form::Text(), kReplaces, false, "RoleName"},
                      {"Path", Form::Text(), kReplaces, false, "Path"},
                      {"AssumeRolePolicyDocument", Form::Json(), kUpdates, true,
                       "AssumeRolePolicyDocument"},
                      {"Description", Form::Text(), kUpdates, false, "Description"},
                      {"MaxSessionDuration", Form::Integer(), kUpdates, false,
                       "MaxSessionDuration"},
                      {"PermissionsBoundary", Form::Text(), kUpdates, false, "PermissionsBoundary"},
                      {"ManagedPolicyArns", Form::List(Form::Text()), kUpdates},
                      {"Policies",
                       Form::List(Form::Object({{"PolicyName", Form::Text(), kUpdates, true},
                                                {"PolicyDocument", Form::Json(), kUpdates, true}})),
                       kUpdates},
                      {"Tags", Form::Tags(), kUpdates}},
       .name_style = NameStyle::kGenerated,
       .name_property = "RoleName",
       .attributes = {{"Arn", "${A:Arn}"}, {"RoleId", "${A:RoleId}"}},
       .find = FindRole,
       .create = CreateRole,
       .update = UpdateRole,
       .remove = RemoveRole,
       .needs = {"iam CreateRole", "iam GetRole", "iam DeleteRole", "iam PutRolePolicy",
                 "iam DeleteRolePolicy", "iam AttachRolePolicy", "iam DetachRolePolicy",
                 "iam UpdateRole", "iam UpdateAssumeRolePolicy", "iam TagRole", "iam UntagRole",
                 "iam PutRolePermissionsBoundary", "iam DeleteRolePermissionsBoundary"},
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
  types.push_back(
      {.name = "AWS::IAM::ManagedPolicy",
       .properties = {{"ManagedPolicyName", Form::Text(), kReplaces},
                      {"Path", Form::Text(), kReplaces, false, "Path"},
                      {"Description", Form::Text(), kReplaces, false, "Description"},
                      {"PolicyDocument", Form::Json(), kUpdates, true, "PolicyDocument"},
                      {"Roles", Form::List(Form::Text()), kUpdates}},
       .name_style = NameStyle::kGenerated,
       .name_property = "ManagedPolicyName",
       .max_name = 128,
       .attributes = {{"PolicyArn", "${Id}"},
                      {"PolicyId", "${A:PolicyId}"},
                      {"DefaultVersionId", "${A:DefaultVersionId}"}},
       .find = FindManagedPolicy,
       .create = CreateManagedPolicy,
       .update = UpdateManagedPolicy,
       .remove = RemoveManagedPolicy,
       .needs = {"iam CreatePolicy", "iam GetPolicy", "iam CreatePolicyVersion",
                 "iam ListPolicyVersions", "iam DeletePolicyVersion", "iam DeletePolicy",
                 "iam AttachRolePolicy", "iam DetachRolePolicy"},
       .is_iam = true});
}

}  // namespace usher::cloudformation
