// Operation CopyObject. Errors: those of reading the source and of PutObject; InvalidRequest for a
// copy onto itself that would change nothing and for a source above 5 GiB.
#include "services/s3/copy_source.h"
#include "services/s3/object_headers.h"
#include "services/s3/operations.h"
#include "services/s3/stage.h"

namespace usher::s3 {
namespace {

bool Replaces(const std::optional<std::string>& directive) {
  return directive.value_or("COPY") == "REPLACE";
}

Result<void> CheckChangesSomething(const api::s3::CopyObjectRequest& request,
                                   const CopySource& source) {
  const bool onto_itself = source.bucket == request.bucket && source.key == request.key;
  if (!onto_itself || Replaces(request.metadata_directive) || request.storage_class ||
      request.website_redirect_location || request.server_side_encryption) {
    return {};
  }
  return InvalidRequest(
      "This copy request is illegal because it is trying to copy an object to itself without "
      "changing the object's metadata, storage class, website redirect location or encryption "
      "attributes.");
}

// Metadata and tags, each from the source or from the request. Storage class and redirect are
// always the request's.
Result<storage::ObjectAttributes> AttributesOfCopy(const api::s3::CopyObjectRequest& request,
                                                   const storage::ObjectAttributes& source) {
  auto attributes = ReadAttributes(request);
  if (!attributes) return attributes;
  if (!Replaces(request.metadata_directive)) {
    const storage::StringMap asked = std::move(attributes->system);
    attributes->system = source.system;
    attributes->metadata = source.metadata;
    for (const char* name : {kStorageClass, kWebsiteRedirect}) {
      attributes->system.erase(name);
      if (const auto own = asked.find(name); own != asked.end()) attributes->system.insert(*own);
    }
  }
  if (Replaces(request.tagging_directive)) {
    auto tags = ParseTagging(request.tagging);
    if (!tags) return tags.error();
    attributes->tags = std::move(*tags);
  } else {
    attributes->tags = source.tags;
  }
  return attributes;
}

// The bytes of the copy with their checksum, which goes into `attributes`. An object in one piece
// whose checksum may stay is not read at all.
Result<storage::StagedFile> StageCopy(const api::s3::CopyObjectRequest& request,
                                      const storage::OpenObject& source,
                                      const storage::ObjectStore& store,
                                      storage::ObjectAttributes& attributes) {
  const auto asked = ParseAlgorithm(request.checksum_algorithm);
  if (!asked) return asked.error();
  const storage::ObjectAttributes& had = source.info().attributes;
  const auto algorithm =
      *asked ? **asked
             : wire::ParseChecksumName(had.checksum_algorithm).value_or(kDefaultAlgorithm);
  attributes.checksum_algorithm = wire::ChecksumName(algorithm);
  attributes.checksum_type = kFullObject;

  const bool same_checksum = had.checksum_algorithm == attributes.checksum_algorithm &&
                             had.checksum_type == kFullObject && !had.checksum.empty();
  if (source.segments().size() == 1 && same_checksum) {
    attributes.checksum = had.checksum;
    return store.StageCopy(source, request.bucket, request.key);
  }
  const auto bytes = source.Read(0, source.info().size);
  if (!bytes) return bytes.error();
  auto staged = StageSource(**bytes, request.bucket, request.key, {algorithm}, store);
  if (!staged) return staged.error();
  attributes.checksum = staged->checksums.at(algorithm);
  return std::move(staged->file);
}

}  // namespace

Result<api::s3::CopyObjectOutput> CopyObject(const api::s3::CopyObjectRequest& request,
                                             wire::CallContext& context,
                                             storage::ObjectStore& store, ObjectEvents& events) {
  const auto bucket = FindBucket(store, context, request.bucket, request.expected_bucket_owner);
  if (!bucket) return bucket.error();
  if (auto valid = CheckKey(request.key); !valid) return valid.error();
  if (auto valid = CheckCreation(request); !valid) return valid.error();
  const auto condition = WriteCondition(request.if_match, request.if_none_match);
  if (!condition) return condition.error();
  const auto named = ParseCopySource(request.copy_source);
  if (!named) return named.error();
  if (auto valid = CheckChangesSomething(request, *named); !valid) return valid.error();
  const auto source = OpenCopySource(request, *named, context, store);
  if (!source) return source.error();
  if (source->info().size > kMaxPutBytes) {
    return InvalidRequest(
        "The specified copy source is larger than the maximum allowable size for a copy source: " +
        std::to_string(kMaxPutBytes));
  }

  auto attributes = AttributesOfCopy(request, source->info().attributes);
  if (!attributes) return attributes.error();
  auto staged = StageCopy(request, *source, store, *attributes);
  if (!staged) return staged.error();
  const auto announcement = events.Announce(ObjectEvent::kCopy, *bucket, context);
  const auto object =
      store.PutObject(request.bucket, request.key, std::move(*staged), std::move(*attributes),
                      *condition, announcement.consequence());
  if (!object) return object.error();

  api::s3::CopyObjectResult result{.e_tag = Quoted(object->etag),
                                   .last_modified = object->modified,
                                   .checksum_type = object->attributes.checksum_type};
  SetChecksum(result, object->attributes.checksum_algorithm, object->attributes.checksum);
  return api::s3::CopyObjectOutput{.copy_object_result = std::move(result)};
}

}  // namespace usher::s3
