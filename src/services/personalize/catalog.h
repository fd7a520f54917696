// Catalog: the service's resources, kept as documents and found by ARN.
//
// A resource is the very structure that its Describe operation answers (api::personalize::Campaign
// …), stored as JSON, with beside it an `extra` map of what only the server needs (where its files
// lie, its metrics). Changes are conditional on the version read, so two requests never overwrite
// each other.
//
// Threads: safe from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/value.h"
#include "storage/document_store.h"
#include "wire/personalize.h"

namespace usher::personalize {

namespace api = usher::api::personalize;

// Life cycle of resources, with the spaces that clients compare.
inline constexpr std::string_view kCreatePending = "CREATE PENDING";
inline constexpr std::string_view kCreateInProgress = "CREATE IN_PROGRESS";
inline constexpr std::string_view kCreateFailed = "CREATE FAILED";
inline constexpr std::string_view kCreateStopping = "CREATE STOPPING";
inline constexpr std::string_view kCreateStopped = "CREATE STOPPED";
inline constexpr std::string_view kActive = "ACTIVE";
inline constexpr std::string_view kDeletePending = "DELETE PENDING";

// How a kind of resource is stored: its kind, its ARN and the ARN under which it is listed.
template <typename T>
struct Kind;

template <>
struct Kind<api::DatasetGroup> {
  static constexpr std::string_view kName = "personalize/dataset-group";
  static std::string Arn(const api::DatasetGroup& group) { return *group.dataset_group_arn; }
  static std::string Group(const api::DatasetGroup& /*group*/) { return ""; }
};
template <>
struct Kind<api::DatasetSchema> {
  static constexpr std::string_view kName = "personalize/schema";
  static std::string Arn(const api::DatasetSchema& schema) { return *schema.schema_arn; }
  static std::string Group(const api::DatasetSchema& /*schema*/) { return ""; }
};
template <>
struct Kind<api::Dataset> {
  static constexpr std::string_view kName = "personalize/dataset";
  static std::string Arn(const api::Dataset& dataset) { return *dataset.dataset_arn; }
  static std::string Group(const api::Dataset& dataset) { return *dataset.dataset_group_arn; }
};
template <>
struct Kind<api::DatasetImportJob> {
  static constexpr std::string_view kName = "personalize/dataset-import-job";
  static std::string Arn(const api::DatasetImportJob& job) { return *job.dataset_import_job_arn; }
  static std::string Group(const api::DatasetImportJob& job) { return *job.dataset_arn; }
};
template <>
struct Kind<api::EventTracker> {
  static constexpr std::string_view kName = "personalize/event-tracker";
  static std::string Arn(const api::EventTracker& tracker) { return *tracker.event_tracker_arn; }
  static std::string Group(const api::EventTracker& tracker) { return *tracker.dataset_group_arn; }
};
template <>
struct Kind<api::Filter> {
  static constexpr std::string_view kName = "personalize/filter";
  static std::string Arn(const api::Filter& filter) { return *filter.filter_arn; }
  static std::string Group(const api::Filter& filter) { return *filter.dataset_group_arn; }
};
template <>
struct Kind<api::Solution> {
  static constexpr std::string_view kName = "personalize/solution";
  static std::string Arn(const api::Solution& solution) { return *solution.solution_arn; }
  static std::string Group(const api::Solution& solution) { return *solution.dataset_group_arn; }
};
template <>
struct Kind<api::SolutionVersion> {
  static constexpr std::string_view kName = "personalize/solution-version";
  static std::string Arn(const api::SolutionVersion& version) {
    return *version.solution_version_arn;
  }
  static std::string Group(const api::SolutionVersion& version) { return *version.solution_arn; }
};
template <>
struct Kind<api::Campaign> {
  static constexpr std::string_view kName = "personalize/campaign";
  static std::string Arn(const api::Campaign& campaign) { return *campaign.campaign_arn; }
  // Listed by solution: the part of the version's ARN before its id.
  static std::string Group(const api::Campaign& campaign) {
    return campaign.solution_version_arn->substr(0, campaign.solution_version_arn->rfind('/'));
  }
};
template <>
struct Kind<api::BatchInferenceJob> {
  static constexpr std::string_view kName = "personalize/batch-inference-job";
  static std::string Arn(const api::BatchInferenceJob& job) { return *job.batch_inference_job_arn; }
  static std::string Group(const api::BatchInferenceJob& job) { return *job.solution_version_arn; }
};

template <>
struct Kind<api::BatchSegmentJob> {
  static constexpr std::string_view kName = "personalize/batch-segment-job";
  static std::string Arn(const api::BatchSegmentJob& job) { return *job.batch_segment_job_arn; }
  static std::string Group(const api::BatchSegmentJob& job) { return *job.solution_version_arn; }
};

template <typename T>
struct Stored {
  T resource;
  ValueMap extra;  // the server's own notes on it
  std::int64_t version = 0;
};

template <typename T>
struct ResourcePage {
  std::vector<Stored<T>> resources;  // oldest first
  std::optional<std::string> next_token;
};

class Catalog {
 public:
  Catalog(storage::DocumentStore& store, const Clock& clock) : store_(store), clock_(clock) {}

