// Holds: which objects' files are being read, so that files that are no longer needed stay until
// the last reader is gone. For object_store alone.
//
// Threads: safe from any thread.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "storage/object_store.h"

namespace usher::storage {

class ObjectStore::Holds {
 public:
  explicit Holds(std::shared_ptr<DataFiles> files) : files_(std::move(files)) {}

  // Keeps the files of these data until what it gives is destroyed.
  static std::shared_ptr<const void> Take(const std::shared_ptr<Holds>& holds, std::string data_id);
  // Removes the files, at once or when the last hold ends.
  void Drop(const std::string& data_id, const std::vector<Segment>& segments);

 private:
  struct Held {
    int readers = 0;
    std::vector<std::string> dropped;  // files to be removed at the end
  };
  void Release(const std::string& data_id);

  std::shared_ptr<DataFiles> files_;
  std::mutex mutex_;
  std::unordered_map<std::string, Held> held_;
};

}  // namespace usher::storage
