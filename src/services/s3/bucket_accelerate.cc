// Operations PutBucketAccelerateConfiguration and GetBucketAccelerateConfiguration. Kept and given
// back; a server nearby needs no acceleration. Errors: InvalidRequest, MalformedXML.
#include "services/s3/bucket_access.h"
#include "services/s3/errors.h"
#include "services/s3/operations.h"

namespace usher::s3 {
namespace {

constexpr const char* kAcceleration = "acceleration";

}  // namespace

Result<api::s3::PutBucketAccelerateConfiguration::Response> PutBucketAccelerateConfiguration(
    const api::s3::PutBucketAccelerateConfigurationRequest& request, wire::CallContext& context,
    storage::ObjectStore& store) {
  const auto bucket = FindBucket(store, context, request.bucket, request.expected_bucket_owner);
  if (!bucket) return bucket.error();
  if (request.bucket.find('.') != std::string::npos) {
    return InvalidRequest(
        "S3 Transfer Acceleration is not supported for buckets with periods (.) in their names");
  }
  const auto& status = request.accelerate_configuration.status;
  if (!status) return MalformedXml();
  const auto changed = store.ChangeBucket(
      request.bucket, [&](storage::Bucket& b) { b.settings[kAcceleration] = *status; });
  if (!changed) return changed.error();
  return api::s3::PutBucketAccelerateConfiguration::Response{};
}

Result<api::s3::GetBucketAccelerateConfigurationOutput> GetBucketAccelerateConfiguration(
    const api::s3::GetBucketAccelerateConfigurationRequest& request, wire::CallContext& context,
    storage::ObjectStore& store) {
  const auto bucket = FindBucket(store, context, request.bucket, request.expected_bucket_owner);
  if (!bucket) return bucket.error();
  api::s3::GetBucketAccelerateConfigurationOutput output;
  const auto status = bucket->settings.find(kAcceleration);
  if (status != bucket->settings.end()) output.status = status->second;
  return output;
}

}  // namespace usher::s3
