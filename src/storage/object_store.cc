#include "storage/object_store.h"

#include <algorithm>
#include <mutex>
#include <unordered_map>
#include <unordered_set>

#include "base/check.h"
#include "base/log.h"
#include "storage/object_documents.h"
#include "storage/object_holds.h"
#include "storage/races.h"
#include "storage/segments_source.h"

namespace usher::storage {
namespace {

constexpr std::size_t kScanPage = 1000;
constexpr std::size_t kFirstLook = 16;

Error NoSuchKey(std::string_view key) {
  Error error = Named("NoSuchKey", ErrorCode::kNotFound, "The specified key does not exist.", 404);
  error.details.emplace_back("Key", key);
  return error;
}

}  // namespace

Result<Stream> OpenObject::Read(std::uint64_t offset, std::uint64_t size) const {
  auto source = std::make_shared<SegmentsSource>(*files_, hold_, segments_, offset, size);
  if (auto begun = source->Begin(); !begun) return begun.error();
  return Stream(std::move(source));
}

ObjectStore::ObjectStore(std::shared_ptr<DataFiles> files, DocumentStore& documents,
                         const Clock& clock)
    : files_(std::move(files)),
      documents_(documents),
      clock_(clock),
      holds_(std::make_shared<Holds>(files_)) {}

ObjectStore::~ObjectStore() = default;

Result<std::unique_ptr<ObjectStore>> ObjectStore::Open(const std::string& folder,
                                                       DocumentStore& documents,
                                                       const Clock& clock) {
  auto files = DataFiles::Open(folder);
  if (!files) return files.error();
  std::unique_ptr<ObjectStore> store(new ObjectStore(std::move(*files), documents, clock));
  if (store->files_->may_have_unknown_files()) {
    if (auto removed = store->RemoveUnknownFiles(); !removed) return removed.error();
  }
  return store;
}

Result<void> ObjectStore::RemoveUnknownFiles() {
  std::unordered_set<std::string> known;
  const auto scan = [&](std::string_view kind, const auto& collect) -> Result<void> {
    std::string from;
    while (true) {
      const auto page = documents_.ListById(kind, "", from, kScanPage);
      if (!page) return page.error();
      for (const Document& document : *page) {
        if (auto collected = collect(document); !collected) return collected;
      }
      if (page->size() < kScanPage) return {};
      from = page->back().id + '\0';
    }
  };

  if (auto done = scan(kPartKind,
                       [&](const Document& document) -> Result<void> {
                         const auto part = DecodePart(document);
                         if (!part) return part.error();
                         known.insert(part->segment.file.name);
                         return {};
                       });
      !done) {
    return done;
  }
  if (auto done = scan(kSegmentsKind,
                       [&](const Document& document) -> Result<void> {
                         const auto segments = DecodeSegments(document);
                         if (!segments) return segments.error();
                         for (const Segment& segment : *segments) known.insert(segment.file.name);
                         return {};
                       });
      !done) {
    return done;
  }
  if (auto done = scan(kObjectKind,
                       [&](const Document& document) -> Result<void> {
                         const auto object = DecodeObject(document);
                         if (!object) return object.error();
                         if (object->file) known.insert(object->file->name);
                         return {};
                       });
      !done) {
    return done;
  }

  const auto removed =
      files_->RemoveUnknown([&](const std::string& name) { return known.contains(name); });
  if (!removed) return removed.error();
  Log(LogLevel::kInfo, "object folder checked after an unclean stop",
      {{"known_files", std::to_string(known.size())}, {"removed", std::to_string(*removed)}});
  return {};
}

Result<StagedFile> ObjectStore::Stage(ByteSource& source, std::string_view bucket,
                                      std::string_view key, std::uint64_t max_bytes) const {
  return files_->Stage(source, ObjectId(bucket, key), max_bytes);
}

Result<StagedFile> ObjectStore::StageCopy(const OpenObject& source, std::string_view bucket,
                                          std::string_view key) const {
  Check(source.segments().size() == 1, "an object copied whole is stored in one piece");
  return files_->StageCopy(source.segments()[0].file, ObjectId(bucket, key));
}

Result<ObjectInfo> ObjectStore::PutObject(const std::string& bucket, const std::string& key,
                                          StagedFile staged, ObjectAttributes attributes,
                                          const Condition& condition,
                                          const Consequence& consequence) {
  auto file = files_->Publish(std::move(staged));
  if (!file) return file.error();
  StoredObject object{.info = {.key = key,
                               .size = file->size,
                               .etag = file->md5,
                               .modified = clock_.Now(),
                               .attributes = std::move(attributes),
                               .data_id = file->name},
                      .file = *file};
  if (auto done = Switch(bucket, key, &object, {}, condition, consequence); !done) {
    if (done.error().code == ErrorCode::kInternal) {
      files_->MayLeaveUnknown();
    } else {
      files_->Remove(file->name);
    }
    return done.error();
  }
  return std::move(object.info);
}

Result<ObjectInfo> ObjectStore::FindObject(std::string_view bucket, std::string_view key) const {
  auto object = Find(bucket, key);
  if (!object) return std::move(object).error();
  if (!*object) {
    if (auto found = RequireBucket(bucket); !found) return found.error();
    return NoSuchKey(key);
  }
  return std::move((*object)->info);
}

Result<OpenObject> ObjectStore::OpenForRead(std::string_view bucket, std::string_view key) const {
  for (int round = 0; round < kMaxRounds; ++round) {
    auto object = Find(bucket, key);
    if (!object) return object.error();
    if (!*object) {
      if (auto found = RequireBucket(bucket); !found) return found.error();
      return NoSuchKey(key);
    }
    OpenObject open;
    open.hold_ = Holds::Take(holds_, (*object)->info.data_id);
    open.files_ = files_.get();
    auto segments = SegmentsOf(**object);
    if (!segments) return segments.error();
    // Only if the object is still the same now was the hold taken before anybody dropped its files.
    const auto again = Find(bucket, key);
    if (!again) return again.error();
    if (!*again || (*again)->info.data_id != (*object)->info.data_id || !*segments) continue;
    open.info_ = std::move((*object)->info);
    open.segments_ = std::move(**segments);
    return open;
  }
  return TooManyWriters();
}

Result<ObjectInfo> ObjectStore::ChangeObject(std::string_view bucket, std::string_view key,
                                             const std::function<void(ObjectInfo&)>& change) {
  for (int round = 0; round < kMaxRounds; ++round) {
    auto object = Find(bucket, key);
    if (!object) return object.error();
    if (!*object) {
      if (auto found = RequireBucket(bucket); !found) return found.error();
      return NoSuchKey(key);
    }
    change((*object)->info);
    Batch batch;
    batch.Update(std::string(kObjectKind), ObjectId(bucket, key), (*object)->version,
                 EncodeObject(**object));
    const auto done = documents_.Commit(batch);
    if (done) return std::move((*object)->info);
    if (!LostARace(done.error())) return done.error();
  }
  return TooManyWriters();
}

Result<bool> ObjectStore::DeleteObject(std::string_view bucket, std::string_view key,
                                       const Condition& condition, const Consequence& consequence) {
  return Switch(bucket, key, nullptr, {}, condition, consequence);
}

Result<std::vector<bool>> ObjectStore::DeleteObjects(std::string_view bucket,
                                                     const std::vector<std::string>& keys,
                                                     const Consequence& consequence) {
  struct Dropped {
    std::string data_id;
    std::vector<Segment> segments;
  };
  std::vector<Dropped> dropped;
  std::vector<bool> existed(keys.size());
  std::unordered_set<std::string_view> seen;
  Batch batch;
  bool raced = false;
  for (std::size_t i = 0; i < keys.size() && !raced; ++i) {
    if (!seen.insert(keys[i]).second) continue;
    const auto object = Find(bucket, keys[i]);
    if (!object) return object.error();
    if (!*object) continue;
    auto segments = SegmentsOf(**object);
    if (!segments) return segments.error();
    raced = !*segments;
    if (raced) break;
    existed[i] = true;
    batch.Delete(std::string(kObjectKind), ObjectId(bucket, keys[i]), (*object)->version);
    if (!(*object)->file) batch.Delete(std::string(kSegmentsKind), (*object)->info.data_id);
    if (consequence) consequence(batch, {.key = keys[i]});
    dropped.push_back({(*object)->info.data_id, std::move(**segments)});
  }
  if (!raced) {
    const auto done = documents_.Commit(batch);
    if (done) {
      for (const Dropped& object : dropped) holds_->Drop(object.data_id, object.segments);
      return existed;
    }
    if (!LostARace(done.error())) return done.error();
  }

  // Somebody else writes some of these keys: one by one, each against its own rivals.
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto deleted = DeleteObject(bucket, keys[i], nullptr, consequence);
    if (!deleted) return deleted.error();
    existed[i] = *deleted;
  }
  return existed;
}

