// Operation CompleteMultipartUpload. Errors: NoSuchUpload, InvalidPart, InvalidPartOrder,
// EntityTooSmall, EntityTooLarge, BadDigest, InvalidRequest, MalformedXML, PreconditionFailed.
// Completing an upload again that made the object that is there gives the same answer again, since
// a client that lost the first answer retries.
#include <algorithm>

#include "base/encoding.h"
#include "services/s3/bucket_access.h"
#include "services/s3/conditions.h"
#include "services/s3/names.h"
#include "services/s3/operations.h"
#include "services/s3/stage.h"
#include "services/s3/unsupported.h"
#include "services/s3/uploads.h"

namespace usher::s3 {
namespace {

constexpr std::size_t kPartsPage = 1000;
constexpr int kMaxRounds = 10;  // parts replaced while the upload is completed

Result<std::vector<storage::UploadPart>> AllParts(const storage::ObjectStore& store,
                                                  const storage::Upload& upload) {
  std::vector<storage::UploadPart> all;
  while (true) {
    auto page = store.ListParts(upload, all.empty() ? 0 : all.back().number, kPartsPage);
    if (!page) return page;
    const bool last = page->size() < kPartsPage;
    std::ranges::move(*page, std::back_inserter(all));
    if (last) return all;
  }
}

Error InvalidPart(const storage::Upload& upload, std::int64_t number) {
  Error error = Named("InvalidPart", ErrorCode::kInvalidInput,
                      "One or more of the specified parts could not be found.  The part may not "
                      "have been uploaded, or the specified entity tag may not match the part's "
                      "entity tag.",
                      400);
  error.details = {{"UploadId", upload.id}, {"PartNumber", std::to_string(number)}};
  return error;
}

// The parts that the client lists, as they were uploaded.
Result<std::vector<storage::UploadPart>> ChooseParts(
    const std::vector<api::s3::CompletedPart>& listed, const storage::Upload& upload,
    const std::vector<storage::UploadPart>& uploaded) {
  std::vector<storage::UploadPart> chosen;
  std::int64_t previous = 0;
  for (const api::s3::CompletedPart& part : listed) {
    if (!part.part_number) return MalformedXml();
    const std::int64_t number = *part.part_number;
    if (number <= previous) {
      Error error = Named("InvalidPartOrder", ErrorCode::kInvalidInput,
                          "The list of parts was not in ascending order. Parts must be ordered by "
                          "part number.",
                          400);
      error.details = {{"UploadId", upload.id}};
      return error;
    }
    previous = number;
    const auto found = std::ranges::lower_bound(uploaded, number, {}, &storage::UploadPart::number);
    if (found == uploaded.end() || found->number != number ||
        Unquoted(part.e_tag.value_or("")) != found->segment.file.md5) {
      return InvalidPart(upload, number);
    }
    const auto stated = StatedChecksum(part);
    if (!stated) return stated.error();
    // Another algorithm's value was held to when the part came, and is not kept.
    if (*stated && (*stated)->algorithm == AlgorithmOf(upload) &&
        (*stated)->value != found->segment.checksum) {
      return InvalidPart(upload, number);
    }
    chosen.push_back(*found);
  }
  return chosen;
}

Result<void> CheckSizes(const std::vector<storage::UploadPart>& parts,
                        const std::optional<std::int64_t>& announced) {
  std::uint64_t size = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::uint64_t bytes = parts[i].segment.file.size;
    size += bytes;
    if (bytes < kMinPartBytes && i + 1 < parts.size()) {
      Error error = Named("EntityTooSmall", ErrorCode::kInvalidInput,
                          "Your proposed upload is smaller than the minimum allowed size", 400);
      error.details = {{"ProposedSize", std::to_string(bytes)},
                       {"MinSizeAllowed", std::to_string(kMinPartBytes)},
                       {"PartNumber", std::to_string(parts[i].number)},
                       {"ETag", parts[i].segment.file.md5}};
      return error;
    }
  }
  if (size > kMaxObjectBytes) return EntityTooLarge(kMaxObjectBytes);
  if (announced && static_cast<std::uint64_t>(*announced) != size) {
    return InvalidRequest("The provided 'x-amz-mp-object-size' header value " +
                          std::to_string(*announced) +
                          " does not match what was computed: " + std::to_string(size));
  }
  return {};
}

// MD5 of the parts' MD5s, and their number.
Result<std::string> ETagOf(const std::vector<storage::UploadPart>& parts) {
  std::string digests;
  for (const storage::UploadPart& part : parts) {
    const auto digest = HexDecode(part.segment.file.md5);
    if (!digest) return digest.error();
    digests += *digest;
  }
  return storage::Md5Hex(digests) + "-" + std::to_string(parts.size());
}

api::s3::CompleteMultipartUploadOutput Answer(const std::string& bucket,
                                              const storage::ObjectInfo& object,
                                              const wire::CallContext& context) {
  api::s3::CompleteMultipartUploadOutput output{
      .location = context.endpoint + "/" + bucket + "/" + PercentEncode(object.key, true),
      .bucket = bucket,
      .key = object.key,
      .e_tag = Quoted(object.etag),
      .checksum_type = object.attributes.checksum_type};
  SetChecksum(output, object.attributes.checksum_algorithm, object.attributes.checksum);
  return output;
}

// One attempt. Errors: also in use, when a part was replaced meanwhile.
Result<storage::ObjectInfo> Complete(const api::s3::CompleteMultipartUploadRequest& request,
                                     const storage::Condition& condition,
                                     const storage::Consequence& consequence,
                                     storage::ObjectStore& store) {
  const auto upload = store.FindUpload(request.bucket, request.key, request.upload_id);
  if (!upload) return upload.error();
  const auto uploaded = AllParts(store, *upload);
  if (!uploaded) return uploaded.error();
  const auto parts = ChooseParts(*request.multipart_upload->parts, *upload, *uploaded);
  if (!parts) return parts.error();
  if (auto valid = CheckSizes(*parts, request.mpu_object_size); !valid) return valid.error();

  storage::ObjectAttributes attributes = upload->attributes;
  const ChecksumAlgorithm algorithm = AlgorithmOf(*upload);
  if (request.checksum_type && *request.checksum_type != attributes.checksum_type) {
    return InvalidRequest("The upload was created using the " + attributes.checksum_type +
                          " checksum type. The complete request must use the same.");
  }
  attributes.checksum = ChecksumOfParts(algorithm, attributes.checksum_type, *parts);
  const auto stated = StatedChecksum(request);
  if (!stated) return stated.error();
  if (*stated && (*stated)->algorithm == algorithm) {
    if (auto same = CheckSame(**stated, attributes.checksum); !same) return same.error();
  } else if (*stated) {
    return InvalidRequest("The upload was created using the " + attributes.checksum_algorithm +
                          " checksum algorithm. The complete request must use the same.");
  }
  auto etag = ETagOf(*parts);
  if (!etag) return etag.error();
  return store.CompleteUpload(request.bucket, *upload, *parts, std::move(*etag),
                              std::move(attributes), condition, consequence);
}

}  // namespace

