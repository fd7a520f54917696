#include "storage/object_holds.h"

namespace usher::storage {

std::shared_ptr<const void> ObjectStore::Holds::Take(const std::shared_ptr<Holds>& holds,
                                                     std::string data_id) {
  {
    const std::lock_guard lock(holds->mutex_);
    ++holds->held_[data_id].readers;
  }
  return {holds.get(),
          [holds, id = std::move(data_id)](const void* /*same*/) { holds->Release(id); }};
}

void ObjectStore::Holds::Drop(const std::string& data_id, const std::vector<Segment>& segments) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto held = held_.find(data_id); held != held_.end()) {
      for (const Segment& segment : segments) held->second.dropped.push_back(segment.file.name);
      return;
    }
  }
  for (const Segment& segment : segments) files_->Remove(segment.file.name);
}

void ObjectStore::Holds::Release(const std::string& data_id) {
  std::vector<std::string> dropped;
  {
    const std::lock_guard lock(mutex_);
    const auto held = held_.find(data_id);
    if (--held->second.readers > 0) return;
    dropped = std::move(held->second.dropped);
    held_.erase(held);
  }
  for (const std::string& name : dropped) files_->Remove(name);
}

}  // namespace usher::storage
