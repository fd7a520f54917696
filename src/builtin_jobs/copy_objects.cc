#include "builtin_jobs/copy_objects.h"

#include "builtin_jobs/arguments.h"

namespace usher::builtin_jobs {
namespace {

constexpr std::size_t kPieceBytes = 256U << 10;

// Tells of every byte that it copies by `on_bytes`.
template <typename OnBytes>
Result<void> CopyOne(const ObjectName& from, const ObjectName& to, JobContext& context,
                     OnBytes on_bytes) {
  const auto source = context.Open(from);
  if (!source) return source.error();
  const auto writer = context.Create(to, "binary/octet-stream");
  if (!writer) return writer.error();
  std::string piece(kPieceBytes, '\0');
  while (true) {
    const auto got = (*source)->Read(piece);
    if (!got) return got.error();
    if (*got == 0) return (*writer)->Finish();
    if (auto written = (*writer)->Write(std::string_view(piece).substr(0, *got)); !written) {
      return written;
    }
    on_bytes(*got);
  }
}

}  // namespace

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
    const auto done = CopyOne(from, to, context, [&](std::size_t count) {
      copied += count;
      context.Report(static_cast<double>(copied) / static_cast<double>(bytes), "copying");
    });
    if (!done) return done;
    context.Log("copied " + from.Uri() + " to " + to.Uri());
  }
  return {};
}

}  // namespace usher::builtin_jobs
