// How buckets, objects, uploads and their parts stand in the document store. For object_store
// alone; docs/formats.md gives the members.
//
//   s3/bucket    <bucket>
//   s3/object    <bucket> NUL <key>
//   s3/segments  <data id>                      the files of an object with more than one
//   s3/upload    <bucket> NUL <key> NUL <id>
//   s3/part      <upload id> NUL <number, five digits>
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "storage/document_store.h"
#include "storage/object_store.h"

namespace usher::storage {

inline constexpr std::string_view kBucketKind = "s3/bucket";
inline constexpr std::string_view kObjectKind = "s3/object";
inline constexpr std::string_view kSegmentsKind = "s3/segments";
inline constexpr std::string_view kUploadKind = "s3/upload";
inline constexpr std::string_view kPartKind = "s3/part";

// An object as its document has it.
struct StoredObject {
  ObjectInfo info;
  std::optional<DataFile> file;  // nullopt: the files stand in the segments document
  std::int64_t version = 0;      // of the document
};

// `key` may be a prefix of keys, or empty for everything in the bucket.
[[nodiscard]] std::string ObjectId(std::string_view bucket, std::string_view key);
[[nodiscard]] std::string UploadId(std::string_view bucket, std::string_view key,
                                   std::string_view id);
[[nodiscard]] std::string PartId(std::string_view upload_id, std::int64_t number);
// The prefix of the ids of all parts of an upload.
[[nodiscard]] std::string PartsPrefix(std::string_view upload_id);

[[nodiscard]] std::string EncodeBucket(const Bucket& bucket);
[[nodiscard]] std::string EncodeObject(const StoredObject& object);
[[nodiscard]] std::string EncodeSegments(const std::vector<Segment>& segments);
[[nodiscard]] std::string EncodeUpload(const Upload& upload);
[[nodiscard]] std::string EncodePart(const UploadPart& part);

// Errors: corrupt when the document is not as the functions above write it.
Result<Bucket> DecodeBucket(const Document& document);
Result<StoredObject> DecodeObject(const Document& document);
Result<std::vector<Segment>> DecodeSegments(const Document& document);
Result<Upload> DecodeUpload(const Document& document);
Result<UploadPart> DecodePart(const Document& document);

}  // namespace usher::storage
