// Operations PublishLayerVersion, GetLayerVersion, GetLayerVersionByArn, ListLayers,
// ListLayerVersions, DeleteLayerVersion. Errors: invalid input, not found.
#include <algorithm>
#include <charconv>

#include "json/json.h"
#include "services/lambda/code_links.h"
#include "services/lambda/configuration.h"
#include "services/lambda/operations.h"
#include "services/lambda/pages.h"
#include "services/lambda/versions.h"

namespace usher::lambda {
namespace {

constexpr int kAttempts = 20;

// "name" of a name or of an ARN of a layer.
std::string LayerNameOf(std::string_view text) {
  return std::string(text.substr(text.rfind(':') + 1));
}

Error LayerNotFound(std::string_view what) {
  return NotFound("The resource you requested does not exist: the layer version " +
                  std::string(what));
}

api::LayerVersionsListItem ItemOf(const StoredLayerVersion& layer) {
  return {.layer_version_arn = layer.answer.layer_version_arn,
          .version = layer.answer.version,
          .description = layer.answer.description,
          .created_date = layer.answer.created_date,
          .compatible_architectures = layer.answer.compatible_architectures,
          .compatible_runtimes = layer.answer.compatible_runtimes,
          .license_info = layer.answer.license_info};
}

bool Matches(const StoredLayerVersion& layer, const std::optional<std::string>& runtime) {
  if (!runtime || !layer.answer.compatible_runtimes) return true;
  return std::ranges::count(*layer.answer.compatible_runtimes, *runtime) != 0;
}

std::string IdOfVersion(const std::string& name, std::int64_t version) {
  return IdOf(name, std::to_string(version));
}

Result<api::GetLayerVersionResponse> Find(const std::string& name, std::int64_t version,
                                          Service& service, const wire::CallContext& context) {
  auto layer = service.catalog.FindLayerVersion(name, version);
  if (!layer) return layer.error();
  if (!*layer) return LayerNotFound(IdOfVersion(name, version));
  api::GetLayerVersionResponse answer = std::move((*layer)->answer);
  if (answer.content) {
    answer.content->location = LayerLink(service, context, IdOfVersion(name, version));
  }
  return answer;
}

// The number of the newest version that was ever published; 0 for none.
Result<std::pair<std::int64_t, std::optional<std::int64_t>>> NewestNumber(
    const storage::DocumentStore& store, const std::string& name) {
  const auto document = store.Get(kLayerKind, name);
  if (!document) return document.error();
  if (!*document) return std::pair(std::int64_t{0}, std::optional<std::int64_t>());
  std::int64_t number = 0;
  const std::string& body = (*document)->body;
  std::from_chars(body.data(), body.data() + body.size(), number);
  return std::pair(number, std::optional((*document)->version));
}

}  // namespace

Result<api::PublishLayerVersionResponse> PublishLayerVersion(
    const api::PublishLayerVersionRequest& request, Service& service, wire::CallContext& context) {
  const std::string name = LayerNameOf(request.layer_name);
  const auto zip = KeepZip({request.content.zip_file, request.content.s3_bucket,
                            request.content.s3_key, request.content.s3_object_version},
                           "layer:" + name, service, context);
  if (!zip) return zip.error();
  if (!*zip) return InvalidInput("Please provide the layer's ZipFile, or S3Bucket and S3Key");
  for (int attempt = 0;; ++attempt) {
    const auto newest = NewestNumber(service.store, name);
    if (!newest) return newest.error();
    const std::int64_t number = newest->first + 1;
    StoredLayerVersion layer{.name = name, .answer = {}, .code = **zip};
    api::GetLayerVersionResponse& answer = layer.answer;
    answer.content = api::LayerVersionContentOutput{
        .code_sha256 = CodeSha256(**zip), .code_size = static_cast<std::int64_t>((*zip)->size)};
    answer.layer_arn = LayerArn(context.region, name);
    answer.layer_version_arn = *answer.layer_arn + ":" + std::to_string(number);
    answer.description = request.description.value_or("");
    answer.created_date = LastModified(service.clock.Now());
    answer.version = number;
    answer.compatible_architectures = request.compatible_architectures;
    answer.compatible_runtimes = request.compatible_runtimes;
    answer.license_info = request.license_info;

    storage::Batch batch;
    if (newest->second) {
      batch.Update(std::string(kLayerKind), name, *newest->second, std::to_string(number));
    } else {
      batch.Create(std::string(kLayerKind), name, "", std::to_string(number));
    }
    batch.Create(std::string(kLayerVersionKind), IdOfVersion(name, number), name, BodyOf(layer));
    const auto committed = service.store.Commit(batch);
    if (committed) {
      const Value value = answer.ToValue();
      auto response = api::PublishLayerVersionResponse::FromValue(value);
      response.content->location = LayerLink(service, context, IdOfVersion(name, number));
      return response;
    }
    const bool again = committed.error().code == ErrorCode::kInUse ||
                       committed.error().code == ErrorCode::kAlreadyExists;
    if (!again || attempt == kAttempts) {
      service.code->Remove(**zip);
      return committed.error();
    }
  }
}

Result<api::GetLayerVersionResponse> GetLayerVersion(const api::GetLayerVersionRequest& request,
                                                     Service& service, wire::CallContext& context) {
  return Find(LayerNameOf(request.layer_name), request.version_number, service, context);
}

Result<api::GetLayerVersionResponse> GetLayerVersionByArn(
    const api::GetLayerVersionByArnRequest& request, Service& service, wire::CallContext& context) {
  const auto name = ParseLayerVersionArn(request.arn);
  if (!name) return InvalidInput("'" + request.arn + "' is not the ARN of a layer's version");
  auto found = Find(name->name, name->version, service, context);
  if (found && found->layer_version_arn != request.arn) return LayerNotFound(request.arn);
  return found;
}

Result<api::ListLayersResponse> ListLayers(const api::ListLayersRequest& request, Service& service,
                                           wire::CallContext& context) {
  const auto page = ListPage(service.store, kLayerKind, "", request.marker, request.max_items);
  if (!page) return page.error();
  api::ListLayersResponse answer;
  answer.layers.emplace();
  for (const storage::Document& document : page->documents) {
    // The newest version that is still there and fits; versions may have been deleted.
    const auto newest = NewestNumber(service.store, document.id);
    if (!newest) return newest.error();
    for (std::int64_t number = newest->first; number > 0; --number) {
      const auto layer = service.catalog.FindLayerVersion(document.id, number);
      if (!layer) return layer.error();
      if (!*layer || !Matches(**layer, request.compatible_runtime)) continue;
      answer.layers->push_back({.layer_name = document.id,
                                .layer_arn = LayerArn(context.region, document.id),
                                .latest_matching_version = ItemOf(**layer)});
      break;
    }
  }
  answer.next_marker = page->next_marker;
  return answer;
}

Result<api::ListLayerVersionsResponse> ListLayerVersions(
    const api::ListLayerVersionsRequest& request, Service& service,
    wire::CallContext& /*context*/) {
  const std::string name = LayerNameOf(request.layer_name);
  const auto page =
      ListPage(service.store, kLayerVersionKind, name + ":", request.marker, request.max_items);
  if (!page) return page.error();
  api::ListLayerVersionsResponse answer;
  answer.layer_versions.emplace();
  for (const storage::Document& document : page->documents) {
    const auto layer = ReadLayerVersion(document);
    if (!layer) return layer.error();
    if (Matches(*layer, request.compatible_runtime)) {
      answer.layer_versions->push_back(ItemOf(*layer));
    }
  }
  answer.next_marker = page->next_marker;
  return answer;
}

Result<api::DeleteLayerVersionResponse> DeleteLayerVersion(
    const api::DeleteLayerVersionRequest& request, Service& service,
    wire::CallContext& /*context*/) {
  const std::string name = LayerNameOf(request.layer_name);
  const auto layer = service.catalog.FindLayerVersion(name, request.version_number);
  if (!layer) return layer.error();
  storage::Batch batch;  // deleting what is not there is no error, as on AWS
  batch.Delete(std::string(kLayerVersionKind), IdOfVersion(name, request.version_number));
  if (const auto committed = service.store.Commit(batch); !committed) return committed.error();
  if (*layer) RemoveCode((*layer)->code, service);
  return api::DeleteLayerVersionResponse{};
}

}  // namespace usher::lambda
