// Operation DeleteObjects: up to 1000 keys, in one commit where nothing stands against it. Errors:
// MalformedXML; for single keys, in the answer: KeyTooLongError, NoSuchVersion, PreconditionFailed.
#include "services/s3/bucket_access.h"
#include "services/s3/conditions.h"
#include "services/s3/names.h"
#include "services/s3/operations.h"
#include "services/s3/unsupported.h"

namespace usher::s3 {
namespace {

constexpr std::size_t kMaxKeys = 1000;

Result<void> CheckIdentifier(const api::s3::ObjectIdentifier& object) {
  if (auto valid = CheckKey(object.key); !valid) return valid;
  if (object.last_modified_time || object.size) {
    return NotImplemented("Conditions on time and size are for directory buckets only");
  }
  return CheckVersion(object.key, object.version_id);
}

}  // namespace

Result<api::s3::DeleteObjectsOutput> DeleteObjects(const api::s3::DeleteObjectsRequest& request,
                                                   wire::CallContext& context,
                                                   storage::ObjectStore& store,
                                                   ObjectEvents& events) {
  const auto bucket = FindBucket(store, context, request.bucket, request.expected_bucket_owner);
  if (!bucket) return bucket.error();
  const auto& objects = request.delete_.objects;
  if (objects.empty() || objects.size() > kMaxKeys) return MalformedXml();

  const auto announcement = events.Announce(ObjectEvent::kDelete, *bucket, context);
  const storage::Consequence consequence = announcement.consequence();
  api::s3::DeleteObjectsOutput output;
  const auto refuse = [&](const api::s3::ObjectIdentifier& object, const Error& error) {
    if (!output.errors) output.errors.emplace();
    output.errors->push_back({.key = object.key,
                              .version_id = object.version_id,
                              .code = error.wire_name,
                              .message = error.message});
  };
  const auto report = [&](const api::s3::ObjectIdentifier& object) {
    if (request.delete_.quiet.value_or(false)) return;
    if (!output.deleted) output.deleted.emplace();
    output.deleted->push_back({.key = object.key, .version_id = object.version_id});
  };

  std::vector<std::string> keys;
  std::vector<const api::s3::ObjectIdentifier*> together;
  for (const api::s3::ObjectIdentifier& object : objects) {
    if (auto valid = CheckIdentifier(object); !valid) {
      refuse(object, valid.error());
    } else if (object.e_tag) {
      const auto condition = WriteCondition(object.e_tag, {});
      if (!condition) return condition.error();
      const auto existed = store.DeleteObject(request.bucket, object.key, *condition, consequence);
      if (existed) {
        report(object);
      } else if (existed.error().wire_name.empty()) {
        return existed.error();  // the machine's fault, not the key's
      } else {
        refuse(object, existed.error());
      }
    } else {
      keys.push_back(object.key);
      together.push_back(&object);
    }
  }
  if (keys.empty()) return output;
  const auto existed = store.DeleteObjects(request.bucket, keys, consequence);
  if (!existed) return existed.error();
  for (const api::s3::ObjectIdentifier* object : together) report(*object);
  return output;
}

}  // namespace usher::s3
