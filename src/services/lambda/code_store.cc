#include "services/lambda/code_store.h"

#include <filesystem>
#include <utility>

#include "base/random.h"
#include "jobs/process.h"
#include "services/lambda/zip.h"

namespace usher::lambda {

CodeFolder::~CodeFolder() { RemoveUnzipped(path_); }

Result<std::unique_ptr<CodeStore>> CodeStore::Open(const std::string& folder) {
  auto store = std::unique_ptr<CodeStore>(new CodeStore(folder + "/lambda"));
  // A server that was killed took its sandboxes with it, but not what those had started.
  jobs::EndMarked("LAMBDA_TASK_ROOT=" + store->folder_ + "/unpacked/");
  RemoveUnzipped(store->folder_ + "/unpacked");
  std::error_code error;
  std::filesystem::remove_all(store->folder_ + "/scratch", error);
  for (const char* name : {"/code", "/unpacked", "/scratch"}) {
    std::filesystem::create_directories(store->folder_ + name, error);
    if (error) return Internal("cannot make a folder for functions: " + error.message());
  }
  auto files = storage::DataFiles::Open(store->folder_ + "/code");
  if (!files) return files.error();
  store->files_ = *std::move(files);
  return store;
}

Result<storage::DataFile> CodeStore::Keep(ByteSource& zip, std::string_view owner,
                                          std::uint64_t max_bytes) {
  auto staged = files_->Stage(zip, owner, max_bytes);
  if (!staged) return staged.error();
  auto file = files_->Publish(*std::move(staged));
  if (!file) return file;
  const auto path = PathOf(*file);
  if (!path) return path.error();
  if (const auto checked = CheckZip(*path); !checked) {
    files_->Remove(file->name);
    return checked.error();
  }
  return file;
}

Result<storage::DataFile> CodeStore::Copy(const storage::DataFile& zip, std::string_view owner) {
  auto staged = files_->StageCopy(zip, owner);
  if (!staged) return staged.error();
  return files_->Publish(*std::move(staged));
}

void CodeStore::Remove(const storage::DataFile& zip) { files_->Remove(zip.name); }

Result<std::unique_ptr<ByteSource>> CodeStore::Read(const storage::DataFile& zip) const {
  return files_->Read(zip, 0, zip.size);
}

Result<std::string> CodeStore::PathOf(const storage::DataFile& zip) const {
  const auto source = Read(zip);
  if (!source) return source.error();
  return (*source)->file()->path;
}

Result<std::shared_ptr<const CodeFolder>> CodeStore::Unpacked(const storage::DataFile& zip) {
  // Under the lock: who needs the same code waits for it rather than unpacking it too.
  const std::lock_guard lock(mutex_);
  if (const auto found = unpacked_.find(zip.sha256); found != unpacked_.end()) {
    return found->second;
  }
  const auto path = PathOf(zip);
  if (!path) return path.error();
  // Not the hash alone: an older folder of it may still be in use, and on its way out.
  const std::string folder = folder_ + "/unpacked/" + zip.sha256 + "-" + SecureHex(4);
  if (const auto unzipped = Unzip(*path, folder); !unzipped) return unzipped.error();
  auto code = std::make_shared<const CodeFolder>(folder);
  unpacked_.emplace(zip.sha256, code);
  return code;
}

void CodeStore::Forget(const std::string& sha256) {
  std::shared_ptr<const CodeFolder> gone;  // ends after the lock
  const std::lock_guard lock(mutex_);
  if (const auto found = unpacked_.find(sha256); found != unpacked_.end()) {
    gone = std::move(found->second);
    unpacked_.erase(found);
  }
}

std::string CodeStore::ScratchFolder(std::string_view id) const {
  return folder_ + "/scratch/" + std::string(id);
}

}  // namespace usher::lambda
