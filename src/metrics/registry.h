// Registry: numbers over time, as CloudWatch names them: a namespace ("AWS/Lambda"), a name
// ("Duration") and dimensions ("FunctionName" = "Greet"). What the server counts of itself, and
// what clients put (services/cloudwatch/).
//
//   registry.Count("AWS/Lambda", "Errors", {{"FunctionName", name}});
//   registry.Add("AWS/Lambda", "Duration", {{"FunctionName", name}}, ms, kMilliseconds);
//
// Values are kept by minute. Bounded: kMaxSeries series, of which further ones are refused (and
// counted, where they are our own), and kMaxMinutes minutes in all; the oldest go first.
// Cost:    Add: under 1 us. Memory: about 120 bytes for each minute of a series.
// Threads: safe from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "metrics/distribution.h"

namespace usher::metrics {

inline constexpr std::size_t kMaxSeries = 10'000;
inline constexpr std::size_t kMaxMinutes = 300'000;
inline constexpr std::int64_t kKeptMinutes = 15 * 24 * 60;  // as CloudWatch keeps them

// Units, as CloudWatch spells them.
inline constexpr std::string_view kCount = "Count";
inline constexpr std::string_view kMilliseconds = "Milliseconds";
inline constexpr std::string_view kSeconds = "Seconds";
inline constexpr std::string_view kNoUnit = "None";

using Dimension = std::pair<std::string_view, std::string_view>;

struct SeriesName {
  std::string name_space;
  std::string name;
  std::vector<std::pair<std::string, std::string>> dimensions;  // by name
  auto operator<=>(const SeriesName&) const = default;
};

struct Series {
  std::string unit;
  bool is_own = false;                           // the server counts it
  std::map<std::int64_t, Distribution> minutes;  // by minutes since 1970
  // Of our own: since the server's start, and what no one has taken to keep it yet.
  Distribution total;
  Distribution untaken;
  std::int64_t untaken_minute = 0;
};

// What was added to a minute of a series, for keeping.
struct Change {
  SeriesName series;
  std::string unit;
  bool is_own = false;
  std::int64_t minute = 0;
  Distribution values;
};

class Registry {
 public:
  explicit Registry(const Clock& clock) : clock_(clock) {}

  // Our own, now.
  void Add(std::string_view name_space, std::string_view name,
           std::initializer_list<Dimension> dimensions, double value, std::string_view unit);
  void Count(std::string_view name_space, std::string_view name,
             std::initializer_list<Dimension> dimensions, double count = 1) {
    Add(name_space, name, dimensions, count, kCount);
  }

  // Somebody else's, of any time. Errors: limit exceeded.
  Result<void> Put(const Change& change);
  // Our own changes since the last call, for who keeps them. `all`: also of the minute that goes
  // on.
  std::vector<Change> TakeChanges(bool all);
  // From what was kept: like Put, and of our own series too.
  void Restore(const Change& change);
  // Lets go what is older than kKeptMinutes.
  void Forget();

  // Visits the series in their order, from this one on, until `visit` says false; it must not call
  // the registry.
  void Visit(const SeriesName& from,
             const std::function<bool(const SeriesName& name, const Series& series)>& visit) const;
  // The values of [from, to) minutes in steps of `step`, each aligned to a multiple of it: those
  // steps that hold any. `unit` empty: any.
  [[nodiscard]] std::vector<std::pair<std::int64_t, Distribution>> Read(
      const SeriesName& series, std::int64_t from, std::int64_t to, std::int64_t step,
      std::string_view unit) const;

  // Prometheus text of what the server counts of itself since its start: one histogram or counter a
  // name.
  void AppendPrometheus(std::string& out) const;
  [[nodiscard]] std::uint64_t refused() const;

 private:
  struct HashText {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  using Entry = std::map<SeriesName, Series>::value_type;

  Entry* Find(const SeriesName& name, std::string_view unit, bool is_own);
  Entry* FindOwn(std::string_view name_space, std::string_view name,
                 std::initializer_list<Dimension> dimensions, std::string_view unit);
  void AddMinute(Series& series, std::int64_t minute, const Distribution& values);
  static Change TakeFrom(Entry& entry);

  const Clock& clock_;
  mutable std::mutex mutex_;
  std::map<SeriesName, Series> series_;
  // Our own ones by namespace, name and dimensions as Add is given them, a zero byte behind each.
  std::unordered_map<std::string, Entry*, HashText, std::equal_to<>> own_;
  std::vector<Change> closed_;  // of minutes that have ended, not taken yet
  std::size_t minutes_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace usher::metrics
