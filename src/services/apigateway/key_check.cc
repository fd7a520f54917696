#include "services/apigateway/key_check.h"

#include <algorithm>

#include "services/apigateway/service.h"

namespace usher::apigateway {
namespace {

Failure TooMany(std::string reason) {
  return {.type = "THROTTLED",
          .status = 429,
          .message = "Too Many Requests",
          .log = {},
          .reason = std::move(reason),
          .error = {}};
}

// The plan's own limits for this method of the stage, else those of the plan.
std::optional<api::ThrottleSettings> ThrottleOf(const ApiCall& call, const api::UsagePlan& plan,
                                                const api::ApiStage& stage) {
  if (stage.throttle) {
    const std::string key = call.method->resource_path + "/" + call.method->verb;
    for (const std::string& name : {key, std::string("*/*")}) {
      const auto found = stage.throttle->find(name);
      if (found != stage.throttle->end()) return found->second;
    }
  }
  return plan.throttle;
}

}  // namespace

std::optional<Failure> CheckKey(ApiCall& call, Service& service) {
  if (!call.method->key_required) return std::nullopt;
  const std::string value(HeaderOf(call, "x-api-key"));
  if (value.empty()) {
    return Forbidden("API Key not provided",
                     "the method asks for an API key: send it as x-api-key");
  }
  const auto key = service.keys.Find(value);
  if (!key) {
    Failure failure = ConfigurationError("the API keys cannot be read", {});
    failure.error = key.error().message;
    return failure;
  }
  if (!*key || !(*key)->enabled) {
    return Forbidden("API Key not authorized",
                     *key ? "the API key is disabled" : "there is no such API key");
  }
  call.api_key = value;
  call.api_key_id = (*key)->id;

  for (const api::UsagePlan& plan : (*key)->plans) {
    if (!plan.api_stages) continue;
    const auto stage = std::ranges::find_if(*plan.api_stages, [&](const api::ApiStage& one) {
      return one.api_id == call.stage->api_id && one.stage == call.stage->stage;
    });
    if (stage == plan.api_stages->end()) continue;
    const std::string id = plan.id.value_or("");
    if (const auto limits = ThrottleOf(call, plan, *stage)) {
      const double rate = limits->rate_limit.value_or(10'000);
      const auto burst =
          static_cast<double>(limits->burst_limit.value_or(static_cast<std::int64_t>(rate)));
      if (!service.throttle.Take("plan/" + id + "/" + call.api_key_id + "/" +
                                     call.method->resource_id + "/" + call.method->verb,
                                 rate, burst, std::chrono::steady_clock::now())) {
        return TooMany("the usage plan " + plan.name.value_or("") + " allows the key " +
                       std::to_string(rate) + " requests a second");
      }
    }
    const std::int64_t limit = plan.quota ? plan.quota->limit.value_or(-1) : -1;
    const std::string first = plan.quota ? FirstDayOf(plan.quota->period.value_or("DAY"),
                                                      plan.quota->offset.value_or(0), call.time)
                                         : DayOf(call.time);
    if (!service.usage.Count(id, call.api_key_id, DayOf(call.time), first, limit)) {
      return Failure{.type = "QUOTA_EXCEEDED",
                     .status = 429,
                     .message = "Limit Exceeded",
                     .log = {},
                     .reason = "the usage plan " + plan.name.value_or("") + " allows " +
                               std::to_string(limit) + " requests a " +
                               plan.quota->period.value_or("DAY"),
                     .error = {}};
    }
    return std::nullopt;
  }
  return Forbidden("API Key not authorized",
                   "the API key has no usage plan that includes the stage (create-usage-plan-key)");
}

}  // namespace usher::apigateway
