// Operations ListTags, TagResource, UntagResource, by a function's ARN.
// Errors: not found, invalid input.
#include "services/lambda/operations.h"

namespace usher::lambda {
namespace {

constexpr std::size_t kMaxTags = 50;

}  // namespace

Result<api::ListTagsResponse> ListTags(const api::ListTagsRequest& request, Service& service,
                                       wire::CallContext& context) {
  const auto name = ParseFunctionName(request.resource, std::nullopt);
  if (!name) return name.error();
  const auto function = service.catalog.FindFunction(context.region, name->name);
  if (!function) return function.error();
  return api::ListTagsResponse{.tags = function->tags};
}

Result<api::TagResourceResponse> TagResource(const api::TagResourceRequest& request,
                                             Service& service, wire::CallContext& context) {
  const auto name = ParseFunctionName(request.resource, std::nullopt);
  if (!name) return name.error();
  const auto modified = service.catalog.ModifyFunction(
      context.region, name->name, [&](StoredFunction& function) -> Result<void> {
        for (const auto& [key, value] : request.tags) function.tags[key] = value;
        if (function.tags.size() > kMaxTags) {
          return InvalidInput("a function may have at most 50 tags");
        }
        return {};
      });
  if (!modified) return modified.error();
  return api::TagResourceResponse{};
}

Result<api::UntagResourceResponse> UntagResource(const api::UntagResourceRequest& request,
                                                 Service& service, wire::CallContext& context) {
  const auto name = ParseFunctionName(request.resource, std::nullopt);
  if (!name) return name.error();
  const auto modified = service.catalog.ModifyFunction(
      context.region, name->name, [&](StoredFunction& function) -> Result<void> {
        for (const std::string& key : request.tag_keys) function.tags.erase(key);
        return {};
      });
  if (!modified) return modified.error();
  return api::UntagResourceResponse{};
}

}  // namespace usher::lambda
