// Built-in job copy_objects: the objects under a prefix, to the same names under another.
//
//   --SOURCE s3://bucket/prefix   what is copied: every object whose key begins with it
//   --TARGET s3://bucket/prefix   what takes the prefix's place
//
// Cost: one pass over the bytes, in constant memory.
#pragma once

#include "builtin_jobs/builtin_job.h"

namespace usher::builtin_jobs {

// Errors: not found when there is no object under SOURCE.
Result<void> CopyObjects(const JobArguments& arguments, JobContext& context);

}  // namespace usher::builtin_jobs
