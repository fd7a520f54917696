// Operations PublishVersion, ListVersionsByFunction.
// Errors: not found, in use; precondition failed (PreconditionFailedException) for a RevisionId
// that is not the newest.
#include "services/lambda/versions.h"

#include <algorithm>
#include <set>

#include "base/random.h"
#include "services/lambda/configuration.h"
#include "services/lambda/operations.h"
#include "services/lambda/pages.h"

namespace usher::lambda {
namespace {

constexpr std::size_t kPage = 500;
constexpr int kAttempts = 20;

// What makes two versions the same: everything but what publishing gives them.
Value Comparable(api::FunctionConfiguration configuration) {
  configuration.version.reset();
  configuration.function_arn.reset();
  configuration.master_arn.reset();
  configuration.revision_id.reset();
  configuration.last_modified.reset();
  configuration.description.reset();
  return configuration.ToValue();
}

Result<std::vector<storage::Document>> AllOf(const storage::DocumentStore& store,
                                             std::string_view kind, const std::string& group) {
  std::vector<storage::Document> all;
  for (std::int64_t after = 0;;) {
    auto page = store.List(kind, group, after, kPage);
    if (!page) return page.error();
    std::ranges::move(page->documents, std::back_inserter(all));
    if (!page->next_after) return all;
    after = *page->next_after;
  }
}

}  // namespace

void RemoveCode(const storage::DataFile& zip, Service& service) {
  service.code->Remove(zip);
  // Others with the same code unpack it anew when they need it: rare, and only time is lost.
  service.code->Forget(zip.sha256);
}

Result<api::FunctionConfiguration> PublishLatest(std::string_view region, const std::string& name,
                                                 const std::optional<std::string>& description,
                                                 Service& service) {
  for (int attempt = 0;; ++attempt) {
    auto function = service.catalog.FindFunction(region, name);
    if (!function) return function.error();
    const auto latest = service.catalog.FindVersion(region, name, kLatest);
    if (!latest) return latest.error();
    if (function->next_version > 1) {
      const auto newest =
          service.catalog.FindVersion(region, name, std::to_string(function->next_version - 1));
      if (newest && Comparable(newest->configuration) == Comparable(latest->configuration)) {
        return Shown(newest->configuration, service);
      }
    }
    StoredVersion made = *latest;
    const std::string number = std::to_string(function->next_version++);
    made.configuration.version = number;
    made.configuration.function_arn = FunctionArn(region, name, number);
    made.configuration.master_arn = FunctionArn(region, name);
    made.configuration.revision_id = NewUuid();
    made.configuration.last_modified = LastModified(service.clock.Now());
    if (description) made.configuration.description = description;
    if (latest->code) {
      auto copy = service.code->Copy(*latest->code, IdOf(name, number));
      if (!copy) return copy.error();
      made.code = *std::move(copy);
    }
    storage::Batch batch;
    batch.Update(std::string(kFunctionKind), name, function->document_version, BodyOf(*function));
    batch.Create(std::string(kVersionKind), IdOf(name, number), name, BodyOf(made));
    const auto committed = service.store.Commit(batch);
    if (committed) {
      service.catalog.Changed(name);
      return Shown(made.configuration, service);
    }
    if (made.code) service.code->Remove(*made.code);
    if (committed.error().code != ErrorCode::kInUse || attempt == kAttempts) {
      return committed.error();
    }
  }
}

Result<void> DeleteVersion(std::string_view region, const FunctionName& name, Service& service) {
  if (!IsVersionNumber(name.qualifier)) {
    return InvalidInput("a version's number is deleted, not '" + name.qualifier +
                        "'; an alias is deleted by DeleteAlias");
  }
  const auto version = service.catalog.FindVersion(region, name.name, name.qualifier);
  if (!version) return version.error();
  const auto aliases = AllOf(service.store, kAliasKind, name.name);
  if (!aliases) return aliases.error();
  for (const storage::Document& document : *aliases) {
    const auto alias =
        service.catalog.FindAlias(region, name.name, document.id.substr(name.name.size() + 1));
    if (!alias) continue;  // deleted in the meantime
    const bool weighs = alias->routing_config &&
                        alias->routing_config->additional_version_weights &&
                        alias->routing_config->additional_version_weights->contains(name.qualifier);
    if (alias->function_version == name.qualifier || weighs) {
      return InUse("Version " + name.qualifier + " is currently in use by alias " +
                   alias->name.value_or("") + ".");
    }
  }
  storage::Batch batch;
  batch.Delete(std::string(kVersionKind), IdOf(name.name, name.qualifier));
  batch.Delete(std::string(kEventConfigKind), IdOf(name.name, name.qualifier));
  if (const auto committed = service.store.Commit(batch); !committed) return committed;
  service.catalog.Changed(name.name);
  service.pool.Retire(name.name);
  if (version->code) RemoveCode(*version->code, service);
  return {};
}

Result<void> DeleteAllVersions(const std::string& name, Service& service) {
  std::vector<storage::DataFile> zips;
  storage::Batch batch;
  batch.Delete(std::string(kFunctionKind), name);
  for (const std::string_view kind : {kVersionKind, kAliasKind, kEventConfigKind}) {
    const auto documents = AllOf(service.store, kind, name);
    if (!documents) return documents.error();
    for (const storage::Document& document : *documents) {
      batch.Delete(std::string(kind), document.id);
      if (kind != kVersionKind) continue;
      const auto version = ReadVersion(document);
      if (version && version->code) zips.push_back(*version->code);
    }
  }
  if (const auto committed = service.store.Commit(batch); !committed) return committed;
  service.catalog.Changed(name);
  service.pool.Retire(name);
  for (const storage::DataFile& zip : zips) RemoveCode(zip, service);
  const auto reserved = service.catalog.Reserved("");
  if (reserved) service.executor.SetUnreserved(kAccountConcurrency - *reserved);
  return {};
}

Result<api::FunctionConfiguration> PublishVersion(const api::PublishVersionRequest& request,
                                                  Service& service, wire::CallContext& context) {
  const auto name = ParseFunctionName(request.function_name, std::nullopt);
  if (!name) return name.error();
  const auto latest = service.catalog.FindVersion(context.region, name->name, kLatest);
  if (!latest) return latest.error();
  if (request.code_sha256 && request.code_sha256 != latest->configuration.code_sha256) {
    return InvalidInput("CodeSHA256 (" + *request.code_sha256 +
                        ") is different from current CodeSHA256 in $LATEST (" +
                        latest->configuration.code_sha256.value_or("") +
                        "). Please try again with the CodeSHA256 in $LATEST.");
  }
  if (request.revision_id && request.revision_id != latest->configuration.revision_id) {
    return Named("PreconditionFailedException", ErrorCode::kInUse,
                 "The Revision Id provided does not match the latest Revision Id. Call the "
                 "GetFunction/GetAlias API to retrieve the latest Revision Id",
                 412);
  }
  return PublishLatest(context.region, name->name, request.description, service);
}

Result<api::ListVersionsByFunctionResponse> ListVersionsByFunction(
    const api::ListVersionsByFunctionRequest& request, Service& service,
    wire::CallContext& context) {
  const auto name = ParseFunctionName(request.function_name, std::nullopt);
  if (!name) return name.error();
  if (const auto found = service.catalog.FindFunction(context.region, name->name); !found) {
    return found.error();
  }
  const auto page =
      ListPage(service.store, kVersionKind, name->name + ":", request.marker, request.max_items);
  if (!page) return page.error();
  api::ListVersionsByFunctionResponse answer;
  answer.versions.emplace();
  for (const storage::Document& document : page->documents) {
    auto version = ReadVersion(document);
    if (!version) return version.error();
    answer.versions->push_back(Shown(std::move(version->configuration), service));
  }
  answer.next_marker = page->next_marker;
  return answer;
}

}  // namespace usher::lambda
