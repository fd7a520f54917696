#include "storage/object_documents.h"

#include <charconv>

#include "json/json.h"

namespace usher::storage {
namespace {

constexpr char kSeparator = '\0';
constexpr std::size_t kPartDigits = 5;

Value WriteMap(const StringMap& entries) {
  ValueMap map;
  for (const auto& [name, value] : entries) map.Append(name, value);
  return map;
}

Value WriteAttributes(const ObjectAttributes& attributes) {
  ValueMap map;
  if (!attributes.system.empty()) map.Append("system", WriteMap(attributes.system));
  if (!attributes.metadata.empty()) map.Append("metadata", WriteMap(attributes.metadata));
  if (!attributes.tags.empty()) map.Append("tags", WriteMap(attributes.tags));
  if (!attributes.checksum_algorithm.empty()) {
    map.Append("checksumAlgorithm", attributes.checksum_algorithm);
    map.Append("checksum", attributes.checksum);
    map.Append("checksumType", attributes.checksum_type);
  }
  return map;
}

Value WriteFile(const DataFile& file) {
  ValueMap map;
  map.Append("name", file.name);
  map.Append("size", static_cast<std::int64_t>(file.size));
  map.Append("md5", file.md5);
  map.Append("sha256", file.sha256);
  return map;
}

Value WriteSegment(const Segment& segment) {
  ValueMap map;
  map.Append("part", segment.part_number);
  map.Append("file", WriteFile(segment.file));
  if (!segment.checksum.empty()) map.Append("checksum", segment.checksum);
  return map;
}

// Reads members and remembers whether one was missing or of another kind.
class Members {
 public:
  explicit Members(const Value& value) : value_(value) {}

  std::string Text(std::string_view name) {
    const Value* member = value_.Find(name);
    if (!member) return {};
    if (const std::string* text = member->as_string()) return *text;
    complete_ = false;
    return {};
  }
  std::int64_t Integer(std::string_view name) {
    const Value* member = value_.Find(name);
    if (const std::int64_t* number = member ? member->as_int() : nullptr) return *number;
    complete_ = false;
    return 0;
  }
  std::uint64_t Size(std::string_view name) {
    const std::int64_t size = Integer(name);
    if (size < 0) complete_ = false;
    return static_cast<std::uint64_t>(size);
  }
  Time When(std::string_view name) { return FromEpochMillis(Integer(name)); }
  StringMap Map(std::string_view name) {
    StringMap entries;
    const Value* member = value_.Find(name);
    const ValueMap* map = member ? member->as_map() : nullptr;
    if (!map) return entries;
    for (const auto& [key, value] : *map) {
      if (const std::string* text = value.as_string()) entries.emplace(key, *text);
    }
    return entries;
  }
  ObjectAttributes Attributes(std::string_view name) {
    const Value* member = value_.Find(name);
    if (!member || !member->as_map()) {
      complete_ = false;
      return {};
    }
    Members inner(*member);
    return {.system = inner.Map("system"),
            .metadata = inner.Map("metadata"),
            .tags = inner.Map("tags"),
            .checksum_algorithm = inner.Text("checksumAlgorithm"),
            .checksum = inner.Text("checksum"),
            .checksum_type = inner.Text("checksumType")};
  }
  DataFile File(std::string_view name) {
    const Value* member = value_.Find(name);
    if (!member) {
      complete_ = false;
      return {};
    }
    Members inner(*member);
    DataFile file{.name = inner.Text("name"),
                  .size = inner.Size("size"),
                  .md5 = inner.Text("md5"),
                  .sha256 = inner.Text("sha256")};
    if (!inner.complete_ || file.name.empty()) complete_ = false;
    return file;
  }
  Segment OneSegment() {
    return {.file = File("file"), .part_number = Integer("part"), .checksum = Text("checksum")};
  }

  // `result`, unless something was amiss.
  template <typename T>
  Result<T> Done(T result, std::string_view kind) const {
    if (!complete_) return Corrupt("a document of kind " + std::string(kind) + " is incomplete");
    return result;
  }

