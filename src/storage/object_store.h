// ObjectStore: buckets and the objects in them, by opaque keys. What an object is stands in a
// document; its bytes stand in files that never change (storage/data_files.h). Storing an object
// writes new files first and then switches the document in one commit, so that a reader sees the
// old object or the new one, and a crash leaves nothing but files that the next start removes.
//
// An object made from several parts stays a list of their files: completing an upload copies
// nothing.
//
// Errors: not found with the names NoSuchBucket, NoSuchKey, NoSuchUpload; already exists; in use
//         with the name BucketNotEmpty; invalid input with the name PreconditionFailed; internal
//         when disk or document store fail, after which nothing is acknowledged.
// Threads: safe from any thread. Writers of one key take turns; the last one to commit stays.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_source.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/value.h"
#include "storage/data_files.h"
#include "storage/document_store.h"

namespace usher::storage {

using StringMap = std::map<std::string, std::string>;

struct Bucket {
  std::string name;
  std::string region;
  Time created;
  StringMap tags;
  StringMap settings;  // whatever else is kept for the bucket ("policy", …), by name
};

// What a client says about an object and gets back as it was. Text is UTF-8.
struct ObjectAttributes {
  StringMap system;    // "content-type" …
  StringMap metadata;  // the user's own
  StringMap tags;
  std::string checksum_algorithm;  // "CRC32" …; empty when there is none
  std::string checksum;            // base64; for COMPOSITE with "-<parts>"
  std::string checksum_type;       // "FULL_OBJECT" or "COMPOSITE"
  bool operator==(const ObjectAttributes&) const = default;
};

struct ObjectInfo {
  std::string key;
  std::uint64_t size = 0;
  std::string etag;  // without quotes
  Time modified;
  std::size_t part_count = 0;  // 0: stored in one piece
  ObjectAttributes attributes;
  std::string upload_id;  // of the upload that made it; empty when stored in one piece
  std::string data_id;    // changes with every write of the key
};

// Consecutive bytes of an object.
struct Segment {
  DataFile file;
  std::int64_t part_number = 1;
  std::string checksum;  // base64, of the object's algorithm; may be empty
};

// An object held for reading: its bytes stay, whatever happens to its key meanwhile.
class OpenObject {
 public:
  [[nodiscard]] const ObjectInfo& info() const { return info_; }
  [[nodiscard]] const std::vector<Segment>& segments() const { return segments_; }
  // Bytes from `offset` on, within the object. A file read from its start to its end is checked
  // against its hash: corrupt. The source may outlive this object.
  [[nodiscard]] Result<Stream> Read(std::uint64_t offset, std::uint64_t size) const;

 private:
  friend class ObjectStore;
  ObjectInfo info_;
  std::vector<Segment> segments_;
  std::shared_ptr<const void> hold_;  // keeps the files from being removed
  const DataFiles* files_ = nullptr;
};

// Looks at the object that is there (nullptr: none) in the moment in which it would be replaced or
// removed; an error stops that.
using Condition = std::function<Result<void>(const ObjectInfo* current)>;

// Adds to the commit that stores or removes an object what follows from it, so that the one is
// never without the other. `object` has its key alone when it was removed. May be called again when
// other writers come between; nothing follows from a removal of what is not there.
using Consequence = std::function<void(Batch&, const ObjectInfo& object)>;

struct StoredObject;  // storage/object_documents.h

struct ObjectListing {
  // Objects and common prefixes in the order of their bytes; a prefix has no object.
  struct Entry {
    std::string name;
    std::optional<ObjectInfo> object;
  };
  std::vector<Entry> entries;
  // Where the next page begins; nullopt at the end.
  std::optional<std::string> next_from;
};

struct ListQuery {
  std::string prefix;
  std::string delimiter;  // may be empty: no common prefixes
  std::string from;       // entries below this are left out
  std::size_t limit = 1000;
};

struct Upload {
  std::string id;
  std::string key;
  Time initiated;
  ObjectAttributes attributes;  // of the object to come; checksum empty, its algorithm may be set
};

struct UploadPart {
  std::int64_t number = 0;
  Segment segment;
  Time modified;
  std::int64_t version = 0;  // of its document
};

class ObjectStore {
 public:
  // `folder` is the object folder inside the data folder; removes what a crash has left.
  static Result<std::unique_ptr<ObjectStore>> Open(const std::string& folder,
                                                   DocumentStore& documents, const Clock& clock);

  ~ObjectStore();
  ObjectStore(const ObjectStore&) = delete;
  ObjectStore& operator=(const ObjectStore&) = delete;

