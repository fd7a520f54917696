// FilterCache: the filters that requests name, ready for the models that campaigns serve, with the
// rows that they look at.
//
// Rows are read at the first request with a filter that looks at them and shared by all filters
// (engine/filter_data.h says what they take); a new import is read at the first request after it.
// What comes one by one is in LiveData and looked at by each request.
//
// Threads: safe from any thread. Cost of Find: one lock shared by readers and one search.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "engine/model_filter.h"
#include "services/personalize/catalog.h"
#include "services/personalize/deployments.h"

namespace usher::personalize {

class FilterCache {
 public:
  FilterCache(const Catalog& catalog, std::string data_folder)
      : catalog_(catalog), data_folder_(std::move(data_folder)) {}

  // The filter over the deployment's items. Lives no longer than the deployment. Errors: not found;
  // invalid input for a filter of another dataset group, one of users, or one that the schemas of
  // today do not allow any longer; corrupt; internal.
  Result<std::shared_ptr<const engine::ModelFilter>> Find(
      const std::string& filter_arn, const std::shared_ptr<const Deployment>& deployment);

  // A filter or dataset was changed: what was made ready before is not used again.
  void Changed() { ++generation_; }

 private:
  struct Ready {
    std::shared_ptr<const engine::ModelFilter> filter;
    std::weak_ptr<const Deployment> deployment;
    std::uint64_t generation = 0;
  };
  // Rows with the file that they were read from.
  template <typename T>
  struct File {
    std::string path;
    std::shared_ptr<const T> rows;
  };

  Result<std::shared_ptr<const engine::ModelFilter>> Make(const std::string& filter_arn,
                                                          const Deployment& deployment);
  Result<engine::FilterSources> SourcesOf(const std::string& group_arn,
                                          const engine::FilterExpression& filter);
  Result<std::string> FileOf(const std::string& dataset_arn) const;
  template <typename T, typename LoadFile>
  Result<std::shared_ptr<const T>> Load(const std::string& dataset_arn, File<T>& kept,
                                        const LoadFile& load_file) const;
  Result<std::shared_ptr<const engine::RecordTable>> Records(const std::string& dataset_arn,
                                                             std::string_view id_column);
  Result<std::shared_ptr<const engine::HistoryIndex>> Histories(const std::string& dataset_arn);

  const Catalog& catalog_;
  const std::string data_folder_;
  std::atomic<std::uint64_t> generation_ = 0;
  std::shared_mutex mutex_;
  std::map<std::string, Ready, std::less<>> ready_;           // by ARNs of filter and campaign
  std::mutex making_;                                         // guards what follows
  std::map<std::string, File<engine::RecordTable>> records_;  // by dataset
  std::map<std::string, File<engine::HistoryIndex>> histories_;
};

// The items of a deployed model.
[[nodiscard]] const recsys::Vocabulary& ItemsOf(const Deployment& deployment);

}  // namespace usher::personalize
