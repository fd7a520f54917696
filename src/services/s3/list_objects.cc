// Operations ListObjects and ListObjectsV2. Errors: InvalidArgument.
#include <algorithm>

#include "base/encoding.h"
#include "services/s3/bucket_access.h"
#include "services/s3/conditions.h"
#include "services/s3/errors.h"
#include "services/s3/list_token.h"
#include "services/s3/object_headers.h"
#include "services/s3/operations.h"

namespace usher::s3 {
namespace {

constexpr std::int64_t kMaxKeys = 1000;

Result<std::size_t> ReadMaxKeys(const std::optional<std::int64_t>& max_keys) {
  const std::int64_t asked = max_keys.value_or(kMaxKeys);
  if (asked < 0) {
    return InvalidArgument("max-keys", std::to_string(asked),
                           "Argument maxKeys must be an integer between 0 and 2147483647");
  }
  return static_cast<std::size_t>(std::min(asked, kMaxKeys));
}

// The least name that comes after a marker. A marker that is a common prefix stands for all keys
// below it, since the page that ended with it has shown them as one.
std::string FromAfter(const std::string& marker, std::string_view prefix,
                      std::string_view delimiter) {
  if (marker.empty()) return "";
  if (!delimiter.empty() && marker.starts_with(prefix)) {
    const std::size_t cut = marker.find(delimiter, prefix.size());
    if (cut != std::string::npos && cut + delimiter.size() == marker.size()) {
      if (auto beyond = storage::FirstBeyond(marker)) return *beyond;
    }
  }
  return marker + '\0';
}

// Names as the answer writes them: as they are, or URL-encoded when the client asks for that.
class Names {
 public:
  static Result<Names> Of(const std::optional<std::string>& encoding_type) {
    if (encoding_type && *encoding_type != "url") {
      return InvalidArgument("encoding-type", *encoding_type,
                             "Invalid Encoding Method specified in Request");
    }
    return Names(encoding_type.has_value());
  }
  [[nodiscard]] std::string Write(const std::string& name) const {
    return url_ ? PercentEncode(name, /*keep_slash=*/true) : name;
  }
  [[nodiscard]] std::optional<std::string> Write(const std::optional<std::string>& name) const {
    return name ? std::optional(Write(*name)) : std::nullopt;
  }

 private:
  explicit Names(bool url) : url_(url) {}
  bool url_;
};

api::s3::Object WriteObject(const storage::ObjectInfo& info, const Names& names) {
  api::s3::Object object{.key = names.Write(info.key),
                         .last_modified = info.modified,
                         .e_tag = Quoted(info.etag),
                         .size = static_cast<std::int64_t>(info.size),
                         .storage_class = StorageClassOf(info.attributes)};
  if (!info.attributes.checksum.empty()) {
    object.checksum_algorithm = {info.attributes.checksum_algorithm};
    object.checksum_type = info.attributes.checksum_type;
  }
  return object;
}

// What both versions have in common.
template <typename Request, typename Output>
Result<storage::ObjectListing> List(const Request& request, const std::string& from,
                                    const std::optional<std::string>& owner_id,
                                    const storage::ObjectStore& store, Output& output) {
  const auto names = Names::Of(request.encoding_type);
  if (!names) return names.error();
  const auto max_keys = ReadMaxKeys(request.max_keys);
  if (!max_keys) return max_keys.error();
  storage::ObjectListing listing;
  if (*max_keys > 0) {
    auto listed = store.ListObjects(request.bucket, {.prefix = request.prefix.value_or(""),
                                                     .delimiter = request.delimiter.value_or(""),
                                                     .from = from,
                                                     .limit = *max_keys});
    if (!listed) return listed;
    listing = std::move(*listed);
  }

  output.name = request.bucket;
  output.prefix = names->Write(request.prefix.value_or(""));
  if (request.delimiter && !request.delimiter->empty()) {
    output.delimiter = names->Write(request.delimiter);
  }
  output.max_keys = static_cast<std::int64_t>(*max_keys);
  output.encoding_type = request.encoding_type;
  output.is_truncated = listing.next_from.has_value();
  for (const storage::ObjectListing::Entry& entry : listing.entries) {
    if (entry.object) {
      if (!output.contents) output.contents.emplace();
      output.contents->push_back(WriteObject(*entry.object, *names));
      if (owner_id) output.contents->back().owner = api::s3::Owner{.id = owner_id};
    } else {
      if (!output.common_prefixes) output.common_prefixes.emplace();
      output.common_prefixes->push_back({.prefix = names->Write(entry.name)});
    }
  }
  return listing;
}

}  // namespace

Result<api::s3::ListObjectsOutput> ListObjects(const api::s3::ListObjectsRequest& request,
                                               wire::CallContext& context,
                                               storage::ObjectStore& store) {
  const auto bucket = FindBucket(store, context, request.bucket, request.expected_bucket_owner);
  if (!bucket) return bucket.error();
  const std::string delimiter = request.delimiter.value_or("");
  const std::string marker = request.marker.value_or("");

  api::s3::ListObjectsOutput output;
  const auto listing = List(request, FromAfter(marker, request.prefix.value_or(""), delimiter),
                            CanonicalUserId(context.caller.account_id), store, output);
  if (!listing) return listing.error();
  const auto names = Names::Of(request.encoding_type);
  if (!names) return names.error();
  output.marker = names->Write(marker);
  if (listing->next_from && !delimiter.empty()) {
    output.next_marker = names->Write(listing->entries.back().name);
  }
  return output;
}

Result<api::s3::ListObjectsV2Output> ListObjectsV2(const api::s3::ListObjectsV2Request& request,
                                                   wire::CallContext& context,
                                                   storage::ObjectStore& store) {
  const auto bucket = FindBucket(store, context, request.bucket, request.expected_bucket_owner);
  if (!bucket) return bucket.error();
  std::string from = FromAfter(request.start_after.value_or(""), request.prefix.value_or(""),
                               request.delimiter.value_or(""));
  if (request.continuation_token) {
    auto decoded = DecodeListToken(*request.continuation_token);
    if (!decoded) return decoded.error();
    from = std::move(*decoded);
  }
  std::optional<std::string> owner_id;
  if (request.fetch_owner.value_or(false)) owner_id = CanonicalUserId(context.caller.account_id);

  api::s3::ListObjectsV2Output output;
  const auto listing = List(request, from, owner_id, store, output);
  if (!listing) return listing.error();
  const auto names = Names::Of(request.encoding_type);
  if (!names) return names.error();
  output.key_count = static_cast<std::int64_t>(listing->entries.size());
  output.start_after = names->Write(request.start_after);
  output.continuation_token = request.continuation_token;
  if (listing->next_from) output.next_continuation_token = EncodeListToken(*listing->next_from);
  return output;
}

}  // namespace usher::s3
