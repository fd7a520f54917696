// Usage: how many requests each key has made of each plan, day by day (UTC).
//
// Counted in memory and written behind, at most kWriteEvery later: a crash forgets the last of
// them. Threads: safe from any.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "storage/document_store.h"

namespace usher::apigateway {

class Usage {
 public:
  static constexpr std::chrono::seconds kWriteEvery{1};
  static constexpr std::size_t kKeepDays = 400;

  explicit Usage(storage::DocumentStore& store) : store_(store) {}
  ~Usage() { Stop(); }
  Usage(const Usage&) = delete;
  Usage& operator=(const Usage&) = delete;

  // Reads what was counted before, then begins to write. Errors: internal.
  Result<void> Start();
  // Writes what is not written yet.
  void Stop();

  // Counts a request unless `limit` have been made since `first_day` ("2026-11-29"). False: the
  // quota is used up.
  bool Count(std::string_view plan, std::string_view key, std::string_view today,
             std::string_view first_day, std::int64_t limit);
  // The counts of a key from day to day, both included; only days with requests.
  [[nodiscard]] std::vector<std::pair<std::string, std::int64_t>> Days(std::string_view plan,
                                                                       std::string_view key,
                                                                       std::string_view first,
                                                                       std::string_view last) const;
  // The keys of a plan that have been counted.
  [[nodiscard]] std::vector<std::string> Keys(std::string_view plan) const;
  void ForgetPlan(std::string_view plan);

 private:
  using PlanKey = std::pair<std::string, std::string>;
  struct Counts {
    std::map<std::string, std::int64_t> days;
    bool changed = false;
  };

  void Work();
  void WriteChanged();

  storage::DocumentStore& store_;
  mutable std::mutex mutex_;
  std::condition_variable stop_;
  std::map<PlanKey, Counts> counts_;
  std::vector<PlanKey> forgotten_;
  bool stopping_ = false;
  std::thread thread_;
};

// The first day of the period that `today` is in: DAY itself, WEEK or MONTH, whose first day is
// moved by `offset` days.
[[nodiscard]] std::string FirstDayOf(std::string_view period, std::int64_t offset, Time now);
// "2026-11-29"
[[nodiscard]] std::string DayOf(Time time);

}  // namespace usher::apigateway
