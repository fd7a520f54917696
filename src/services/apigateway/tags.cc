// Operations TagResource, UntagResource, GetTags, for what has tags: REST APIs, stages, API keys
// and usage plans. Errors: not found; invalid input; limit exceeded.
#include "base/text.h"
#include "services/apigateway/errors.h"
#include "services/apigateway/operations.h"

namespace usher::apigateway {
namespace {

constexpr std::size_t kMaxTags = 50;
constexpr std::size_t kMaxKeyBytes = 128;
constexpr std::size_t kMaxValueBytes = 256;

using Tags = std::optional<std::map<std::string, std::string>>;
using Change = std::function<Result<void>(Tags&)>;

Error BadArn(std::string_view arn) {
  return InvalidInput("Invalid resource ARN '" + std::string(arn.substr(0, 200)) +
                      "': arn:aws:apigateway:REGION::/restapis/ID, …/stages/NAME, /apikeys/ID or "
                      "/usageplans/ID is expected");
}

// Finds the tags of the resource and lets `change` alter them.
Result<void> Modify(const std::string& arn, Service& service, const Change& change) {
  const std::size_t slash = arn.find('/');
  if (!arn.starts_with("arn:") || slash == std::string::npos) return BadArn(arn);
  const auto parts = Split(std::string_view(arn).substr(slash + 1), '/');
  if (parts.size() == 2 && parts[0] == "restapis") {
    return service.catalog.ModifyApi(parts[1], [&](Api& api) { return change(api.rest.tags); });
  }
  if (parts.size() == 4 && parts[0] == "restapis" && parts[2] == "stages") {
    const auto done = service.catalog.ModifyStage(
        parts[1], parts[3], [&](api::Stage& stage) { return change(stage.tags); });
    return done ? Result<void>() : done.error();
  }
  if (parts.size() == 2 && parts[0] == "apikeys") {
    const auto done =
        service.catalog.ModifyKey(parts[1], [&](api::ApiKey& key) { return change(key.tags); });
    return done ? Result<void>() : done.error();
  }
  if (parts.size() == 2 && parts[0] == "usageplans") {
    const auto done =
        service.catalog.ModifyPlan(parts[1], [&](Plan& plan) { return change(plan.plan.tags); });
    return done ? Result<void>() : done.error();
  }
  return BadArn(arn);
}

}  // namespace

Result<api::TagResourceResponse> TagResource(const api::TagResourceRequest& request,
                                             Service& service, wire::CallContext& /*context*/) {
  for (const auto& [key, value] : request.tags) {
    if (key.empty() || key.size() > kMaxKeyBytes || value.size() > kMaxValueBytes ||
        key.starts_with("aws:")) {
      return InvalidInput(
          "a tag's key has 1 to 128 characters and does not begin with aws:, its "
          "value has at most 256");
    }
  }
  const auto done = Modify(request.resource_arn, service, [&](Tags& tags) -> Result<void> {
    if (!tags) tags.emplace();
    for (const auto& [key, value] : request.tags) (*tags)[key] = value;
    if (tags->size() > kMaxTags) {
      return LimitExceeded("a resource has at most " + std::to_string(kMaxTags) + " tags");
    }
    return {};
  });
  if (!done) return done.error();
  return api::TagResourceResponse{};
}

Result<api::UntagResourceResponse> UntagResource(const api::UntagResourceRequest& request,
                                                 Service& service, wire::CallContext& /*context*/) {
  const auto done = Modify(request.resource_arn, service, [&](Tags& tags) -> Result<void> {
    if (!tags) return {};
    for (const std::string& key : request.tag_keys) tags->erase(key);
    return {};
  });
  if (!done) return done.error();
  return api::UntagResourceResponse{};
}

Result<api::Tags> GetTags(const api::GetTagsRequest& request, Service& service,
                          wire::CallContext& /*context*/) {
  const std::string& arn = request.resource_arn;
  const std::size_t slash = arn.find('/');
  if (!arn.starts_with("arn:") || slash == std::string::npos) return BadArn(arn);
  const auto parts = Split(std::string_view(arn).substr(slash + 1), '/');
  Tags tags;
  if (parts.size() == 2 && parts[0] == "restapis") {
    const auto found = service.catalog.FindApi(parts[1]);
    if (!found) return found.error();
    tags = found->rest.tags;
  } else if (parts.size() == 4 && parts[0] == "restapis" && parts[2] == "stages") {
    const auto found = service.catalog.FindStage(parts[1], parts[3]);
    if (!found) return found.error();
    tags = found->tags;
  } else if (parts.size() == 2 && parts[0] == "apikeys") {
    const auto found = service.catalog.FindKey(parts[1]);
    if (!found) return found.error();
    tags = found->tags;
  } else if (parts.size() == 2 && parts[0] == "usageplans") {
    const auto found = service.catalog.FindPlan(parts[1]);
    if (!found) return found.error();
    tags = found->plan.tags;
  } else {
    return BadArn(arn);
  }
  return api::Tags{.tags = tags.value_or(std::map<std::string, std::string>())};
}

}  // namespace usher::apigateway
