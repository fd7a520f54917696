#include "services/glue/names.h"

#include "base/random.h"
#include "base/text.h"
#include "wire/digest.h"
#include "wire/dispatcher.h"

namespace usher::glue {
namespace {

constexpr std::string_view kAttempt = "_attempt_";
constexpr std::size_t kArnParts = 6;
constexpr std::string_view kJobPrefix = "job/";

}  // namespace

bool HasEnded(std::string_view state) {
  return state == kStopped || state == kSucceeded || state == kFailed || state == kTimeout;
}

std::string JobArn(std::string_view region, std::string_view name) {
  return "arn:aws:glue:" + std::string(region) + ":" + std::string(wire::kAccountId) + ":" +
         std::string(kJobPrefix) + std::string(name);
}

Result<JobName> ParseJobArn(std::string_view arn) {
  const auto parts = Split(arn, ':');
  if (parts.size() >= kArnParts && parts[2] == "glue") {
    // A name may hold colons.
    const std::string_view resource =
        arn.substr(static_cast<std::size_t>(parts[kArnParts - 1].data() - arn.data()));
    if (resource.starts_with(kJobPrefix) && resource.size() > kJobPrefix.size()) {
      return JobName{.region = std::string(parts[3]),
                     .name = std::string(resource.substr(kJobPrefix.size()))};
    }
  }
  return InvalidInput("'" + std::string(arn) + "' is not the ARN of a job: it has the form " +
                      JobArn("REGION", "NAME"));
}

std::string RunIdOf(std::string_view job_arn, std::string_view request_id) {
  if (request_id.empty()) return "jr_" + SecureHex(32);
  return "jr_" + wire::Sha256Hex(std::string(job_arn) + "\n" + std::string(request_id));
}

std::string AttemptId(std::string_view run_id, int attempt) {
  return std::string(run_id.substr(0, run_id.find(kAttempt))) + std::string(kAttempt) +
         std::to_string(attempt);
}

}  // namespace usher::glue
