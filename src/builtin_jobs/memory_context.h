// A context for tests: objects in memory, progress and lines kept.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "builtin_jobs/builtin_job.h"

namespace usher::builtin_jobs {

class MemoryContext final : public JobContext {
 public:
  // `work_folder` is the test's to make and to remove.
  explicit MemoryContext(std::string work_folder = {}) : work_folder_(std::move(work_folder)) {}

  std::map<std::string, std::string> objects;  // by their URI
  std::vector<std::string> lines;
  std::vector<std::pair<double, std::string>> progress;

  Result<std::shared_ptr<ByteSource>> Open(const ObjectName& name) override {
    const auto found = objects.find(name.Uri());
    if (found == objects.end()) return NotFound("there is no object " + name.Uri());
    return std::shared_ptr<ByteSource>(std::make_shared<StringSource>(found->second));
  }

  Result<std::vector<ObjectInfo>> List(const ObjectName& prefix) override {
    std::vector<ObjectInfo> found;
    const std::size_t bucket = ObjectName{.bucket = prefix.bucket, .key = ""}.Uri().size();
    for (auto it = objects.lower_bound(prefix.Uri());
         it != objects.end() && it->first.starts_with(prefix.Uri()); ++it) {
      found.push_back({.key = it->first.substr(bucket), .size = it->second.size()});
    }
    return found;
  }

  Result<std::unique_ptr<ObjectWriter>> Create(const ObjectName& name,
                                               std::string_view /*content_type*/) override {
    return std::unique_ptr<ObjectWriter>(std::make_unique<Writer>(objects, name.Uri()));
  }

  Result<void> Copy(const ObjectName& from, const ObjectName& to) override {
    const auto found = objects.find(from.Uri());
    if (found == objects.end()) return NotFound("there is no object " + from.Uri());
    objects[to.Uri()] = found->second;
    return {};
  }

  void Report(double fraction, std::string_view stage) override {
    progress.emplace_back(fraction, stage);
  }
  void Log(std::string_view line) override { lines.emplace_back(line); }
  [[nodiscard]] const std::string& work_folder() const override { return work_folder_; }

 private:
  class Writer final : public ObjectWriter {
   public:
    Writer(std::map<std::string, std::string>& objects, std::string uri)
        : objects_(objects), uri_(std::move(uri)) {}
    Result<void> Write(std::string_view bytes) override {
      bytes_ += bytes;
      return {};
    }
    Result<void> Finish() override {
      objects_[uri_] = std::move(bytes_);
      return {};
    }

   private:
    std::map<std::string, std::string>& objects_;
    std::string uri_;
    std::string bytes_;
  };

  std::string work_folder_;
};

}  // namespace usher::builtin_jobs
