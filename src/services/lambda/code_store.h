// Code as it was uploaded and as it runs. A zip is a file that a document names
// (storage/data_files.h); what was unpacked of it lies under its hash, once for all who run it, and
// is no more than a cache: it is thrown away at every start.
//
//   lambda/code/            zips
//   lambda/unpacked/<hash>-…/ what is in them, not writable
//   lambda/scratch/<id>/    the TMPDIR of a sandbox
//
// Threads: safe from any thread.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/byte_source.h"
#include "base/result.h"
#include "storage/data_files.h"

namespace usher::lambda {

inline constexpr std::uint64_t kMaxZipBytes = 50ULL << 20;     // uploaded with the request
inline constexpr std::uint64_t kMaxS3ZipBytes = 250ULL << 20;  // taken from a bucket

// A folder of unpacked code; it is there as long as somebody holds it.
class CodeFolder {
 public:
  explicit CodeFolder(std::string path) : path_(std::move(path)) {}
  ~CodeFolder();
  CodeFolder(const CodeFolder&) = delete;
  CodeFolder& operator=(const CodeFolder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class CodeStore {
 public:
  // Opens `folder`/lambda, and ends the processes that an earlier server's functions left.
  // Errors: internal.
  static Result<std::unique_ptr<CodeStore>> Open(const std::string& folder);

  // Keeps a zip for `owner` once it has been checked (zip.h). Durable; to be named by a document.
  Result<storage::DataFile> Keep(ByteSource& zip, std::string_view owner, std::uint64_t max_bytes);
  // A second name for a zip, for a version that is published.
  Result<storage::DataFile> Copy(const storage::DataFile& zip, std::string_view owner);
  void Remove(const storage::DataFile& zip);
  Result<std::unique_ptr<ByteSource>> Read(const storage::DataFile& zip) const;

  // Unpacks where it is not unpacked yet. Errors: those of Unzip; corrupt.
  Result<std::shared_ptr<const CodeFolder>> Unpacked(const storage::DataFile& zip);
  // Lets go of what was unpacked of a zip that no document names any more; sandboxes at work keep
  // it until they end.
  void Forget(const std::string& sha256);

  [[nodiscard]] std::string ScratchFolder(std::string_view id) const;
  [[nodiscard]] storage::DataFiles& files() { return *files_; }

 private:
  explicit CodeStore(std::string folder) : folder_(std::move(folder)) {}
  [[nodiscard]] Result<std::string> PathOf(const storage::DataFile& zip) const;

  std::string folder_;
  std::unique_ptr<storage::DataFiles> files_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const CodeFolder>> unpacked_;  // by hash of the zip
};

}  // namespace usher::lambda
