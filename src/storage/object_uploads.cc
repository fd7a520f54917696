// ObjectStore: uploads in parts.
#include <algorithm>
#include <set>

#include "base/check.h"
#include "base/random.h"
#include "storage/object_documents.h"
#include "storage/object_holds.h"
#include "storage/object_store.h"
#include "storage/races.h"

namespace usher::storage {
namespace {

constexpr std::size_t kIdBytes = 16;
constexpr std::size_t kScanPage = 1000;

Error NoSuchUpload(std::string_view upload_id) {
  Error error = Named("NoSuchUpload", ErrorCode::kNotFound,
                      "The specified upload does not exist. The upload ID may be invalid, or the "
                      "upload may have been aborted or completed.",
                      404);
  error.details.emplace_back("UploadId", upload_id);
  return error;
}

}  // namespace

Result<Upload> ObjectStore::CreateUpload(const std::string& bucket, const std::string& key,
                                         ObjectAttributes attributes) {
  Upload upload{.id = SecureHex(kIdBytes),
                .key = key,
                .initiated = clock_.Now(),
                .attributes = std::move(attributes)};
  Batch batch;
  batch.Require(std::string(kBucketKind), bucket);
  batch.Create(std::string(kUploadKind), UploadId(bucket, key, upload.id), "",
               EncodeUpload(upload));
  if (auto done = documents_.Commit(batch); !done) {
    if (auto found = RequireBucket(bucket); !found) return found.error();
    return done.error();
  }
  return upload;
}

Result<Upload> ObjectStore::FindUpload(std::string_view bucket, std::string_view key,
                                       std::string_view upload_id) const {
  const auto document = documents_.Get(kUploadKind, UploadId(bucket, key, upload_id));
  if (!document) return document.error();
  if (!*document) return NoSuchUpload(upload_id);
  return DecodeUpload(**document);
}

Result<std::vector<Upload>> ObjectStore::ListUploads(std::string_view bucket,
                                                     std::string_view prefix,
                                                     std::string_view after_key,
                                                     std::string_view after_id,
                                                     std::size_t limit) const {
  std::string from;
  if (!after_key.empty()) {
    // Ids are hex digits: 'g' is beyond all of them.
    from = UploadId(bucket, after_key, after_id.empty() ? "g" : std::string(after_id) + '\0');
  }
  const auto documents = documents_.ListById(kUploadKind, ObjectId(bucket, prefix), from, limit);
  if (!documents) return documents.error();
  std::vector<Upload> uploads;
  for (const Document& document : *documents) {
    auto upload = DecodeUpload(document);
    if (!upload) return upload.error();
    uploads.push_back(std::move(*upload));
  }
  return uploads;
}

Result<UploadPart> ObjectStore::PutPart(std::string_view bucket, std::string_view key,
                                        const Upload& upload, std::int64_t number,
                                        StagedFile staged, std::string checksum) {
  const auto file = files_->Publish(std::move(staged));
  if (!file) return file.error();
  UploadPart part{
      .number = number,
      .segment = {.file = *file, .part_number = number, .checksum = std::move(checksum)},
      .modified = clock_.Now()};
  const std::string id = PartId(upload.id, number);
  for (int round = 0; round < kMaxRounds; ++round) {
    const auto current = documents_.Get(kPartKind, id);
    if (!current) return current.error();
    Batch batch;
    batch.Require(std::string(kUploadKind), UploadId(bucket, key, upload.id));
    if (*current) {
      batch.Update(std::string(kPartKind), id, (*current)->version, EncodePart(part));
    } else {
      batch.Create(std::string(kPartKind), id, "", EncodePart(part));
    }
    const auto done = documents_.Commit(batch);
    if (done) {
      part.version = *current ? (*current)->version + 1 : 1;
      if (*current) {
        if (const auto old = DecodePart(**current)) files_->Remove(old->segment.file.name);
      }
      return part;
    }
    if (done.error().code == ErrorCode::kInternal) {
      files_->MayLeaveUnknown();
      return done.error();
    }
    if (auto found = FindUpload(bucket, key, upload.id); !found) {
      files_->Remove(file->name);
      return found.error();
    }
  }
  files_->Remove(file->name);
  return Named("SlowDown", ErrorCode::kThrottled,
               "Please reduce your request rate: too many writers of one part.", 503);
}

Result<std::vector<UploadPart>> ObjectStore::ListParts(const Upload& upload, std::int64_t after,
                                                       std::size_t limit) const {
  const auto documents = documents_.ListById(kPartKind, PartsPrefix(upload.id),
                                             PartId(upload.id, after) + '\0', limit);
  if (!documents) return documents.error();
  std::vector<UploadPart> parts;
  for (const Document& document : *documents) {
    auto part = DecodePart(document);
    if (!part) return part.error();
    parts.push_back(std::move(*part));
  }
  return parts;
}

Result<std::vector<UploadPart>> ObjectStore::AllParts(const Upload& upload) const {
  std::vector<UploadPart> all;
  while (true) {
    auto page = ListParts(upload, all.empty() ? 0 : all.back().number, kScanPage);
    if (!page) return page.error();
    const bool last = page->size() < kScanPage;
    std::move(page->begin(), page->end(), std::back_inserter(all));
    if (last) return all;
  }
}

Result<ObjectInfo> ObjectStore::CompleteUpload(const std::string& bucket, const Upload& upload,
                                               const std::vector<UploadPart>& parts,
                                               std::string etag, ObjectAttributes attributes,
                                               const Condition& condition,
                                               const Consequence& consequence) {
  Check(!parts.empty(), "an object has at least one part");
  const auto all = AllParts(upload);
  if (!all) return all.error();

  std::vector<Segment> segments;
  std::set<std::int64_t> chosen;
  Batch with;
  with.Delete(std::string(kUploadKind), UploadId(bucket, upload.key, upload.id), 1);
  std::uint64_t size = 0;
  for (const UploadPart& part : parts) {
    segments.push_back(part.segment);
    size += part.segment.file.size;
    chosen.insert(part.number);
    with.Delete(std::string(kPartKind), PartId(upload.id, part.number), part.version);
  }
  std::vector<std::string> left_over;
  for (const UploadPart& part : *all) {
    if (chosen.contains(part.number)) continue;
    left_over.push_back(part.segment.file.name);
    with.Delete(std::string(kPartKind), PartId(upload.id, part.number), part.version);
  }
  with.RequireNone(std::string(kPartKind), PartsPrefix(upload.id));

  StoredObject object{.info = {.key = upload.key,
                               .size = size,
                               .etag = std::move(etag),
                               .modified = clock_.Now(),
                               .part_count = parts.size(),
                               .attributes = std::move(attributes),
                               .upload_id = upload.id,
                               .data_id = segments[0].file.name}};
  if (segments.size() == 1) {
    object.file = segments[0].file;
  } else {
    with.Put(std::string(kSegmentsKind), object.info.data_id, "", EncodeSegments(segments));
  }

  if (auto done = Switch(bucket, upload.key, &object, with, condition, consequence); !done) {
    const ErrorCode code = done.error().code;
    if (done.error().wire_name.empty() &&
        (code == ErrorCode::kNotFound || code == ErrorCode::kInUse)) {
      if (auto found = FindUpload(bucket, upload.key, upload.id); !found) return found.error();
      return InUse("a part was replaced while the upload was completed");
    }
    return done.error();
  }
  for (const std::string& name : left_over) files_->Remove(name);
  return std::move(object.info);
}

Result<void> ObjectStore::AbortUpload(const std::string& bucket, const Upload& upload) {
  for (int round = 0; round < kMaxRounds; ++round) {
    const auto parts = AllParts(upload);
    if (!parts) return parts.error();
    Batch batch;
    batch.Delete(std::string(kUploadKind), UploadId(bucket, upload.key, upload.id), 1);
    for (const UploadPart& part : *parts) {
      batch.Delete(std::string(kPartKind), PartId(upload.id, part.number), part.version);
    }
    batch.RequireNone(std::string(kPartKind), PartsPrefix(upload.id));
    const auto done = documents_.Commit(batch);
    if (done) {
      for (const UploadPart& part : *parts) files_->Remove(part.segment.file.name);
      return {};
    }
    if (done.error().code == ErrorCode::kInternal) return done;
    if (auto found = FindUpload(bucket, upload.key, upload.id); !found) return found.error();
  }
  return Named("SlowDown", ErrorCode::kThrottled,
               "Please reduce your request rate: too many writers of one upload.", 503);
}

}  // namespace usher::storage
