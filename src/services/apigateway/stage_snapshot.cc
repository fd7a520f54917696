#include "services/apigateway/stage_snapshot.h"

#include <algorithm>

#include "base/check.h"
#include "base/encoding.h"
#include "base/random.h"
#include "base/text.h"
#include "services/apigateway/stage_rules.h"

namespace usher::apigateway {
namespace {

struct Prefix {
  std::string_view text;
  Place place;
  bool multi = false;
};

constexpr Prefix kPrefixes[] = {
    {"querystring.", Place::kQuery},
    {"multivaluequerystring.", Place::kQuery, true},
    {"path.", Place::kPath},
    {"header.", Place::kHeader},
    {"multivalueheader.", Place::kHeader, true},
};

constexpr std::string_view kSides[] = {"method.request.", "integration.request.",
                                       "method.response.", "integration.response.",
                                       "gatewayresponse."};

bool Take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::vector<Mapping> Mappings(const std::optional<std::map<std::string, std::string>>& given) {
  std::vector<Mapping> mappings;
  if (!given) return mappings;
  for (const auto& [to, from] : *given) {
    auto target = ParseMappingEnd(to);
    auto source = ParseMappingEnd(from);
    if (target && source) mappings.push_back({*std::move(target), *std::move(source)});
  }
  return mappings;
}

std::vector<TypedTemplate> Templates(
    const std::optional<std::map<std::string, std::string>>& given) {
  std::vector<TypedTemplate> templates;
  if (!given) return templates;
  for (const auto& [type, text] : *given) {
    templates.push_back({AsciiLower(type), text.empty(), vtl::Template::Parse(text)});
  }
  return templates;
}

// "${stageVariables.name}" becomes the stage's value.
std::string FillIn(std::string_view text, const std::map<std::string, std::string>& variables) {
  constexpr std::string_view kOpen = "${stageVariables.";
  std::string out;
  while (true) {
    const std::size_t at = text.find(kOpen);
    const std::size_t end = at == std::string_view::npos ? at : text.find('}', at);
    if (end == std::string_view::npos) return out += text;
    out += text.substr(0, at);
    const auto found =
        variables.find(std::string(text.substr(at + kOpen.size(), end - at - kOpen.size())));
    if (found != variables.end()) out += found->second;
    text.remove_prefix(end + 1);
  }
}

ExecutionLevel LevelOf(const api::MethodSetting& setting) {
  const std::string level = setting.logging_level.value_or("");
  if (level == "INFO") return ExecutionLevel::kInfo;
  if (level == "ERROR") return ExecutionLevel::kError;
  // Whoever asks for the data without a level means to see them.
  return level.empty() && setting.data_trace_enabled.value_or(false) ? ExecutionLevel::kInfo
                                                                     : ExecutionLevel::kOff;
}

// The method's own settings, where it has none those of all methods.
MethodSettings SettingsOf(const api::Stage& stage, std::string_view path, std::string_view verb) {
  MethodSettings settings;
  if (!stage.method_settings) return settings;
  const std::string root = path == "/" ? "" : std::string(path);
  const auto take = [&](const api::MethodSetting& one) {
    if (one.logging_level || one.data_trace_enabled) settings.log_level = LevelOf(one);
    if (one.data_trace_enabled) settings.data_trace = *one.data_trace_enabled;
    if (one.throttling_rate_limit) settings.rate_limit = one.throttling_rate_limit;
    if (one.throttling_burst_limit) settings.burst_limit = one.throttling_burst_limit;
  };
  // Those of all methods first, so that the method's own win.
  for (const std::string& wanted : {std::string("*/*"), root + "/" + std::string(verb)}) {
    for (const auto& [key, one] : *stage.method_settings) {
      if (MethodOfKey(key) == wanted) take(one);
    }
  }
  return settings;
}

IntegrationType TypeOf(std::string_view type) {
  if (type == "AWS") return IntegrationType::kAws;
  if (type == "AWS_PROXY") return IntegrationType::kAwsProxy;
  if (type == "HTTP") return IntegrationType::kHttp;
  if (type == "HTTP_PROXY") return IntegrationType::kHttpProxy;
  return IntegrationType::kMock;
}

void CompileIntegration(const api::Integration& integration,
                        const std::map<std::string, std::string>& variables, CompiledMethod& out) {
  out.has_integration = true;
  out.type = TypeOf(integration.type.value_or("MOCK"));
  out.integration_verb = integration.http_method.value_or("");
  out.uri = FillIn(integration.uri.value_or(""), variables);
  if (out.type == IntegrationType::kAws || out.type == IntegrationType::kAwsProxy) {
    auto target = ParseLambdaUri(out.uri);
    if (target) {
      out.function = *std::move(target);
    } else {
      out.uri_error = target.error().message;
    }
  }
  out.templates = Templates(integration.request_templates);
  out.mappings = Mappings(integration.request_parameters);
  const std::string passthrough = integration.passthrough_behavior.value_or("");
  if (passthrough == "NEVER") out.passthrough = Passthrough::kNever;
  if (passthrough == "WHEN_NO_TEMPLATES") out.passthrough = Passthrough::kWhenNoTemplates;
  out.content_handling = integration.content_handling.value_or("");
  out.timeout_ms = integration.timeout_in_millis.value_or(29'000);
  if (!integration.integration_responses) return;
  for (const auto& [status, response] : *integration.integration_responses) {
    ResponseRule rule{.status = status,
                      .pattern = std::nullopt,
                      .mappings = Mappings(response.response_parameters),
                      .templates = Templates(response.response_templates),
                      .content_handling = response.content_handling.value_or("")};
    if (response.selection_pattern && !response.selection_pattern->empty()) {
      auto regex = Regex::Compile(*response.selection_pattern);
      if (!regex) continue;  // checked when it was set
      rule.pattern = *std::move(regex);
    }
    out.responses.push_back(std::move(rule));
  }
  std::ranges::stable_partition(out.responses,
                                [](const ResponseRule& rule) { return rule.pattern.has_value(); });
}

CompiledMethod CompileMethod(const Api& api, const api::Resource& resource, const std::string& verb,
                             const api::Method& method, const api::Stage& stage,
                             const std::map<std::string, std::string>& variables) {
  CompiledMethod out;
  out.resource_id = resource.id.value_or("");
  out.resource_path = resource.path.value_or("/");
  out.verb = verb;
  out.iam = method.authorization_type == "AWS_IAM";
  out.key_required = method.api_key_required.value_or(false);
  const auto changed = api.changed.find(out.resource_id + "/" + verb);
  if (changed != api.changed.end()) out.changed_ms = changed->second;
  for (const api::RequestValidator& validator : api.validators) {
    if (!method.request_validator_id || validator.id != method.request_validator_id) continue;
    out.check_parameters = validator.validate_request_parameters.value_or(false);
    out.check_body = validator.validate_request_body.value_or(false);
  }
  if (method.request_parameters) {
    for (const auto& [name, required] : *method.request_parameters) {
      if (auto end = ParseMappingEnd(name); end && required) out.required.push_back(*end);
    }
  }
  const auto find_model = [&](std::string_view name) -> Result<std::string> {
    for (const api::Model& model : api.models) {
      if (model.name == name) return model.schema.value_or("{}");
    }
    return NotFound("there is no model " + std::string(name));
  };
  if (method.request_models && out.check_body) {
    for (const auto& [type, name] : *method.request_models) {
      const auto text = find_model(name);
      out.models.emplace_back(AsciiLower(type), text ? JsonSchema::Compile(*text, find_model)
                                                     : Result<JsonSchema>(text.error()));
    }
  }
  if (method.method_responses) {
    for (const auto& [status, response] : *method.method_responses) {
      std::vector<std::string>& headers = out.declared[status];
      if (!response.response_parameters) continue;
      for (const auto& [name, required] : *response.response_parameters) {
        if (const auto end = ParseMappingEnd(name)) headers.push_back(AsciiLower(end->name));
      }
    }
  }
  if (method.method_integration) {
    CompileIntegration(*method.method_integration, variables, out);
  }
  out.settings = SettingsOf(stage, out.resource_path, verb);
  return out;
}

// The node of a resource's path, made on the way.
PathNode& NodeOf(PathNode& root, std::string_view path) {
  PathNode* at = &root;
  for (const std::string_view part : Split(path.substr(1), '/')) {
    if (part.empty()) continue;
    if (!part.starts_with('{')) {
      auto& next = at->literals[std::string(part)];
      if (!next) next = std::make_unique<PathNode>();
      at = next.get();
      continue;
    }
    std::string_view name = part.substr(1, part.size() - 2);
    const bool greedy = name.ends_with('+');
    if (greedy) name.remove_suffix(1);
    auto& next = greedy ? at->greedy : at->variable;
    if (!next) next = std::make_unique<PathNode>();
    next->name = name;
    at = next.get();
  }
  return *at;
}

const PathNode* Match(const PathNode& node, const std::vector<std::string>& parts, std::size_t next,
                      wire::Parameters& variables) {
  if (next == parts.size()) return node.is_resource ? &node : nullptr;
  const auto literal = node.literals.find(parts[next]);
  if (literal != node.literals.end()) {
    if (const auto* found = Match(*literal->second, parts, next + 1, variables)) return found;
  }
  if (node.variable) {
    variables.emplace_back(node.variable->name, parts[next]);
    if (const auto* found = Match(*node.variable, parts, next + 1, variables)) return found;
    variables.pop_back();
  }
  if (!node.greedy || !node.greedy->is_resource) return nullptr;
  std::string rest;
  for (std::size_t i = next; i < parts.size(); ++i) rest += (i > next ? "/" : "") + parts[i];
  variables.emplace_back(node.greedy->name, std::move(rest));
  return node.greedy.get();
}

// "arn:aws:logs:R:A:log-group:NAME" or "…:NAME:*".
log_events::LogWriter::Stream AccessLogOf(const std::string& arn, const std::string& region,
                                          const std::string& stream) {
  const auto parts = Split(arn, ':');
  if (parts.size() < 7) return {};
  return {.region = parts[3].empty() ? region : std::string(parts[3]),
          .group = std::string(parts[6]),
          .name = stream};
}

}  // namespace

std::optional<MappingEnd> ParseMappingEnd(std::string_view text) {
  if (text.size() >= 2 && text.starts_with('\'') && text.ends_with('\'')) {
    return MappingEnd{.place = Place::kStatic,
                      .name = std::string(text.substr(1, text.size() - 2))};
  }
  if (Take(text, "context."))
    return MappingEnd{.place = Place::kContext, .name = std::string(text)};
  if (Take(text, "stageVariables.")) {
    return MappingEnd{.place = Place::kStageVariable, .name = std::string(text)};
  }
  bool known = false;
  for (const std::string_view side : kSides) known = known || Take(text, side);
  if (!known) return std::nullopt;
  for (const Prefix& prefix : kPrefixes) {
    if (!Take(text, prefix.text)) continue;
    return MappingEnd{.place = prefix.place, .multi = prefix.multi, .name = std::string(text)};
  }
  if (Take(text, "body")) {
    return MappingEnd{.place = Place::kBody, .name = text.empty() ? "" : "$" + std::string(text)};
  }
  return std::nullopt;
}

std::shared_ptr<const StageSnapshot> CompileStage(const Api& api, const api::Stage& stage,
                                                  Time deployed) {
  auto out = std::make_shared<StageSnapshot>();
  out->api_id = api.id;
  out->api_name = api.rest.name.value_or("");
  out->region = api.region;
  out->stage = stage.stage_name.value_or("");
  out->deployment_id = stage.deployment_id.value_or("");
  out->deployed = deployed;
  out->disabled = api.rest.disable_execute_api_endpoint.value_or(false);
  out->tracing = stage.tracing_enabled.value_or(false);
  if (stage.variables) out->variables = *stage.variables;
  if (api.rest.binary_media_types) out->binary_types = *api.rest.binary_media_types;
  for (const api::Resource& resource : api.resources) {
    PathNode& node = NodeOf(out->root, resource.path.value_or("/"));
    node.is_resource = true;
    node.resource_id = resource.id.value_or("");
    node.path = resource.path.value_or("/");
    if (!resource.resource_methods) continue;
    for (const auto& [verb, method] : *resource.resource_methods) {
      node.methods.emplace(verb, CompileMethod(api, resource, verb, method, stage, out->variables));
    }
  }
  for (const api::GatewayResponse& response : api.gateway_responses) {
    CompiledGatewayResponse& one = out->gateway_responses[response.response_type.value_or("")];
    if (response.status_code) one.status = std::atoi(response.status_code->c_str());
    one.mappings = Mappings(response.response_parameters);
    one.templates = Templates(response.response_templates);
  }
  const std::string stream = SecureHex(16);
  out->execution_log = {.region = api.region,
                        .group = "API-Gateway-Execution-Logs_" + api.id + "/" + out->stage,
                        .name = stream};
  if (stage.access_log_settings && stage.access_log_settings->destination_arn) {
    out->access_log = AccessLogOf(*stage.access_log_settings->destination_arn, api.region, stream);
    auto format = vtl::Template::Parse(stage.access_log_settings->format.value_or(""));
    if (format && !out->access_log.group.empty()) out->access_format = *std::move(format);
  }
  return out;
}

const PathNode* FindResource(const PathNode& root, const std::vector<std::string>& parts,
                             wire::Parameters& variables) {
  return Match(root, parts, 0, variables);
}

const CompiledMethod* FindMethod(const PathNode& resource, std::string_view verb) {
  auto found = resource.methods.find(verb);
  if (found == resource.methods.end()) found = resource.methods.find("ANY");
  return found == resource.methods.end() ? nullptr : &found->second;
}

}  // namespace usher::apigateway
