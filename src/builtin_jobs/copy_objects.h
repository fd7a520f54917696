// Built-in job copy_objects: the objects under a prefix, to the same names under another.
//
//   --SOURCE s3://bucket/prefix   what is copied: every object whose key begins with it
//   --TARGET s3://bucket/prefix   what takes the prefix's place
//
// An object is copied whole, with content type, metadata and tags, by S3 itself.
//
// Cost: one request an object.
#pragma once

#include "builtin_jobs/builtin_job.h"

namespace usher::builtin_jobs {

// Errors: not found when there is no object under SOURCE; invalid input for an object larger than
// kMaxStoredBytes, and when SOURCE and TARGET are the same.
Result<void> CopyObjects(const JobArguments& arguments, JobContext& context);

}  // namespace usher::builtin_jobs