Result<std::optional<StoredObject>> ObjectStore::Find(std::string_view bucket,
                                                      std::string_view key) const {
  const auto document = documents_.Get(kObjectKind, ObjectId(bucket, key));
  if (!document) return document.error();
  if (!*document) return std::optional<StoredObject>();
  auto object = DecodeObject(**document);
  if (!object) return object.error();
  return std::optional(std::move(*object));
}

Result<std::optional<std::vector<Segment>>> ObjectStore::SegmentsOf(
    const StoredObject& object) const {
  using Segments = std::vector<Segment>;
  if (object.file) {
    return std::optional(Segments{{.file = *object.file}});
  }
  const auto document = documents_.Get(kSegmentsKind, object.info.data_id);
  if (!document) return document.error();
  if (!*document) return std::optional<Segments>();
  auto segments = DecodeSegments(**document);
  if (!segments) return segments.error();
  return std::optional(std::move(*segments));
}

Result<bool> ObjectStore::Switch(std::string_view bucket, std::string_view key,
                                 const StoredObject* object, const Batch& with,
                                 const Condition& condition, const Consequence& consequence) {
  const std::string id = ObjectId(bucket, key);
  for (int round = 0; round < kMaxRounds; ++round) {
    const auto found = Find(bucket, key);
    if (!found) return found.error();
    const StoredObject* current = *found ? &**found : nullptr;
    if (condition) {
      if (auto holds = condition(current ? &current->info : nullptr); !holds) return holds.error();
    }
    if (!object && !current) return false;

    std::vector<Segment> old_segments;
    Batch batch;
    batch.Require(std::string(kBucketKind), std::string(bucket));
    if (current) {
      auto segments = SegmentsOf(*current);
      if (!segments) return segments.error();
      if (!*segments) continue;  // replaced meanwhile
      old_segments = std::move(**segments);
      if (!current->file) batch.Delete(std::string(kSegmentsKind), current->info.data_id);
    }
    if (!object) {
      batch.Delete(std::string(kObjectKind), id, current->version);
    } else if (current) {
      batch.Update(std::string(kObjectKind), id, current->version, EncodeObject(*object));
    } else {
      batch.Create(std::string(kObjectKind), id, "", EncodeObject(*object));
    }
    batch.Add(with);
    if (consequence)
      consequence(batch, object ? object->info : ObjectInfo{.key = std::string(key)});

    const auto done = documents_.Commit(batch);
    if (done) {
      if (current) holds_->Drop(current->info.data_id, old_segments);
      return current != nullptr;
    }
    if (!LostARace(done.error())) return done.error();
    if (auto exists = RequireBucket(bucket); !exists) return exists.error();
    const auto now = Find(bucket, key);
    if (!now) return now.error();
    const bool same_object = *now ? current && (*now)->version == current->version &&
                                        (*now)->info.data_id == current->info.data_id
                                  : !current;
    if (same_object) return done.error();  // it was one of the changes `with` that was refused
  }
  return TooManyWriters();
}

