// The one place that every object passes when it has come into being or gone, after the commit.
#pragma once

#include <string>
#include <string_view>

#include "storage/object_store.h"
#include "wire/dispatcher.h"

namespace usher::s3 {

enum class ObjectEvent { kPut, kCopy, kCompleteMultipartUpload, kDelete };

// `object` has its key alone when it was deleted.
void Announce(ObjectEvent event, const std::string& bucket, const storage::ObjectInfo& object,
              const wire::CallContext& context);

}  // namespace usher::s3
