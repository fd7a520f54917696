#include "builtin_jobs/builtin_job.h"

namespace usher::builtin_jobs {

Result<ObjectName> ParseObjectName(std::string_view uri) {
  for (const std::string_view scheme : {"s3://", "s3a://", "s3n://"}) {
    if (!uri.starts_with(scheme)) continue;
    const std::string_view rest = uri.substr(scheme.size());
    const std::size_t slash = rest.find('/');
    const std::string_view bucket = rest.substr(0, slash);
    if (bucket.empty()) break;
    return ObjectName{.bucket = std::string(bucket),
                      .key = slash == std::string_view::npos ? std::string()
                                                             : std::string(rest.substr(slash + 1))};
  }
  return InvalidInput("\"" + std::string(uri) +
                      "\" is no place in S3: it has the form s3://bucket/key");
}

}  // namespace usher::builtin_jobs
