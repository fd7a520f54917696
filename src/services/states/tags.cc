// Operations TagResource, UntagResource, ListTagsForResource, of machines and activities.
#include "services/states/errors.h"
#include "services/states/names.h"
#include "services/states/operations.h"

namespace usher::states {
namespace {

Error NoSuchResource(const Error& error, std::string_view arn) {
  if (error.code != ErrorCode::kNotFound) return error;
  return Named("ResourceNotFound", ErrorCode::kNotFound,
               "Resource not found: '" + std::string(arn) + "'", 400);
}

bool IsActivity(std::string_view arn) { return CheckActivityArn(arn).has_value(); }

Result<void> CheckArn(std::string_view arn) {
  return IsActivity(arn) ? Result<void>() : CheckMachineArn(arn);
}

// Reads the tags of whatever it is, lets `change` alter them and writes them back.
template <typename Change>
Result<void> ChangeTags(const std::string& arn, Store& store, Change change) {
  if (const auto good = CheckArn(arn); !good) return good;
  if (IsActivity(arn)) {
    auto activity = store.FindActivity(arn);
    if (!activity) return NoSuchResource(activity.error(), arn);
    if (const auto changed = change(activity->tags); !changed) return changed;
    return store.UpdateActivity(*activity);
  }
  auto machine = store.FindMachine(arn);
  if (!machine) return NoSuchResource(machine.error(), arn);
  if (const auto changed = change(machine->tags); !changed) return changed;
  return store.UpdateMachine(*machine, std::nullopt);
}

}  // namespace

Result<void> AddTags(const std::optional<std::vector<api::Tag>>& given, Texts& tags) {
  if (!given) return {};
  for (const api::Tag& tag : *given) {
    if (!tag.key || tag.key->empty()) {
      return Named("ValidationException", ErrorCode::kInvalidInput, "a tag must have a key", 400);
    }
    tags[*tag.key] = tag.value.value_or("");
  }
  if (tags.size() > kMaxTags) {
    return Named("TooManyTags", ErrorCode::kLimitExceeded,
                 "Too many tags: a resource has at most " + std::to_string(kMaxTags), 400);
  }
  return {};
}

Result<api::TagResourceOutput> TagResource(const api::TagResourceInput& request, Service& service,
                                           wire::CallContext& /*context*/) {
  const auto done = ChangeTags(request.resource_arn, service.store(),
                               [&](Texts& tags) { return AddTags(request.tags, tags); });
  if (!done) return done.error();
  return api::TagResourceOutput{};
}

Result<api::UntagResourceOutput> UntagResource(const api::UntagResourceInput& request,
                                               Service& service, wire::CallContext& /*context*/) {
  const auto done =
      ChangeTags(request.resource_arn, service.store(), [&](Texts& tags) -> Result<void> {
        for (const std::string& key : request.tag_keys) tags.erase(key);
        return {};
      });
  if (!done) return done.error();
  return api::UntagResourceOutput{};
}

Result<api::ListTagsForResourceOutput> ListTagsForResource(
    const api::ListTagsForResourceInput& request, Service& service,
    wire::CallContext& /*context*/) {
  if (const auto good = CheckArn(request.resource_arn); !good) return good.error();
  Texts tags;
  if (IsActivity(request.resource_arn)) {
    const auto activity = service.store().FindActivity(request.resource_arn);
    if (!activity) return NoSuchResource(activity.error(), request.resource_arn);
    tags = activity->tags;
  } else {
    const auto machine = service.store().FindMachine(request.resource_arn);
    if (!machine) return NoSuchResource(machine.error(), request.resource_arn);
    tags = machine->tags;
  }
  api::ListTagsForResourceOutput response;
  response.tags.emplace();
  for (const auto& [key, value] : tags) {
    response.tags->push_back({.key = key, .value = value});
  }
  return response;
}

}  // namespace usher::states
