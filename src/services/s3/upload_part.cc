// Operations UploadPart and UploadPartCopy. Errors: NoSuchUpload, InvalidArgument, and those of
// PutObject and of reading a copy's source.
#include "services/s3/byte_range.h"
#include "services/s3/copy_source.h"
#include "services/s3/operations.h"
#include "services/s3/stage.h"
#include "services/s3/uploads.h"

namespace usher::s3 {
namespace {

template <typename Request>
Result<storage::Upload> FindUpload(const Request& request, const wire::CallContext& context,
                                   const storage::ObjectStore& store) {
  const auto bucket = FindBucket(store, context, request.bucket, request.expected_bucket_owner);
  if (!bucket) return bucket.error();
  if (auto valid = CheckKey(request.key); !valid) return valid.error();
  if (auto valid = CheckPartNumber(request.part_number); !valid) return valid.error();
  if (auto valid = CheckEncryption({}, request.sse_customer_algorithm); !valid) {
    return valid.error();
  }
  return store.FindUpload(request.bucket, request.key, request.upload_id);
}

}  // namespace

Result<api::s3::UploadPartOutput> UploadPart(const api::s3::UploadPartRequest& request,
                                             wire::CallContext& context,
                                             storage::ObjectStore& store) {
  const auto upload = FindUpload(request, context, store);
  if (!upload) return upload.error();
  const auto demand = MakeDemand(StatedChecksum(request), request.checksum_algorithm);
  if (!demand) return demand.error();
  // The upload's own checksum is kept; what the client states of this part is held to as well.
  const ChecksumAlgorithm kept = AlgorithmOf(*upload);

  auto staged = StageBody(request, *demand, store, {kept});
  if (!staged) return staged.error();
  const auto part = store.PutPart(request.bucket, request.key, *upload, request.part_number,
                                  std::move(staged->file), staged->checksums.at(kept));
  if (!part) return part.error();
  api::s3::UploadPartOutput output{.e_tag = Quoted(part->segment.file.md5)};
  ChecksumMember(output, demand->algorithm) = staged->checksums.at(demand->algorithm);
  return output;
}

Result<api::s3::UploadPartCopyOutput> UploadPartCopy(const api::s3::UploadPartCopyRequest& request,
                                                     wire::CallContext& context,
                                                     storage::ObjectStore& store) {
  const auto upload = FindUpload(request, context, store);
  if (!upload) return upload.error();
  const auto named = ParseCopySource(request.copy_source);
  if (!named) return named.error();
  const auto source = OpenCopySource(request, *named, context, store);
  if (!source) return source.error();
  ByteRange range{0, source->info().size};
  if (request.copy_source_range) {
    const auto asked = ParseCopySourceRange(*request.copy_source_range, source->info().size);
    if (!asked) return asked.error();
    range = *asked;
  }

  const auto bytes = source->Read(range.offset, range.size);
  if (!bytes) return bytes.error();
  const ChecksumAlgorithm kept = AlgorithmOf(*upload);
  auto staged = StageSource(**bytes, request.bucket, request.key, {kept}, store);
  if (!staged) return staged.error();
  const auto part = store.PutPart(request.bucket, request.key, *upload, request.part_number,
                                  std::move(staged->file), staged->checksums.at(kept));
  if (!part) return part.error();
  api::s3::CopyPartResult result{.e_tag = Quoted(part->segment.file.md5),
                                 .last_modified = part->modified};
  ChecksumMember(result, kept) = part->segment.checksum;
  return api::s3::UploadPartCopyOutput{.copy_part_result = std::move(result)};
}

}  // namespace usher::s3