Result<api::s3::CompleteMultipartUploadOutput> CompleteMultipartUpload(
    const api::s3::CompleteMultipartUploadRequest& request, wire::CallContext& context,
    storage::ObjectStore& store, ObjectEvents& events) {
  const auto bucket = FindBucket(store, context, request.bucket, request.expected_bucket_owner);
  if (!bucket) return bucket.error();
  if (auto valid = CheckKey(request.key); !valid) return valid.error();
  if (auto valid = CheckEncryption({}, request.sse_customer_algorithm); !valid) {
    return valid.error();
  }
  const auto condition = WriteCondition(request.if_match, request.if_none_match);
  if (!condition) return condition.error();
  const auto& listed = request.multipart_upload;
  if (!listed || !listed->parts || listed->parts->empty() ||
      listed->parts->size() > static_cast<std::size_t>(kMaxPartNumber)) {
    return MalformedXml();
  }

  const auto announcement =
      events.Announce(ObjectEvent::kCompleteMultipartUpload, *bucket, context);
  for (int round = 0; round < kMaxRounds; ++round) {
    const auto object = Complete(request, *condition, announcement.consequence(), store);
    if (object) return Answer(request.bucket, *object, context);
    if (object.error().wire_name == "NoSuchUpload") {
      const auto made = store.FindObject(request.bucket, request.key);
      if (made && made->upload_id == request.upload_id) {
        return Answer(request.bucket, *made, context);
      }
    }
    if (object.error().code != ErrorCode::kInUse) return object.error();
  }
  return Named("OperationAborted", ErrorCode::kInUse,
               "A conflicting conditional operation is currently in progress against this "
               "resource. Please try again.",
               409);
}

}  // namespace usher::s3