 private:
  const Value& value_;
  bool complete_ = true;
};

Result<Value> ParseBody(const Document& document) {
  auto value = json::Parse(document.body);
  if (!value) {
    return Corrupt("a document of kind " + document.kind + " is no JSON: " + value.error().message);
  }
  return value;
}

std::string_view AfterSeparator(std::string_view id) { return id.substr(id.find(kSeparator) + 1); }

}  // namespace

std::string ObjectId(std::string_view bucket, std::string_view key) {
  std::string id(bucket);
  id += kSeparator;
  id += key;
  return id;
}

std::string UploadId(std::string_view bucket, std::string_view key, std::string_view id) {
  std::string result = ObjectId(bucket, key);
  result += kSeparator;
  result += id;
  return result;
}

std::string PartsPrefix(std::string_view upload_id) { return ObjectId(upload_id, ""); }

std::string PartId(std::string_view upload_id, std::int64_t number) {
  std::string digits = std::to_string(number);
  digits.insert(0, kPartDigits - std::min(kPartDigits, digits.size()), '0');
  return ObjectId(upload_id, digits);
}

std::string EncodeBucket(const Bucket& bucket) {
  ValueMap map;
  map.Append("region", bucket.region);
  map.Append("created", EpochMillis(bucket.created));
  map.Append("tags", WriteMap(bucket.tags));
  map.Append("settings", WriteMap(bucket.settings));
  return json::Write(map);
}

Result<Bucket> DecodeBucket(const Document& document) {
  const auto value = ParseBody(document);
  if (!value) return value.error();
  Members members(*value);
  return members.Done(Bucket{.name = document.id,
                             .region = members.Text("region"),
                             .created = members.When("created"),
                             .tags = members.Map("tags"),
                             .settings = members.Map("settings")},
                      document.kind);
}

std::string EncodeObject(const StoredObject& object) {
  ValueMap map;
  map.Append("size", static_cast<std::int64_t>(object.info.size));
  map.Append("etag", object.info.etag);
  map.Append("modified", EpochMillis(object.info.modified));
  map.Append("parts", static_cast<std::int64_t>(object.info.part_count));
  map.Append("attributes", WriteAttributes(object.info.attributes));
  map.Append("data", object.info.data_id);
  if (!object.info.upload_id.empty()) map.Append("upload", object.info.upload_id);
  if (object.file) map.Append("file", WriteFile(*object.file));
  return json::Write(map);
}

Result<StoredObject> DecodeObject(const Document& document) {
  const auto value = ParseBody(document);
  if (!value) return value.error();
  Members members(*value);
  StoredObject object{.info = {.key = std::string(AfterSeparator(document.id)),
                               .size = members.Size("size"),
                               .etag = members.Text("etag"),
                               .modified = members.When("modified"),
                               .part_count = members.Size("parts"),
                               .attributes = members.Attributes("attributes"),
                               .upload_id = members.Text("upload"),
                               .data_id = members.Text("data")},
                      .file = std::nullopt,
                      .version = document.version};
  if (value->Find("file")) object.file = members.File("file");
  return members.Done(std::move(object), document.kind);
}

std::string EncodeSegments(const std::vector<Segment>& segments) {
  ValueList list;
  list.reserve(segments.size());
  for (const Segment& segment : segments) list.push_back(WriteSegment(segment));
  return json::Write(list);
}

Result<std::vector<Segment>> DecodeSegments(const Document& document) {
  const auto value = ParseBody(document);
  if (!value) return value.error();
  const ValueList* list = value->as_list();
  if (!list) return Corrupt("a document of kind " + document.kind + " is no list");
  std::vector<Segment> segments;
  segments.reserve(list->size());
  for (const Value& element : *list) {
    Members members(element);
    auto segment = members.Done(members.OneSegment(), document.kind);
    if (!segment) return std::move(segment).error();
    segments.push_back(std::move(*segment));
  }
  return segments;
}

std::string EncodeUpload(const Upload& upload) {
  ValueMap map;
  map.Append("initiated", EpochMillis(upload.initiated));
  map.Append("attributes", WriteAttributes(upload.attributes));
  return json::Write(map);
}

Result<Upload> DecodeUpload(const Document& document) {
  const auto value = ParseBody(document);
  if (!value) return value.error();
  Members members(*value);
  const std::string_view key_and_id = AfterSeparator(document.id);
  const std::size_t split = key_and_id.rfind(kSeparator);
  if (split == std::string_view::npos) return Corrupt("an upload's document has no key");
  return members.Done(Upload{.id = std::string(key_and_id.substr(split + 1)),
                             .key = std::string(key_and_id.substr(0, split)),
                             .initiated = members.When("initiated"),
                             .attributes = members.Attributes("attributes")},
                      document.kind);
}

std::string EncodePart(const UploadPart& part) {
  ValueMap map;
  map.Append("segment", WriteSegment(part.segment));
  map.Append("modified", EpochMillis(part.modified));
  return json::Write(map);
}

Result<UploadPart> DecodePart(const Document& document) {
  const auto value = ParseBody(document);
  if (!value) return value.error();
  Members members(*value);
  const Value* segment = value->Find("segment");
  if (!segment) return Corrupt("a document of kind " + document.kind + " is incomplete");
  Members inner(*segment);
  auto decoded = inner.Done(inner.OneSegment(), document.kind);
  if (!decoded) return std::move(decoded).error();
  UploadPart part{.number = decoded->part_number,
                  .segment = std::move(*decoded),
                  .modified = members.When("modified"),
                  .version = document.version};
  return members.Done(std::move(part), document.kind);
}

}  // namespace usher::storage
