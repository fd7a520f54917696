// Objects in buckets, read and written by operation calls only, so that whatever else the door does
// for them happens here, too.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "services/personalize/s3_uri.h"
#include "services/personalize/service.h"

namespace usher::personalize {

// Keys that a location means: every object with the prefix when it is a folder or no object has
// exactly this key. At most `limit`, in key order. Errors: invalid input with the service's words
// when the bucket is missing, nothing is there, or there are more.
Result<std::vector<std::string>> ListObjects(const Service& service, const S3Uri& location,
                                             std::size_t limit);

// Gives the object a name in the file system that outlives its replacement. Does not copy where the
// object lies in one file. Errors: as ListObjects; internal.
Result<void> FetchObject(const Service& service, const std::string& bucket, const std::string& key,
                         const std::string& path);

// Writes a file as an object. Errors: as PutObject of S3.
Result<void> StoreObject(const Service& service, const std::string& path, const std::string& bucket,
                         const std::string& key, const std::string& content_type);

}  // namespace usher::personalize
