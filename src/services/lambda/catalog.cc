#include "services/lambda/catalog.h"

#include "json/json.h"
#include "wire/convert.h"

namespace usher::lambda {
namespace {

constexpr int kModifyAttempts = 20;
constexpr std::size_t kPage = 500;
constexpr std::size_t kMaxCached = 10'000;

Error FunctionNotFound(std::string_view region, std::string_view name, std::string_view qualifier) {
  return NotFound("Function not found: " + FunctionArn(region, name, qualifier));
}

Value FileValue(const storage::DataFile& file) {
  ValueMap map;
  map.Append("name", file.name);
  map.Append("size", static_cast<std::int64_t>(file.size));
  map.Append("md5", file.md5);
  map.Append("sha256", file.sha256);
  return map;
}

storage::DataFile FileOf(const Value& value) {
  storage::DataFile file;
  std::int64_t size = 0;
  wire::ReadMember(value, "name", file.name);
  wire::ReadMember(value, "size", size);
  wire::ReadMember(value, "md5", file.md5);
  wire::ReadMember(value, "sha256", file.sha256);
  file.size = static_cast<std::uint64_t>(size);
  return file;
}

Result<Value> ParseBody(const storage::Document& document) {
  auto body = json::Parse(document.body);
  if (!body) return Corrupt("the document " + document.kind + " " + document.id + " is damaged");
  return body;
}

}  // namespace

std::string IdOf(std::string_view name, std::string_view qualifier) {
  return std::string(name) + ":" + std::string(qualifier);
}

std::string BodyOf(const StoredFunction& function) {
  ValueMap map;
  map.Append("name", function.name);
  map.Append("nextVersion", function.next_version);
  wire::WriteMember(map, "reservedConcurrency", function.reserved_concurrency);
  wire::WriteMember(map, "tags", function.tags);
  wire::WriteMember(map, "policies", function.policies);
  return json::Write(map);
}

Result<StoredFunction> ReadFunction(const storage::Document& document) {
  const auto body = ParseBody(document);
  if (!body) return body.error();
  StoredFunction function;
  wire::ReadMember(*body, "name", function.name);
  wire::ReadMember(*body, "nextVersion", function.next_version);
  wire::ReadMember(*body, "reservedConcurrency", function.reserved_concurrency);
  wire::ReadMember(*body, "tags", function.tags);
  wire::ReadMember(*body, "policies", function.policies);
  function.document_version = document.version;
  return function;
}

std::string BodyOf(const StoredVersion& version) {
  ValueMap map;
  map.Append("configuration", version.configuration.ToValue());
  if (version.code) map.Append("code", FileValue(*version.code));
  return json::Write(map);
}

Result<StoredVersion> ReadVersion(const storage::Document& document) {
  const auto body = ParseBody(document);
  if (!body) return body.error();
  StoredVersion version;
  wire::ReadMember(*body, "configuration", version.configuration);
  if (const Value* code = body->Find("code")) version.code = FileOf(*code);
  version.document_version = document.version;
  return version;
}

std::string BodyOf(const StoredLayerVersion& layer) {
  ValueMap map;
  map.Append("name", layer.name);
  map.Append("layer", layer.answer.ToValue());
  map.Append("code", FileValue(layer.code));
  return json::Write(map);
}

Result<StoredLayerVersion> ReadLayerVersion(const storage::Document& document) {
  const auto body = ParseBody(document);
  if (!body) return body.error();
  StoredLayerVersion layer;
  wire::ReadMember(*body, "name", layer.name);
  wire::ReadMember(*body, "layer", layer.answer);
  if (const Value* code = body->Find("code")) layer.code = FileOf(*code);
  return layer;
}

Result<StoredFunction> Catalog::FindFunction(std::string_view region, std::string_view name) const {
  const auto document = store_.Get(kFunctionKind, name);
  if (!document) return document.error();
  if (!*document) return FunctionNotFound(region, name, "");
  return ReadFunction(**document);
}

Result<StoredVersion> Catalog::FindVersion(std::string_view region, std::string_view name,
                                           std::string_view version) const {
  const auto document = store_.Get(kVersionKind, IdOf(name, version));
  if (!document) return document.error();
  if (!*document) return FunctionNotFound(region, name, version == kLatest ? "" : version);
  return ReadVersion(**document);
}

Result<api::AliasConfiguration> Catalog::FindAlias(std::string_view region, std::string_view name,
                                                   std::string_view alias) const {
  const auto document = store_.Get(kAliasKind, IdOf(name, alias));
  if (!document) return document.error();
  if (!*document) {
    return NotFound("Cannot find alias arn: " + FunctionArn(region, name, alias));
  }
  const auto body = ParseBody(**document);
  if (!body) return body.error();
  return api::AliasConfiguration::FromValue(*body);
}

Result<std::optional<api::FunctionEventInvokeConfig>> Catalog::FindEventConfig(
    std::string_view name, std::string_view qualifier) const {
  const auto document = store_.Get(kEventConfigKind, IdOf(name, qualifier));
  if (!document) return document.error();
  if (!*document) return std::optional<api::FunctionEventInvokeConfig>();
  const auto body = ParseBody(**document);
  if (!body) return body.error();
  return std::optional(api::FunctionEventInvokeConfig::FromValue(*body));
}

Result<std::optional<StoredLayerVersion>> Catalog::FindLayerVersion(std::string_view name,
                                                                    std::int64_t version) const {
  const auto document = store_.Get(kLayerVersionKind, IdOf(name, std::to_string(version)));
  if (!document) return document.error();
  if (!*document) return std::optional<StoredLayerVersion>();
  auto layer = ReadLayerVersion(**document);
  if (!layer) return layer.error();
  return std::optional(*std::move(layer));
}

Result<std::string> Catalog::VersionOf(std::string_view region, const FunctionName& name,
                                       double dice) const {
  if (name.qualifier.empty() || name.qualifier == kLatest) return std::string(kLatest);
  if (IsVersionNumber(name.qualifier)) return name.qualifier;
  const auto alias = FindAlias(region, name.name, name.qualifier);
  if (!alias) {
    return alias.error().code == ErrorCode::kNotFound
               ? FunctionNotFound(region, name.name, name.qualifier)
               : alias.error();
  }
  if (alias->routing_config && alias->routing_config->additional_version_weights) {
    for (const auto& [version, weight] : *alias->routing_config->additional_version_weights) {
      if (dice < weight) return version;
      dice -= weight;
    }
  }
  return alias->function_version.value_or(std::string(kLatest));
}

Result<std::shared_ptr<const Target>> Catalog::Resolve(std::string_view region,
                                                       const FunctionName& name, double dice) {
  const std::string key = IdOf(name.name, name.qualifier);
  std::uint64_t generation = 0;
  {
    const std::lock_guard lock(mutex_);
    generation = generation_;
    const auto found = cache_.find(key);
    if (found != cache_.end()) return found->second;
  }
  auto function = FindFunction(region, name.name);
  if (!function) return function.error();
  const auto version = VersionOf(region, name, dice);
  if (!version) return version.error();
  auto stored = FindVersion(region, name.name, *version);
  if (!stored) return stored.error();
  auto config = FindEventConfig(
      name.name, name.qualifier.empty() ? kLatest : std::string_view(name.qualifier));
  if (!config) return config.error();
  auto target = std::make_shared<const Target>(
      Target{.function = *std::move(function),
             .version = *std::move(stored),
             .event_config = std::move(*config).value_or(api::FunctionEventInvokeConfig())});
  // An alias may stand for several versions: its choice is not remembered.
  const bool is_alias =
      !name.qualifier.empty() && name.qualifier != kLatest && !IsVersionNumber(name.qualifier);
  if (!is_alias) {
    const std::lock_guard lock(mutex_);
    if (cache_.size() >= kMaxCached) cache_.clear();
    if (generation == generation_) cache_.insert_or_assign(key, target);
  }
  return target;
}

void Catalog::Changed(const std::string& name) {
  const std::lock_guard lock(mutex_);
  ++generation_;
  std::erase_if(cache_, [&](const auto& entry) {
    return entry.first.size() > name.size() && entry.first.starts_with(name) &&
           entry.first[name.size()] == ':';
  });
}

Result<StoredFunction> Catalog::ModifyFunction(
    std::string_view region, const std::string& name,
    const std::function<Result<void>(StoredFunction&)>& change) {
  for (int attempt = 0;; ++attempt) {
    auto function = FindFunction(region, name);
    if (!function) return function;
    if (const auto changed = change(*function); !changed) return changed.error();
    storage::Batch batch;
    batch.Update(std::string(kFunctionKind), name, function->document_version, BodyOf(*function));
    const auto committed = store_.Commit(batch);
    if (committed) {
      Changed(name);
      return function;
    }
    if (committed.error().code != ErrorCode::kInUse || attempt == kModifyAttempts) {
      return committed.error();
    }
  }
}

Result<std::int64_t> Catalog::Reserved(std::string_view except) const {
  std::int64_t sum = 0;
  for (std::int64_t after = 0;;) {
    const auto page = store_.List(kFunctionKind, std::nullopt, after, kPage);
    if (!page) return page.error();
    for (const storage::Document& document : page->documents) {
      const auto function = ReadFunction(document);
      if (!function) return function.error();
      if (function->name != except) sum += function->reserved_concurrency.value_or(0);
    }
    if (!page->next_after) return sum;
    after = *page->next_after;
  }
}

}  // namespace usher::lambda
