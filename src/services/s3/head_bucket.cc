// Operations HeadBucket, GetBucketLocation, GetBucketVersioning and GetBucketAcl: what is true of
// every bucket here.
#include "services/s3/bucket_access.h"
#include "services/s3/operations.h"

namespace usher::s3 {

Result<api::s3::HeadBucketOutput> HeadBucket(const api::s3::HeadBucketRequest& request,
                                             wire::CallContext& context,
                                             storage::ObjectStore& store) {
  const auto bucket = FindBucket(store, context, request.bucket, request.expected_bucket_owner);
  if (!bucket) return bucket.error();
  return api::s3::HeadBucketOutput{.bucket_arn = "arn:aws:s3:::" + request.bucket,
                                   .bucket_region = bucket->region,
                                   .access_point_alias = false};
}

Result<api::s3::GetBucketLocationOutput> GetBucketLocation(
    const api::s3::GetBucketLocationRequest& request, wire::CallContext& context,
    storage::ObjectStore& store) {
  const auto bucket = FindBucket(store, context, request.bucket, request.expected_bucket_owner);
  if (!bucket) return bucket.error();
  api::s3::GetBucketLocationOutput output;  // the first region has no constraint
  if (bucket->region != wire::kDefaultRegion) output.location_constraint = bucket->region;
  return output;
}

// A bucket that was never versioned has no status.
Result<api::s3::GetBucketVersioningOutput> GetBucketVersioning(
    const api::s3::GetBucketVersioningRequest& request, wire::CallContext& context,
    storage::ObjectStore& store) {
  const auto bucket = FindBucket(store, context, request.bucket, request.expected_bucket_owner);
  if (!bucket) return bucket.error();
  return api::s3::GetBucketVersioningOutput{};
}

Result<api::s3::GetBucketAclOutput> GetBucketAcl(const api::s3::GetBucketAclRequest& request,
                                                 wire::CallContext& context,
                                                 storage::ObjectStore& store) {
  const auto bucket = FindBucket(store, context, request.bucket, request.expected_bucket_owner);
  if (!bucket) return bucket.error();
  const std::string owner = CanonicalUserId(context.caller.account_id);
  return api::s3::GetBucketAclOutput{
      .owner = api::s3::Owner{.id = owner},
      .grants = std::vector{
          api::s3::Grant{.grantee = api::s3::Grantee{.id = owner, .type = "CanonicalUser"},
                         .permission = "FULL_CONTROL"}}};
}

}  // namespace usher::s3
