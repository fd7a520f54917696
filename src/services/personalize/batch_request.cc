#include "services/personalize/batch_request.h"

#include "services/personalize/s3_uri.h"

namespace usher::personalize {

Result<void> CheckBatchLocations(const std::string& input, const std::string& output) {
  const auto from = ParseS3Uri(input, "Invalid S3 input path");
  if (!from) return from.error();
  const auto to = ParseS3Uri(output, "Invalid S3 output path");
  if (!to) return to.error();
  if (!IsFolder(to->key)) {
    return InvalidInput("Invalid S3 output path: '" + output + "' must be a folder and end in '/'");
  }
  if (input == output)
    return InvalidInput("Invalid S3 output path: it must differ from the input path");
  return {};
}

Result<void> CheckNumResults(std::int64_t count, std::int64_t max) {
  if (count >= 1 && count <= max) return {};
  return InvalidInput("numResults is " + std::to_string(count) + ", but must be from 1 to " +
                      std::to_string(max));
}

Result<void> CheckActive(const api::SolutionVersion& version) {
  if (version.status == kActive) return {};
  return InUse("solution version " + *version.solution_version_arn + " is not ACTIVE but " +
               *version.status);
}

}  // namespace usher::personalize
