// A job as its document (kind "job") holds it.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "jobs/job_queue.h"

namespace usher::jobs {

inline constexpr std::string_view kJobKind = "job";

struct JobDocument {
  JobSpec spec;
  int attempt = 0;               // starts so far
  std::string lease;             // run of the server that works on it; empty while it waits
  bool stop = false;             // someone asked for its end
  std::optional<Error> failure;  // set once it has failed for good and on_failed is due
};

[[nodiscard]] std::string EncodeJob(const JobDocument& job);
// Errors: corrupt, when the body is none that EncodeJob wrote.
Result<JobDocument> DecodeJob(std::string_view body);

}  // namespace usher::jobs