Result<ObjectListing> ObjectStore::ListObjects(std::string_view bucket,
                                               const ListQuery& query) const {
  const std::string bucket_prefix = ObjectId(bucket, "");
  const std::string scan_prefix = bucket_prefix + query.prefix;
  std::optional<std::string> from = query.from;
  ObjectListing listing;
  // Behind a common prefix there may be any number of keys that are of no interest, so the scan
  // jumps over them and looks at few documents at first.
  std::size_t look = query.delimiter.empty() ? kScanPage : kFirstLook;
  while (from) {
    const std::size_t wanted = query.limit + 1 - listing.entries.size();
    const auto page = documents_.ListById(kObjectKind, scan_prefix, bucket_prefix + *from,
                                          std::min(wanted, look));
    if (!page) return page.error();
    if (page->empty()) return listing;

    bool skipped = false;
    for (const Document& document : *page) {
      const std::string_view key = std::string_view(document.id).substr(bucket_prefix.size());
      skipped = key < *from;  // within a common prefix that is listed already
      if (skipped) continue;
      if (listing.entries.size() == query.limit) {
        listing.next_from = std::string(key);
        return listing;
      }
      const std::size_t cut = query.delimiter.empty()
                                  ? std::string_view::npos
                                  : key.find(query.delimiter, query.prefix.size());
      if (cut == std::string_view::npos) {
        auto object = DecodeObject(document);
        if (!object) return object.error();
        listing.entries.push_back({std::string(key), std::move(object->info)});
        from = std::string(key) + '\0';
      } else {
        std::string common(key.substr(0, cut + query.delimiter.size()));
        from = FirstBeyond(common);
        listing.entries.push_back({std::move(common), std::nullopt});
        if (!from) return listing;
      }
    }
    look = skipped ? kFirstLook : std::min(2 * look, kScanPage);
  }
  return listing;
}

}  // namespace usher::storage
