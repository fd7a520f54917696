// Operation PutObject. Errors: those of the body (signature, length, trailing checksum), BadDigest,
// InvalidDigest, EntityTooLarge, KeyTooLongError, MetadataTooLarge, PreconditionFailed, and what is
// not built. The object is durable when this returns; after an error nothing has changed.
#include "services/s3/bucket_access.h"
#include "services/s3/checksums.h"
#include "services/s3/conditions.h"
#include "services/s3/names.h"
#include "services/s3/object_headers.h"
#include "services/s3/operations.h"
#include "services/s3/stage.h"
#include "services/s3/unsupported.h"

namespace usher::s3 {

Result<api::s3::PutObjectOutput> PutObject(const api::s3::PutObjectRequest& request,
                                           wire::CallContext& context, storage::ObjectStore& store,
                                           ObjectEvents& events) {
  const auto bucket = FindBucket(store, context, request.bucket, request.expected_bucket_owner);
  if (!bucket) return bucket.error();
  if (auto valid = CheckKey(request.key); !valid) return valid.error();
  if (auto valid = CheckCreation(request); !valid) return valid.error();
  if (request.write_offset_bytes) {
    return NotImplemented("Appending to an object is not supported by Usher");
  }
  auto attributes = ReadAttributesWithTags(request);
  if (!attributes) return attributes.error();
  const auto condition = WriteCondition(request.if_match, request.if_none_match);
  if (!condition) return condition.error();
  const auto demand = MakeDemand(StatedChecksum(request), request.checksum_algorithm);
  if (!demand) return demand.error();

  auto staged = StageBody(request, *demand, store);
  if (!staged) return staged.error();
  NamedChecksum checksum{demand->algorithm, staged->checksums.at(demand->algorithm)};
  if (!demand->expected) checksum = TrailingChecksum(request.body).value_or(std::move(checksum));
  attributes->checksum_algorithm = wire::ChecksumName(checksum.algorithm);
  attributes->checksum = checksum.value;
  attributes->checksum_type = kFullObject;
  const auto announcement = events.Announce(ObjectEvent::kPut, *bucket, context);
  const auto object =
      store.PutObject(request.bucket, request.key, std::move(staged->file), std::move(*attributes),
                      *condition, announcement.consequence());
  if (!object) return object.error();

  api::s3::PutObjectOutput output{.e_tag = Quoted(object->etag),
                                  .checksum_type = object->attributes.checksum_type};
  SetChecksum(output, object->attributes.checksum_algorithm, object->attributes.checksum);
  return output;
}

}  // namespace usher::s3
