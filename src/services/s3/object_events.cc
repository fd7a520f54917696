#include "services/s3/object_events.h"

#include "base/log.h"

namespace usher::s3 {
namespace {

// As event notifications name them.
std::string_view NameOf(ObjectEvent event) {
  switch (event) {
    case ObjectEvent::kPut:
      return "ObjectCreated:Put";
    case ObjectEvent::kCopy:
      return "ObjectCreated:Copy";
    case ObjectEvent::kCompleteMultipartUpload:
      return "ObjectCreated:CompleteMultipartUpload";
    case ObjectEvent::kDelete:
      break;
  }
  return "ObjectRemoved:Delete";
}

}  // namespace

void Announce(ObjectEvent event, const std::string& bucket, const storage::ObjectInfo& object,
              const wire::CallContext& context) {
  Log(LogLevel::kDebug, "object event",
      {{"event", std::string(NameOf(event))},
       {"bucket", bucket},
       {"key", object.key},
       {"size", std::to_string(object.size)},
       {"request_id", context.request_id}});
}

}  // namespace usher::s3
