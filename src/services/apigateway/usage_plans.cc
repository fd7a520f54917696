// Operations of usage plans, their keys, and GetUsage.
// Errors: not found; invalid input; already exists; limit exceeded.
#include <algorithm>

#include "services/apigateway/errors.h"
#include "services/apigateway/operations.h"
#include "services/apigateway/patch.h"

namespace usher::apigateway {
namespace {

constexpr std::size_t kMaxStagesOfPlan = 100;
constexpr std::size_t kMaxKeysOfPlan = 10'000;
constexpr std::int64_t kMaxUsageDays = 90;

constexpr PatchRule kRules[] = {
    {"/name"},
    {"/description"},
    {"/productCode"},
    {"/throttle", PatchKind::kWhole},
    {"/quota", PatchKind::kWhole},
    {"/throttle/rateLimit", PatchKind::kNumber},
    {"/throttle/burstLimit", PatchKind::kInteger},
    {"/quota/limit", PatchKind::kInteger},
    {"/quota/offset", PatchKind::kInteger},
    {"/quota/period"},
};

Result<void> Check(const Service& service, const api::UsagePlan& plan) {
  if (plan.name.value_or("").empty()) return InvalidInput("Usage Plan name cannot be blank");
  if (plan.throttle &&
      (plan.throttle->rate_limit.value_or(0) < 0 || plan.throttle->burst_limit.value_or(0) < 0)) {
    return InvalidInput("Usage Plan throttle limits must not be negative");
  }
  if (plan.quota) {
    const std::string period = plan.quota->period.value_or("");
    const std::int64_t offset = plan.quota->offset.value_or(0);
    const std::int64_t last = period == "DAY" ? 0 : (period == "WEEK" ? 6 : 27);
    if (period != "DAY" && period != "WEEK" && period != "MONTH") {
      return InvalidInput("Usage Plan quota period must be one of DAY, WEEK, MONTH");
    }
    if (plan.quota->limit.value_or(0) < 1) {
      return InvalidInput("Usage Plan quota limit must be at least 1");
    }
    if (offset < 0 || offset > last) {
      return InvalidInput("Usage Plan quota offset must be between 0 and " + std::to_string(last) +
                          " for " + period);
    }
  }
  if (!plan.api_stages) return {};
  if (plan.api_stages->size() > kMaxStagesOfPlan) {
    return LimitExceeded("a usage plan has at most " + std::to_string(kMaxStagesOfPlan) +
                         " stages");
  }
  for (const api::ApiStage& one : *plan.api_stages) {
    const auto stage = service.catalog.FindStage(one.api_id.value_or(""), one.stage.value_or(""));
    if (!stage)
      return NotFound("API Stage not found: " + one.api_id.value_or("") + ":" +
                      one.stage.value_or(""));
  }
  return {};
}

// "add /apiStages API:STAGE", and the throttle of a stage's method:
// "replace /apiStages/API:STAGE/throttle/PATH/VERB/rateLimit".
Result<bool> PatchStages(api::UsagePlan& plan, const api::PatchOperation& operation) {
  const auto path = PatchPath(operation.path.value_or(""));
  if (!path) return path.error();
  if (path->front() != "apiStages") return false;
  if (!plan.api_stages) plan.api_stages.emplace();
  const std::string id = path->size() > 1 ? (*path)[1] : operation.value.value_or("");
  const std::size_t colon = id.find(':');
  if (colon == std::string::npos) {
    return InvalidInput("a stage of a usage plan is API:STAGE, got '" + id.substr(0, 100) + "'");
  }
  const std::string api_id = id.substr(0, colon);
  const std::string stage = id.substr(colon + 1);
  const auto found = std::ranges::find_if(*plan.api_stages, [&](const api::ApiStage& one) {
    return one.api_id == api_id && one.stage == stage;
  });
  if (path->size() == 1) {
    if (operation.op == "remove") {
      if (found != plan.api_stages->end()) plan.api_stages->erase(found);
    } else if (operation.op != "add") {
      return InvalidInput("/apiStages takes add and remove");
    } else if (found == plan.api_stages->end()) {
      plan.api_stages->push_back({.api_id = api_id, .stage = stage});
    }
    return true;
  }
  if (found == plan.api_stages->end()) {
    return InvalidInput("the usage plan does not include " + id.substr(0, 100));
  }
  // apiStages / id / throttle / resource path / method / limit
  if (path->size() != 6 || (*path)[2] != "throttle" || operation.op == "remove") {
    return InvalidInput("Invalid patch path '" + operation.path.value_or("") +
                        "'. Must be /apiStages/API:STAGE/throttle/{path}/{METHOD}/rateLimit or "
                        "burstLimit, with op add or replace");
  }
  if (!found->throttle) found->throttle.emplace();
  api::ThrottleSettings& settings = (*found->throttle)[(*path)[3] + "/" + (*path)[4]];
  const bool rate = path->back() == "rateLimit";
  const auto value = PatchValue(operation, rate ? PatchKind::kNumber : PatchKind::kInteger);
  if (!value) return value.error();
  if (rate) settings.rate_limit = *value->as_double();
  if (!rate) settings.burst_limit = *value->as_int();
  return true;
}

api::UsagePlanKey Shown(const api::ApiKey& key) {
  return {.id = key.id, .type = "API_KEY", .value = key.value, .name = key.name};
}

}  // namespace

Result<api::UsagePlan> CreateUsagePlan(const api::CreateUsagePlanRequest& request, Service& service,
                                       wire::CallContext& context) {
  const Plan made{.plan = {.id = NewId(6),
                           .name = request.name,
                           .description = request.description,
                           .api_stages = request.api_stages.value_or(std::vector<api::ApiStage>()),
                           .throttle = request.throttle,
                           .quota = request.quota,
                           .tags = request.tags},
                  .keys = {},
                  .version = 0};
  if (const auto checked = Check(service, made.plan); !checked) return checked.error();
  if (const auto added = service.catalog.AddPlan(made, context.region); !added) {
    return added.error();
  }
  service.keys.Forget();
  return made.plan;
}

Result<api::UsagePlan> GetUsagePlan(const api::GetUsagePlanRequest& request, Service& service,
                                    wire::CallContext& /*context*/) {
  auto plan = service.catalog.FindPlan(request.usage_plan_id);
  if (!plan) return plan.error();
  return std::move(plan->plan);
}

Result<api::UsagePlans> GetUsagePlans(const api::GetUsagePlansRequest& request, Service& service,
                                      wire::CallContext& context) {
  auto page = service.catalog.ListPlans(context.region, request.position, request.limit);
  if (!page) return page.error();
  api::UsagePlans out{.position = page->position, .items = std::vector<api::UsagePlan>()};
  for (Plan& plan : page->items) {
    if (request.key_id && std::ranges::find(plan.keys, *request.key_id) == plan.keys.end()) {
      continue;
    }
    out.items->push_back(std::move(plan.plan));
  }
  return out;
}

Result<api::UsagePlan> UpdateUsagePlan(const api::UpdateUsagePlanRequest& request, Service& service,
                                       wire::CallContext& /*context*/) {
  if (request.patch_operations && request.patch_operations->size() > kMaxPatchOperations) {
    return InvalidInput("a request has at most " + std::to_string(kMaxPatchOperations) +
                        " patch operations");
  }
  auto after = service.catalog.ModifyPlan(request.usage_plan_id, [&](Plan& plan) -> Result<void> {
    if (request.patch_operations) {
      for (const api::PatchOperation& operation : *request.patch_operations) {
        const auto done = PatchStages(plan.plan, operation);
        if (!done) return done.error();
        if (*done) continue;
        Value value = plan.plan.ToValue();
        if (auto applied = ApplyPatch(value, operation, kRules); !applied) return applied;
        plan.plan = api::UsagePlan::FromValue(value);
      }
    }
    return Check(service, plan.plan);
  });
  if (!after) return after.error();
  service.keys.Forget();
  return std::move(after->plan);
}

Result<api::DeleteUsagePlanResponse> DeleteUsagePlan(const api::DeleteUsagePlanRequest& request,
                                                     Service& service,
                                                     wire::CallContext& /*context*/) {
  const auto plan = service.catalog.FindPlan(request.usage_plan_id);
  if (!plan) return plan.error();
  if (plan->plan.api_stages && !plan->plan.api_stages->empty()) {
    return InvalidInput("Cannot delete Usage Plan because it has associated API stages: " +
                        plan->plan.api_stages->front().api_id.value_or("") + ":" +
                        plan->plan.api_stages->front().stage.value_or(""));
  }
  const auto deleted = service.catalog.DeletePlan(request.usage_plan_id);
  if (!deleted) return deleted.error();
  service.usage.ForgetPlan(request.usage_plan_id);
  service.keys.Forget();
  return api::DeleteUsagePlanResponse{};
}

Result<api::UsagePlanKey> CreateUsagePlanKey(const api::CreateUsagePlanKeyRequest& request,
                                             Service& service, wire::CallContext& /*context*/) {
  if (request.key_type != "API_KEY") {
    return InvalidInput("Invalid key type '" + request.key_type.substr(0, 100) +
                        "'; API_KEY is accepted");
  }
  const auto key = service.catalog.FindKey(request.key_id);
  if (!key) return key.error();
  const auto done =
      service.catalog.ModifyPlan(request.usage_plan_id, [&](Plan& plan) -> Result<void> {
        if (std::ranges::find(plan.keys, request.key_id) != plan.keys.end()) {
          return AlreadyExists("Usage Plan already associated with API Key");
        }
        if (plan.keys.size() >= kMaxKeysOfPlan) {
          return LimitExceeded("a usage plan has at most " + std::to_string(kMaxKeysOfPlan) +
                               " keys");
        }
        plan.keys.push_back(request.key_id);
        return {};
      });
  if (!done) return done.error();
  service.keys.Forget();
  return Shown(*key);
}

Result<api::UsagePlanKey> GetUsagePlanKey(const api::GetUsagePlanKeyRequest& request,
                                          Service& service, wire::CallContext& /*context*/) {
  const auto plan = service.catalog.FindPlan(request.usage_plan_id);
  if (!plan) return plan.error();
  if (std::ranges::find(plan->keys, request.key_id) == plan->keys.end()) return NoSuchKey();
  const auto key = service.catalog.FindKey(request.key_id);
  if (!key) return key.error();
  return Shown(*key);
}

Result<api::UsagePlanKeys> GetUsagePlanKeys(const api::GetUsagePlanKeysRequest& request,
                                            Service& service, wire::CallContext& /*context*/) {
  const auto plan = service.catalog.FindPlan(request.usage_plan_id);
  if (!plan) return plan.error();
  const auto slice = SliceOf(plan->keys.size(), request.position, request.limit);
  if (!slice) return slice.error();
  api::UsagePlanKeys page{.position = slice->position, .items = std::vector<api::UsagePlanKey>()};
  for (std::size_t i = slice->first; i < slice->last; ++i) {
    const auto key = service.catalog.FindKey(plan->keys[i]);
    if (!key) return key.error();
    if (request.name_query && !key->name.value_or("").starts_with(*request.name_query)) continue;
    page.items->push_back(Shown(*key));
  }
  return page;
}

Result<api::DeleteUsagePlanKeyResponse> DeleteUsagePlanKey(
    const api::DeleteUsagePlanKeyRequest& request, Service& service,
    wire::CallContext& /*context*/) {
  const auto done =
      service.catalog.ModifyPlan(request.usage_plan_id, [&](Plan& plan) -> Result<void> {
        return std::erase(plan.keys, request.key_id) > 0 ? Result<void>() : NoSuchKey();
      });
  if (!done) return done.error();
  service.keys.Forget();
  return api::DeleteUsagePlanKeyResponse{};
}

// Pairs [used, remaining] for each day; without a quota nothing remains to be told: 0.
Result<api::Usage> GetUsage(const api::GetUsageRequest& request, Service& service,
                            wire::CallContext& /*context*/) {
  const auto plan = service.catalog.FindPlan(request.usage_plan_id);
  if (!plan) return plan.error();
  const auto first = ParseIso8601(request.start_date + "T00:00:00Z");
  const auto last = ParseIso8601(request.end_date + "T00:00:00Z");
  if (!first || !last || *last < *first) {
    return InvalidInput(
        "startDate and endDate are days as YYYY-MM-DD, the end not before the start");
  }
  constexpr std::chrono::hours kDay{24};
  if (*last - *first > kDay * (kMaxUsageDays - 1)) {
    return InvalidInput("usage is given for at most " + std::to_string(kMaxUsageDays) + " days");
  }
  std::vector<std::string> keys = request.key_id ? std::vector<std::string>{*request.key_id}
                                                 : service.usage.Keys(request.usage_plan_id);
  const auto slice = SliceOf(keys.size(), request.position, request.limit);
  if (!slice) return slice.error();
  api::Usage out{.usage_plan_id = request.usage_plan_id,
                 .start_date = request.start_date,
                 .end_date = request.end_date,
                 .position = slice->position,
                 .items = std::map<std::string, std::vector<std::vector<std::int64_t>>>()};
  for (std::size_t i = slice->first; i < slice->last; ++i) {
    const auto days =
        service.usage.Days(request.usage_plan_id, keys[i], request.start_date, request.end_date);
    auto& rows = (*out.items)[keys[i]];
    for (Time day = *first; day <= *last; day += kDay) {
      const std::string name = DayOf(day);
      const auto found =
          std::ranges::find(days, name, &std::pair<std::string, std::int64_t>::first);
      std::int64_t remaining = 0;
      if (plan->plan.quota) {
        std::int64_t used = 0;
        const std::string begin = FirstDayOf(plan->plan.quota->period.value_or("DAY"),
                                             plan->plan.quota->offset.value_or(0), day);
        for (const auto& [one, count] :
             service.usage.Days(request.usage_plan_id, keys[i], begin, name)) {
          used += count;
        }
        remaining = std::max<std::int64_t>(0, plan->plan.quota->limit.value_or(0) - used);
      }
      rows.push_back({found == days.end() ? 0 : found->second, remaining});
    }
  }
  return out;
}

}  // namespace usher::apigateway
