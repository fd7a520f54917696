// Operation ListMultipartUploads. Errors: InvalidArgument.
#include <algorithm>

#include "base/encoding.h"
#include "services/s3/bucket_access.h"
#include "services/s3/errors.h"
#include "services/s3/object_headers.h"
#include "services/s3/operations.h"

namespace usher::s3 {
namespace {

constexpr std::int64_t kMaxUploads = 1000;

// Uploads and common prefixes in the order of their keys, until the limit.
struct Listing {
  std::vector<storage::Upload> uploads;
  std::vector<std::string> prefixes;
  bool truncated = false;
  std::string last_key;  // of the last entry, an upload or a prefix
  std::string last_id;   // of the last upload
};

Result<Listing> List(const api::s3::ListMultipartUploadsRequest& request, std::size_t limit,
                     const storage::ObjectStore& store) {
  const std::string prefix = request.prefix.value_or("");
  const std::string delimiter = request.delimiter.value_or("");
  std::string after_key = request.key_marker.value_or("");
  std::string after_id = after_key.empty() ? "" : request.upload_id_marker.value_or("");
  Listing listing;
  while (true) {
    const auto page = store.ListUploads(request.bucket, prefix, after_key, after_id, kMaxUploads);
    if (!page) return page.error();
    for (const storage::Upload& upload : *page) {
      after_key = upload.key;
      after_id = upload.id;
      std::string common;
      if (!delimiter.empty()) {
        const std::size_t cut = upload.key.find(delimiter, prefix.size());
        if (cut != std::string::npos) common = upload.key.substr(0, cut + delimiter.size());
      }
      const bool listed_already =
          !common.empty() && (common == request.key_marker.value_or("") ||
                              (!listing.prefixes.empty() && listing.prefixes.back() == common));
      if (listed_already) continue;
      if (listing.uploads.size() + listing.prefixes.size() == limit) {
        listing.truncated = true;
        return listing;
      }
      listing.last_key = common.empty() ? upload.key : common;
      listing.last_id = common.empty() ? upload.id : "";
      if (common.empty()) {
        listing.uploads.push_back(upload);
      } else {
        listing.prefixes.push_back(std::move(common));
      }
    }
    if (page->size() < static_cast<std::size_t>(kMaxUploads)) return listing;
  }
}

}  // namespace

Result<api::s3::ListMultipartUploadsOutput> ListMultipartUploads(
    const api::s3::ListMultipartUploadsRequest& request, wire::CallContext& context,
    storage::ObjectStore& store) {
  const auto bucket = FindBucket(store, context, request.bucket, request.expected_bucket_owner);
  if (!bucket) return bucket.error();
  const std::int64_t limit = std::min(request.max_uploads.value_or(kMaxUploads), kMaxUploads);
  if (limit < 1) {
    return InvalidArgument("max-uploads", std::to_string(limit),
                           "Argument max-uploads must be an integer between 1 and 2147483647");
  }
  if (request.encoding_type && *request.encoding_type != "url") {
    return InvalidArgument("encoding-type", *request.encoding_type,
                           "Invalid Encoding Method specified in Request");
  }
  const auto listing = List(request, static_cast<std::size_t>(limit), store);
  if (!listing) return listing.error();
  const auto written = [&](const std::string& name) {
    return request.encoding_type ? PercentEncode(name, /*keep_slash=*/true) : name;
  };

  const std::string owner = CanonicalUserId(context.caller.account_id);
  api::s3::ListMultipartUploadsOutput output{
      .bucket = request.bucket,
      .key_marker = written(request.key_marker.value_or("")),
      .upload_id_marker = request.upload_id_marker.value_or(""),
      .prefix = written(request.prefix.value_or("")),
      .max_uploads = limit,
      .is_truncated = listing->truncated,
      .encoding_type = request.encoding_type};
  if (request.delimiter) output.delimiter = written(*request.delimiter);
  if (listing->truncated) {
    output.next_key_marker = written(listing->last_key);
    output.next_upload_id_marker = listing->last_id;
  }
  for (const storage::Upload& upload : listing->uploads) {
    if (!output.uploads) output.uploads.emplace();
    output.uploads->push_back({.upload_id = upload.id,
                               .key = written(upload.key),
                               .initiated = upload.initiated,
                               .storage_class = StorageClassOf(upload.attributes),
                               .owner = api::s3::Owner{.id = owner},
                               .initiator = api::s3::Initiator{.id = owner},
                               .checksum_algorithm = upload.attributes.checksum_algorithm,
                               .checksum_type = upload.attributes.checksum_type});
  }
  for (const std::string& prefix : listing->prefixes) {
    if (!output.common_prefixes) output.common_prefixes.emplace();
    output.common_prefixes->push_back({.prefix = written(prefix)});
  }
  return output;
}

}  // namespace usher::s3
