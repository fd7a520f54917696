// AWS::ApiGateway::RestApi, Resource, Model, RequestValidator, Method, GatewayResponse, Deployment,
// Stage, ApiKey, UsagePlan, UsagePlanKey, Account.
#include <algorithm>
#include <array>
#include <tuple>

#include "json/json.h"
#include "services/cloudformation/resources/resource_type.h"

namespace usher::cloudformation {
namespace {

constexpr auto kUpdates = OnChange::kUpdates;
constexpr auto kReplaces = OnChange::kReplaces;
constexpr bool kRequired = true;

constexpr char kTokenTag[] = "aws:cloudformation:incarnation";

Result<Value> CallApi(const Action& action, std::string_view operation, ValueMap input) {
  return action.Call("apigateway", operation, std::move(input));
}

Result<void> Do(const Action& action, std::string_view operation, ValueMap input) {
  const auto answer = CallApi(action, operation, std::move(input));
  if (!answer) return answer.error();
  return {};
}

std::string TextAt(const Value& value, std::string_view member) {
  const Value* found = value.Find(member);
  return found == nullptr || found->as_string() == nullptr ? "" : *found->as_string();
}

ValueMap OfApi(const Action& action) {
  ValueMap input;
  input.Append("restApiId", action.Text("RestApiId"));
  return input;
}

std::string PatchText(const Value& value) {
  return value.as_string() != nullptr ? *value.as_string() : json::Write(value);
}

void AddPatch(ValueList& patches, const std::string& op, const std::string& path,
              const std::string& value) {
  ValueMap patch;
  patch.Append("op", op);
  patch.Append("path", path);
  if (op != "remove") patch.Append("value", value);
  patches.push_back(std::move(patch));
}

// A patch for each of these properties that has changed.
ValueList PatchesOf(const Action& action,
                    const std::vector<std::pair<std::string, std::string>>& properties) {
  ValueList patches;
  for (const auto& [property, path] : properties) {
    if (!action.Changed(property)) continue;
    const Value* value = action.Find(property);
    AddPatch(patches, "replace", path, value == nullptr ? "" : PatchText(*value));
  }
  return patches;
}

Result<void> Patch(const Action& action, std::string_view operation, ValueMap input,
                   ValueList patches) {
  if (patches.empty()) return {};
  input.Append("patchOperations", std::move(patches));
  return Do(action, operation, std::move(input));
}

// Every item of a listing, by pages.
Result<bool> AnyItem(const Action& action, std::string_view operation, ValueMap input,
                     const std::function<bool(const Value&)>& is_it) {
  while (true) {
    const auto page = CallApi(action, operation, input);
    if (!page && page.error().code == ErrorCode::kNotFound) return false;
    if (!page) return page.error();
    if (const Value* items = page->Find("items"); items != nullptr && items->as_list()) {
      for (const Value& item : *items->as_list()) {
        if (is_it(item)) return true;
      }
    }
    const std::string position = TextAt(*page, "position");
    if (position.empty()) return false;
    input.Set("position", position);
  }
}

// ---- RestApi: its name is not its own, so a tag tells which one is ours ----

Result<void> CreateApi(Action& action) {
  ValueMap input = action.inputs;
  ValueMap tags;
  if (const Value* given = action.Find("Tags")) tags = *given->as_map();
  tags.Set("aws:cloudformation:stack-name", action.stack.name);
  tags.Set("aws:cloudformation:logical-id", action.logical_id);
  tags.Set(kTokenTag, action.token);
  input.Set("name", action.name);
  input.Set("tags", std::move(tags));
  const auto answer = CallApi(action, "CreateRestApi", std::move(input));
  if (!answer) return answer.error();
  action.physical_id = TextAt(*answer, "id");
  action.attributes["RootResourceId"] = TextAt(*answer, "rootResourceId");
  return {};
}

Result<bool> FindApi(Action& action) {
  return AnyItem(action, "GetRestApis", {}, [&](const Value& item) {
    const Value* tags = item.Find("tags");
    if (tags == nullptr || TextAt(*tags, kTokenTag) != action.token) return false;
    action.physical_id = TextAt(item, "id");
    action.attributes["RootResourceId"] = TextAt(item, "rootResourceId");
    return true;
  });
}

// '/' and '~' as patches write them.
std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '/' || c == '~') {
      escaped += c == '/' ? "~1" : "~0";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

// Adds and removes items of a list of texts, which patches name in the path.
void AddItems(ValueList& patches, const std::string& path, const Value* before, const Value* now) {
  const auto has = [](const Value* list, const Value& item) {
    return list != nullptr && list->as_list() != nullptr &&
           std::ranges::find(*list->as_list(), item) != list->as_list()->end();
  };
  for (const auto& [from, other, op] :
       {std::tuple(now, before, "add"), std::tuple(before, now, "remove")}) {
    if (from == nullptr || from->as_list() == nullptr) continue;
    for (const Value& item : *from->as_list()) {
      if (!has(other, item)) AddPatch(patches, op, path + Escaped(*item.as_string()), "");
    }
  }
}

const Value* Before(const Action& action, std::string_view property) {
  return action.before ? action.before->Find(property) : nullptr;
}

// For a member of a property that is an object.
const Value* Within(const Value* object, std::string_view member) {
  return object == nullptr ? nullptr : object->Find(member);
}

// A text that is no longer given is removed, not set to nothing.
void AddOptional(const Action& action, ValueList& patches, const std::string& property,
                 const std::string& path, const std::string& by_default = {}) {
  if (!action.Changed(property)) return;
  const Value* value = action.Find(property);
  const bool is_removed = value == nullptr && by_default.empty();
  AddPatch(patches, is_removed ? "remove" : "replace", path,
           value == nullptr ? by_default : PatchText(*value));
}

constexpr char kApiArn[] = "arn:aws:apigateway:${Region}::/restapis/${Id}";

Result<void> UpdateApi(Action& action) {
  ValueList patches = PatchesOf(action, {{"Description", "/description"}});
  if (action.Changed("Name")) AddPatch(patches, "replace", "/name", action.name);
  AddOptional(action, patches, "Policy", "/policy");
  AddOptional(action, patches, "MinimumCompressionSize", "/minimumCompressionSize");
  AddOptional(action, patches, "ApiKeySourceType", "/apiKeySource", "HEADER");
  AddOptional(action, patches, "DisableExecuteApiEndpoint", "/disableExecuteApiEndpoint", "false");
  AddItems(patches, "/binaryMediaTypes/", Before(action, "BinaryMediaTypes"),
           action.Find("BinaryMediaTypes"));
  if (action.Changed("EndpointConfiguration")) {
    const Value edge = ValueList{"EDGE"};  // what an API has that says nothing
    const Value* was = Within(Before(action, "EndpointConfiguration"), "types");
    const Value* now = Within(action.Find("EndpointConfiguration"), "types");
    AddItems(patches, "/endpointConfiguration/types/", was == nullptr ? &edge : was,
             now == nullptr ? &edge : now);
  }
  ValueMap input;
  input.Append("restApiId", action.physical_id);
  auto patched = Patch(action, "UpdateRestApi", std::move(input), std::move(patches));
  if (!patched) return patched;
  return ChangeTags({"apigateway", "TagResource", {{"resourceArn", kApiArn}}},
                    "UntagResource")(action);
}

ResourceType RestApi() {
  return {
      .name = "AWS::ApiGateway::RestApi",
      .properties = {{"Name", Form::Text(), kUpdates, false, "name"},
                     {"Description", Form::Text(), kUpdates, false, "description"},
                     {"EndpointConfiguration",
                      Form::Input("apigateway", "CreateRestApi", "endpointConfiguration"), kUpdates,
                      false, "endpointConfiguration"},
                     {"BinaryMediaTypes", Form::List(Form::Text()), kUpdates, false,
                      "binaryMediaTypes"},
                     {"ApiKeySourceType", Form::Text(), kUpdates, false, "apiKeySource"},
                     {"MinimumCompressionSize", Form::Integer(), kUpdates, false,
                      "minimumCompressionSize"},
                     {"DisableExecuteApiEndpoint", Form::Boolean(), kUpdates, false,
                      "disableExecuteApiEndpoint"},
                     {"Policy", Form::Json(), kUpdates, false, "policy"},
                     {"Tags", Form::Tags(), kUpdates}},
      .name_style = NameStyle::kGenerated,
      .name_property = "Name",
      .has_own_name = false,
      .attributes = {{"RootResourceId", "${A:RootResourceId}"}, {"RestApiId", "${Id}"}},
      .find = FindApi,
      .create = CreateApi,
      .update = UpdateApi,
      .remove = Remove({"apigateway", "DeleteRestApi", {{"restApiId", "${Id}"}}}),
      .needs = {"apigateway CreateRestApi", "apigateway GetRestApis", "apigateway UpdateRestApi",
                "apigateway DeleteRestApi", "apigateway TagResource", "apigateway UntagResource"}};
}

// ---- Resource ----

Result<bool> FindResource(Action& action) {
  return AnyItem(action, "GetResources", OfApi(action), [&](const Value& item) {
    if (TextAt(item, "parentId") != action.Text("ParentId") ||
        TextAt(item, "pathPart") != action.Text("PathPart")) {
      return false;
    }
    action.physical_id = TextAt(item, "id");
    return true;
  });
}

ResourceType Resource() {
  return {.name = "AWS::ApiGateway::Resource",
          .properties = {{"RestApiId", Form::Text(), kReplaces, kRequired, "restApiId"},
                         {"ParentId", Form::Text(), kReplaces, kRequired, "parentId"},
                         {"PathPart", Form::Text(), kReplaces, kRequired, "pathPart"}},
          .attributes = {{"ResourceId", "${Id}"}},
          .find = FindResource,
          .create = Create({"apigateway", "CreateResource"}, "id"),
          .remove = Remove({"apigateway",
                            "DeleteResource",
                            {{"restApiId", "${P:RestApiId}"}, {"resourceId", "${Id}"}}}),
          .needs = {"apigateway CreateResource", "apigateway GetResources",
                    "apigateway DeleteResource"}};
}

// ---- Model, RequestValidator ----

ResourceType Model() {
  const std::vector<std::pair<std::string, std::string>> id{{"restApiId", "${P:RestApiId}"},
                                                            {"modelName", "${Name}"}};
  return {.name = "AWS::ApiGateway::Model",
          .properties = {{"RestApiId", Form::Text(), kReplaces, kRequired, "restApiId"},
                         {"Name", Form::Text(), kReplaces, false, "name"},
                         {"ContentType", Form::Text(), kReplaces, false, "contentType"},
                         {"Description", Form::Text(), kUpdates, false, "description"},
                         {"Schema", Form::Json(), kUpdates, false, "schema"}},
          .name_style = NameStyle::kAlphanumeric,
          .name_property = "Name",
          .find = Find({"apigateway", "GetModel", id}, "${Name}"),
          .create = [](Action& action) -> Result<void> {
            ValueMap input = action.inputs;
            input.Set("name", action.name);
            if (input.Find("contentType") == nullptr) input.Set("contentType", "application/json");
            action.physical_id = action.name;
            const auto made = Do(action, "CreateModel", std::move(input));
            if (!made) action.physical_id.clear();
            return made;
          },
          .update = [](Action& action) -> Result<void> {
            ValueMap input = OfApi(action);
            input.Append("modelName", action.physical_id);
            return Patch(
                action, "UpdateModel", std::move(input),
                PatchesOf(action, {{"Description", "/description"}, {"Schema", "/schema"}}));
          },
          .remove = Remove({"apigateway", "DeleteModel", id}),
          .needs = {"apigateway CreateModel", "apigateway GetModel", "apigateway UpdateModel",
                    "apigateway DeleteModel"}};
}

ResourceType RequestValidator() {
  return {.name = "AWS::ApiGateway::RequestValidator",
          .properties = {{"RestApiId", Form::Text(), kReplaces, kRequired, "restApiId"},
                         {"Name", Form::Text(), kReplaces, false, "name"},
                         {"ValidateRequestBody", Form::Boolean(), kUpdates, false,
                          "validateRequestBody"},
                         {"ValidateRequestParameters", Form::Boolean(), kUpdates, false,
                          "validateRequestParameters"}},
          .attributes = {{"RequestValidatorId", "${Id}"}},
          .create = Create({"apigateway", "CreateRequestValidator"}, "id"),
          .update = [](Action& action) -> Result<void> {
            ValueMap input = OfApi(action);
            input.Append("requestValidatorId", action.physical_id);
            ValueList patches;
            for (const auto& [property, path] :
                 {std::pair("ValidateRequestBody", "/validateRequestBody"),
                  {"ValidateRequestParameters", "/validateRequestParameters"}}) {
              if (!action.Changed(property)) continue;
              const Value* value = action.Find(property);
              AddPatch(patches, "replace", path, value == nullptr ? "false" : PatchText(*value));
            }
            return Patch(action, "UpdateRequestValidator", std::move(input), std::move(patches));
          },
          .remove = Remove({"apigateway",
                            "DeleteRequestValidator",
                            {{"restApiId", "${P:RestApiId}"}, {"requestValidatorId", "${Id}"}}}),
          .needs = {"apigateway CreateRequestValidator", "apigateway UpdateRequestValidator",
                    "apigateway DeleteRequestValidator"}};
}

// ---- Method: with its integration and the responses of both ----

ValueMap OfMethod(const Action& action) {
  ValueMap input = OfApi(action);
  input.Append("resourceId", action.Text("ResourceId"));
  input.Append("httpMethod", action.Text("HttpMethod"));
  return input;
}

// The members of `given`, with the first letter small, added to the input.
ValueMap WithMembers(ValueMap input, const Value& given, std::string_view left_out = "") {
  for (const auto& [name, value] : *given.as_map()) {
    if (name == left_out) continue;
    std::string member = name;
    member[0] =
        member[0] >= 'A' && member[0] <= 'Z' ? static_cast<char>(member[0] - 'A' + 'a') : member[0];
    input.Set(std::move(member), value);
  }
  return input;
}

Result<void> PutMethod(Action& action) {
  if (auto put = Do(action, "PutMethod", action.inputs); !put) return put;
  action.physical_id = action.name;
  if (const Value* responses = action.Find("MethodResponses")) {
    for (const Value& response : *responses->as_list()) {
      auto put = Do(action, "PutMethodResponse", WithMembers(OfMethod(action), response));
      if (!put) return put;
    }
  }
  const Value* integration = action.Find("Integration");
  if (integration == nullptr) return {};
  ValueMap input = WithMembers(OfMethod(action), *integration, "IntegrationResponses");
  if (auto put = Do(action, "PutIntegration", std::move(input)); !put) return put;
  const Value* responses = integration->Find("IntegrationResponses");
  if (responses == nullptr) return {};
  for (const Value& response : *responses->as_list()) {
    auto put = Do(action, "PutIntegrationResponse", WithMembers(OfMethod(action), response));
    if (!put) return put;
  }
  return {};
}

Result<void> DeleteMethod(Action& action) {
  const auto deleted = Do(action, "DeleteMethod", OfMethod(action));
  if (!deleted && deleted.error().code == ErrorCode::kNotFound) return {};
  return deleted;
}

Result<bool> FindMethod(Action& action) {
  const auto answer = CallApi(action, "GetMethod", OfMethod(action));
  if (!answer && answer.error().code == ErrorCode::kNotFound) return false;
  if (!answer) return answer.error();
  action.physical_id = action.name;
  return true;
}

Form MethodIntegration() {
  const Form texts = Form::Map(Form::Text());
  return Form::Object({{"Type", Form::Text(), kUpdates, kRequired},
                       {"Uri", Form::Text()},
                       {"IntegrationHttpMethod", Form::Text()},
                       {"RequestTemplates", texts},
                       {"RequestParameters", texts},
                       {"PassthroughBehavior", Form::Text()},
                       {"TimeoutInMillis", Form::Integer()},
                       {"ContentHandling", Form::Text()},
                       {"Credentials", Form::Text()},
                       {"ConnectionType", Form::Text()},
                       {"ConnectionId", Form::Text()},
                       {"CacheNamespace", Form::Text()},
                       {"CacheKeyParameters", Form::List(Form::Text())},
                       {"IntegrationResponses",
                        Form::List(Form::Object({{"StatusCode", Form::Text(), kUpdates, kRequired},
                                                 {"SelectionPattern", Form::Text()},
                                                 {"ResponseTemplates", texts},
                                                 {"ResponseParameters", texts},
                                                 {"ContentHandling", Form::Text()}}))}});
}

ResourceType Method() {
  const Form responses =
      Form::List(Form::Object({{"StatusCode", Form::Text(), kUpdates, kRequired},
                               {"ResponseModels", Form::Map(Form::Text())},
                               {"ResponseParameters", Form::Map(Form::Boolean())}}));
  return {
      .name = "AWS::ApiGateway::Method",
      .properties = {{"RestApiId", Form::Text(), kReplaces, kRequired, "restApiId"},
                     {"ResourceId", Form::Text(), kReplaces, kRequired, "resourceId"},
                     {"HttpMethod", Form::Text(), kReplaces, kRequired, "httpMethod"},
                     {"AuthorizationType", Form::Text(), kUpdates, kRequired, "authorizationType"},
                     {"ApiKeyRequired", Form::Boolean(), kUpdates, false, "apiKeyRequired"},
                     {"OperationName", Form::Text(), kUpdates, false, "operationName"},
                     {"RequestParameters", Form::Map(Form::Boolean()), kUpdates, false,
                      "requestParameters"},
                     {"RequestModels", Form::Map(Form::Text()), kUpdates, false, "requestModels"},
                     {"RequestValidatorId", Form::Text(), kUpdates, false, "requestValidatorId"},
                     {"Integration", MethodIntegration()},
                     {"MethodResponses", responses}},
      .name_style = NameStyle::kGenerated,
      .find = FindMethod,
      .create = PutMethod,
      // It has no id of its own: put again, it is the same method.
      .update = Sequence({DeleteMethod, PutMethod}),
      .remove = DeleteMethod,
      .needs = {"apigateway PutMethod", "apigateway GetMethod", "apigateway DeleteMethod",
                "apigateway PutMethodResponse", "apigateway PutIntegration",
                "apigateway PutIntegrationResponse"}};
}

// ---- Deployment, Stage ----

Result<void> DeleteDeployment(Action& action) {
  // The stage that it made itself goes first.
  if (const std::string stage = action.Text("StageName"); !stage.empty()) {
    ValueMap input = OfApi(action);
    input.Append("stageName", stage);
    const auto deleted = Do(action, "DeleteStage", std::move(input));
    if (!deleted && deleted.error().code != ErrorCode::kNotFound) return deleted;
  }
  ValueMap input = OfApi(action);
  input.Append("deploymentId", action.physical_id);
  const auto deleted = Do(action, "DeleteDeployment", std::move(input));
  if (!deleted && deleted.error().code == ErrorCode::kNotFound) return {};
  return deleted;
}

// With the stage that it makes itself, if it names one.
Result<void> CreateDeployment(Action& action) {
  ValueMap input = action.inputs;
  if (const Value* stage = action.Find("StageDescription")) {
    for (const auto& [property, member] : {std::pair("Description", "stageDescription"),
                                           {"TracingEnabled", "tracingEnabled"},
                                           {"Variables", "variables"}}) {
      if (const Value* value = stage->Find(property)) input.Append(member, *value);
    }
  }
  const auto answer = CallApi(action, "CreateDeployment", std::move(input));
  if (!answer) return answer.error();
  action.physical_id = TextAt(*answer, "id");
  return {};
}

ResourceType Deployment() {
  return {.name = "AWS::ApiGateway::Deployment",
          .properties = {{"RestApiId", Form::Text(), kReplaces, kRequired, "restApiId"},
                         {"StageName", Form::Text(), kReplaces, false, "stageName"},
                         {"StageDescription",
                          Form::Object({{"Description", Form::Text()},
                                        {"TracingEnabled", Form::Boolean()},
                                        {"Variables", Form::Map(Form::Text())}}),
                          kReplaces},
                         {"Description", Form::Text(), kUpdates, false, "description"}},
          .attributes = {{"DeploymentId", "${Id}"}},
          .create = CreateDeployment,
          .update = [](Action& action) -> Result<void> {
            ValueMap input = OfApi(action);
            input.Append("deploymentId", action.physical_id);
            return Patch(action, "UpdateDeployment", std::move(input),
                         PatchesOf(action, {{"Description", "/description"}}));
          },
          .remove = DeleteDeployment,
          .needs = {"apigateway CreateDeployment", "apigateway UpdateDeployment",
                    "apigateway DeleteDeployment", "apigateway DeleteStage"}};
}

// Of one method's settings, as patches name them. A template writes the path "/a/b" as "/~1a~1b",
// the root as "/", and all paths as "/*".
std::string SettingKey(const Value& setting) {
  std::string path = TextAt(setting, "ResourcePath");
  const std::string method = TextAt(setting, "HttpMethod");
  if (path == "/*" || path.empty()) {
    path = "*";
  } else if (path.starts_with("/~1")) {
    path.erase(0, 1);
  } else {
    path = Escaped(path);
  }
  return "/" + path + "/" + (method.empty() ? "*" : method);
}

constexpr std::array<std::pair<const char*, const char*>, 8> kSettings{
    {{"MetricsEnabled", "/metrics/enabled"},
     {"DataTraceEnabled", "/logging/dataTrace"},
     {"LoggingLevel", "/logging/loglevel"},
     {"ThrottlingBurstLimit", "/throttling/burstLimit"},
     {"ThrottlingRateLimit", "/throttling/rateLimit"},
     {"CachingEnabled", "/caching/enabled"},
     {"CacheTtlInSeconds", "/caching/ttlInSeconds"},
     {"CacheDataEncrypted", "/caching/dataEncrypted"}}};

void AddSettings(const Action& action, ValueList& patches) {
  if (!action.Changed("MethodSettings")) return;
  // First what was set goes back to its default, then what is wanted is set.
  if (action.before) {
    if (const Value* old = action.before->Find("MethodSettings")) {
      for (const Value& setting : *old->as_list()) {
        for (const auto& [name, path] : kSettings) {
          if (setting.Find(name) == nullptr) continue;
          AddPatch(patches, "remove", SettingKey(setting) + path, "");
        }
      }
    }
  }
  const Value* now = action.Find("MethodSettings");
  if (now == nullptr) return;
  for (const Value& setting : *now->as_list()) {
    for (const auto& [name, path] : kSettings) {
      const Value* value = setting.Find(name);
      if (value == nullptr) continue;
      AddPatch(patches, "replace", SettingKey(setting) + path, PatchText(*value));
    }
  }
}

void AddAccessLog(const Action& action, ValueList& patches) {
  if (!action.Changed("AccessLogSetting")) return;
  const Value* log = action.Find("AccessLogSetting");
  const Value* old_log = action.before ? action.before->Find("AccessLogSetting") : nullptr;
  if (log == nullptr) {
    AddPatch(patches, "remove", "/accessLogSettings", "");
    return;
  }
  for (const auto& [name, path] : {std::pair("DestinationArn", "/accessLogSettings/destinationArn"),
                                   {"Format", "/accessLogSettings/format"}}) {
    const Value* value = log->Find(name);
    if (value == nullptr && (old_log == nullptr || old_log->Find(name) == nullptr)) continue;
    AddPatch(patches, value == nullptr ? "remove" : "replace", path,
             value == nullptr ? "" : PatchText(*value));
  }
}

Result<void> PatchStage(const Action& action, ValueList patches) {
  AddSettings(action, patches);
  AddAccessLog(action, patches);
  ValueMap input = OfApi(action);
  input.Append("stageName", action.physical_id);
  return Patch(action, "UpdateStage", std::move(input), std::move(patches));
}

Result<void> CreateStage(Action& action) {
  if (auto made = Do(action, "CreateStage", action.inputs); !made) return made;
  action.physical_id = action.name;
  return PatchStage(action, {});
}

constexpr char kStageArn[] = "arn:aws:apigateway:${Region}::/restapis/${P:RestApiId}/stages/${Id}";

Result<void> UpdateStage(Action& action) {
  ValueList patches =
      PatchesOf(action, {{"DeploymentId", "/deploymentId"}, {"Description", "/description"}});
  if (action.Changed("TracingEnabled")) {
    const Value* traced = action.Find("TracingEnabled");
    AddPatch(patches, "replace", "/tracingEnabled",
             traced == nullptr ? "false" : PatchText(*traced));
  }
  const Value* now = action.Find("Variables");
  const Value* before = action.before ? action.before->Find("Variables") : nullptr;
  if (now != nullptr && action.Changed("Variables")) {
    for (const auto& [name, value] : *now->as_map()) {
      AddPatch(patches, "replace", "/variables/" + name, PatchText(value));
    }
  }
  if (before != nullptr) {
    for (const auto& [name, value] : *before->as_map()) {
      if (now == nullptr || now->Find(name) == nullptr) {
        AddPatch(patches, "remove", "/variables/" + name, "");
      }
    }
  }
  if (auto patched = PatchStage(action, std::move(patches)); !patched) return patched;
  return ChangeTags({"apigateway", "TagResource", {{"resourceArn", kStageArn}}},
                    "UntagResource")(action);
}

ResourceType Stage() {
  std::vector<Property> setting{{"ResourcePath", Form::Text()}, {"HttpMethod", Form::Text()}};
  for (const char* flag :
       {"MetricsEnabled", "DataTraceEnabled", "CachingEnabled", "CacheDataEncrypted"}) {
    setting.push_back({flag, Form::Boolean()});
  }
  setting.push_back({"LoggingLevel", Form::Text()});
  setting.push_back({"ThrottlingBurstLimit", Form::Integer()});
  setting.push_back({"ThrottlingRateLimit", Form::Number()});
  setting.push_back({"CacheTtlInSeconds", Form::Integer()});
  const std::vector<std::pair<std::string, std::string>> id{{"restApiId", "${P:RestApiId}"},
                                                            {"stageName", "${Name}"}};
  return {
      .name = "AWS::ApiGateway::Stage",
      .properties = {{"RestApiId", Form::Text(), kReplaces, kRequired, "restApiId"},
                     {"StageName", Form::Text(), kReplaces, kRequired, "stageName"},
                     {"DeploymentId", Form::Text(), kUpdates, kRequired, "deploymentId"},
                     {"Description", Form::Text(), kUpdates, false, "description"},
                     {"TracingEnabled", Form::Boolean(), kUpdates, false, "tracingEnabled"},
                     {"Variables", Form::Map(Form::Text()), kUpdates, false, "variables"},
                     {"MethodSettings", Form::List(Form::Object(std::move(setting)))},
                     {"AccessLogSetting",
                      Form::Object({{"DestinationArn", Form::Text()}, {"Format", Form::Text()}})},
                     {"Tags", Form::Tags(), kUpdates, false, "tags"}},
      .name_style = NameStyle::kGenerated,
      .name_property = "StageName",
      .find = Find({"apigateway", "GetStage", id}, "${Name}"),
      .create = CreateStage,
      .update = UpdateStage,
      .remove = Remove({"apigateway", "DeleteStage", id}),
      .needs = {"apigateway CreateStage", "apigateway GetStage", "apigateway UpdateStage",
                "apigateway DeleteStage", "apigateway TagResource", "apigateway UntagResource"}};
}

// ---- GatewayResponse: every kind is there already, until one is put ----

ResourceType GatewayResponse() {
  const auto put = [](Action& action) -> Result<void> {
    if (auto done = Do(action, "PutGatewayResponse", action.inputs); !done) return done;
    action.physical_id = action.name;
    return {};
  };
  return {
      .name = "AWS::ApiGateway::GatewayResponse",
      .properties = {{"RestApiId", Form::Text(), kReplaces, kRequired, "restApiId"},
                     {"ResponseType", Form::Text(), kReplaces, kRequired, "responseType"},
                     {"StatusCode", Form::Text(), kUpdates, false, "statusCode"},
                     {"ResponseParameters", Form::Map(Form::Text()), kUpdates, false,
                      "responseParameters"},
                     {"ResponseTemplates", Form::Map(Form::Text()), kUpdates, false,
                      "responseTemplates"}},
      .name_style = NameStyle::kGenerated,
      .attributes = {{"Id", "${Id}"}},
      .create = put,
      .update = put,
      .remove = Remove({"apigateway",
                        "DeleteGatewayResponse",
                        {{"restApiId", "${P:RestApiId}"}, {"responseType", "${P:ResponseType}"}}}),
      .needs = {"apigateway PutGatewayResponse", "apigateway DeleteGatewayResponse"}};
}

// ---- ApiKey, UsagePlan, UsagePlanKey ----

// A tag tells which key or plan is ours, as with APIs.
ValueMap WithToken(const Action& action) {
  ValueMap tags;
  if (const Value* given = action.Find("Tags")) tags = *given->as_map();
  tags.Set(kTokenTag, action.token);
  return tags;
}

ResourceType::Question FindByToken(std::string operation) {
  return [operation = std::move(operation)](Action& action) -> Result<bool> {
    return AnyItem(action, operation, {}, [&](const Value& item) {
      const Value* tags = item.Find("tags");
      if (tags == nullptr || TextAt(*tags, kTokenTag) != action.token) return false;
      action.physical_id = TextAt(item, "id");
      return true;
    });
  };
}

ResourceType::Act CreateTagged(std::string operation) {
  return [operation = std::move(operation)](Action& action) -> Result<void> {
    ValueMap input = action.inputs;
    input.Set("name", action.name);
    input.Set("tags", WithToken(action));
    const auto answer = CallApi(action, operation, std::move(input));
    if (!answer) return answer.error();
    action.physical_id = TextAt(*answer, "id");
    return {};
  };
}

ResourceType ApiKey() {
  return {
      .name = "AWS::ApiGateway::ApiKey",
      .properties = {{"Name", Form::Text(), kReplaces},
                     {"Value", Form::Text(), kReplaces, false, "value"},
                     {"GenerateDistinctId", Form::Boolean(), kReplaces, false,
                      "generateDistinctId"},
                     {"Enabled", Form::Boolean(), kUpdates, false, "enabled"},
                     {"Description", Form::Text(), kUpdates, false, "description"},
                     {"CustomerId", Form::Text(), kUpdates, false, "customerId"},
                     {"Tags", Form::Tags(), kUpdates}},
      .name_style = NameStyle::kGenerated,
      .name_property = "Name",
      .has_own_name = false,
      .attributes = {{"APIKeyId", "${Id}"}},
      .find = FindByToken("GetApiKeys"),
      .create = CreateTagged("CreateApiKey"),
      .update = [](Action& action) -> Result<void> {
        ValueList patches =
            PatchesOf(action, {{"Description", "/description"}, {"CustomerId", "/customerId"}});
        AddOptional(action, patches, "Enabled", "/enabled", "false");
        ValueMap input;
        input.Append("apiKey", action.physical_id);
        auto patched = Patch(action, "UpdateApiKey", std::move(input), std::move(patches));
        if (!patched) return patched;
        return ChangeTags({"apigateway",
                           "TagResource",
                           {{"resourceArn", "arn:aws:apigateway:${Region}::/apikeys/${Id}"}}},
                          "UntagResource")(action);
      },
      .remove = Remove({"apigateway", "DeleteApiKey", {{"apiKey", "${Id}"}}}),
      .needs = {"apigateway CreateApiKey", "apigateway GetApiKeys", "apigateway UpdateApiKey",
                "apigateway DeleteApiKey", "apigateway TagResource", "apigateway UntagResource"}};
}

constexpr char kPlanKey[] = "${P:KeyId}:${P:UsagePlanId}";

// "API:STAGE" of one of a plan's stages.
std::string StageOf(const Value& stage) {
  return TextAt(stage, "apiId") + ":" + TextAt(stage, "stage");
}

// The stages of before go, those of now come, with their limits.
void AddStages(const Action& action, ValueList& patches) {
  if (!action.Changed("ApiStages")) return;
  if (const Value* old = Before(action, "ApiStages")) {
    for (const Value& stage : *old->as_list()) {
      AddPatch(patches, "remove", "/apiStages", "");
      patches.back().as_map()->Set("value", StageOf(stage));
    }
  }
  const Value* now = action.Find("ApiStages");
  if (now == nullptr) return;
  for (const Value& stage : *now->as_list()) {
    AddPatch(patches, "add", "/apiStages", StageOf(stage));
    const Value* limits = stage.Find("throttle");
    if (limits == nullptr || limits->as_map() == nullptr) continue;
    for (const auto& [method, limit] : *limits->as_map()) {
      const std::size_t slash = method.rfind('/');
      const std::string path = slash == 0 ? "/" : method.substr(0, slash);
      for (const char* member : {"rateLimit", "burstLimit"}) {
        const Value* value = limit.Find(member);
        if (value == nullptr) continue;
        AddPatch(patches, "replace",
                 "/apiStages/" + StageOf(stage) + "/throttle/" + Escaped(path) + "/" +
                     method.substr(slash + 1) + "/" + member,
                 PatchText(*value));
      }
    }
  }
}

Result<void> UpdatePlan(Action& action) {
  ValueList patches = PatchesOf(action, {{"Description", "/description"}});
  if (action.Changed("UsagePlanName")) AddPatch(patches, "replace", "/name", action.name);
  for (const auto& [property, member] : {std::pair("Throttle", "rateLimit"),
                                         {"Throttle", "burstLimit"},
                                         {"Quota", "period"},
                                         {"Quota", "limit"},
                                         {"Quota", "offset"}}) {
    const Value* was = Within(Before(action, property), member);
    const Value* now = Within(action.Find(property), member);
    const std::string path =
        std::string(property == std::string_view("Quota") ? "/quota/" : "/throttle/") + member;
    if (now != nullptr && (was == nullptr || !(*now == *was))) {
      AddPatch(patches, "replace", path, PatchText(*now));
    } else if (now == nullptr && was != nullptr && action.Find(property) != nullptr) {
      AddPatch(patches, "remove", path, "");
    }
  }
  for (const auto& [property, path] : {std::pair("Throttle", "/throttle"), {"Quota", "/quota"}}) {
    if (Before(action, property) != nullptr && action.Find(property) == nullptr) {
      AddPatch(patches, "remove", path, "");
    }
  }
  AddStages(action, patches);
  ValueMap input;
  input.Append("usagePlanId", action.physical_id);
  auto patched = Patch(action, "UpdateUsagePlan", std::move(input), std::move(patches));
  if (!patched) return patched;
  return ChangeTags({"apigateway",
                     "TagResource",
                     {{"resourceArn", "arn:aws:apigateway:${Region}::/usageplans/${Id}"}}},
                    "UntagResource")(action);
}

// A plan with stages cannot be deleted: they leave it first.
Result<void> RemovePlan(Action& action) {
  ValueList patches;
  if (const Value* stages = action.Find("ApiStages")) {
    for (const Value& stage : *stages->as_list()) {
      AddPatch(patches, "remove", "/apiStages", "");
      patches.back().as_map()->Set("value", StageOf(stage));
    }
  }
  ValueMap input;
  input.Append("usagePlanId", action.physical_id);
  for (const auto& done : {Patch(action, "UpdateUsagePlan", input, std::move(patches)),
                           Do(action, "DeleteUsagePlan", input)}) {
    if (!done && done.error().code != ErrorCode::kNotFound) return done;
  }
  return {};
}

ResourceType UsagePlan() {
  const auto of = [](std::string_view member) {
    return Form::Input("apigateway", "CreateUsagePlan", member);
  };
  return {.name = "AWS::ApiGateway::UsagePlan",
          .properties = {{"UsagePlanName", Form::Text(), kUpdates},
                         {"Description", Form::Text(), kUpdates, false, "description"},
                         {"ApiStages", of("apiStages"), kUpdates, false, "apiStages"},
                         {"Throttle", of("throttle"), kUpdates, false, "throttle"},
                         {"Quota", of("quota"), kUpdates, false, "quota"},
                         {"Tags", Form::Tags(), kUpdates}},
          .name_style = NameStyle::kGenerated,
          .name_property = "UsagePlanName",
          .has_own_name = false,
          .attributes = {{"Id", "${Id}"}},
          .find = FindByToken("GetUsagePlans"),
          .create = CreateTagged("CreateUsagePlan"),
          .update = UpdatePlan,
          .remove = RemovePlan,
          .needs = {"apigateway CreateUsagePlan", "apigateway GetUsagePlans",
                    "apigateway UpdateUsagePlan", "apigateway DeleteUsagePlan",
                    "apigateway TagResource", "apigateway UntagResource"}};
}

ResourceType UsagePlanKey() {
  const std::vector<std::pair<std::string, std::string>> id{{"usagePlanId", "${P:UsagePlanId}"},
                                                            {"keyId", "${P:KeyId}"}};
  return {.name = "AWS::ApiGateway::UsagePlanKey",
          .properties = {{"KeyId", Form::Text(), kReplaces, kRequired, "keyId"},
                         {"KeyType", Form::Text(), kReplaces, kRequired, "keyType"},
                         {"UsagePlanId", Form::Text(), kReplaces, kRequired, "usagePlanId"}},
          .attributes = {{"Id", "${P:KeyId}"}},
          .find = Find({"apigateway", "GetUsagePlanKey", id}, kPlanKey),
          .create = [](Action& action) -> Result<void> {
            if (auto made = Do(action, "CreateUsagePlanKey", action.inputs); !made) return made;
            action.physical_id = action.Expand(kPlanKey);
            return {};
          },
          .remove = Remove({"apigateway", "DeleteUsagePlanKey", id}),
          .needs = {"apigateway CreateUsagePlanKey", "apigateway GetUsagePlanKey",
                    "apigateway DeleteUsagePlanKey"}};
}

// ---- Account: there is one; it is not unmade ----

ResourceType Account() {
  const auto put = [](Action& action) -> Result<void> {
    action.physical_id = action.name;
    ValueList patches;
    AddPatch(patches, "replace", "/cloudwatchRoleArn", action.Text("CloudWatchRoleArn"));
    return Patch(action, "UpdateAccount", {}, std::move(patches));
  };
  return {.name = "AWS::ApiGateway::Account",
          .properties = {{"CloudWatchRoleArn", Form::Text()}},
          .name_style = NameStyle::kGenerated,
          .attributes = {{"Id", "${Id}"}},
          .create = put,
          .update = put,
          .remove = [](Action&) { return Result<void>(); },
          .needs = {"apigateway UpdateAccount"}};
}

}  // namespace

void AddApiGatewayTypes(std::vector<ResourceType>& types) {
  types.push_back(RestApi());
  types.push_back(Resource());
  types.push_back(Model());
  types.push_back(RequestValidator());
  types.push_back(Method());
  types.push_back(GatewayResponse());
  types.push_back(Deployment());
  types.push_back(Stage());
  types.push_back(ApiKey());
  types.push_back(UsagePlan());
  types.push_back(UsagePlanKey());
  types.push_back(Account());
}

}  // namespace usher::cloudformation
