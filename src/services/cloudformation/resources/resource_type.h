// ResourceType: a row of the table of what a template may hold. It says which properties there are,
// how they become the input of operations, what Ref and Fn::GetAtt give, and how one is made,
// changed and removed: by calls through the dispatcher, as a client would.
//
//   {.name = "AWS::Personalize::Schema",
//    .properties = {{"Name", Form::Text(), kReplaces, kRequired, "name"}, …},
//    .attributes = {{"SchemaArn", "${Id}"}},
//    .find = Find({"personalize", "DescribeSchema", {{"schemaArn", kSchemaArn}}}, kSchemaArn),
//    .create = Create({"personalize", "CreateSchema"}, "schemaArn"),
//    .remove = Remove({"personalize", "DeleteSchema", {{"schemaArn", "${Id}"}}})}
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/value.h"
#include "services/cloudformation/resources/form.h"
#include "wire/dispatcher.h"

namespace usher::cloudformation {

// Of the stack that a resource belongs to.
struct StackFacts {
  std::string id;
  std::string name;
  std::string region;
  std::vector<std::string> capabilities = {};  // that its caller has acknowledged
  std::string root_id = {};                    // of the outermost stack
};

// What one act upon a resource knows and finds out.
struct Action {
  const wire::Dispatcher& dispatcher;
  StackFacts stack;
  std::string logical_id;
  std::string token;  // of this incarnation: makes names that nobody else has
  Time now;

  ValueMap properties = {};             // converted, by their names
  ValueMap inputs = {};                 // the same, by the members of inputs that they fill
  std::optional<ValueMap> before = {};  // update: as they are until now
  std::string physical_id = {};         // "" until it is known
  // For Fn::GetAtt, beside those that the type's table makes of texts.
  std::map<std::string, std::string> attributes = {};

  [[nodiscard]] const Value* Find(std::string_view property) const;
  // "" when the property is not given.
  [[nodiscard]] std::string Text(std::string_view property) const;
  [[nodiscard]] bool Changed(std::string_view property) const;

  // Errors: the operation's own; unsupported when it is not built.
  Result<Value> Call(std::string_view service, std::string_view operation, ValueMap input) const;

  // "${Id}" the physical id, "${Region}", "${Account}", "${Stack}", "${Name}" the given or the
  // made name (see ResourceType::name_property), "${P:X}" property X, "${A:X}" attribute X.
  [[nodiscard]] std::string Expand(std::string_view pattern) const;

  std::string name = {};  // of the resource: given, or made of stack, logical id and token
};

// One call. Its input: what `input` says ("member" -> pattern for Expand), and every property whose
// `member` the operation's input has.
struct Step {
  std::string service;
  std::string operation;
  std::vector<std::pair<std::string, std::string>> input = {};
};

enum class NameStyle {
  kNone,         // the type has no name that a template gives
  kGenerated,    // "<stack>-<logical id>-<token>" when the template gives none
  kLower,        // the same in lower case: S3
  kAlphanumeric  // the same without hyphens
};

struct ResourceType {
  using Act = std::function<Result<void>(Action&)>;
  using Question = std::function<Result<bool>(Action&)>;

  std::string name;
  std::vector<Property> properties;
  NameStyle name_style = NameStyle::kNone;
  std::string name_property = {};
  std::size_t max_name = 64;  // characters of a made name
  bool has_own_name = true;   // false: others may have the same name
  // Fn::GetAtt -> pattern for Expand.
  std::vector<std::pair<std::string, std::string>> attributes = {};
  std::string ref = "${Id}";  // pattern

  // Whether there is one already; sets physical_id (and attributes) when there is. Asked before one
  // is made, so that nobody else's is taken over, and after a crash, to find the own one. Types
  // whose resources are made anew with each call have none.
  Question find = {};
  Act create = {};
  // Without it every change replaces.
  Act update = {};
  // What is not there any more is removed.
  Act remove = {};
  // False while it is being made or removed by its service. Without it, it is at once.
  Question is_ready = {};
  Question is_gone = {};

  // Every operation that it calls, "service Operation": the type is refused while one is not built.
  std::vector<std::string> needs = {};
  // Creating one, or naming one, needs CAPABILITY_IAM or CAPABILITY_NAMED_IAM.
  bool is_iam = false;

  [[nodiscard]] const Property* FindProperty(std::string_view property) const;
  [[nodiscard]] bool HasAttribute(std::string_view attribute) const;
};

// nullptr when there is none.
[[nodiscard]] const ResourceType* FindResourceType(std::string_view name);
// "personalize CreateSchema" of the operations it needs that are not built; empty when all are.
[[nodiscard]] std::vector<std::string> MissingOperations(const ResourceType& type);

// ---- what rows are made of ----

ResourceType::Act Create(Step step, std::string id_path);  // "Role.Arn" in the answer; "" = ${Name}
ResourceType::Act Call(Step step);
// As Call, but what is not there any more is no error.
ResourceType::Act Remove(Step step);
// One after the other, until one fails.
ResourceType::Act Sequence(std::vector<ResourceType::Act> acts);
// Found when the step succeeds; `id` is a pattern.
ResourceType::Question Find(Step step, std::string id);
// By a status in the answer: ACTIVE is ready; one that ends in FAILED is an error with the text at
// `reason_path`; others are not ready.
ResourceType::Question Ready(Step step, std::string status_path, std::string reason_path);
// Gone when the step does not find it.
ResourceType::Question Gone(Step step);

// The property Tags as the operation's own member of this name takes it: a map, or a list of pairs
// under the names of its own. Null when there are none.
Value TagsFor(const Action& action, std::string_view service, std::string_view operation);
// Takes away the tags that are not wanted any more, then gives those that are. `tag` names the
// operation and the member that says whose tags; `untag_operation` takes the same one.
ResourceType::Act ChangeTags(Step tag, std::string untag_operation);

// The member at "a.b.c"; nullptr when there is none.
[[nodiscard]] const Value* At(const Value& value, std::string_view path);

// ---- the rows, by service ----

void AddApiGatewayTypes(std::vector<ResourceType>& types);
void AddGlueTypes(std::vector<ResourceType>& types);
void AddIamTypes(std::vector<ResourceType>& types);
void AddLambdaTypes(std::vector<ResourceType>& types);
void AddLogsTypes(std::vector<ResourceType>& types);
void AddPersonalizeTypes(std::vector<ResourceType>& types);
void AddS3Types(std::vector<ResourceType>& types);
void AddSnsTypes(std::vector<ResourceType>& types);
void AddSqsTypes(std::vector<ResourceType>& types);
void AddStatesTypes(std::vector<ResourceType>& types);
void AddStackTypes(std::vector<ResourceType>& types);

}  // namespace usher::cloudformation
