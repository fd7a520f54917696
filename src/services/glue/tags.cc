// Operations TagResource, UntagResource, GetTags. Jobs alone have tags here.
#include "services/glue/names.h"
#include "services/glue/operations.h"

namespace usher::glue {
namespace {

Result<JobRecord> FindTagged(std::string_view arn, Service& service) {
  const auto name = ParseJobArn(arn);
  if (!name) return name.error();
  return service.catalog.FindJob(name->region, name->name);
}

Result<void> Write(const JobRecord& job, Service& service) {
  storage::Batch batch;
  Catalog::AddUpdate(batch, job);
  return service.catalog.Commit(batch);
}

}  // namespace

Result<void> AddTags(const Texts& given, Texts& tags) {
  for (const auto& [key, value] : given) tags[key] = value;
  if (tags.size() > kMaxTags) {
    return LimitExceeded("a job has at most " + std::to_string(kMaxTags) + " tags");
  }
  return {};
}

// Errors: not found, invalid input, limit exceeded.
Result<api::TagResourceResponse> TagResource(const api::TagResourceRequest& request,
                                             Service& service, wire::CallContext& /*context*/) {
  const std::lock_guard lock(service.changing);
  auto job = FindTagged(request.resource_arn, service);
  if (!job) return job.error();
  if (const auto added = AddTags(request.tags_to_add, job->tags); !added) return added.error();
  if (const auto written = Write(*job, service); !written) return written.error();
  return api::TagResourceResponse{};
}

// Errors: not found, invalid input.
Result<api::UntagResourceResponse> UntagResource(const api::UntagResourceRequest& request,
                                                 Service& service, wire::CallContext& /*context*/) {
  const std::lock_guard lock(service.changing);
  auto job = FindTagged(request.resource_arn, service);
  if (!job) return job.error();
  for (const std::string& key : request.tags_to_remove) job->tags.erase(key);
  if (const auto written = Write(*job, service); !written) return written.error();
  return api::UntagResourceResponse{};
}

// Errors: not found, invalid input.
Result<api::GetTagsResponse> GetTags(const api::GetTagsRequest& request, Service& service,
                                     wire::CallContext& /*context*/) {
  auto job = FindTagged(request.resource_arn, service);
  if (!job) return job.error();
  return api::GetTagsResponse{.tags = std::move(job->tags)};
}

}  // namespace usher::glue
