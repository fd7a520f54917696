#include "jobs/job_document.h"

#include "jobs/child_result.h"
#include "json/json.h"

namespace usher::jobs {
namespace {

const std::string* Text(const Value& value, std::string_view name) {
  const Value* member = value.Find(name);
  return member ? member->as_string() : nullptr;
}

const std::int64_t* Integer(const Value& value, std::string_view name) {
  const Value* member = value.Find(name);
  return member ? member->as_int() : nullptr;
}

}  // namespace

std::string EncodeJob(const JobDocument& job) {
  ValueMap map;
  map.Append("type", job.spec.type);
  map.Append("subject", job.spec.subject);
  map.Append("payload", job.spec.payload);
  map.Append("maxAttempts", job.spec.max_attempts);
  map.Append("attempt", job.attempt);
  if (!job.lease.empty()) map.Append("lease", job.lease);
  if (job.stop) map.Append("stop", true);
  if (job.failure) map.Append("failure", ErrorToValue(*job.failure));
  return json::Write(map);
}

Result<JobDocument> DecodeJob(std::string_view body) {
  const auto value = json::Parse(body);
  if (!value) return Corrupt("job: " + value.error().message);
  const std::string* type = Text(*value, "type");
  const std::string* subject = Text(*value, "subject");
  const std::string* payload = Text(*value, "payload");
  const std::int64_t* max_attempts = Integer(*value, "maxAttempts");
  const std::int64_t* attempt = Integer(*value, "attempt");
  if (!type || !subject || !payload || !max_attempts || !attempt) {
    return Corrupt("job: a member is missing");
  }

  JobDocument job{.spec = {.type = *type,
                           .subject = *subject,
                           .payload = *payload,
                           .max_attempts = static_cast<int>(*max_attempts)},
                  .attempt = static_cast<int>(*attempt)};
  if (const std::string* lease = Text(*value, "lease")) job.lease = *lease;
  job.stop = value->Find("stop") != nullptr;
  if (const Value* failure = value->Find("failure")) job.failure = ErrorFromValue(*failure);
  return job;
}

}  // namespace usher::jobs
