#include "services/apigateway/catalog.h"

#include <algorithm>
#include <charconv>

#include "base/random.h"
#include "json/json.h"
#include "services/apigateway/errors.h"
#include "wire/convert.h"

namespace usher::apigateway {
namespace {

constexpr std::string_view kApiKind = "apigateway/api";
constexpr std::string_view kDeploymentKind = "apigateway/deployment";
constexpr std::string_view kSnapshotKind = "apigateway/snapshot";
constexpr std::string_view kStageKind = "apigateway/stage";
constexpr std::string_view kKeyKind = "apigateway/key";
constexpr std::string_view kKeyValueKind = "apigateway/key_value";
constexpr std::string_view kPlanKind = "apigateway/plan";
constexpr std::string_view kAccountKind = "apigateway/account";

constexpr std::int64_t kDefaultLimit = 25;
constexpr std::int64_t kMaxLimit = 500;
constexpr std::size_t kMaxPlans = 300;

std::string Kind(std::string_view kind) { return std::string(kind); }

std::string PartId(std::string_view api_id, std::string_view part) {
  return std::string(api_id) + "/" + std::string(part);
}

Result<Value> Parse(const storage::Document& document) {
  auto body = json::Parse(document.body);
  if (!body || !body->as_map()) {
    return Corrupt("the stored " + document.kind + " '" + document.id + "' cannot be read");
  }
  return body;
}

template <typename T>
Result<T> Decode(const storage::Document& document) {
  const auto body = Parse(document);
  if (!body) return body.error();
  return T::FromValue(*body);
}

Result<Api> DecodeApi(const storage::Document& document) {
  const auto body = Parse(document);
  if (!body) return body.error();
  Api api = ApiFromValue(document.id, *body);
  api.version = document.version;
  return api;
}

Result<Plan> DecodePlan(const storage::Document& document) {
  const auto body = Parse(document);
  if (!body) return body.error();
  Plan plan{.plan = {}, .keys = {}, .version = document.version};
  wire::ReadMember(*body, "plan", plan.plan);
  wire::ReadMember(*body, "keys", plan.keys);
  return plan;
}

std::string Encode(const Plan& plan) {
  ValueMap body;
  body.Append("plan", plan.plan.ToValue());
  body.Append("keys", wire::Write(plan.keys));
  return json::Write(body);
}

Error BadPosition() { return InvalidInput("Invalid position parameter"); }

Result<std::size_t> CheckLimit(std::optional<std::int64_t> limit) {
  const std::int64_t wanted = limit.value_or(kDefaultLimit);
  if (wanted < 1 || wanted > kMaxLimit) {
    return InvalidInput("limit must be between 1 and 500, got " + std::to_string(wanted));
  }
  return static_cast<std::size_t>(wanted);
}

Result<std::int64_t> ReadNumber(const std::optional<std::string>& position) {
  if (!position || position->empty()) return std::int64_t{0};
  std::int64_t number = 0;
  const auto [end, error] =
      std::from_chars(position->data(), position->data() + position->size(), number);
  if (error != std::errc() || end != position->data() + position->size() || number < 0) {
    return BadPosition();
  }
  return number;
}

template <typename T, typename Read>
Result<PageOf<T>> List(const storage::DocumentStore& store, std::string_view kind,
                       std::optional<std::string_view> group,
                       const std::optional<std::string>& position,
                       std::optional<std::int64_t> limit, Read read) {
  const auto size = CheckLimit(limit);
  if (!size) return size.error();
  const auto after = ReadNumber(position);
  if (!after) return after.error();
  const auto found = store.List(kind, group, *after, *size);
  if (!found) return found.error();
  PageOf<T> page;
  for (const storage::Document& document : found->documents) {
    auto item = read(document);
    if (!item) return item.error();
    page.items.push_back(*std::move(item));
  }
  if (found->next_after) page.position = std::to_string(*found->next_after);
  return page;
}

// Every document of a group that is known to be small.
Result<std::vector<storage::Document>> All(const storage::DocumentStore& store,
                                           std::string_view kind,
                                           std::optional<std::string_view> group) {
  std::vector<storage::Document> all;
  for (std::int64_t after = 0;;) {
    auto page = store.List(kind, group, after, static_cast<std::size_t>(kMaxLimit));
    if (!page) return page.error();
    std::ranges::move(page->documents, std::back_inserter(all));
    if (!page->next_after) return all;
    after = *page->next_after;
  }
}

// Read, change, write; again when somebody else wrote in between.
template <typename T>
Result<T> Modify(storage::DocumentStore& store, std::string_view kind, const std::string& id,
                 const Error& missing, const std::function<Result<void>(T&)>& change) {
  while (true) {
    const auto document = store.Get(kind, id);
    if (!document) return document.error();
    if (!*document) return missing;
    auto item = Decode<T>(**document);
    if (!item) return item;
    if (const auto changed = change(*item); !changed) return changed.error();
    storage::Batch batch;
    batch.Update(Kind(kind), id, (*document)->version, json::Write(item->ToValue()));
    const auto committed = store.Commit(batch);
    if (committed) return item;
    if (committed.error().code == ErrorCode::kNotFound) return missing;
    if (committed.error().code != ErrorCode::kInUse) return committed.error();
  }
}

template <typename T>
Result<T> FindOne(const storage::DocumentStore& store, std::string_view kind, const std::string& id,
                  const Error& missing) {
  const auto document = store.Get(kind, id);
  if (!document) return document.error();
  if (!*document) return missing;
  return Decode<T>(**document);
}

Result<std::string> EncodeApi(const Api& api) {
  std::string body = json::Write(ToValue(api));
  if (body.size() > kMaxApiBytes) {
    return LimitExceeded("the API with its methods, templates and models would take " +
                         std::to_string(body.size()) + " bytes; at most " +
                         std::to_string(kMaxApiBytes) + " are kept");
  }
  return body;
}

}  // namespace

api::Resource* Api::FindResource(std::string_view resource_id) {
  const auto found = std::ranges::find_if(
      resources, [&](const api::Resource& one) { return one.id == resource_id; });
  return found == resources.end() ? nullptr : &*found;
}

const api::Resource* Api::FindResource(std::string_view resource_id) const {
  return const_cast<Api*>(this)->FindResource(resource_id);
}

Result<api::Method*> Api::FindMethod(std::string_view resource_id, std::string_view method) {
  api::Resource* const resource = FindResource(resource_id);
  if (resource == nullptr) return NoSuchResource();
  if (!resource->resource_methods) return NoSuchMethod();
  const auto found = resource->resource_methods->find(std::string(method));
  if (found == resource->resource_methods->end()) return NoSuchMethod();
  return &found->second;
}

void Api::Touch(std::string_view resource_id, std::string_view method, Time now) {
  changed[std::string(resource_id) + "/" + std::string(method)] = EpochMillis(now);
}

Value ToValue(const Api& api) {
  ValueMap body;
  body.Append("region", api.region);
  body.Append("rest", api.rest.ToValue());
  body.Append("resources", wire::Write(api.resources));
  body.Append("models", wire::Write(api.models));
  body.Append("validators", wire::Write(api.validators));
  body.Append("gatewayResponses", wire::Write(api.gateway_responses));
  body.Append("changed", wire::Write(api.changed));
  return body;
}

Api ApiFromValue(std::string id, const Value& value) {
  Api api;
  api.id = std::move(id);
  wire::ReadMember(value, "region", api.region);
  wire::ReadMember(value, "rest", api.rest);
  wire::ReadMember(value, "resources", api.resources);
  wire::ReadMember(value, "models", api.models);
  wire::ReadMember(value, "validators", api.validators);
  wire::ReadMember(value, "gatewayResponses", api.gateway_responses);
  wire::ReadMember(value, "changed", api.changed);
  return api;
}

// ---- APIs ----

Result<void> Catalog::AddApi(const Api& api) const {
  const auto all = All(store_, kApiKind, api.region);
  if (!all) return all.error();
  if (all->size() >= kMaxApis) {
    return LimitExceeded("a region has at most " + std::to_string(kMaxApis) + " REST APIs");
  }
  auto body = EncodeApi(api);
  if (!body) return body.error();
  storage::Batch batch;
  batch.Create(Kind(kApiKind), api.id, api.region, *std::move(body));
  return store_.Commit(batch);
}

Result<Api> Catalog::FindApi(std::string_view id) const {
  const auto document = store_.Get(kApiKind, id);
  if (!document) return document.error();
  if (!*document) return NoSuchApi(id);
  return DecodeApi(**document);
}

Result<PageOf<api::RestApi>> Catalog::ListApis(std::string_view region,
                                               const std::optional<std::string>& position,
                                               std::optional<std::int64_t> limit) const {
  return List<api::RestApi>(store_, kApiKind, region, position, limit,
                            [](const storage::Document& document) -> Result<api::RestApi> {
                              auto api = DecodeApi(document);
                              if (!api) return api.error();
                              return std::move(api->rest);
                            });
}

Result<void> Catalog::ModifyApi(std::string_view id,
                                const std::function<Result<void>(Api&)>& change) const {
  while (true) {
    auto api = FindApi(id);
    if (!api) return api.error();
    if (auto changed = change(*api); !changed) return changed;
    auto body = EncodeApi(*api);
    if (!body) return body.error();
    storage::Batch batch;
    batch.Update(Kind(kApiKind), api->id, api->version, *std::move(body));
    auto committed = store_.Commit(batch);
    if (committed) return committed;
    if (committed.error().code == ErrorCode::kNotFound) return NoSuchApi(id);
    if (committed.error().code != ErrorCode::kInUse) return committed;
  }
}

Result<void> Catalog::DeleteApi(std::string_view id) const {
  while (true) {
    const auto api = FindApi(id);
    if (!api) return api.error();
    storage::Batch batch;
    batch.Delete(Kind(kApiKind), api->id);
    for (const std::string_view kind : {kDeploymentKind, kSnapshotKind, kStageKind}) {
      const auto parts = All(store_, kind, id);
      if (!parts) return parts.error();
      for (const storage::Document& part : *parts) batch.Delete(part.kind, part.id);
      batch.RequireEmpty(Kind(kind), std::string(id));
    }
    auto committed = store_.Commit(batch);
    if (committed || committed.error().code != ErrorCode::kInUse) return committed;
    // Somebody deployed in between.
  }
}

// ---- deployments ----

Result<void> Catalog::AddDeployment(std::string_view api_id, const api::Deployment& deployment,
                                    const std::function<Result<void>(const Api&)>& check,
                                    const std::optional<api::Stage>& new_stage,
                                    const std::function<void(api::Stage&)>& change_stage) const {
  while (true) {
    const auto document = store_.Get(kApiKind, api_id);
    if (!document) return document.error();
    if (!*document) return NoSuchApi(api_id);
    const auto api = DecodeApi(**document);
    if (!api) return api.error();
    if (auto checked = check(*api); !checked) return checked;
    const auto others = All(store_, kDeploymentKind, api_id);
    if (!others) return others.error();
    if (others->size() >= kMaxDeployments) {
      return LimitExceeded("an API has at most " + std::to_string(kMaxDeployments) +
                           " deployments; delete some that no stage uses");
    }

    storage::Batch batch;
    const std::string id = PartId(api_id, deployment.id.value_or(""));
    batch.Create(Kind(kDeploymentKind), id, api->id, json::Write(deployment.ToValue()));
    batch.Create(Kind(kSnapshotKind), id, api->id, (*document)->body);
    // What was taken is what is there.
    batch.Update(Kind(kApiKind), api->id, api->version, (*document)->body);
    if (new_stage) {
      const std::string stage_id = PartId(api_id, new_stage->stage_name.value_or(""));
      const auto there = store_.Get(kStageKind, stage_id);
      if (!there) return there.error();
      if (*there) {
        auto stage = Decode<api::Stage>(**there);
        if (!stage) return stage.error();
        change_stage(*stage);
        batch.Update(Kind(kStageKind), stage_id, (*there)->version, json::Write(stage->ToValue()));
      } else {
        const auto stages = All(store_, kStageKind, api_id);
        if (!stages) return stages.error();
        if (stages->size() >= kMaxStages) {
          return LimitExceeded("an API has at most " + std::to_string(kMaxStages) + " stages");
        }
        batch.Create(Kind(kStageKind), stage_id, api->id, json::Write(new_stage->ToValue()));
      }
    }
    auto committed = store_.Commit(batch);
    if (committed) return committed;
    const ErrorCode code = committed.error().code;
    if (code != ErrorCode::kInUse && code != ErrorCode::kAlreadyExists &&
        code != ErrorCode::kNotFound) {
      return committed;
    }
  }
}

Result<api::Deployment> Catalog::FindDeployment(std::string_view api_id,
                                                std::string_view id) const {
  return FindOne<api::Deployment>(store_, kDeploymentKind, PartId(api_id, id), NoSuchDeployment());
}

Result<PageOf<api::Deployment>> Catalog::ListDeployments(std::string_view api_id,
                                                         const std::optional<std::string>& position,
                                                         std::optional<std::int64_t> limit) const {
  return List<api::Deployment>(store_, kDeploymentKind, api_id, position, limit,
                               Decode<api::Deployment>);
}

Result<api::Deployment> Catalog::ModifyDeployment(
    std::string_view api_id, std::string_view id,
    const std::function<Result<void>(api::Deployment&)>& change) const {
  return Modify<api::Deployment>(store_, kDeploymentKind, PartId(api_id, id), NoSuchDeployment(),
                                 change);
}

Result<void> Catalog::DeleteDeployment(std::string_view api_id, std::string_view id) const {
  const auto found = FindDeployment(api_id, id);
  if (!found) return found.error();
  const auto stages = ListStages(api_id);
  if (!stages) return stages.error();
  for (const api::Stage& stage : *stages) {
    if (stage.deployment_id != id) continue;
    return InvalidInput("Active stages pointing to this deployment must be moved or deleted: " +
                        stage.stage_name.value_or(""));
  }
  storage::Batch batch;
  batch.Delete(Kind(kDeploymentKind), PartId(api_id, id));
  batch.Delete(Kind(kSnapshotKind), PartId(api_id, id));
  return store_.Commit(batch);
}

Result<Api> Catalog::FindSnapshot(std::string_view api_id, std::string_view deployment_id) const {
  const auto document = store_.Get(kSnapshotKind, PartId(api_id, deployment_id));
  if (!document) return document.error();
  if (!*document) return NoSuchDeployment();
  auto api = DecodeApi(**document);
  if (api) api->id = api_id;
  return api;
}

// ---- stages ----

Result<void> Catalog::AddStage(std::string_view api_id, const api::Stage& stage) const {
  const auto stages = ListStages(api_id);
  if (!stages) return stages.error();
  if (stages->size() >= kMaxStages) {
    return LimitExceeded("an API has at most " + std::to_string(kMaxStages) + " stages");
  }
  storage::Batch batch;
  batch.Require(Kind(kApiKind), std::string(api_id));
  batch.Require(Kind(kSnapshotKind), PartId(api_id, stage.deployment_id.value_or("")));
  batch.Create(Kind(kStageKind), PartId(api_id, stage.stage_name.value_or("")), std::string(api_id),
               json::Write(stage.ToValue()));
  auto committed = store_.Commit(batch);
  if (committed) return committed;
  if (committed.error().code == ErrorCode::kAlreadyExists) {
    return AlreadyExists("Stage already exists");
  }
  if (committed.error().code != ErrorCode::kNotFound) return committed;
  const auto api = store_.Get(kApiKind, api_id);
  if (!api) return api.error();
  return *api ? NoSuchDeployment() : NoSuchApi(api_id);
}

Result<api::Stage> Catalog::FindStage(std::string_view api_id, std::string_view name) const {
  return FindOne<api::Stage>(store_, kStageKind, PartId(api_id, name), NoSuchStage());
}

Result<std::vector<api::Stage>> Catalog::ListStages(std::string_view api_id) const {
  const auto documents = All(store_, kStageKind, api_id);
  if (!documents) return documents.error();
  std::vector<api::Stage> stages;
  for (const storage::Document& document : *documents) {
    auto stage = Decode<api::Stage>(document);
    if (!stage) return stage.error();
    stages.push_back(*std::move(stage));
  }
  return stages;
}

Result<api::Stage> Catalog::ModifyStage(
    std::string_view api_id, std::string_view name,
    const std::function<Result<void>(api::Stage&)>& change) const {
  return Modify<api::Stage>(store_, kStageKind, PartId(api_id, name), NoSuchStage(), change);
}

Result<void> Catalog::DeleteStage(std::string_view api_id, std::string_view name) const {
  const auto found = FindStage(api_id, name);
  if (!found) return found.error();
  storage::Batch batch;
  batch.Delete(Kind(kStageKind), PartId(api_id, name));
  return store_.Commit(batch);
}

// ---- keys and plans ----

Result<void> Catalog::AddKey(const api::ApiKey& key, std::string_view region) const {
  storage::Batch batch;
  batch.Create(Kind(kKeyValueKind), key.value.value_or(""), "", key.id.value_or(""));
  batch.Create(Kind(kKeyKind), key.id.value_or(""), std::string(region),
               json::Write(key.ToValue()));
  auto committed = store_.Commit(batch);
  if (!committed && committed.error().code == ErrorCode::kAlreadyExists) {
    return AlreadyExists("API Key already exists");
  }
  return committed;
}

Result<api::ApiKey> Catalog::FindKey(std::string_view id) const {
  return FindOne<api::ApiKey>(store_, kKeyKind, std::string(id), NoSuchKey());
}

Result<std::optional<api::ApiKey>> Catalog::FindKeyByValue(std::string_view value) const {
  const auto document = store_.Get(kKeyValueKind, value);
  if (!document) return document.error();
  if (!*document) return std::optional<api::ApiKey>();
  auto key = FindKey((*document)->body);
  if (!key && key.error().code == ErrorCode::kNotFound) return std::optional<api::ApiKey>();
  if (!key) return key.error();
  return std::optional(*std::move(key));
}

Result<PageOf<api::ApiKey>> Catalog::ListKeys(std::string_view region,
                                              const std::optional<std::string>& position,
                                              std::optional<std::int64_t> limit) const {
  return List<api::ApiKey>(store_, kKeyKind, region, position, limit, Decode<api::ApiKey>);
}

Result<api::ApiKey> Catalog::ModifyKey(
    std::string_view id, const std::function<Result<void>(api::ApiKey&)>& change) const {
  return Modify<api::ApiKey>(store_, kKeyKind, std::string(id), NoSuchKey(), change);
}

Result<void> Catalog::DeleteKey(std::string_view id) const {
  const auto key = FindKey(id);
  if (!key) return key.error();
  const auto plans = AllPlans();
  if (!plans) return plans.error();
  for (const Plan& plan : *plans) {
    if (std::ranges::find(plan.keys, id) == plan.keys.end()) continue;
    const auto changed = ModifyPlan(plan.plan.id.value_or(""), [&](Plan& one) -> Result<void> {
      std::erase(one.keys, id);
      return {};
    });
    if (!changed) return changed.error();
  }
  storage::Batch batch;
  batch.Delete(Kind(kKeyKind), std::string(id));
  batch.Delete(Kind(kKeyValueKind), key->value.value_or(""));
  return store_.Commit(batch);
}

Result<void> Catalog::AddPlan(const Plan& plan, std::string_view region) const {
  const auto plans = AllPlans();
  if (!plans) return plans.error();
  if (plans->size() >= kMaxPlans) {
    return LimitExceeded("there are at most " + std::to_string(kMaxPlans) + " usage plans");
  }
  storage::Batch batch;
  batch.Create(Kind(kPlanKind), plan.plan.id.value_or(""), std::string(region), Encode(plan));
  return store_.Commit(batch);
}

Result<Plan> Catalog::FindPlan(std::string_view id) const {
  const auto document = store_.Get(kPlanKind, id);
  if (!document) return document.error();
  if (!*document) return NoSuchPlan();
  return DecodePlan(**document);
}

Result<std::vector<Plan>> Catalog::AllPlans() const {
  const auto documents = All(store_, kPlanKind, std::nullopt);
  if (!documents) return documents.error();
  std::vector<Plan> plans;
  for (const storage::Document& document : *documents) {
    auto plan = DecodePlan(document);
    if (!plan) return plan.error();
    plans.push_back(*std::move(plan));
  }
  return plans;
}

Result<PageOf<Plan>> Catalog::ListPlans(std::string_view region,
                                        const std::optional<std::string>& position,
                                        std::optional<std::int64_t> limit) const {
  return List<Plan>(store_, kPlanKind, region, position, limit, DecodePlan);
}

Result<Plan> Catalog::ModifyPlan(std::string_view id,
                                 const std::function<Result<void>(Plan&)>& change) const {
  while (true) {
    auto plan = FindPlan(id);
    if (!plan) return plan;
    if (const auto changed = change(*plan); !changed) return changed.error();
    storage::Batch batch;
    batch.Update(Kind(kPlanKind), std::string(id), plan->version, Encode(*plan));
    const auto committed = store_.Commit(batch);
    if (committed) return plan;
    if (committed.error().code == ErrorCode::kNotFound) return NoSuchPlan();
    if (committed.error().code != ErrorCode::kInUse) return committed.error();
  }
}

Result<void> Catalog::DeletePlan(std::string_view id) const {
  const auto plan = FindPlan(id);
  if (!plan) return plan.error();
  storage::Batch batch;
  batch.Delete(Kind(kPlanKind), std::string(id));
  return store_.Commit(batch);
}

// ---- account ----

Result<std::string> Catalog::CloudwatchRole(std::string_view region) const {
  const auto document = store_.Get(kAccountKind, region);
  if (!document) return document.error();
  return *document ? (*document)->body : std::string();
}

Result<void> Catalog::SetCloudwatchRole(std::string_view region, const std::string& arn) const {
  storage::Batch batch;
  batch.Put(Kind(kAccountKind), std::string(region), "", arn);
  return store_.Commit(batch);
}

// ---- pages of lists in memory ----

Result<Slice> SliceOf(std::size_t count, const std::optional<std::string>& position,
                      std::optional<std::int64_t> limit) {
  const auto size = CheckLimit(limit);
  if (!size) return size.error();
  const auto first = ReadNumber(position);
  if (!first) return first.error();
  if (static_cast<std::size_t>(*first) > count) return BadPosition();
  Slice slice;
  slice.first = static_cast<std::size_t>(*first);
  slice.last = std::min(count, slice.first + *size);
  if (slice.last < count) slice.position = std::to_string(slice.last);
  return slice;
}

std::string NewId(std::size_t length) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::string id;
  while (id.size() < length) {
    unsigned char bytes[16];
    SecureRandom(bytes);
    for (const unsigned char byte : bytes) {
      if (byte < 252 && id.size() < length) id += kLetters[byte % 36];
    }
  }
  return id;
}

}  // namespace usher::apigateway
