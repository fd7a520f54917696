// RunProgress: how far the runs are that tell, in words: "copying, 45 %". In memory alone.
//
// Threads: safe from any thread.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace usher::glue {

class RunProgress {
 public:
  void Set(const std::string& run_key, std::string words) {
    const std::lock_guard lock(mutex_);
    words_[run_key] = std::move(words);
  }
  void Forget(const std::string& run_key) {
    const std::lock_guard lock(mutex_);
    words_.erase(run_key);
  }
  [[nodiscard]] std::optional<std::string> Of(std::string_view run_key) const {
    const std::lock_guard lock(mutex_);
    const auto found = words_.find(run_key);
    return found == words_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::string, std::less<>> words_;
};

}  // namespace usher::glue
