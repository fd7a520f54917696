#include "recsys/interactions/interactions.h"

#include <algorithm>
#include <limits>

#include "base/check.h"

namespace usher::recsys {
namespace {

constexpr std::size_t kUsersPerChunk = 256;

// Row numbers grouped by user, in the order of the file within each.
std::vector<std::uint32_t> GroupByUser(const std::vector<std::uint32_t>& user,
                                       std::vector<std::int64_t>& offsets) {
  for (const std::uint32_t u : user) ++offsets[u + 1];
  for (std::size_t u = 0; u + 1 < offsets.size(); ++u) offsets[u + 1] += offsets[u];
  std::vector<std::int64_t> next(offsets.begin(), offsets.end() - 1);
  std::vector<std::uint32_t> rows(user.size());
  for (std::size_t row = 0; row < user.size(); ++row) {
    rows[static_cast<std::size_t>(next[user[row]]++)] = static_cast<std::uint32_t>(row);
  }
  return rows;
}

// `time` is not before `origin`. Unsigned, because times may lie further apart than int64 reaches.
std::uint32_t SecondsSince(std::int64_t origin, std::int64_t time) {
  const std::uint64_t seconds =
      static_cast<std::uint64_t>(time) - static_cast<std::uint64_t>(origin);
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(seconds, kLatestSecond));
}

struct Event {
  std::int64_t timestamp;
  std::uint32_t row;
  std::uint32_t item;
};

// Scratch of one thread. `last_user[i]` is 1 + the last user in whose list item i was kept.
struct Scratch {
  std::vector<Event> events;
  std::vector<std::uint32_t> last_user;
};

}  // namespace

Interactions BuildInteractions(std::size_t user_count, std::size_t item_count,
                               std::vector<std::uint32_t> user, std::vector<std::uint32_t> item,
                               std::vector<std::int64_t> timestamp, ThreadPool& pool) {
  Check(user.size() == item.size() && user.size() == timestamp.size(), "one entry for each row");
  Check(user.size() < std::numeric_limits<std::uint32_t>::max(), "row numbers fit 32 bits");
  Interactions result;
  result.user_count = user_count;
  result.item_count = item_count;
  result.by_user.offsets.assign(user_count + 1, 0);
  std::vector<std::int64_t>& offsets = result.by_user.offsets;
  std::vector<std::uint32_t> values = GroupByUser(user, offsets);
  std::vector<std::uint32_t>().swap(user);

  // Each user's row numbers become items in order of time, duplicates dropped.
  const std::int64_t origin = timestamp.empty() ? 0 : *std::ranges::min_element(timestamp);
  std::vector<std::uint32_t> times(values.size());
  std::vector<std::uint32_t> kept(user_count, 0);
  std::vector<Scratch> scratches(pool.thread_count());
  pool.ParallelFor(user_count, kUsersPerChunk, [&](const ChunkRange& range) {
    Scratch& scratch = scratches[range.worker];
    scratch.last_user.resize(item_count, 0);
    for (std::size_t u = range.begin; u < range.end; ++u) {
      const auto begin = static_cast<std::size_t>(offsets[u]);
      const auto end = static_cast<std::size_t>(offsets[u + 1]);
      scratch.events.clear();
      for (std::size_t at = begin; at < end; ++at) {
        scratch.events.push_back({timestamp[values[at]], values[at], item[values[at]]});
      }
      std::ranges::sort(scratch.events, [](const Event& a, const Event& b) {
        return a.timestamp != b.timestamp ? a.timestamp < b.timestamp : a.row < b.row;
      });
      std::size_t out = begin;
      for (const Event& event : scratch.events) {
        if (scratch.last_user[event.item] == u + 1) continue;
        scratch.last_user[event.item] = static_cast<std::uint32_t>(u + 1);
        times[out] = SecondsSince(origin, event.timestamp);
        values[out++] = event.item;
      }
      kept[u] = static_cast<std::uint32_t>(out - begin);
    }
  });
  std::vector<std::uint32_t>().swap(item);
  std::vector<std::int64_t>().swap(timestamp);

  // Close the gaps that duplicates left.
  std::size_t out = 0;
  for (std::size_t u = 0; u < user_count; ++u) {
    const auto begin = static_cast<std::size_t>(offsets[u]);
    if (out != begin) {
      std::copy_n(values.begin() + begin, kept[u], values.begin() + out);
      std::copy_n(times.begin() + begin, kept[u], times.begin() + out);
    }
    offsets[u] = static_cast<std::int64_t>(out);
    out += kept[u];
  }
  offsets[user_count] = static_cast<std::int64_t>(out);
  const bool had_duplicates = out != values.size();
  values.resize(out);
  times.resize(out);
  if (had_duplicates) {
    values.shrink_to_fit();
    times.shrink_to_fit();
  }
  result.by_user.values = std::move(values);
  result.times = std::move(times);
  return result;
}

}  // namespace usher::recsys
