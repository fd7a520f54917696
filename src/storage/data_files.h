// DataFiles: the folder of immutable files that hold the bytes of objects and of parts of uploads.
//
//   objects/new/<name>       being written; removed at the next start
//   objects/<xx>/<name>      whole, checked and synced; never changed again
//   objects/in-use           there while a process has the folder open: found at a start, it tells
//                            of a crash, after which files may lie here that nobody knows
//
// A name is made of a hash of what the file belongs to and of random digits; nothing a client says
// becomes a part of a path. Files are opened beneath the folder, following no symbolic link.
//
// Cost:    constant memory whatever the size; two syncs for each new file.
// Threads: safe from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/byte_source.h"
#include "base/result.h"

namespace usher::storage {

class DataFiles;

// A whole file: what is kept about it.
struct DataFile {
  std::string name;
  std::uint64_t size = 0;
  std::string md5;     // 32 hex digits
  std::string sha256;  // 64 hex digits, the proof that the bytes are those that were stored
  bool operator==(const DataFile&) const = default;
};

// MD5 as 32 hex digits: what ETags are made of.
[[nodiscard]] std::string Md5Hex(std::string_view bytes);

// A file written and synced, but without its place yet. Removed with this object unless published.
class StagedFile {
 public:
  StagedFile(StagedFile&& other) noexcept;
  StagedFile& operator=(StagedFile&& other) noexcept;
  ~StagedFile();

  [[nodiscard]] std::uint64_t size() const { return file_.size; }
  [[nodiscard]] const std::string& md5() const { return file_.md5; }

 private:
  friend class DataFiles;
  StagedFile(const DataFiles* files, DataFile file) : files_(files), file_(std::move(file)) {}
  const DataFiles* files_;  // nullptr once published or moved from
  DataFile file_;
};

class DataFiles {
 public:
  // Opens `folder`, made where missing, and removes what was being written when a process died.
  static Result<std::unique_ptr<DataFiles>> Open(const std::string& folder);
  // Ends the folder's use: the next start need not look for unknown files unless one may be left.
  ~DataFiles();
  DataFiles(const DataFiles&) = delete;
  DataFiles& operator=(const DataFiles&) = delete;

  // Whether files may lie here that no document names.
  [[nodiscard]] bool may_have_unknown_files() const { return unknown_files_; }
  // Removes every file of which `is_known` says no. Only before anything else is stored. Gives
  // their number.
  Result<std::size_t> RemoveUnknown(const std::function<bool(const std::string&)>& is_known);

  // Reads `source` to its end into a new file for `owner` (any bytes, hashed into the name).
  // Errors: the source's own; limit exceeded beyond `max_bytes`; internal (disk full, …).
  Result<StagedFile> Stage(ByteSource& source, std::string_view owner,
                           std::uint64_t max_bytes) const;
  // A second name for the bytes of a file, which are not copied where the file system allows it.
  Result<StagedFile> StageCopy(const DataFile& file, std::string_view owner) const;
  // Gives the file its place, durably. It may lie there unknown until a document names it.
  Result<DataFile> Publish(StagedFile staged) const;

  // The bytes from `offset` on. Reading a whole file checks it against its hash: corrupt.
  Result<std::unique_ptr<ByteSource>> Read(const DataFile& file, std::uint64_t offset,
                                           std::uint64_t size) const;
  // A file that no document names any longer. A failure is logged and left for the next start.
  void Remove(const std::string& name) const;
  // Says that a published file may lie here unknown, since nobody knows how its commit ended.
  void MayLeaveUnknown() const { unknown_files_ = true; }

 private:
  friend class StagedFile;
  DataFiles(std::string folder, int fd) : folder_(std::move(folder)), fd_(fd) {}
  [[nodiscard]] Result<int> OpenBeneath(const std::string& path, int flags) const;
  Result<void> SyncFolder(const std::string& path) const;

  std::string folder_;
  int fd_;  // of the folder
  mutable std::atomic<bool> unknown_files_ = false;
};

}  // namespace usher::storage
