// Impressions: what each explored answer showed, and how likely each item was to be in it, by
// recommendation id, so that events which name that id can be weighed without bias.
//
// Kept in data folder/impressions, the newest kMaxImpressionBytes (storage/bounded_log.h: they
// outlive the process, a power cut may take the last seconds). An answer that cannot be recorded is
// given all the same: the failure is logged, and again when recording works again.
// Cost:    one write an answer, a few microseconds.
// Threads: safe from any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "storage/bounded_log.h"

namespace usher::personalize {

inline constexpr std::size_t kMaxImpressionBytes = std::size_t{256} << 20;

struct Impression {
  struct Item {
    std::string id;
    double propensity = 1;  // probability of being in the answer, 0 excluded
    bool explored = false;  // would not be there without exploration
    bool operator==(const Item&) const = default;
  };
  std::string campaign_arn;
  std::string solution_version_arn;
  std::string user_id;
  Time time;
  std::vector<Item> items;  // as shown
  bool operator==(const Impression&) const = default;
};

class Impressions {
 public:
  explicit Impressions(const std::string& data_folder) : folder_(data_folder + "/impressions") {}

  void Record(std::string_view recommendation_id, const Impression& impression);
  // nullopt when the answer did not explore or is no longer kept. Errors: internal; corrupt.
  Result<std::optional<Impression>> Find(std::string_view recommendation_id);

 private:
  // Opened at the first use.
  Result<storage::BoundedLog*> Open();

  const std::string folder_;
  std::mutex mutex_;
  std::unique_ptr<storage::BoundedLog> log_;  // guarded by mutex_ until it is there
  std::atomic<bool> failing_ = false;
};

}  // namespace usher::personalize
