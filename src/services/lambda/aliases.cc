// Operations CreateAlias, GetAlias, ListAliases, UpdateAlias, DeleteAlias.
// Errors: invalid input, already exists, not found; precondition failed for an old RevisionId.
#include <algorithm>

#include "base/random.h"
#include "json/json.h"
#include "services/lambda/operations.h"
#include "services/lambda/pages.h"

namespace usher::lambda {
namespace {

constexpr int kAttempts = 20;

// The versions that an alias stands for are there, and its weights are shares.
Result<void> Check(const api::AliasConfiguration& alias, std::string_view region,
                   const std::string& name, const Service& service) {
  const std::string main = alias.function_version.value_or("");
  if (const auto found = service.catalog.FindVersion(region, name, main); !found) {
    return found.error();
  }
  if (!alias.routing_config || !alias.routing_config->additional_version_weights) return {};
  const auto& weights = *alias.routing_config->additional_version_weights;
  if (weights.size() > 1) {
    return InvalidInput("Number of items in AdditionalVersionWeights cannot be greater than 1");
  }
  for (const auto& [version, weight] : weights) {
    if (main == kLatest || version == kLatest || version == main) {
      return InvalidInput(
          "An alias may be routed between two different published versions, not "
          "between '" +
          main + "' and '" + version + "'");
    }
    if (!(weight >= 0 && weight <= 1)) {
      return InvalidInput("the weight of version " + version + " must be between 0 and 1");
    }
    if (const auto found = service.catalog.FindVersion(region, name, version); !found) {
      return found.error();
    }
  }
  return {};
}

}  // namespace

Result<api::AliasConfiguration> CreateAlias(const api::CreateAliasRequest& request,
                                            Service& service, wire::CallContext& context) {
  const auto name = ParseFunctionName(request.function_name, std::nullopt);
  if (!name) return name.error();
  if (IsVersionNumber(request.name)) {
    return InvalidInput("an alias cannot be called '" + request.name + "': that is a version");
  }
  if (const auto found = service.catalog.FindFunction(context.region, name->name); !found) {
    return found.error();
  }
  api::AliasConfiguration alias{.alias_arn = FunctionArn(context.region, name->name, request.name),
                                .name = request.name,
                                .function_version = request.function_version,
                                .description = request.description.value_or(""),
                                .routing_config = request.routing_config,
                                .revision_id = NewUuid()};
  if (const auto checked = Check(alias, context.region, name->name, service); !checked) {
    return checked.error();
  }
  storage::Batch batch;
  batch.Require(std::string(kFunctionKind), name->name);
  batch.Create(std::string(kAliasKind), IdOf(name->name, request.name), name->name,
               json::Write(alias.ToValue()));
  if (const auto committed = service.store.Commit(batch); !committed) {
    if (committed.error().code == ErrorCode::kAlreadyExists) {
      return AlreadyExists("Alias already exists: " + alias.alias_arn.value_or(""));
    }
    return committed.error();
  }
  service.catalog.Changed(name->name);
  return alias;
}

Result<api::AliasConfiguration> GetAlias(const api::GetAliasRequest& request, Service& service,
                                         wire::CallContext& context) {
  const auto name = ParseFunctionName(request.function_name, std::nullopt);
  if (!name) return name.error();
  return service.catalog.FindAlias(context.region, name->name, request.name);
}

Result<api::ListAliasesResponse> ListAliases(const api::ListAliasesRequest& request,
                                             Service& service, wire::CallContext& context) {
  const auto name = ParseFunctionName(request.function_name, std::nullopt);
  if (!name) return name.error();
  if (const auto found = service.catalog.FindFunction(context.region, name->name); !found) {
    return found.error();
  }
  const auto page =
      ListPage(service.store, kAliasKind, name->name + ":", request.marker, request.max_items);
  if (!page) return page.error();
  api::ListAliasesResponse answer;
  answer.aliases.emplace();
  for (const storage::Document& document : page->documents) {
    const auto body = json::Parse(document.body);
    if (!body) return Corrupt("an alias is damaged");
    auto alias = api::AliasConfiguration::FromValue(*body);
    if (request.function_version && alias.function_version != request.function_version) continue;
    answer.aliases->push_back(std::move(alias));
  }
  answer.next_marker = page->next_marker;
  return answer;
}

Result<api::AliasConfiguration> UpdateAlias(const api::UpdateAliasRequest& request,
                                            Service& service, wire::CallContext& context) {
  const auto name = ParseFunctionName(request.function_name, std::nullopt);
  if (!name) return name.error();
  const std::string id = IdOf(name->name, request.name);
  for (int attempt = 0;; ++attempt) {
    const auto document = service.store.Get(kAliasKind, id);
    if (!document) return document.error();
    auto alias = service.catalog.FindAlias(context.region, name->name, request.name);
    if (!alias) return alias;
    if (!*document) continue;
    if (request.revision_id && request.revision_id != alias->revision_id) {
      return Named("PreconditionFailedException", ErrorCode::kInUse,
                   "The Revision Id provided does not match the latest Revision Id. Call the "
                   "GetFunction/GetAlias API to retrieve the latest Revision Id",
                   412);
    }
    if (request.function_version) alias->function_version = request.function_version;
    if (request.description) alias->description = request.description;
    if (request.routing_config) {
      alias->routing_config = request.routing_config;
      const auto& weights = request.routing_config->additional_version_weights;
      if (!weights || weights->empty()) alias->routing_config.reset();
    }
    alias->revision_id = NewUuid();
    if (const auto checked = Check(*alias, context.region, name->name, service); !checked) {
      return checked.error();
    }
    storage::Batch batch;
    batch.Update(std::string(kAliasKind), id, (*document)->version, json::Write(alias->ToValue()));
    const auto committed = service.store.Commit(batch);
    if (committed) {
      service.catalog.Changed(name->name);
      return alias;
    }
    if (committed.error().code != ErrorCode::kInUse || attempt == kAttempts) {
      return committed.error();
    }
  }
}

Result<api::DeleteAliasResponse> DeleteAlias(const api::DeleteAliasRequest& request,
                                             Service& service, wire::CallContext& /*context*/) {
  const auto name = ParseFunctionName(request.function_name, std::nullopt);
  if (!name) return name.error();
  storage::Batch batch;  // deleting what is not there is no error, as on AWS
  batch.Delete(std::string(kAliasKind), IdOf(name->name, request.name));
  batch.Delete(std::string(kEventConfigKind), IdOf(name->name, request.name));
  if (const auto committed = service.store.Commit(batch); !committed) return committed.error();
  service.catalog.Changed(name->name);
  return api::DeleteAliasResponse{};
}

}  // namespace usher::lambda
