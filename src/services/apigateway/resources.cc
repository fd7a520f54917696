// Operations CreateResource, GetResource, GetResources, UpdateResource, DeleteResource.
// Errors: not found; invalid input; already exists; limit exceeded.
#include <algorithm>

#include "services/apigateway/errors.h"
#include "services/apigateway/operations.h"
#include "services/apigateway/patch.h"

namespace usher::apigateway {
namespace {

constexpr std::size_t kMaxPartBytes = 512;
constexpr std::size_t kMaxPathParts = 64;
constexpr PatchRule kRules[] = {{"/pathPart"}, {"/parentId"}};

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-' || c == ':';
}

bool IsVariable(std::string_view part) { return part.starts_with('{'); }
bool IsGreedy(std::string_view part) { return part.ends_with("+}"); }

Result<void> CheckPart(std::string_view part) {
  std::string_view name = part;
  if (IsVariable(name) && name.ends_with('}')) {
    name = name.substr(1, name.size() - 2);
    if (name.ends_with('+')) name.remove_suffix(1);
  }
  if (name.empty() || part.size() > kMaxPartBytes || !std::ranges::all_of(name, IsNameCharacter)) {
    return InvalidInput(
        "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly "
        "braces at the beginning and the end, got '" +
        std::string(part.substr(0, 100)) + "'");
  }
  return {};
}

std::string PathOf(const api::Resource& parent, std::string_view part) {
  const std::string path = parent.path.value_or("/");
  return (path == "/" ? path : path + "/") + std::string(part);
}

// That `part` may stand under the parent, beside those that are there.
Result<void> CheckPlace(const Api& api, const api::Resource& parent, std::string_view part,
                        std::string_view own_id) {
  if (IsGreedy(parent.path_part.value_or(""))) {
    return InvalidInput("Cannot create a child of a resource with a greedy path variable: " +
                        *parent.path_part);
  }
  if (std::ranges::count(parent.path.value_or(""), '/') >= static_cast<long>(kMaxPathParts)) {
    return InvalidInput("a path has at most " + std::to_string(kMaxPathParts) + " parts");
  }
  for (const api::Resource& other : api.resources) {
    if (other.parent_id != parent.id || other.id == own_id) continue;
    if (other.path_part == part) {
      return AlreadyExists("Another resource with the same parent already has this name: " +
                           std::string(part));
    }
    if (IsVariable(part) && IsVariable(other.path_part.value_or(""))) {
      return InvalidInput("A sibling (" + *other.path_part +
                          ") of this resource already has a variable path part -- only one "
                          "unique variable path part is allowed per resource level");
    }
  }
  return {};
}

// Methods by their names alone, unless the caller asked for all of them.
api::Resource Shown(api::Resource resource, const std::optional<std::vector<std::string>>& embed) {
  const bool whole =
      embed && std::ranges::find(*embed, std::string_view("methods")) != embed->end();
  if (!whole && resource.resource_methods) {
    for (auto& [name, method] : *resource.resource_methods) method = {};
  }
  return resource;
}

void SetPaths(Api& api, const api::Resource& parent) {
  const std::string parent_id = parent.id.value_or("");
  const api::Resource copy = parent;
  for (api::Resource& child : api.resources) {
    if (child.parent_id != parent_id) continue;
    child.path = PathOf(copy, child.path_part.value_or(""));
    SetPaths(api, child);
  }
}

bool IsBelow(const Api& api, const api::Resource& resource, std::string_view ancestor) {
  const api::Resource* at = &resource;
  while (at != nullptr) {
    if (at->id == ancestor) return true;
    at = at->parent_id ? api.FindResource(*at->parent_id) : nullptr;
  }
  return false;
}

}  // namespace

