// The operations of the service: plain functions over typed values.
#pragma once

#include "base/result.h"
#include "services/glue/service.h"
#include "wire/dispatcher.h"
#include "wire/glue.h"

namespace usher::glue {

inline constexpr std::size_t kMaxJobs = 1000;        // of a region
inline constexpr std::size_t kMaxRunsKept = 1000;    // of a job; the oldest that ended go
inline constexpr std::size_t kMaxTags = 50;          // of a job
inline constexpr std::size_t kDefaultPage = 100;     // of everything that is listed
inline constexpr std::size_t kMaxJobsOfBatch = 100;  // of BatchGetJobs

// jobs.cc
Result<api::CreateJobResponse> CreateJob(const api::CreateJobRequest& request, Service& service,
                                         wire::CallContext& context);
Result<api::GetJobResponse> GetJob(const api::GetJobRequest& request, Service& service,
                                   wire::CallContext& context);
Result<api::GetJobsResponse> GetJobs(const api::GetJobsRequest& request, Service& service,
                                     wire::CallContext& context);
Result<api::ListJobsResponse> ListJobs(const api::ListJobsRequest& request, Service& service,
                                       wire::CallContext& context);
Result<api::BatchGetJobsResponse> BatchGetJobs(const api::BatchGetJobsRequest& request,
                                               Service& service, wire::CallContext& context);
Result<api::UpdateJobResponse> UpdateJob(const api::UpdateJobRequest& request, Service& service,
                                         wire::CallContext& context);
Result<api::DeleteJobResponse> DeleteJob(const api::DeleteJobRequest& request, Service& service,
                                         wire::CallContext& context);

// start_job_run.cc
Result<api::StartJobRunResponse> StartJobRun(const api::StartJobRunRequest& request,
                                             Service& service, wire::CallContext& context);

// job_runs.cc
Result<api::GetJobRunResponse> GetJobRun(const api::GetJobRunRequest& request, Service& service,
                                         wire::CallContext& context);
Result<api::GetJobRunsResponse> GetJobRuns(const api::GetJobRunsRequest& request, Service& service,
                                           wire::CallContext& context);
Result<api::BatchStopJobRunResponse> BatchStopJobRun(const api::BatchStopJobRunRequest& request,
                                                     Service& service, wire::CallContext& context);

// bookmarks.cc
Result<api::GetJobBookmarkResponse> GetJobBookmark(const api::GetJobBookmarkRequest& request,
                                                   Service& service, wire::CallContext& context);
Result<api::ResetJobBookmarkResponse> ResetJobBookmark(const api::ResetJobBookmarkRequest& request,
                                                       Service& service,
                                                       wire::CallContext& context);

// tags.cc
Result<api::TagResourceResponse> TagResource(const api::TagResourceRequest& request,
                                             Service& service, wire::CallContext& context);
Result<api::UntagResourceResponse> UntagResource(const api::UntagResourceRequest& request,
                                                 Service& service, wire::CallContext& context);
Result<api::GetTagsResponse> GetTags(const api::GetTagsRequest& request, Service& service,
                                     wire::CallContext& context);

// The shapes hold keys and values to their lengths. Errors: limit exceeded.
Result<void> AddTags(const Texts& given, Texts& tags);

}  // namespace usher::glue
