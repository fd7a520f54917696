#include "recsys/interactions/interactions.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <span>

#include "base/check.h"
#include "linalg/sort.h"

namespace usher::recsys {
namespace {

constexpr std::size_t kUsersPerChunk = 256;
constexpr std::size_t kRowsPerChunk = std::size_t{1} << 18;

// Whether the users of the rows never fall; if so, `offsets` says where each user's rows begin.
bool FindGroups(const std::vector<std::uint32_t>& user, ThreadPool& pool,
                std::vector<std::int64_t>& offsets) {
  const std::size_t chunks = (user.size() + kRowsPerChunk - 1) / kRowsPerChunk;
  std::vector<std::uint8_t> rises(chunks, 1);
  pool.ParallelFor(user.size(), kRowsPerChunk, [&](const ChunkRange& range) {
    std::size_t next = range.begin == 0 ? 0 : user[range.begin - 1] + std::size_t{1};
    for (std::size_t row = range.begin; row < range.end; ++row) {
      if (user[row] + std::size_t{1} < next) {
        rises[range.chunk] = 0;
        return;
      }
      for (; next <= user[row]; ++next) offsets[next] = static_cast<std::int64_t>(row);
    }
  });
  if (std::ranges::find(rises, 0) != rises.end()) return false;
  const std::size_t after_last = user.empty() ? 0 : user.back() + std::size_t{1};
  std::fill(offsets.begin() + static_cast<std::ptrdiff_t>(after_last), offsets.end(),
            static_cast<std::int64_t>(user.size()));
  return true;
}

// Row numbers grouped by user, in the order of the file within each.
std::vector<std::uint32_t> GroupByUser(const std::vector<std::uint32_t>& user,
                                       std::vector<std::int64_t>& offsets) {
  std::ranges::fill(offsets, 0);
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

std::int64_t Earliest(const std::vector<std::int64_t>& timestamp, ThreadPool& pool) {
  if (timestamp.empty()) return 0;
  std::vector<std::int64_t> earliest((timestamp.size() + kRowsPerChunk - 1) / kRowsPerChunk);
  pool.ParallelFor(timestamp.size(), kRowsPerChunk, [&](const ChunkRange& range) {
    std::int64_t least = timestamp[range.begin];
    for (std::size_t row = range.begin; row < range.end; ++row) {
      least = std::min(least, timestamp[row]);
    }
    earliest[range.chunk] = least;
  });
  return std::ranges::min(earliest);
}

// Scratch of one thread. `last_user[i]` is 1 + the last user in whose list item i was kept.
struct Scratch {
  std::vector<std::uint64_t> events;  // time << 32 | place in the user's rows
  std::vector<std::uint32_t> items;   // at each place
  std::vector<std::uint32_t> last_user;
  std::vector<float> weights;         // at each place; this and the next only with weights
  std::vector<std::size_t> place_of;  // where item i was kept
};

// A mean of 1.
void Normalize(std::vector<float>& weights) {
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  const double scale = static_cast<double>(weights.size()) / sum;
  for (float& weight : weights) weight = static_cast<float>(weight * scale);
}

}  // namespace

void Interactions::AppendUser(const Interactions& from, std::size_t user, bool keep) {
  const auto history = from.by_user[user];
  by_user.Append(keep ? history : history.first(0));
  if (!keep) return;
  const auto when = from.TimesOf(user);
  times.insert(times.end(), when.begin(), when.end());
  const auto how_much = from.WeightsOf(user);
  weights.insert(weights.end(), how_much.begin(), how_much.end());
}

Interactions BuildInteractions(std::size_t user_count, std::size_t item_count,
                               std::vector<std::uint32_t> user, std::vector<std::uint32_t> item,
                               std::vector<std::int64_t> timestamp, ThreadPool& pool,
                               std::vector<float> weight) {
  Check(weight.empty() || weight.size() == user.size(), "every row has a weight, or none has");
  Check(user.size() == item.size() && user.size() == timestamp.size(), "one entry for each row");
  Check(user.size() < std::numeric_limits<std::uint32_t>::max(), "row numbers fit 32 bits");
  Interactions result;
  result.user_count = user_count;
  result.item_count = item_count;
  result.by_user.offsets.assign(user_count + 1, 0);
  std::vector<std::int64_t>& offsets = result.by_user.offsets;
  // Rows that come grouped by user are their own numbers, and their items can be put in order where
  // they are.
  const bool grouped = FindGroups(user, pool, offsets);
  std::vector<std::uint32_t> values = grouped ? std::move(item) : GroupByUser(user, offsets);
  std::vector<std::uint32_t>().swap(user);

  // Each user's rows become items in order of time, duplicates dropped.
  const std::int64_t origin = Earliest(timestamp, pool);
  std::vector<std::uint32_t> times(values.size());
  std::vector<float> weights(weight.empty() ? 0 : values.size());
  std::vector<std::uint32_t> kept(user_count, 0);
  std::vector<Scratch> scratches(pool.thread_count());
  pool.ParallelFor(user_count, kUsersPerChunk, [&](const ChunkRange& range) {
    Scratch& scratch = scratches[range.worker];
    scratch.last_user.resize(item_count, 0);
    if (!weights.empty()) scratch.place_of.resize(item_count);
    for (std::size_t u = range.begin; u < range.end; ++u) {
      const auto begin = static_cast<std::size_t>(offsets[u]);
      const auto end = static_cast<std::size_t>(offsets[u + 1]);
      scratch.events.resize(end - begin);
      scratch.items.resize(end - begin);
      if (!weights.empty()) scratch.weights.resize(end - begin);
      for (std::size_t at = begin; at < end; ++at) {
        const std::size_t row = grouped ? at : values[at];
        const std::uint64_t time = SecondsSince(origin, timestamp[row]);
        scratch.events[at - begin] = time << 32 | (at - begin);
        scratch.items[at - begin] = grouped ? values[at] : item[row];
        if (!weights.empty()) scratch.weights[at - begin] = weight[row];
      }
      linalg::SortNumbers(scratch.events);
      std::size_t out = begin;
      for (const std::uint64_t event : scratch.events) {
        const std::uint32_t met = scratch.items[event & 0xFFFFFFFF];
        const bool is_first = scratch.last_user[met] != u + 1;
        if (!weights.empty()) {
          const float row_weight = scratch.weights[event & 0xFFFFFFFF];
          if (is_first) scratch.place_of[met] = out;
          float& pair_weight = weights[scratch.place_of[met]];
          pair_weight = is_first ? row_weight : std::max(pair_weight, row_weight);
        }
        if (!is_first) continue;
        scratch.last_user[met] = static_cast<std::uint32_t>(u + 1);
        times[out] = static_cast<std::uint32_t>(event >> 32);
        values[out++] = met;
      }
      kept[u] = static_cast<std::uint32_t>(out - begin);
    }
  });
  std::vector<std::uint32_t>().swap(item);
  std::vector<std::int64_t>().swap(timestamp);
  std::vector<float>().swap(weight);

  // Close the gaps that duplicates left.
  std::size_t out = 0;
  for (std::size_t u = 0; u < user_count; ++u) {
    const auto begin = static_cast<std::size_t>(offsets[u]);
    if (out != begin) {
      std::copy_n(values.begin() + begin, kept[u], values.begin() + out);
      std::copy_n(times.begin() + begin, kept[u], times.begin() + out);
      if (!weights.empty()) std::copy_n(weights.begin() + begin, kept[u], weights.begin() + out);
    }
    offsets[u] = static_cast<std::int64_t>(out);
    out += kept[u];
  }
  offsets[user_count] = static_cast<std::int64_t>(out);
  const bool had_duplicates = out != values.size();
  values.resize(out);
  times.resize(out);
  if (!weights.empty()) {
    weights.resize(out);
    Normalize(weights);
  }
  if (had_duplicates) {
    values.shrink_to_fit();
    times.shrink_to_fit();
  }
  result.by_user.values = std::move(values);
  result.times = std::move(times);
  result.origin = origin;
  result.weights = std::move(weights);
  return result;
}

}  // namespace usher::recsys
