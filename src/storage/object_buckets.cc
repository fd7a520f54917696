// ObjectStore: buckets.
#include "storage/object_documents.h"
#include "storage/object_store.h"
#include "storage/races.h"

namespace usher::storage {
namespace {

constexpr std::size_t kScanPage = 1000;

Error NoSuchBucket(std::string_view bucket) {
  Error error =
      Named("NoSuchBucket", ErrorCode::kNotFound, "The specified bucket does not exist", 404);
  error.details.emplace_back("BucketName", bucket);
  return error;
}

}  // namespace

Result<Bucket> ObjectStore::CreateBucket(std::string name, std::string region, StringMap tags) {
  Bucket bucket{.name = std::move(name),
                .region = std::move(region),
                .created = clock_.Now(),
                .tags = std::move(tags)};
  Batch batch;
  batch.Create(std::string(kBucketKind), bucket.name, "", EncodeBucket(bucket));
  if (auto done = documents_.Commit(batch); !done) return done.error();
  return bucket;
}

Result<Bucket> ObjectStore::FindBucket(std::string_view name) const {
  const auto document = documents_.Get(kBucketKind, name);
  if (!document) return document.error();
  if (!*document) return NoSuchBucket(name);
  return DecodeBucket(**document);
}

Result<void> ObjectStore::RequireBucket(std::string_view bucket) const {
  const auto found = FindBucket(bucket);
  if (!found) return found.error();
  return {};
}

Result<std::vector<Bucket>> ObjectStore::ListBuckets(std::string_view prefix, std::string_view from,
                                                     std::size_t limit) const {
  const auto documents = documents_.ListById(kBucketKind, prefix, from, limit);
  if (!documents) return documents.error();
  std::vector<Bucket> buckets;
  for (const Document& document : *documents) {
    auto bucket = DecodeBucket(document);
    if (!bucket) return bucket.error();
    buckets.push_back(std::move(*bucket));
  }
  return buckets;
}

Result<void> ObjectStore::ChangeBucket(std::string_view name,
                                       const std::function<void(Bucket&)>& change) {
  for (int round = 0; round < kMaxRounds; ++round) {
    const auto document = documents_.Get(kBucketKind, name);
    if (!document) return document.error();
    if (!*document) return NoSuchBucket(name);
    auto bucket = DecodeBucket(**document);
    if (!bucket) return bucket.error();
    change(*bucket);
    Batch batch;
    batch.Update(std::string(kBucketKind), std::string(name), (*document)->version,
                 EncodeBucket(*bucket));
    const auto done = documents_.Commit(batch);
    if (done || !LostARace(done.error())) return done;
  }
  return TooManyWriters();
}

Result<void> ObjectStore::DeleteBucket(const std::string& name) {
  for (int round = 0; round < kMaxRounds; ++round) {
    if (auto found = RequireBucket(name); !found) return found;
    const std::string everything = ObjectId(name, "");
    const auto objects = documents_.ListById(kObjectKind, everything, "", 1);
    if (!objects) return objects.error();
    if (!objects->empty()) {
      Error error = Named("BucketNotEmpty", ErrorCode::kInUse,
                          "The bucket you tried to delete is not empty", 409);
      error.details.emplace_back("BucketName", name);
      return error;
    }
    while (true) {
      const auto uploads = ListUploads(name, "", "", "", kScanPage);
      if (!uploads) return uploads.error();
      if (uploads->empty()) break;
      for (const Upload& upload : *uploads) {
        const auto aborted = AbortUpload(name, upload);
        if (!aborted && aborted.error().code != ErrorCode::kNotFound) return aborted;
      }
    }

    Batch batch;
    batch.Require(std::string(kBucketKind), name);
    batch.RequireNone(std::string(kObjectKind), everything);
    batch.RequireNone(std::string(kUploadKind), everything);
    batch.Delete(std::string(kBucketKind), name);
    const auto done = documents_.Commit(batch);
    if (done || !LostARace(done.error())) return done;
  }
  return TooManyWriters();
}

}  // namespace usher::storage
