#include "engine/item_metrics.h"

#include <algorithm>
#include <cmath>

#include "recsys/metrics/metrics.h"

namespace usher::engine {
namespace {

constexpr std::size_t kListLength = 25;
constexpr std::size_t kRowsPerChunk = 64;

// The best of `related` that the input does not hold.
std::vector<std::uint32_t> ListFor(const recsys::RelatedItems& related,
                                   std::span<const std::uint32_t> input) {
  std::vector<std::uint32_t> seen(input.begin(), input.end());
  std::ranges::sort(seen);
  std::vector<std::uint32_t> list;
  related.Find(input.back(), kListLength + seen.size(), list);
  std::erase_if(list, [&](std::uint32_t item) { return std::ranges::binary_search(seen, item); });
  list.resize(std::min(list.size(), kListLength));
  return list;
}

double Coverage(const recsys::RelatedItems& related, ThreadPool& pool) {
  const std::size_t count = related.items().size();
  const std::size_t chunks = (count + kRowsPerChunk - 1) / kRowsPerChunk;
  std::vector<std::vector<std::uint32_t>> found(chunks);
  pool.ParallelFor(count, kRowsPerChunk, [&](const ChunkRange& range) {
    std::vector<std::uint32_t> list;
    for (std::size_t item = range.begin; item < range.end; ++item) {
      related.Find(static_cast<std::uint32_t>(item), kListLength, list);
      found[range.chunk].insert(found[range.chunk].end(), list.begin(), list.end());
    }
  });
  std::vector<bool> covered(count, false);
  for (const auto& items : found) {
    for (const std::uint32_t item : items) covered[item] = true;
  }
  return static_cast<double>(std::ranges::count(covered, true)) /
         static_cast<double>(std::max<std::size_t>(count, 1));
}

}  // namespace

double Round4(double value) { return std::round(value * 1e4) / 1e4; }

std::vector<std::vector<std::uint32_t>> RelatedLists(const recsys::RelatedItems& related,
                                                     const recsys::Split& split, ThreadPool& pool) {
  std::vector<std::vector<std::uint32_t>> lists(split.users.size());
  pool.ParallelFor(lists.size(), kRowsPerChunk, [&](const ChunkRange& range) {
    for (std::size_t j = range.begin; j < range.end; ++j) {
      lists[j] = ListFor(related, split.input[j]);
    }
  });
  return lists;
}

Metrics RelatedItemsMetrics(const recsys::RelatedItems& related, const recsys::Split& split,
                            ThreadPool& pool) {
  Metrics metrics;
  if (split.users.empty()) return metrics;
  const auto lists = RelatedLists(related, split, pool);
  const auto users = static_cast<double>(lists.size());
  for (std::size_t j = 0; j < lists.size(); ++j) {
    const recsys::Hits hits = recsys::FindHits(lists[j], split.held_out[j]);
    metrics["mean_reciprocal_rank_at_25"] += recsys::ReciprocalRankAt(25, hits) / users;
    for (const std::size_t K : {5, 10, 25}) {
      const std::string at = "_at_" + std::to_string(K);
      metrics["normalized_discounted_cumulative_gain" + at] +=
          recsys::NdcgAt(K, hits, split.held_out[j].size()) / users;
      metrics["precision" + at] += recsys::PrecisionAt(K, hits) / users;
    }
  }
  metrics["coverage"] = Coverage(related, pool);
  for (auto& [name, value] : metrics) value = Round4(value);
  return metrics;
}

Metrics TrendingMetrics(std::span<const std::uint32_t> order,
                        std::span<const std::int64_t> increase) {
  const std::size_t length = std::min(order.size(), kListLength);
  std::vector<std::int64_t> best(increase.begin(), increase.end());
  std::ranges::sort(best, std::greater<>());
  double reached = 0;
  double possible = 0;
  for (std::size_t place = 0; place < length; ++place) {
    reached += static_cast<double>(increase[order[place]]);
    possible += static_cast<double>(std::max<std::int64_t>(best[place], 0));
  }
  const double accuracy = possible > 0 ? std::max(0.0, reached / possible) : 0;
  return {{"trend_prediction_accuracy", Round4(accuracy)},
          {"coverage", Round4(static_cast<double>(length) /
                              static_cast<double>(std::max<std::size_t>(order.size(), 1)))}};
}

}  // namespace usher::engine
