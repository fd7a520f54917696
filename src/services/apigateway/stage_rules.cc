#include "services/apigateway/stage_rules.h"

#include <algorithm>
#include <array>

#include "services/apigateway/patch.h"

namespace usher::apigateway {
namespace {

constexpr std::size_t kMaxNameBytes = 128;
constexpr std::size_t kMaxVariables = 100;
constexpr std::size_t kMaxVariableBytes = 512;
constexpr std::size_t kMaxFormatBytes = 3U << 10;
constexpr std::size_t kMaxMethodSettings = 1000;
constexpr std::string_view kAllMethods = "*/*";

constexpr PatchRule kRules[] = {
    {"/deploymentId"},
    {"/description"},
    {"/tracingEnabled", PatchKind::kFlag},
    {"/variables/*"},
    {"/accessLogSettings", PatchKind::kWhole},
    {"/accessLogSettings/format"},
    {"/accessLogSettings/destinationArn"},
    {"/clientCertificateId"},
    {"/documentationVersion"},
    {"/cacheClusterEnabled", PatchKind::kFlag},
    {"/cacheClusterSize"},
};

struct SettingRule {
  std::string_view path;    // the last two parts
  std::string_view member;  // of MethodSetting
  PatchKind kind;
};

constexpr std::array kSettings{
    SettingRule{"logging/loglevel", "loggingLevel", PatchKind::kText},
    SettingRule{"logging/dataTrace", "dataTraceEnabled", PatchKind::kFlag},
    SettingRule{"metrics/enabled", "metricsEnabled", PatchKind::kFlag},
    SettingRule{"throttling/burstLimit", "throttlingBurstLimit", PatchKind::kInteger},
    SettingRule{"throttling/rateLimit", "throttlingRateLimit", PatchKind::kNumber},
    SettingRule{"caching/enabled", "cachingEnabled", PatchKind::kFlag},
    SettingRule{"caching/ttlInSeconds", "cacheTtlInSeconds", PatchKind::kInteger},
    SettingRule{"caching/dataEncrypted", "cacheDataEncrypted", PatchKind::kFlag},
    SettingRule{"caching/requireAuthorizationForCacheControl",
                "requireAuthorizationForCacheControl", PatchKind::kFlag},
    SettingRule{"caching/unauthorizedCacheControlHeaderStrategy",
                "unauthorizedCacheControlHeaderStrategy", PatchKind::kText},
};

bool IsWord(std::string_view text, std::string_view more) {
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           more.find(c) != std::string_view::npos;
  });
}

Result<void> CheckVariables(const std::map<std::string, std::string>& variables) {
  if (variables.size() > kMaxVariables) {
    return InvalidInput("a stage has at most " + std::to_string(kMaxVariables) + " variables");
  }
  for (const auto& [name, value] : variables) {
    if (!IsWord(name, "_")) {
      return InvalidInput("Stage variable names allow alphanumeric characters and underscores: " +
                          name.substr(0, 100));
    }
    if (value.size() > kMaxVariableBytes || !IsWord(value + "x", "-._~:/?#&=,")) {
      return InvalidInput("Invalid stage variable value: " + value.substr(0, 100) +
                          ". Please use values with alphanumeric characters and the symbols "
                          "' ', -', '.', '_', ':', '/', '?', '&', '=', and ','.");
    }
  }
  return {};
}

Result<void> CheckAccessLog(const api::AccessLogSettings& settings) {
  const std::string format = settings.format.value_or("");
  if (format.size() > kMaxFormatBytes) {
    return InvalidInput("an access log's format has at most " + std::to_string(kMaxFormatBytes) +
                        " bytes");
  }
  const std::string arn = settings.destination_arn.value_or("");
  if (!arn.empty() && arn.find(":logs:") == std::string::npos) {
    return InvalidInput(
        "Invalid ARN specified in the request: access logs go to a log group "
        "(arn:aws:logs:REGION:ACCOUNT:log-group:NAME)");
  }
  return {};
}

