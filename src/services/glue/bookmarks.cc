// Operations GetJobBookmark, ResetJobBookmark. Nothing here keeps bookmarks: a job reads everything
// each time, whatever --job-bookmark-option says, and has none to give or to reset.
#include "services/glue/names.h"
#include "services/glue/operations.h"

namespace usher::glue {

// Errors: not found, always: of the job, or of its bookmark.
Result<api::GetJobBookmarkResponse> GetJobBookmark(const api::GetJobBookmarkRequest& request,
                                                   Service& service, wire::CallContext& context) {
  const auto job = service.catalog.FindJob(context.region, request.job_name);
  if (!job) return job.error();
  return NotFound("Continuation for job " + request.job_name + " does not exist");
}

// The same.
Result<api::ResetJobBookmarkResponse> ResetJobBookmark(const api::ResetJobBookmarkRequest& request,
                                                       Service& service,
                                                       wire::CallContext& context) {
  const auto job = service.catalog.FindJob(context.region, request.job_name);
  if (!job) return job.error();
  return NotFound("Continuation for job " + request.job_name + " does not exist");
}

}  // namespace usher::glue