Result<api::Resource> CreateResource(const api::CreateResourceRequest& request, Service& service,
                                     wire::CallContext& /*context*/) {
  if (const auto checked = CheckPart(request.path_part); !checked) return checked.error();
  api::Resource made;
  const auto done = service.catalog.ModifyApi(request.rest_api_id, [&](Api& api) -> Result<void> {
    const api::Resource* const parent = api.FindResource(request.parent_id);
    if (parent == nullptr) return NoSuchResource();
    if (api.resources.size() >= kMaxResources) {
      return LimitExceeded("an API has at most " + std::to_string(kMaxResources) + " resources");
    }
    if (auto placed = CheckPlace(api, *parent, request.path_part, ""); !placed) return placed;
    made = {.id = NewId(6),
            .parent_id = request.parent_id,
            .path_part = request.path_part,
            .path = PathOf(*parent, request.path_part)};
    api.resources.push_back(made);
    return {};
  });
  if (!done) return done.error();
  return made;
}

Result<api::Resource> GetResource(const api::GetResourceRequest& request, Service& service,
                                  wire::CallContext& /*context*/) {
  const auto api = service.catalog.FindApi(request.rest_api_id);
  if (!api) return api.error();
  const api::Resource* const resource = api->FindResource(request.resource_id);
  if (resource == nullptr) return NoSuchResource();
  return Shown(*resource, request.embed);
}

Result<api::Resources> GetResources(const api::GetResourcesRequest& request, Service& service,
                                    wire::CallContext& /*context*/) {
  const auto api = service.catalog.FindApi(request.rest_api_id);
  if (!api) return api.error();
  const auto slice = SliceOf(api->resources.size(), request.position, request.limit);
  if (!slice) return slice.error();
  api::Resources page{.position = slice->position, .items = std::vector<api::Resource>()};
  for (std::size_t i = slice->first; i < slice->last; ++i) {
    page.items->push_back(Shown(api->resources[i], request.embed));
  }
  return page;
}

Result<api::Resource> UpdateResource(const api::UpdateResourceRequest& request, Service& service,
                                     wire::CallContext& /*context*/) {
  api::Resource after;
  const auto done = service.catalog.ModifyApi(request.rest_api_id, [&](Api& api) -> Result<void> {
    api::Resource* const resource = api.FindResource(request.resource_id);
    if (resource == nullptr) return NoSuchResource();
    if (!resource->parent_id) return InvalidInput("The root resource cannot be changed");
    const auto patched = Patched(*resource, request.patch_operations, kRules);
    if (!patched) return patched.error();
    const std::string part = patched->path_part.value_or("");
    if (auto checked = CheckPart(part); !checked) return checked;
    const api::Resource* const parent = api.FindResource(patched->parent_id.value_or(""));
    if (parent == nullptr) return NoSuchResource();
    if (IsBelow(api, *parent, request.resource_id)) {
      return InvalidInput("A resource cannot be put below itself");
    }
    if (auto placed = CheckPlace(api, *parent, part, request.resource_id); !placed) return placed;
    resource->path_part = part;
    resource->parent_id = patched->parent_id;
    resource->path = PathOf(*parent, part);
    SetPaths(api, *resource);
    after = *resource;
    return {};
  });
  if (!done) return done.error();
  return after;
}

// What lies below goes with it.
Result<api::DeleteResourceResponse> DeleteResource(const api::DeleteResourceRequest& request,
                                                   Service& service,
                                                   wire::CallContext& /*context*/) {
  const auto done = service.catalog.ModifyApi(request.rest_api_id, [&](Api& api) -> Result<void> {
    const api::Resource* const resource = api.FindResource(request.resource_id);
    if (resource == nullptr) return NoSuchResource();
    if (!resource->parent_id) return InvalidInput("Root resource cannot be deleted");
    std::vector<api::Resource> kept;
    for (const api::Resource& one : api.resources) {
      if (!IsBelow(api, one, request.resource_id)) {
        kept.push_back(one);
        continue;
      }
      std::erase_if(api.changed, [&](const auto& entry) {
        return entry.first.starts_with(one.id.value_or("") + "/");
      });
    }
    api.resources = std::move(kept);
    return {};
  });
  if (!done) return done.error();
  return api::DeleteResourceResponse{};
}

}  // namespace usher::apigateway