  // Errors: not found, naming the ARN.
  template <typename T>
  Result<Stored<T>> Find(const std::string& arn) const {
    auto document = Get(Kind<T>::kName, arn);
    if (!document) return std::move(document).error();
    return Decode<T>(*document);
  }

  // One page of those under `group` (all of the kind without it). Errors: invalid next token.
  template <typename T>
  Result<ResourcePage<T>> List(const std::optional<std::string>& group,
                               const std::optional<std::string>& next_token,
                               std::optional<std::int64_t> max_results) const {
    auto page = Page(Kind<T>::kName, group, next_token, max_results);
    if (!page) return std::move(page).error();
    ResourcePage<T> result{.resources = {}, .next_token = std::move(page->second)};
    for (const storage::Document& document : page->first) {
      auto stored = Decode<T>(document);
      if (!stored) return std::move(stored).error();
      result.resources.push_back(std::move(*stored));
    }
    return result;
  }

  // All under `group`, for preconditions. Errors: internal.
  template <typename T>
  Result<std::vector<Stored<T>>> ListAll(const std::optional<std::string>& group) const {
    std::vector<Stored<T>> all;
    std::optional<std::string> token;
    do {
      auto page = List<T>(group, token, kMaxPageSize);
      if (!page) return std::move(page).error();
      for (Stored<T>& stored : page->resources) all.push_back(std::move(stored));
      token = std::move(page->next_token);
    } while (token);
    return all;
  }

  // Adds the creation of `resource` to a batch. On commit: already exists, when the ARN is taken.
  template <typename T>
  void Create(storage::Batch& batch, const T& resource, const ValueMap& extra = {}) const {
    batch.Create(std::string(Kind<T>::kName), Kind<T>::Arn(resource), Kind<T>::Group(resource),
                 Encode(resource.ToValue(), extra));
  }

  template <typename T>
  void Update(storage::Batch& batch, const Stored<T>& stored) const {
    batch.Update(std::string(Kind<T>::kName), Kind<T>::Arn(stored.resource), stored.version,
                 Encode(stored.resource.ToValue(), stored.extra));
  }

  template <typename T>
  void Delete(storage::Batch& batch, const Stored<T>& stored) const {
    batch.Delete(std::string(Kind<T>::kName), Kind<T>::Arn(stored.resource), stored.version);
  }

  // Conditions of a batch, checked as it is committed, so that no other request comes between check
  // and change. On commit: not found.
  template <typename T>
  void Require(storage::Batch& batch, const std::string& arn) const {
    batch.Require(std::string(Kind<T>::kName), arn);
  }
  // On commit: in use, when a T is listed under `group`.
  template <typename T>
  void RequireNoneUnder(storage::Batch& batch, const std::string& group) const {
    batch.RequireEmpty(std::string(Kind<T>::kName), group);
  }

  // Reads, lets `change` alter it, writes; tries again when somebody else wrote between. `change`
  // may give an error, which ends the attempt unchanged. Sets lastUpdatedDateTime.
  template <typename T>
  Result<Stored<T>> Modify(const std::string& arn,
                           const std::function<Result<void>(Stored<T>&)>& change) const {
    while (true) {
      auto stored = Find<T>(arn);
      if (!stored) return stored;
      if (auto changed = change(*stored); !changed) return changed.error();
      stored->resource.last_updated_date_time = clock_.Now();
      storage::Batch batch;
      Update(batch, *stored);
      const auto committed = store_.Commit(batch);
      if (committed) {
        ++stored->version;  // each write adds one: what is given back can be written again
        return stored;
      }
      if (committed.error().code != ErrorCode::kInUse) return committed.error();
    }
  }

  // Commits; a store's "exists already" and "not found" get the service's words.
  Result<void> Commit(const storage::Batch& batch) const;

  [[nodiscard]] const Clock& clock() const { return clock_; }
  [[nodiscard]] storage::DocumentStore& store() const { return store_; }

  static constexpr std::int64_t kMaxPageSize = 100;  // maxResults' upper bound and default

 private:
  Result<storage::Document> Get(std::string_view kind, const std::string& arn) const;
  Result<std::pair<std::vector<storage::Document>, std::optional<std::string>>> Page(
      std::string_view kind, const std::optional<std::string>& group,
      const std::optional<std::string>& next_token, std::optional<std::int64_t> max_results) const;

  static std::string Encode(Value resource, const ValueMap& extra);
  static Result<std::pair<Value, ValueMap>> DecodeBody(const storage::Document& document);

  template <typename T>
  static Result<Stored<T>> Decode(const storage::Document& document) {
    auto body = DecodeBody(document);
    if (!body) return std::move(body).error();
    return Stored<T>{T::FromValue(body->first), std::move(body->second), document.version};
  }

  storage::DocumentStore& store_;
  const Clock& clock_;
};

// The summary of a resource: the members that both structures have, under the same names.
template <typename Summary, typename T>
Summary Summarise(const T& resource) {
  return Summary::FromValue(resource.ToValue());
}

// "already exists" of a store becomes the service's text.
[[nodiscard]] Error ResourceAlreadyExists(const std::string& arn);
[[nodiscard]] Error ResourceNotFound(const std::string& arn);

}  // namespace usher::personalize
