// AWS::Lambda::Function, Permission, EventInvokeConfig, LayerVersion, Version, Alias.
#include <charconv>
#include <cstdint>

#include "services/cloudformation/resources/resource_type.h"
#include "services/cloudformation/resources/source_zip.h"

namespace usher::cloudformation {
namespace {

constexpr auto kUpdates = OnChange::kUpdates;
constexpr auto kReplaces = OnChange::kReplaces;

Result<Value> CallLambda(const Action& action, std::string_view operation, ValueMap input) {
  return action.Call("lambda", operation, std::move(input));
}

Result<void> Do(const Action& action, std::string_view operation, ValueMap input,
                bool missing_is_fine = false) {
  const auto answer = CallLambda(action, operation, std::move(input));
  if (answer) return {};
  if (missing_is_fine && answer.error().code == ErrorCode::kNotFound) return {};
  return answer.error();
}

// Name, version or ARN as the properties say.
ValueMap FunctionInput(const Action& action) {
  ValueMap input;
  input.Append("FunctionName", action.physical_id);
  return input;
}

// ---- AWS::Lambda::Function ----

// Inline source becomes a zip with the file that the handler names.
Result<ValueMap> CodeOf(const Action& action) {
  const Value* given = action.Find("Code");
  ValueMap code = given == nullptr ? ValueMap() : *given->as_map();
  const Value* source = code.Find("ZipFile");
  if (source == nullptr) return code;
  const std::string handler = action.Text("Handler");
  const std::string file = handler.substr(0, handler.find('.')) + ".py";
  auto zip = ZipOf(file, *source->as_string());
  if (!zip) return zip.error();
  code.Set("ZipFile", Blob{*std::move(zip)});
  return code;
}

Result<void> SetConcurrency(const Action& action) {
  if (!action.Changed("ReservedConcurrentExecutions")) return {};
  const Value* reserved = action.Find("ReservedConcurrentExecutions");
  ValueMap input = FunctionInput(action);
  if (reserved == nullptr) return Do(action, "DeleteFunctionConcurrency", std::move(input));
  input.Append("ReservedConcurrentExecutions", *reserved);
  return Do(action, "PutFunctionConcurrency", std::move(input));
}

Result<void> CreateFunction(Action& action) {
  auto code = CodeOf(action);
  if (!code) return code.error();
  ValueMap input = action.inputs;
  input.Set("FunctionName", action.name);
  input.Set("Code", *std::move(code));
  if (auto made = Do(action, "CreateFunction", std::move(input)); !made) return made;
  action.physical_id = action.name;
  return SetConcurrency(action);
}

Result<bool> FindFunction(Action& action) {
  ValueMap input;
  input.Append("FunctionName", action.name);
  const auto answer = CallLambda(action, "GetFunctionConfiguration", std::move(input));
  if (!answer && answer.error().code == ErrorCode::kNotFound) return false;
  if (!answer) return answer.error();
  action.physical_id = action.name;
  return true;
}

// What an update of a function would leave as it was, when a template no longer gives it.
ValueMap ConfigurationDefaults() {
  ValueMap defaults;
  ValueMap tracing;
  tracing.Append("Mode", "PassThrough");
  ValueMap environment;
  environment.Append("Variables", ValueMap());
  defaults.Append("Description", "");
  defaults.Append("Timeout", 3);
  defaults.Append("MemorySize", 128);
  defaults.Append("TracingConfig", std::move(tracing));
  defaults.Append("Environment", std::move(environment));
  defaults.Append("Layers", ValueList());
  defaults.Append("DeadLetterConfig", ValueMap());
  return defaults;
}

Result<void> UpdateCode(const Action& action) {
  if (!action.Changed("Code")) return {};
  auto code = CodeOf(action);
  if (!code) return code.error();
  if (code->empty()) return {};
  ValueMap input = FunctionInput(action);
  for (const auto& [name, value] : *code) input.Append(name, value);
  return Do(action, "UpdateFunctionCode", std::move(input));
}

Result<void> UpdateConfiguration(const Action& action) {
  ValueMap input = FunctionInput(action);
  const ValueMap defaults = ConfigurationDefaults();
  for (const char* name : {"Role", "Handler", "Description", "Timeout", "MemorySize", "Runtime",
                           "KMSKeyArn", "TracingConfig", "Environment", "Layers",
                           "DeadLetterConfig", "EphemeralStorage", "LoggingConfig"}) {
    if (!action.Changed(name == std::string_view("KMSKeyArn") ? "KmsKeyArn" : name)) continue;
    const Value* value = action.inputs.Find(name);
    if (value == nullptr) value = defaults.Find(name);
    if (value != nullptr) input.Append(name, *value);
  }
  if (input.size() == 1) return {};
  return Do(action, "UpdateFunctionConfiguration", std::move(input));
}

constexpr char kFunctionArn[] = "arn:aws:lambda:${Region}:${Account}:function:${Id}";

Result<void> UpdateFunction(Action& action) {
  if (auto done = UpdateCode(action); !done) return done;
  if (auto done = UpdateConfiguration(action); !done) return done;
  const auto tag =
      ChangeTags({"lambda", "TagResource", {{"Resource", kFunctionArn}}}, "UntagResource");
  if (auto done = tag(action); !done) return done;
  return SetConcurrency(action);
}

Form Of(std::string_view member) { return Form::Input("lambda", "CreateFunction", member); }

ResourceType Function() {
  return {.name = "AWS::Lambda::Function",
          .properties =
              {{"FunctionName", Form::Text(), kReplaces},
               {"Code", Form::Object({{"S3Bucket", Form::Text()},
                                      {"S3Key", Form::Text()},
                                      {"S3ObjectVersion", Form::Text()},
                                      {"ZipFile", Form::Text()},
                                      {"ImageUri", Form::Text()}})},
               {"Role", Form::Text(), kUpdates, true, "Role"},
               {"Handler", Form::Text(), kUpdates, false, "Handler"},
               {"Runtime", Form::Text(), kUpdates, false, "Runtime"},
               {"Description", Form::Text(), kUpdates, false, "Description"},
               {"Timeout", Form::Integer(), kUpdates, false, "Timeout"},
               {"MemorySize", Form::Integer(), kUpdates, false, "MemorySize"},
               {"ReservedConcurrentExecutions", Form::Integer(), kUpdates},
               {"TracingConfig", Of("TracingConfig"), kUpdates, false, "TracingConfig"},
               {"Layers", Form::List(Form::Text()), kUpdates, false, "Layers"},
               {"Environment", Of("Environment"), kUpdates, false, "Environment"},
               {"DeadLetterConfig", Of("DeadLetterConfig"), kUpdates, false, "DeadLetterConfig"},
               {"KmsKeyArn", Form::Text(), kUpdates, false, "KMSKeyArn"},
               {"PackageType", Form::Text(), kReplaces, false, "PackageType"},
               {"Architectures", Form::List(Form::Text()), kReplaces, false, "Architectures"},
               {"EphemeralStorage", Of("EphemeralStorage"), kUpdates, false, "EphemeralStorage"},
               {"LoggingConfig", Of("LoggingConfig"), kUpdates, false, "LoggingConfig"},
               {"VpcConfig", Of("VpcConfig"), kReplaces, false, "VpcConfig"},
               {"Tags", Form::Tags(), kUpdates, false, "Tags"}},
          .name_style = NameStyle::kGenerated,
          .name_property = "FunctionName",
          .attributes = {{"Arn", kFunctionArn}},
          .find = FindFunction,
          .create = CreateFunction,
          .update = UpdateFunction,
          .remove = Remove({"lambda", "DeleteFunction", {{"FunctionName", "${Id}"}}}),
          .needs = {"lambda CreateFunction", "lambda GetFunctionConfiguration",
                    "lambda UpdateFunctionCode", "lambda UpdateFunctionConfiguration",
                    "lambda PutFunctionConcurrency", "lambda DeleteFunctionConcurrency",
                    "lambda TagResource", "lambda UntagResource", "lambda DeleteFunction"}};
}

// ---- AWS::Lambda::Permission ----

// After a crash the statement may be there already: it has an id that nobody else makes.
Result<void> CreatePermission(Action& action) {
  ValueMap input = action.inputs;
  input.Set("StatementId", action.name);
  const auto made = Do(action, "AddPermission", std::move(input));
  if (!made && made.error().code != ErrorCode::kAlreadyExists) return made;
  action.physical_id = action.name;
  return {};
}

Result<void> RemovePermission(Action& action) {
  ValueMap input;
  input.Append("FunctionName", action.Text("FunctionName"));
  input.Append("StatementId", action.physical_id);
  return Do(action, "RemovePermission", std::move(input), /*missing_is_fine=*/true);
}

ResourceType Permission() {
  return {
      .name = "AWS::Lambda::Permission",
      .properties = {{"Action", Form::Text(), kReplaces, true, "Action"},
                     {"FunctionName", Form::Text(), kReplaces, true, "FunctionName"},
                     {"Principal", Form::Text(), kReplaces, true, "Principal"},
                     {"SourceArn", Form::Text(), kReplaces, false, "SourceArn"},
                     {"SourceAccount", Form::Text(), kReplaces, false, "SourceAccount"},
                     {"EventSourceToken", Form::Text(), kReplaces, false, "EventSourceToken"},
                     {"FunctionUrlAuthType", Form::Text(), kReplaces, false, "FunctionUrlAuthType"},
                     {"PrincipalOrgID", Form::Text(), kReplaces, false, "PrincipalOrgID"}},
      .name_style = NameStyle::kGenerated,
      .max_name = 100,
      .attributes = {{"Id", "${Id}"}},
      .create = CreatePermission,
      .remove = RemovePermission,
      .needs = {"lambda AddPermission", "lambda RemovePermission"}};
}

// ---- AWS::Lambda::EventInvokeConfig ----

Result<void> PutInvokeConfig(Action& action) {
  if (auto put = Do(action, "PutFunctionEventInvokeConfig", action.inputs); !put) return put;
  action.physical_id = action.name;
  return {};
}

Result<void> RemoveInvokeConfig(Action& action) {
  ValueMap input;
  input.Append("FunctionName", action.Text("FunctionName"));
  input.Append("Qualifier", action.Text("Qualifier"));
  return Do(action, "DeleteFunctionEventInvokeConfig", std::move(input), /*missing_is_fine=*/true);
}

ResourceType EventInvokeConfig() {
  return {
      .name = "AWS::Lambda::EventInvokeConfig",
      .properties = {{"FunctionName", Form::Text(), kReplaces, true, "FunctionName"},
                     {"Qualifier", Form::Text(), kReplaces, true, "Qualifier"},
                     {"MaximumRetryAttempts", Form::Integer(), kUpdates, false,
                      "MaximumRetryAttempts"},
                     {"MaximumEventAgeInSeconds", Form::Integer(), kUpdates, false,
                      "MaximumEventAgeInSeconds"},
                     {"DestinationConfig",
                      Form::Input("lambda", "PutFunctionEventInvokeConfig", "DestinationConfig"),
                      kUpdates, false, "DestinationConfig"}},
      .name_style = NameStyle::kGenerated,
      .create = PutInvokeConfig,
      .update = PutInvokeConfig,
      .remove = RemoveInvokeConfig,
      .needs = {"lambda PutFunctionEventInvokeConfig", "lambda DeleteFunctionEventInvokeConfig"}};
}

// ---- AWS::Lambda::LayerVersion, Version, Alias ----

Result<void> RemoveLayerVersion(Action& action) {
  const std::string_view arn = action.physical_id;  // …:layer:NAME:VERSION
  const std::size_t colon = arn.rfind(':');
  std::int64_t version = 0;
  std::from_chars(arn.data() + colon + 1, arn.data() + arn.size(), version);
  ValueMap input;
  input.Append("LayerName", arn.substr(0, colon));
  input.Append("VersionNumber", version);
  return Do(action, "DeleteLayerVersion", std::move(input), /*missing_is_fine=*/true);
}

ResourceType LayerVersion() {
  return {.name = "AWS::Lambda::LayerVersion",
          .properties = {{"LayerName", Form::Text(), kReplaces},
                         {"Content", Form::Input("lambda", "PublishLayerVersion", "Content"),
                          kReplaces, true, "Content"},
                         {"Description", Form::Text(), kReplaces, false, "Description"},
                         {"LicenseInfo", Form::Text(), kReplaces, false, "LicenseInfo"},
                         {"CompatibleRuntimes", Form::List(Form::Text()), kReplaces, false,
                          "CompatibleRuntimes"},
                         {"CompatibleArchitectures", Form::List(Form::Text()), kReplaces, false,
                          "CompatibleArchitectures"}},
          .name_style = NameStyle::kGenerated,
          .name_property = "LayerName",
          .max_name = 140,
          .has_own_name = false,  // another version of it is another resource
          .attributes = {{"LayerVersionArn", "${Id}"}},
          .create = Create({"lambda", "PublishLayerVersion", {{"LayerName", "${Name}"}}},
                           "LayerVersionArn"),
          .remove = RemoveLayerVersion,
          .needs = {"lambda PublishLayerVersion", "lambda DeleteLayerVersion"}};
}

Result<void> CreateVersion(Action& action) {
  const auto answer = CallLambda(action, "PublishVersion", action.inputs);
  if (!answer) return answer.error();
  action.physical_id = *answer->Find("FunctionArn")->as_string();
  action.attributes["Version"] = *answer->Find("Version")->as_string();
  return {};
}

ResourceType Version() {
  return {.name = "AWS::Lambda::Version",
          .properties = {{"FunctionName", Form::Text(), kReplaces, true, "FunctionName"},
                         {"Description", Form::Text(), kReplaces, false, "Description"},
                         {"CodeSha256", Form::Text(), kReplaces, false, "CodeSha256"}},
          .attributes = {{"Version", "${A:Version}"}, {"FunctionArn", "${Id}"}},
          .create = CreateVersion,
          .remove = Remove({"lambda", "DeleteFunction", {{"FunctionName", "${Id}"}}}),
          .needs = {"lambda PublishVersion", "lambda DeleteFunction"}};
}

Result<bool> FindAlias(Action& action) {
  ValueMap input;
  input.Append("FunctionName", action.Text("FunctionName"));
  input.Append("Name", action.Text("Name"));
  const auto answer = CallLambda(action, "GetAlias", std::move(input));
  if (!answer && answer.error().code == ErrorCode::kNotFound) return false;
  if (!answer) return answer.error();
  action.physical_id = *answer->Find("AliasArn")->as_string();
  return true;
}

ResourceType Alias() {
  return {.name = "AWS::Lambda::Alias",
          .properties = {{"FunctionName", Form::Text(), kReplaces, true, "FunctionName"},
                         {"Name", Form::Text(), kReplaces, true, "Name"},
                         {"FunctionVersion", Form::Text(), kUpdates, true, "FunctionVersion"},
                         {"Description", Form::Text(), kUpdates, false, "Description"},
                         {"RoutingConfig", Form::Input("lambda", "CreateAlias", "RoutingConfig"),
                          kUpdates, false, "RoutingConfig"}},
          .attributes = {{"AliasArn", "${Id}"}},
          .find = FindAlias,
          .create = Create({"lambda", "CreateAlias"}, "AliasArn"),
          .update = Call({"lambda", "UpdateAlias"}),
          .remove = Remove({"lambda",
                            "DeleteAlias",
                            {{"FunctionName", "${P:FunctionName}"}, {"Name", "${P:Name}"}}}),
          .needs = {"lambda CreateAlias", "lambda UpdateAlias", "lambda DeleteAlias",
                    "lambda GetAlias"}};
}

}  // namespace

void AddLambdaTypes(std::vector<ResourceType>& types) {
  types.push_back(Function());
  types.push_back(Permission());
  types.push_back(EventInvokeConfig());
  types.push_back(LayerVersion());
  types.push_back(Version());
  types.push_back(Alias());
}

}  // namespace usher::cloudformation
