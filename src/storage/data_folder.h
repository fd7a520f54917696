// DataFolder: the one folder that holds all of a server's state, owned by one process at a time.
//
//   usher.db        documents (storage/document_store.h)
//   objects/        objects of buckets
//   datasets/       imported interactions, items and users
//   models/         trained models
//   jobs/           work folders of running jobs
//   mail/           mails, when there is no relay (mail/maildir.h)
//   impressions/    what explored answers showed
//   logs/           events of log groups
//   traces/         segment documents of X-Ray
//   metrics/        metrics of CloudWatch by minute
//   lock            held by the running server; its text is the process id
//
// Threads: open in one thread; the paths may be read from any.
#pragma once

#include <string>

#include "base/result.h"

namespace usher::storage {

class DataFolder {
 public:
  // Creates the folder (mode 0700, with its parents) where it is missing and takes its lock, which
  // is given up when this object or the process ends. Errors: in use, naming the process that
  // holds it; internal when it cannot be made or written.
  static Result<DataFolder> Open(const std::string& path);
  ~DataFolder();
  DataFolder(DataFolder&& other) noexcept;
  DataFolder& operator=(DataFolder&& other) noexcept;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string objects() const { return path_ + "/objects"; }
  [[nodiscard]] std::string datasets() const { return path_ + "/datasets"; }
  [[nodiscard]] std::string models() const { return path_ + "/models"; }
  [[nodiscard]] std::string mail() const { return path_ + "/mail"; }
  [[nodiscard]] std::string jobs() const { return path_ + "/jobs"; }

 private:
  DataFolder(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}
  std::string path_;
  int lock_ = -1;
};

}  // namespace usher::storage
