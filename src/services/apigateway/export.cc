// Operation GetExport: a stage's deployment as OpenAPI 3 or Swagger 2.0, as JSON. With
// extensions=integrations or extensions=apigateway the integrations are in it too.
// Errors: not found; invalid input for another export type or media type.
#include <algorithm>

#include "base/text.h"
#include "json/json.h"
#include "services/apigateway/errors.h"
#include "services/apigateway/operations.h"

namespace usher::apigateway {
namespace {

using Texts = std::optional<std::map<std::string, std::string>>;

Value Object(std::initializer_list<std::pair<std::string, Value>> members) {
  ValueMap map;
  for (const auto& [name, value] : members) map.Append(name, value);
  return map;
}

class Exporter {
 public:
  Exporter(const Api& api, const api::Stage& stage, bool openapi, bool integrations)
      : api_(api), stage_(stage), openapi_(openapi), integrations_(integrations) {}

  ValueMap Document() const {
    ValueMap out;
    out.Append(openapi_ ? "openapi" : "swagger", openapi_ ? "3.0.1" : "2.0");
    ValueMap info;
    info.Append("title", api_.rest.name.value_or(""));
    if (api_.rest.description) info.Append("description", *api_.rest.description);
    info.Append("version", api_.rest.version.value_or(
                               FormatIso8601(api_.rest.created_date.value_or(Time()), false)));
    out.Append("info", std::move(info));
    const std::string host = api_.id + ".execute-api." + api_.region + ".amazonaws.com";
    const std::string base = "/" + stage_.stage_name.value_or("");
    if (openapi_) {
      ValueMap path;
      path.Append("default", base);
      ValueMap server;
      server.Append("url", "https://" + host + "/{basePath}");
      server.Append("variables", Object({{"basePath", std::move(path)}}));
      out.Append("servers", ValueList{Value(std::move(server))});
    } else {
      out.Append("host", host);
      out.Append("basePath", base);
      out.Append("schemes", ValueList{Value("https")});
    }
    ValueMap paths;
    for (const api::Resource& resource : api_.resources) {
      if (!resource.resource_methods || resource.resource_methods->empty()) continue;
      ValueMap item;
      for (const auto& [verb, method] : *resource.resource_methods) {
        item.Append(verb == "ANY" ? "x-amazon-apigateway-any-method" : AsciiLower(verb),
                    Operation(method));
      }
      paths.Append(resource.path.value_or("/"), std::move(item));
    }
    out.Append("paths", std::move(paths));
    if (ValueMap schemas = Schemas(); !schemas.empty()) {
      if (openapi_) {
        out.Append("components", Object({{"schemas", std::move(schemas)}}));
      } else {
        out.Append("definitions", std::move(schemas));
      }
    }
    return out;
  }

 private:
  [[nodiscard]] Value Reference(const std::string& model) const {
    return Object({{"$ref", (openapi_ ? "#/components/schemas/" : "#/definitions/") + model}});
  }

  [[nodiscard]] Value Content(const Texts& models) const {
    ValueMap content;
    for (const auto& [type, model] : *models) {
      content.Append(type, Object({{"schema", Reference(model)}}));
    }
    return content;
  }

  [[nodiscard]] ValueMap Schemas() const {
    ValueMap schemas;
    for (const api::Model& model : api_.models) {
      auto schema = json::Parse(model.schema.value_or("{}"));
      if (!schema || !schema->as_map()) continue;
      schema->as_map()->Erase("$schema");
      schemas.Append(model.name.value_or(""), *std::move(schema));
    }
    return schemas;
  }

  [[nodiscard]] ValueMap Operation(const api::Method& method) const {
    ValueMap out;
    if (method.operation_name) out.Append("operationId", *method.operation_name);
    ValueList parameters = Parameters(method);
    if (method.request_models && !method.request_models->empty()) {
      if (openapi_) {
        out.Append("requestBody",
                   Object({{"content", Content(method.request_models)}, {"required", true}}));
      } else {
        const auto& [type, model] = *method.request_models->begin();
        parameters.push_back(Object(
            {{"in", "body"}, {"name", model}, {"required", true}, {"schema", Reference(model)}}));
      }
    }
    if (!parameters.empty()) out.Append("parameters", std::move(parameters));
    ValueMap responses;
    if (method.method_responses) {
      for (const auto& [status, response] : *method.method_responses) {
        responses.Append(status, Response(status, response));
      }
    }
    if (!responses.empty() || !openapi_) out.Append("responses", std::move(responses));
    if (integrations_ && method.method_integration) {
      out.Append("x-amazon-apigateway-integration", Integration(*method.method_integration));
    }
    return out;
  }