  // Buckets.
  Result<Bucket> CreateBucket(std::string name, std::string region, StringMap tags = {});
  Result<Bucket> FindBucket(std::string_view name) const;
  // In the order of their names, from `from` on.
  Result<std::vector<Bucket>> ListBuckets(std::string_view prefix, std::string_view from,
                                          std::size_t limit) const;
  Result<void> ChangeBucket(std::string_view name, const std::function<void(Bucket&)>& change);
  // With its unfinished uploads.
  Result<void> DeleteBucket(const std::string& name);

  // Objects. Staging reads a source to its end into a file; PutObject gives the file its key.
  Result<StagedFile> Stage(ByteSource& source, std::string_view bucket, std::string_view key,
                           std::uint64_t max_bytes) const;
  // The whole of an object that is stored in one piece, without copying it.
  Result<StagedFile> StageCopy(const OpenObject& source, std::string_view bucket,
                               std::string_view key) const;
  Result<ObjectInfo> PutObject(const std::string& bucket, const std::string& key, StagedFile staged,
                               ObjectAttributes attributes, const Condition& condition = nullptr,
                               const Consequence& consequence = nullptr);
  Result<ObjectInfo> FindObject(std::string_view bucket, std::string_view key) const;
  Result<OpenObject> OpenForRead(std::string_view bucket, std::string_view key) const;
  // Replaces the attributes alone; bytes, ETag and time of change stay.
  Result<ObjectInfo> ChangeObject(std::string_view bucket, std::string_view key,
                                  const std::function<void(ObjectInfo&)>& change);
  // False when there was none.
  Result<bool> DeleteObject(std::string_view bucket, std::string_view key,
                            const Condition& condition = nullptr,
                            const Consequence& consequence = nullptr);
  // Many in one commit: for each key whether there was an object.
  Result<std::vector<bool>> DeleteObjects(std::string_view bucket,
                                          const std::vector<std::string>& keys,
                                          const Consequence& consequence = nullptr);
  Result<ObjectListing> ListObjects(std::string_view bucket, const ListQuery& query) const;

  // Uploads in parts.
  Result<Upload> CreateUpload(const std::string& bucket, const std::string& key,
                              ObjectAttributes attributes);
  Result<Upload> FindUpload(std::string_view bucket, std::string_view key,
                            std::string_view upload_id) const;
  // By key, then by id, after (after_key, after_id).
  Result<std::vector<Upload>> ListUploads(std::string_view bucket, std::string_view prefix,
                                          std::string_view after_key, std::string_view after_id,
                                          std::size_t limit) const;
  // Replaces a part of the same number.
  Result<UploadPart> PutPart(std::string_view bucket, std::string_view key, const Upload& upload,
                             std::int64_t number, StagedFile staged, std::string checksum);
  // With numbers greater than `after`.
  Result<std::vector<UploadPart>> ListParts(const Upload& upload, std::int64_t after,
                                            std::size_t limit) const;
  // Makes the object of these parts in this order; the other parts are dropped. Errors: in use when
  // a part was replaced since it was listed (list again and decide anew).
  Result<ObjectInfo> CompleteUpload(const std::string& bucket, const Upload& upload,
                                    const std::vector<UploadPart>& parts, std::string etag,
                                    ObjectAttributes attributes,
                                    const Condition& condition = nullptr,
                                    const Consequence& consequence = nullptr);
  Result<void> AbortUpload(const std::string& bucket, const Upload& upload);

 private:
  ObjectStore(std::shared_ptr<DataFiles> files, DocumentStore& documents, const Clock& clock);
  class Holds;

  Result<std::optional<StoredObject>> Find(std::string_view bucket, std::string_view key) const;
  // nullopt when the object was replaced meanwhile.
  Result<std::optional<std::vector<Segment>>> SegmentsOf(const StoredObject& object) const;
  Result<void> RequireBucket(std::string_view bucket) const;
  // In one commit: switches the document of a key to `object`, or removes it (nullptr), and makes
  // the changes `with`. Then drops the bytes that were there. Gives whether there was an object.
  Result<bool> Switch(std::string_view bucket, std::string_view key, const StoredObject* object,
                      const Batch& with, const Condition& condition,
                      const Consequence& consequence);
  Result<std::vector<UploadPart>> AllParts(const Upload& upload) const;
  Result<void> RemoveUnknownFiles();

  std::shared_ptr<DataFiles> files_;
  DocumentStore& documents_;
  const Clock& clock_;
  std::shared_ptr<Holds> holds_;
};

}  // namespace usher::storage
