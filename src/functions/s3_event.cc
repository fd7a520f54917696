#include "functions/s3_event.h"

#include "base/encoding.h"
#include "json/json.h"

namespace usher::functions {
namespace {

const std::string* TextAt(const Value& value, std::string_view outer, std::string_view inner) {
  const Value* object = value.Find(outer);
  const Value* text = object ? object->Find(inner) : nullptr;
  return text ? text->as_string() : nullptr;
}

Error NoEvent(const std::string& why) {
  return InvalidInput("the function expects the event of an S3 notification: " + why);
}

}  // namespace

Result<std::vector<ObjectRecord>> ReadS3Event(std::string_view event) {
  const auto value = json::Parse(event);
  if (!value) return NoEvent(value.error().message);
  const Value* list = value->Find("Records");
  if (!list || !list->as_list()) return NoEvent("it has no list Records");
  std::vector<ObjectRecord> records;
  for (const Value& record : *list->as_list()) {
    const Value* s3 = record.Find("s3");
    const std::string* bucket = s3 ? TextAt(*s3, "bucket", "name") : nullptr;
    const std::string* key = s3 ? TextAt(*s3, "object", "key") : nullptr;
    if (!bucket || !key) return NoEvent("a record lacks s3.bucket.name or s3.object.key");
    auto decoded = PercentDecode(*key, true);
    if (!decoded) return NoEvent("the key " + *key + " is not form-encoded");
    const std::string* sequencer = TextAt(*s3, "object", "sequencer");
    records.push_back({*bucket, *std::move(decoded), sequencer ? *sequencer : ""});
  }
  return records;
}

std::string_view FolderOf(std::string_view key) {
  return key.substr(0, key.size() - FileOf(key).size());
}

std::string_view FileOf(std::string_view key) {
  const std::size_t slash = key.rfind('/');
  return slash == std::string_view::npos ? key : key.substr(slash + 1);
}

}  // namespace usher::functions
