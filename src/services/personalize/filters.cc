#include "services/personalize/filters.h"

#include <algorithm>
#include <set>

#include "services/personalize/arns.h"
#include "services/personalize/filter_schema.h"
#include "services/personalize/solution_versions.h"
#include "services/personalize/tags.h"

namespace usher::personalize {
namespace {

// The group's quotas, with one more filter.
Result<void> CheckQuotas(const Service& service, const std::string& group_arn,
                         const engine::FilterExpression& added) {
  const auto others = service.catalog.ListAll<api::Filter>(group_arn);
  if (!others) return others.error();
  if (others->size() >= kMaxFiltersOfGroup) {
    return LimitExceeded("dataset group " + group_arn + " has " + std::to_string(others->size()) +
                         " filters, the most that it may have: delete one first");
  }
  std::set<std::string> fields;
  for (const auto& other : *others) {
    const auto parsed = engine::ParseFilter(other.resource.filter_expression.value_or(""));
    if (!parsed) return Corrupt("filter " + *other.resource.filter_arn + " cannot be read again");
    for (std::string& field : parsed->Fields()) fields.insert(std::move(field));
  }
  for (std::string& field : added.Fields()) fields.insert(std::move(field));
  if (fields.size() <= kMaxFilterFieldsOfGroup) return {};
  return LimitExceeded("the filters of dataset group " + group_arn + " would use " +
                       std::to_string(fields.size()) + " different fields; at most " +
                       std::to_string(kMaxFilterFieldsOfGroup) + " may be used");
}

template <typename Job>
Result<void> CheckUnused(const Service& service, const std::string& filter_arn) {
  const auto jobs = service.catalog.ListAll<Job>(std::nullopt);
  if (!jobs) return jobs.error();
  for (const auto& job : *jobs) {
    if (job.resource.filter_arn == filter_arn && IsBeingCreated(*job.resource.status)) {
      return InUse("a batch job that uses filter " + filter_arn + " is " + *job.resource.status +
                   ": " + Kind<Job>::Arn(job.resource));
    }
  }
  return {};
}

}  // namespace

Result<api::CreateFilterResponse> CreateFilter(const api::CreateFilterRequest& request,
                                               Service& service, wire::CallContext& context) {
  const auto group = service.catalog.Find<api::DatasetGroup>(request.dataset_group_arn);
  if (!group) return group.error();
  if (group->resource.status != kActive) {
    return InUse("dataset group " + request.dataset_group_arn + " is not ACTIVE but " +
                 *group->resource.status);
  }
  auto parsed = engine::ParseFilter(request.filter_expression);
  if (!parsed) return std::move(parsed).error();
  const auto schema = FilterSchemaOf(service.catalog, request.dataset_group_arn);
  if (!schema) return schema.error();
  const auto bound = engine::BindFilter(*std::move(parsed), *schema);
  if (!bound) return bound.error();
  if (auto within = CheckQuotas(service, request.dataset_group_arn, *bound); !within) {
    return within.error();
  }
  const Time now = service.clock.Now();
  const api::Filter filter{.name = request.name,
                           .filter_arn = MakeArn(context.region, "filter", request.name),
                           .creation_date_time = now,
                           .last_updated_date_time = now,
                           .dataset_group_arn = request.dataset_group_arn,
                           .failure_reason = std::nullopt,
                           .filter_expression = request.filter_expression,
                           .status = std::string(kActive)};
  storage::Batch batch;
  service.catalog.Require<api::DatasetGroup>(batch, request.dataset_group_arn);
  service.catalog.Create(batch, filter);
  if (auto tagged = AddTags(batch, *filter.filter_arn, request.tags); !tagged) {
    return tagged.error();
  }
  if (auto committed = service.catalog.Commit(batch); !committed) return committed.error();
  return api::CreateFilterResponse{.filter_arn = filter.filter_arn};
}

Result<api::DescribeFilterResponse> DescribeFilter(const api::DescribeFilterRequest& request,
                                                   Service& service,
                                                   wire::CallContext& /*context*/) {
  auto filter = service.catalog.Find<api::Filter>(request.filter_arn);
  if (!filter) return std::move(filter).error();
  return api::DescribeFilterResponse{.filter = std::move(filter->resource)};
}

Result<api::ListFiltersResponse> ListFilters(const api::ListFiltersRequest& request,
                                             Service& service, wire::CallContext& /*context*/) {
  auto page = service.catalog.List<api::Filter>(request.dataset_group_arn, request.next_token,
                                                request.max_results);
  if (!page) return std::move(page).error();
  api::ListFiltersResponse response{.filters = std::vector<api::FilterSummary>{},
                                    .next_token = std::move(page->next_token)};
  for (const auto& filter : page->resources) {
    response.filters->push_back(Summarise<api::FilterSummary>(filter.resource));
  }
  return response;
}

Result<api::DeleteFilterResponse> DeleteFilter(const api::DeleteFilterRequest& request,
                                               Service& service, wire::CallContext& /*context*/) {
  const auto filter = service.catalog.Find<api::Filter>(request.filter_arn);
  if (!filter) return filter.error();
  if (auto unused = CheckUnused<api::BatchInferenceJob>(service, request.filter_arn); !unused) {
    return unused.error();
  }
  if (auto unused = CheckUnused<api::BatchSegmentJob>(service, request.filter_arn); !unused) {
    return unused.error();
  }
  storage::Batch batch;
  service.catalog.Delete(batch, *filter);
  RemoveTags(batch, request.filter_arn);
  if (auto committed = service.catalog.Commit(batch); !committed) return committed.error();
  service.filters.Changed();
  return api::DeleteFilterResponse{};
}

}  // namespace usher::personalize
