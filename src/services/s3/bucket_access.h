// What every operation on a bucket asks first: is it there, and is it whose the caller thinks.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "storage/object_store.h"
#include "wire/dispatcher.h"

namespace usher::s3 {

// Errors: NoSuchBucket; AccessDenied when the expected owner is another account.
Result<storage::Bucket> FindBucket(const storage::ObjectStore& store,
                                   const wire::CallContext& context, const std::string& name,
                                   const std::optional<std::string>& expected_owner);

// The id under which S3 knows an account: 64 hex digits.
[[nodiscard]] std::string CanonicalUserId(const std::string& account_id);

}  // namespace usher::s3