Result<void> CheckSetting(const api::MethodSetting& setting) {
  const std::string level = setting.logging_level.value_or("OFF");
  if (level != "OFF" && level != "ERROR" && level != "INFO") {
    return InvalidInput("Invalid logging level '" + level.substr(0, 100) +
                        "'; OFF, ERROR or INFO is accepted");
  }
  if (setting.caching_enabled.value_or(false)) return NoCache();
  if (setting.throttling_burst_limit.value_or(0) < 0 ||
      setting.throttling_rate_limit.value_or(0) < 0) {
    return InvalidInput("Throttling limits must not be negative");
  }
  return {};
}

// nullptr: the path is not one of a method's setting.
const SettingRule* SettingOf(const std::vector<std::string>& path) {
  if (path.size() < 4) return nullptr;
  const std::string last = path[path.size() - 2] + "/" + path.back();
  const auto found = std::ranges::find(kSettings, last, &SettingRule::path);
  return found == kSettings.end() ? nullptr : &*found;
}

}  // namespace

Error NoCache() {
  return InvalidInput("Responses are not cached by Usher; cache settings must stay off");
}

std::string MethodOfKey(std::string_view key) {
  if (key == kAllMethods) return std::string(key);
  std::string method;
  for (std::size_t i = 0; i < key.size(); ++i) {
    if (key.substr(i, 2) == "~1") {
      method += '/';
      ++i;
    } else {
      method += key[i];
    }
  }
  if (!method.starts_with('/')) method.insert(0, "/");
  if (method.starts_with("//")) method.erase(0, 1);  // the root's
  return method;
}

Result<void> CheckStage(const api::Stage& stage) {
  const std::string name = stage.stage_name.value_or("");
  if (!IsWord(name, "_-") || name.size() > kMaxNameBytes) {
    return InvalidInput("Stage name only allows a-zA-Z0-9_-, at most 128 characters: " +
                        name.substr(0, 100));
  }
  if (stage.canary_settings) return InvalidInput("Canary settings are not supported by Usher");
  if (stage.cache_cluster_enabled.value_or(false)) return NoCache();
  if (stage.variables) {
    if (auto checked = CheckVariables(*stage.variables); !checked) return checked;
  }
  if (stage.access_log_settings) {
    if (auto checked = CheckAccessLog(*stage.access_log_settings); !checked) return checked;
  }
  if (!stage.method_settings) return {};
  if (stage.method_settings->size() > kMaxMethodSettings) {
    return InvalidInput("a stage has settings for at most " + std::to_string(kMaxMethodSettings) +
                        " methods");
  }
  for (const auto& [key, setting] : *stage.method_settings) {
    if (auto checked = CheckSetting(setting); !checked) return checked;
  }
  return {};
}

Result<void> PatchStage(api::Stage& stage, const api::PatchOperation& operation) {
  const auto path = PatchPath(operation.path.value_or(""));
  if (!path) return path.error();
  const SettingRule* const rule = SettingOf(*path);
  const bool is_whole = operation.op == "remove" && stage.method_settings &&
                        stage.method_settings->erase(operation.path->substr(1)) > 0;
  if (is_whole) return {};
  if (rule == nullptr) {
    Value value = stage.ToValue();
    if (auto applied = ApplyPatch(value, operation, kRules); !applied) return applied;
    stage = api::Stage::FromValue(value);
    return {};
  }

  // "/*/*/…", or the resource's path, in one part or several, and the method.
  std::string_view key_text = *operation.path;
  key_text.remove_prefix(1);
  key_text.remove_suffix(rule->path.size() + 1);
  const std::string key(key_text);
  if (!stage.method_settings) stage.method_settings.emplace();
  Value setting = (*stage.method_settings)[key].ToValue();
  if (operation.op == "remove") {
    setting.as_map()->Erase(rule->member);
  } else if (operation.op == "replace" || operation.op == "add") {
    auto value = PatchValue(operation, rule->kind);
    if (!value) return value.error();
    setting.as_map()->Set(std::string(rule->member), *std::move(value));
  } else {
    return InvalidInput("Invalid patch operation '" + operation.op.value_or("") +
                        "' specified. Must be one of: [add, remove, replace]");
  }
  if (setting.as_map()->empty()) {
    stage.method_settings->erase(key);
  } else {
    (*stage.method_settings)[key] = api::MethodSetting::FromValue(setting);
  }
  return {};
}

}  // namespace usher::apigateway
