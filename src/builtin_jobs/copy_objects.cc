#include "builtin_jobs/copy_objects.h"

#include "builtin_jobs/arguments.h"

namespace usher::builtin_jobs {

Result<void> CopyObjects(const JobArguments& arguments, JobContext& context) {
  const auto source = RequireObject(arguments, "SOURCE");
  if (!source) return source.error();
  const auto target = RequireObject(arguments, "TARGET");
  if (!target) return target.error();
  const auto objects = context.List(*source);
  if (!objects) return objects.error();
  if (objects->empty()) return NotFound("there is no object under " + source->Uri());

  std::uint64_t bytes = 0;
  for (const ObjectInfo& object : *objects) bytes += object.size;
  std::uint64_t copied = 0;
  for (const ObjectInfo& object : *objects) {
    const ObjectName from{.bucket = source->bucket, .key = object.key};
    const ObjectName to{.bucket = target->bucket,
                        .key = target->key + object.key.substr(source->key.size())};
    if (auto done = context.Copy(from, to); !done) return done;
    copied += object.size;
    const double share = bytes == 0 ? 1 : static_cast<double>(copied) / static_cast<double>(bytes);
    context.Report(share, "copying");
    context.Log("copied " + from.Uri() + " to " + to.Uri());
  }
  return {};
}

}  // namespace usher::builtin_jobs
