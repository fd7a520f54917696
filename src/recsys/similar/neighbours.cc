#include "recsys/similar/neighbours.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "recsys/ranking/top_k.h"

namespace usher::recsys {
namespace {

constexpr std::size_t kItemsPerChunk = 64;

// The newest items of each history.
Lists CountedHistories(const Interactions& interactions) {
  Lists counted;
  for (std::size_t user = 0; user < interactions.user_count; ++user) {
    const auto history = interactions.by_user[user];
    counted.Append(history.last(std::min(history.size(), kMaxCountedHistory)));
  }
  return counted;
}

struct Scratch {
  std::vector<std::uint32_t> counts;   // c_ij of the item under way, 0 elsewhere
  std::vector<std::uint32_t> touched;  // items with a count
  TopK best;
};

}  // namespace

WeightedLists FindNeighbours(const Interactions& interactions, const NeighbourOptions& options,
                             ThreadPool& pool) {
  const Lists by_user = CountedHistories(interactions);
  const Lists by_item = Transpose(by_user.view(), interactions.item_count);
  std::vector<double> weights(interactions.item_count);  // 1 / n^alpha
  for (std::size_t item = 0; item < weights.size(); ++item) {
    const auto users = static_cast<double>(by_item[item].size());
    weights[item] = users > 0 ? 1 / std::pow(users, options.popularity_discount) : 0;
  }

  const std::uint32_t least = std::max(options.min_cointeractions, 1U);
  std::vector<std::vector<ScoredItem>> rows(interactions.item_count);
  std::vector<Scratch> scratches(pool.thread_count());
  pool.ParallelFor(interactions.item_count, kItemsPerChunk, [&](const ChunkRange& range) {
    Scratch& scratch = scratches[range.worker];
    scratch.counts.resize(interactions.item_count, 0);
    for (std::size_t i = range.begin; i < range.end; ++i) {
      for (const std::uint32_t user : by_item[i]) {
        for (const std::uint32_t j : by_user[user]) {
          if (scratch.counts[j]++ == 0) scratch.touched.push_back(j);
        }
      }
      scratch.best.Reset(options.max_neighbours);
      const auto users = static_cast<double>(by_item[i].size());
      for (const std::uint32_t j : scratch.touched) {
        const std::uint32_t count = scratch.counts[j];
        scratch.counts[j] = 0;
        if (j == i || count < least) continue;
        scratch.best.Offer({j, static_cast<float>(count / users * weights[j])});
      }
      scratch.touched.clear();
      scratch.best.Take(rows[i]);
    }
  });
  return ListsOf(rows);
}

}  // namespace usher::recsys
