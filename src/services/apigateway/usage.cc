#include "services/apigateway/usage.h"

#include <ctime>

#include "base/log.h"
#include "json/json.h"
#include "wire/convert.h"

namespace usher::apigateway {
namespace {

constexpr std::string_view kKind = "apigateway/usage";
constexpr std::size_t kPage = 500;

std::string IdOf(const std::pair<std::string, std::string>& key) {
  return key.first + "/" + key.second;
}

}  // namespace

Result<void> Usage::Start() {
  for (std::int64_t after = 0;;) {
    const auto page = store_.List(kKind, std::nullopt, after, kPage);
    if (!page) return page.error();
    for (const storage::Document& document : page->documents) {
      const std::size_t slash = document.id.find('/');
      const auto body = json::Parse(document.body);
      if (!body || slash == std::string::npos) {
        return Corrupt("the stored usage '" + document.id + "' cannot be read");
      }
      wire::Read(*body,
                 counts_[{document.id.substr(0, slash), document.id.substr(slash + 1)}].days);
    }
    if (!page->next_after) break;
    after = *page->next_after;
  }
  thread_ = std::thread([this] { Work(); });
  return {};
}

void Usage::Stop() {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    stopping_ = true;
  }
  stop_.notify_all();
  if (!thread_.joinable()) return;
  thread_.join();
  WriteChanged();
}

void Usage::Work() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    stop_.wait_for(lock, kWriteEvery, [&] { return stopping_; });
    lock.unlock();
    WriteChanged();
    lock.lock();
  }
}

void Usage::WriteChanged() {
  storage::Batch batch;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [key, counts] : counts_) {
      if (!std::exchange(counts.changed, false)) continue;
      while (counts.days.size() > kKeepDays) counts.days.erase(counts.days.begin());
      batch.Put(std::string(kKind), IdOf(key), key.first, json::Write(wire::Write(counts.days)));
    }
    for (const PlanKey& key : forgotten_) batch.Delete(std::string(kKind), IdOf(key));
    forgotten_.clear();
  }
  if (batch.empty()) return;
  const auto written = store_.Commit(batch);
  if (!written) {
    Log(LogLevel::kError, "apigateway: the usage of API keys could not be written",
        {{"message", written.error().message}});
  }
}

bool Usage::Count(std::string_view plan, std::string_view key, std::string_view today,
                  std::string_view first_day, std::int64_t limit) {
  const std::lock_guard lock(mutex_);
  Counts& counts = counts_[{std::string(plan), std::string(key)}];
  if (limit >= 0) {
    std::int64_t used = 0;
    for (auto day = counts.days.lower_bound(std::string(first_day)); day != counts.days.end();
         ++day) {
      used += day->second;
    }
    if (used >= limit) return false;
  }
  ++counts.days[std::string(today)];
  counts.changed = true;
  return true;
}

std::vector<std::pair<std::string, std::int64_t>> Usage::Days(std::string_view plan,
                                                              std::string_view key,
                                                              std::string_view first,
                                                              std::string_view last) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<std::string, std::int64_t>> days;
  const auto found = counts_.find({std::string(plan), std::string(key)});
  if (found == counts_.end()) return days;
  for (const auto& [day, count] : found->second.days) {
    if (day >= first && day <= last) days.emplace_back(day, count);
  }
  return days;
}

std::vector<std::string> Usage::Keys(std::string_view plan) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> keys;
  for (const auto& [key, counts] : counts_) {
    if (key.first == plan) keys.push_back(key.second);
  }
  return keys;
}

void Usage::ForgetPlan(std::string_view plan) {
  const std::lock_guard lock(mutex_);
  for (const auto& [key, counts] : counts_) {
    if (key.first == plan) forgotten_.push_back(key);
  }
  std::erase_if(counts_, [&](const auto& entry) { return entry.first.first == plan; });
}

std::string DayOf(Time time) { return FormatIso8601(time).substr(0, 10); }

std::string FirstDayOf(std::string_view period, std::int64_t offset, Time now) {
  constexpr std::chrono::hours kDay{24};
  if (period == "DAY") return DayOf(now);
  // Days are taken off until the period begins.
  for (std::int64_t back = 0; back < 31; ++back) {
    const Time day = now - kDay * back;
    const std::time_t seconds = EpochMillis(day) / 1000;
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    const std::int64_t into = period == "WEEK" ? parts.tm_wday : parts.tm_mday - 1;
    if (into == offset) return DayOf(day);
  }
  return DayOf(now);
}

}  // namespace usher::apigateway
