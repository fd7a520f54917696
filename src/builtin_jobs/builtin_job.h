// A built-in job: a job of Glue with the command `usher`, written in C++ and run in a child process
// of this program, by the name in its script location ("usher:prepare_interactions").
//
//   Result<void> CountLines(const JobArguments& arguments, JobContext& context) {
//     const auto name = RequireObject(arguments, "INPUT");
//     if (!name) return name.error();
//     auto source = context.Open(*name);
//     if (!source) return source.error();
//     …
//     context.Report(0.5, "writing");
//     auto writer = context.Create(*target, "text/csv");
//     if (!writer) return writer.error();
//     if (auto written = (*writer)->Write("42\n"); !written) return written;
//     return (*writer)->Finish();
//   }
//
// An Error ends the run as FAILED with its message; so does an exception or a crash. The process
// may be killed at any moment (a stop, a timeout, the end of the server), and a run that the end of
// the server cut begins again: a job replaces its output, it does not add to it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_source.h"
#include "base/result.h"

namespace usher::builtin_jobs {

// Names without the leading "--"; the run's own over the job's defaults. JOB_NAME, JOB_RUN_ID and
// JOB_ID are there, too.
using JobArguments = std::map<std::string, std::string, std::less<>>;

// Most objects that one List gives.
inline constexpr std::size_t kMaxListed = 10'000;
// Of an object that a job writes or copies: what S3 takes in one request.
inline constexpr std::uint64_t kMaxStoredBytes = std::uint64_t{5} << 30;

struct ObjectName {
  std::string bucket;
  std::string key;  // may be empty where a prefix is meant

  bool operator==(const ObjectName&) const = default;
  [[nodiscard]] std::string Uri() const { return "s3://" + bucket + "/" + key; }
};

// "s3://bucket/key", also with s3a and s3n. Errors: invalid input.
Result<ObjectName> ParseObjectName(std::string_view uri);

struct ObjectInfo {
  std::string key;
  std::uint64_t size = 0;  // bytes
};

// An object on its way: what is written goes to a file of the run, and the object is there whole,
// replacing what was there, when Finish has returned. Without Finish nothing is stored.
class ObjectWriter {
 public:
  virtual ~ObjectWriter() = default;
  // Buffered: small pieces are fine. Errors: invalid input as soon as there are more than
  // kMaxStoredBytes; internal (disk).
  virtual Result<void> Write(std::string_view bytes) = 0;
  // Once, at the end. Errors: as Open's; internal.
  virtual Result<void> Finish() = 0;
};

// What a job sees of its run. Threads: Open and Create from one at a time, their sources and
// writers each from one of its own; Report and Log from any.
class JobContext {
 public:
  virtual ~JobContext() = default;

  // An object's bytes, as they come: a source to read once, in constant memory. Errors: not found,
  // naming the object; access denied; internal when the server does not answer.
  virtual Result<std::shared_ptr<ByteSource>> Open(const ObjectName& name) = 0;
  // The objects whose keys begin with the name's, in the order of their keys. Errors: as Open's,
  // not found for the bucket alone; invalid input when there are more than kMaxListed.
  virtual Result<std::vector<ObjectInfo>> List(const ObjectName& prefix) = 0;
  virtual Result<std::unique_ptr<ObjectWriter>> Create(const ObjectName& name,
                                                       std::string_view content_type) = 0;
  // As S3 copies: with content type, metadata and tags; the bytes do not pass through here. Errors:
  // as Open's; invalid input for an object larger than kMaxStoredBytes, and for one onto itself.
  virtual Result<void> Copy(const ObjectName& from, const ObjectName& to) = 0;

  // How far the run is, 0 to 1, and with what; cheap enough for an inner loop.
  virtual void Report(double fraction, std::string_view stage) = 0;
  // One line of the run's output, without a line end.
  virtual void Log(std::string_view line) = 0;
  // For files of the run; removed after it.
  [[nodiscard]] virtual const std::string& work_folder() const = 0;
};

struct BuiltinJob {
  std::string_view name;                   // "prepare_interactions"
  std::string_view purpose;                // half a sentence, for lists
  std::vector<std::string_view> required;  // arguments without which it is not begun
  Result<void> (*run)(const JobArguments& arguments, JobContext& context);
};

// All that there are, by name.
[[nodiscard]] std::span<const BuiltinJob> BuiltinJobs();
// nullptr when there is none.
[[nodiscard]] const BuiltinJob* FindBuiltinJob(std::string_view name);
// "a, b and c", for messages.
[[nodiscard]] std::string BuiltinJobNames();

// Checks that every required argument is there, then runs it; exceptions become errors.
Result<void> RunBuiltinJob(const BuiltinJob& job, const JobArguments& arguments,
                           JobContext& context);

}  // namespace usher::builtin_jobs
