// Operation CreateBucket. Errors: InvalidBucketName, BucketAlreadyOwnedByYou,
// IllegalLocationConstraintException, InvalidBucketAclWithObjectOwnership, and what is not built.
#include "services/s3/errors.h"
#include "services/s3/names.h"
#include "services/s3/operations.h"
#include "services/s3/tags.h"

namespace usher::s3 {
namespace {

// The region where the bucket shall be: the caller's own; callers of the first region may name any.
Result<std::string> RegionOf(const api::s3::CreateBucketRequest& request,
                             const wire::CallContext& context) {
  const auto incompatible = [](const std::string& what) {
    return Named("IllegalLocationConstraintException", ErrorCode::kInvalidInput,
                 "The " + what +
                     " location constraint is incompatible for the region specific endpoint this "
                     "request was sent to.",
                 400);
  };
  const auto& configuration = request.create_bucket_configuration;
  const bool named = configuration && configuration->location_constraint &&
                     !configuration->location_constraint->empty();
  if (!named) {
    if (context.region != wire::kDefaultRegion) return incompatible("unspecified");
    return context.region;
  }
  const std::string& constraint = *configuration->location_constraint;
  const std::string region = constraint == "EU" ? "eu-west-1" : constraint;
  if (context.region != wire::kDefaultRegion && region != context.region) {
    return incompatible(constraint);
  }
  return region;
}

Result<void> CheckOwnership(const api::s3::CreateBucketRequest& request) {
  if (request.object_ownership && *request.object_ownership != "BucketOwnerEnforced") {
    return NotImplemented(
        "Object ownership other than BucketOwnerEnforced is not supported by "
        "Usher");
  }
  const bool grants = request.grant_full_control || request.grant_read || request.grant_read_acp ||
                      request.grant_write || request.grant_write_acp;
  if (grants || (request.acl && *request.acl != "private")) {
    return Named("InvalidBucketAclWithObjectOwnership", ErrorCode::kInvalidInput,
                 "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
                 400);
  }
  if (request.object_lock_enabled_for_bucket.value_or(false)) {
    return NotImplemented("Object lock is not supported by Usher");
  }
  return {};
}

}  // namespace

Result<api::s3::CreateBucketOutput> CreateBucket(const api::s3::CreateBucketRequest& request,
                                                 wire::CallContext& context,
                                                 storage::ObjectStore& store) {
  if (auto valid = CheckBucketName(request.bucket); !valid) return valid.error();
  if (auto valid = CheckOwnership(request); !valid) return valid.error();
  const auto region = RegionOf(request, context);
  if (!region) return region.error();
  storage::StringMap tags;
  if (request.create_bucket_configuration && request.create_bucket_configuration->tags) {
    auto read = ReadTagSet(*request.create_bucket_configuration->tags, kMaxBucketTags);
    if (!read) return read.error();
    tags = std::move(*read);
  }

  api::s3::CreateBucketOutput output{.location = "/" + request.bucket,
                                     .bucket_arn = "arn:aws:s3:::" + request.bucket};
  const auto created = store.CreateBucket(request.bucket, *region, std::move(tags));
  if (created) return output;
  if (created.error().code != ErrorCode::kAlreadyExists) return created.error();

  // In the first region, making one's own bucket again is no error.
  const auto existing = store.FindBucket(request.bucket);
  if (!existing) return existing.error();
  if (existing->region == wire::kDefaultRegion && *region == wire::kDefaultRegion) return output;
  Error error = Named("BucketAlreadyOwnedByYou", ErrorCode::kAlreadyExists,
                      "Your previous request to create the named bucket succeeded and you already "
                      "own it.",
                      409);
  error.details = {{"BucketName", request.bucket}};
  return error;
}

}  // namespace usher::s3
