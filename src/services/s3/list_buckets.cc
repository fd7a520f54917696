// Operation ListBuckets. Errors: InvalidArgument for limits and tokens.
#include "services/s3/bucket_access.h"
#include "services/s3/errors.h"
#include "services/s3/list_token.h"
#include "services/s3/operations.h"

namespace usher::s3 {
namespace {

constexpr std::size_t kMaxBuckets = 10'000;  // a page, and without a limit all that are given

}  // namespace

Result<api::s3::ListBucketsOutput> ListBuckets(const api::s3::ListBucketsRequest& request,
                                               wire::CallContext& context,
                                               storage::ObjectStore& store) {
  const auto limit = static_cast<std::size_t>(request.max_buckets.value_or(kMaxBuckets));
  if (limit < 1 || limit > kMaxBuckets) {
    return InvalidArgument("max-buckets", std::to_string(*request.max_buckets),
                           "Argument max-buckets must be an integer between 1 and 10000");
  }
  std::string from;
  if (request.continuation_token) {
    auto decoded = DecodeListToken(*request.continuation_token);
    if (!decoded) return decoded.error();
    from = std::move(*decoded);
  }

  api::s3::ListBucketsOutput output{
      .buckets = std::vector<api::s3::Bucket>(),
      .owner = api::s3::Owner{.id = CanonicalUserId(context.caller.account_id)},
      .prefix = request.prefix};
  // Buckets of other regions are passed over, so a page may take more than one look.
  while (true) {
    const auto page = store.ListBuckets(request.prefix.value_or(""), from, kMaxBuckets);
    if (!page) return page.error();
    for (const storage::Bucket& bucket : *page) {
      from = bucket.name + '\0';
      if (request.bucket_region && bucket.region != *request.bucket_region) continue;
      if (output.buckets->size() == limit) {
        output.continuation_token = EncodeListToken(bucket.name);
        return output;
      }
      output.buckets->push_back({.name = bucket.name,
                                 .creation_date = bucket.created,
                                 .bucket_region = bucket.region,
                                 .bucket_arn = "arn:aws:s3:::" + bucket.name});
    }
    if (page->size() < kMaxBuckets) return output;
  }
}

}  // namespace usher::s3