  [[nodiscard]] ValueList Parameters(const api::Method& method) const {
    ValueList out;
    if (!method.request_parameters) return out;
    for (const auto& [name, required] : *method.request_parameters) {
      const auto end = ParseMappingEnd(name);
      if (!end) continue;
      const std::string_view in = end->place == Place::kPath     ? "path"
                                  : end->place == Place::kHeader ? "header"
                                                                 : "query";
      ValueMap parameter;
      parameter.Append("name", end->name);
      parameter.Append("in", in);
      if (required || in == "path") parameter.Append("required", true);
      if (openapi_) {
        parameter.Append("schema", Object({{"type", "string"}}));
      } else {
        parameter.Append("type", "string");
      }
      out.emplace_back(std::move(parameter));
    }
    return out;
  }

  [[nodiscard]] Value Response(const std::string& status,
                               const api::MethodResponse& response) const {
    ValueMap out;
    out.Append("description", status + " response");
    ValueMap headers;
    if (response.response_parameters) {
      for (const auto& [name, required] : *response.response_parameters) {
        const auto end = ParseMappingEnd(name);
        if (!end) continue;
        headers.Append(end->name, openapi_ ? Object({{"schema", Object({{"type", "string"}})}})
                                           : Object({{"type", "string"}}));
      }
    }
    if (!headers.empty()) out.Append("headers", std::move(headers));
    if (response.response_models && !response.response_models->empty()) {
      if (openapi_) {
        out.Append("content", Content(response.response_models));
      } else {
        out.Append("schema", Reference(response.response_models->begin()->second));
      }
    } else if (openapi_) {
      out.Append("content", ValueMap());
    }
    return out;
  }

  static ValueMap Integration(const api::Integration& integration) {
    ValueMap out;
    const auto text = [&](std::string name, const std::optional<std::string>& value) {
      if (value && !value->empty()) out.Append(std::move(name), *value);
    };
    const auto map = [](const Texts& values) {
      ValueMap members;
      for (const auto& [name, value] : *values) members.Append(name, value);
      return members;
    };
    text("uri", integration.uri);
    text("httpMethod", integration.http_method);
    out.Append("type", AsciiLower(integration.type.value_or("")));
    if (integration.request_parameters && !integration.request_parameters->empty()) {
      out.Append("requestParameters", map(integration.request_parameters));
    }
    if (integration.request_templates && !integration.request_templates->empty()) {
      out.Append("requestTemplates", map(integration.request_templates));
    }
    ValueMap responses;
    if (integration.integration_responses) {
      for (const auto& [status, response] : *integration.integration_responses) {
        ValueMap one;
        one.Append("statusCode", status);
        if (response.response_parameters && !response.response_parameters->empty()) {
          one.Append("responseParameters", map(response.response_parameters));
        }
        if (response.response_templates && !response.response_templates->empty()) {
          one.Append("responseTemplates", map(response.response_templates));
        }
        const std::string pattern = response.selection_pattern.value_or("");
        responses.Set(pattern.empty() ? "default" : pattern, std::move(one));
      }
    }
    if (!responses.empty()) out.Append("responses", std::move(responses));
    out.Append("passthroughBehavior",
               AsciiLower(integration.passthrough_behavior.value_or("WHEN_NO_MATCH")));
    out.Append("timeoutInMillis", integration.timeout_in_millis.value_or(29'000));
    return out;
  }

  const Api& api_;
  const api::Stage& stage_;
  bool openapi_;
  bool integrations_;
};

}  // namespace

Result<api::ExportResponse> GetExport(const api::GetExportRequest& request, Service& service,
                                      wire::CallContext& /*context*/) {
  const bool openapi = request.export_type == "oas30";
  if (!openapi && request.export_type != "swagger") {
    return InvalidInput("Invalid export type '" + request.export_type.substr(0, 100) +
                        "'; oas30 or swagger is accepted");
  }
  const std::string accepts = request.accepts.value_or("application/json");
  if (accepts.find("json") == std::string::npos && accepts.find("*/*") == std::string::npos) {
    return InvalidInput("exports are JSON (accepts: application/json); " + accepts.substr(0, 100) +
                        " is not supported by Usher");
  }
  std::string extensions;
  if (request.parameters) {
    const auto found = request.parameters->find("extensions");
    if (found != request.parameters->end()) extensions = found->second;
  }
  const bool integrations = extensions.find("integrations") != std::string::npos ||
                            extensions.find("apigateway") != std::string::npos;
  const auto stage = service.catalog.FindStage(request.rest_api_id, request.stage_name);
  if (!stage) return stage.error();
  const auto api =
      service.catalog.FindSnapshot(request.rest_api_id, stage->deployment_id.value_or(""));
  if (!api) return api.error();
  return api::ExportResponse{
      .content_type = "application/json",
      .content_disposition =
          "attachment; filename=\"" + request.export_type + "_" + api->id + ".json\"",
      .body = json::Write(Exporter(*api, *stage, openapi, integrations).Document())};
}

}  // namespace usher::apigateway
