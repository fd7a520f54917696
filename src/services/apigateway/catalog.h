// REST APIs, deployments, stages, keys and usage plans as documents (docs/formats.md).
//
// An API as it is edited is one document, so that a deployment, which is a snapshot of it, is one
// copy, and an edit is all or nothing. An edit therefore costs O(API); serving reads none of this
// (stage_snapshot.h).
//
// Threads: safe from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "storage/document_store.h"
#include "wire/apigateway.h"

namespace usher::apigateway {

namespace api = usher::api::apigateway;

inline constexpr std::size_t kMaxApiBytes = 8U << 20;  // of one API's document
inline constexpr std::size_t kMaxResources = 300;      // of one API
inline constexpr std::size_t kMaxModels = 250;
inline constexpr std::size_t kMaxValidators = 100;
inline constexpr std::size_t kMaxStages = 20;         // of one API
inline constexpr std::size_t kMaxDeployments = 1000;  // of one API
inline constexpr std::size_t kMaxApis = 600;          // of a region

// One REST API as it is edited, or as it was when it was deployed.
struct Api {
  std::string id;
  std::string region;
  api::RestApi rest;
  std::vector<api::Resource> resources;  // the root first
  std::vector<api::Model> models;
  std::vector<api::RequestValidator> validators;
  std::vector<api::GatewayResponse> gateway_responses;  // those that were set
  // When a method, or what belongs to it, was last changed: "RESOURCE/METHOD", epoch ms.
  std::map<std::string, std::int64_t> changed;
  std::int64_t version = 0;

  [[nodiscard]] api::Resource* FindResource(std::string_view resource_id);
  [[nodiscard]] const api::Resource* FindResource(std::string_view resource_id) const;
  // Errors: not found, for the resource or the method.
  [[nodiscard]] Result<api::Method*> FindMethod(std::string_view resource_id,
                                                std::string_view method);
  void Touch(std::string_view resource_id, std::string_view method, Time now);
};

[[nodiscard]] Value ToValue(const Api& api);
[[nodiscard]] Api ApiFromValue(std::string id, const Value& value);

// A key's plan, as the document has it.
struct Plan {
  api::UsagePlan plan;
  std::vector<std::string> keys;  // ids
  std::int64_t version = 0;
};

template <typename T>
struct PageOf {
  std::vector<T> items;
  std::optional<std::string> position;  // of the next page
};

class Catalog {
 public:
  explicit Catalog(storage::DocumentStore& store) : store_(store) {}

  // ---- APIs ----
  // Errors: limit exceeded.
  Result<void> AddApi(const Api& api) const;
  // Errors: not found.
  Result<Api> FindApi(std::string_view id) const;
  Result<PageOf<api::RestApi>> ListApis(std::string_view region,
                                        const std::optional<std::string>& position,
                                        std::optional<std::int64_t> limit) const;
  // Reads, lets `change` alter it, writes; again when somebody else wrote between.
  Result<void> ModifyApi(std::string_view id,
                         const std::function<Result<void>(Api&)>& change) const;
  // With its deployments and stages. Errors: not found.
  Result<void> DeleteApi(std::string_view id) const;

  // ---- deployments ----
  // Takes a snapshot of the API as it is. Commits with it the stage, when one is given: made, or
  // pointed at the deployment. Errors: not found, limit exceeded.
  Result<void> AddDeployment(std::string_view api_id, const api::Deployment& deployment,
                             const std::function<Result<void>(const Api&)>& check,
                             const std::optional<api::Stage>& new_stage,
                             const std::function<void(api::Stage&)>& change_stage) const;
  Result<api::Deployment> FindDeployment(std::string_view api_id, std::string_view id) const;
  Result<PageOf<api::Deployment>> ListDeployments(std::string_view api_id,
                                                  const std::optional<std::string>& position,
                                                  std::optional<std::int64_t> limit) const;
  Result<api::Deployment> ModifyDeployment(
      std::string_view api_id, std::string_view id,
      const std::function<Result<void>(api::Deployment&)>& change) const;
  // Errors: not found; in use while a stage points at it.
  Result<void> DeleteDeployment(std::string_view api_id, std::string_view id) const;
  // The API as it was then. Errors: not found.
  Result<Api> FindSnapshot(std::string_view api_id, std::string_view deployment_id) const;

  // ---- stages ----
  // Errors: not found (API, deployment), already exists, limit exceeded.
  Result<void> AddStage(std::string_view api_id, const api::Stage& stage) const;
  Result<api::Stage> FindStage(std::string_view api_id, std::string_view name) const;
  Result<std::vector<api::Stage>> ListStages(std::string_view api_id) const;
  Result<api::Stage> ModifyStage(std::string_view api_id, std::string_view name,
                                 const std::function<Result<void>(api::Stage&)>& change) const;
  Result<void> DeleteStage(std::string_view api_id, std::string_view name) const;

  // ---- keys and plans ----
  // Errors: already exists, when another key has this value.
  Result<void> AddKey(const api::ApiKey& key, std::string_view region) const;
  Result<api::ApiKey> FindKey(std::string_view id) const;
  // nullopt: no key has this value.
  Result<std::optional<api::ApiKey>> FindKeyByValue(std::string_view value) const;
  Result<PageOf<api::ApiKey>> ListKeys(std::string_view region,
                                       const std::optional<std::string>& position,
                                       std::optional<std::int64_t> limit) const;
  Result<api::ApiKey> ModifyKey(std::string_view id,
                                const std::function<Result<void>(api::ApiKey&)>& change) const;
  // Also out of every plan. Errors: not found.
  Result<void> DeleteKey(std::string_view id) const;

  Result<void> AddPlan(const Plan& plan, std::string_view region) const;
  Result<Plan> FindPlan(std::string_view id) const;
  // All of the server. Cost: reads each.
  Result<std::vector<Plan>> AllPlans() const;
  Result<PageOf<Plan>> ListPlans(std::string_view region,
                                 const std::optional<std::string>& position,
                                 std::optional<std::int64_t> limit) const;
  Result<Plan> ModifyPlan(std::string_view id,
                          const std::function<Result<void>(Plan&)>& change) const;
  Result<void> DeletePlan(std::string_view id) const;

  // ---- account ----
  Result<std::string> CloudwatchRole(std::string_view region) const;
  Result<void> SetCloudwatchRole(std::string_view region, const std::string& arn) const;

 private:
  storage::DocumentStore& store_;
};

// A page of a list that is in memory: `position` is the index to go on from, as text. Errors: bad
// position or limit.
struct Slice {
  std::size_t first = 0;
  std::size_t last = 0;
  std::optional<std::string> position;
};
Result<Slice> SliceOf(std::size_t count, const std::optional<std::string>& position,
                      std::optional<std::int64_t> limit);

// `length` of [a-z0-9].
[[nodiscard]] std::string NewId(std::size_t length);

}  // namespace usher::apigateway
