#include "engine/sweep_curve.h"

#include <algorithm>
#include <numeric>

#include "linalg/vector_ops.h"
#include "recsys/blend/fold_in.h"
#include "recsys/metrics/metrics.h"
#include "recsys/ranking/top_k.h"

namespace usher::engine {
namespace {

constexpr std::size_t kLength = 10;
constexpr std::size_t kUsersOfChunk = 4;

// The best items for u that are not in the history.
std::vector<std::uint32_t> BestItems(const linalg::MatrixView& items, const linalg::FloatVector& u,
                                     std::span<const std::uint32_t> history) {
  std::vector<std::uint32_t> seen(history.begin(), history.end());
  std::ranges::sort(seen);
  recsys::TopK top;
  top.Reset(kLength);
  for (std::uint32_t item = 0; item < items.rows; ++item) {
    const float score = linalg::Dot({items.Row(item), items.stride}, u);
    if (score < top.threshold() || std::ranges::binary_search(seen, item)) continue;
    top.Offer({.item = item, .score = score});
  }
  std::vector<recsys::ScoredItem> best;
  top.Take(best);
  std::vector<std::uint32_t> list;
  for (const recsys::ScoredItem& one : best) list.push_back(one.item);
  return list;
}

}  // namespace

SweepCurve::SweepCurve(const recsys::Split& split, const recsys::AlsOptions& als,
                       const recsys::Recency& recency, ThreadPool& pool)
    : split_(split),
      als_(als),
      recency_(recency),
      pool_(pool),
      items_met_(recsys::CountOccurring(split.train.by_user.view(), split.train.item_count)) {
  const std::size_t count = std::min(kCurveUsers, split.users.size());
  for (std::size_t k = 0; k < count; ++k) chosen_.push_back(k * split.users.size() / count);
}

void SweepCurve::Add(std::size_t sweeps_done, const linalg::Matrix& items) {
  if (chosen_.empty()) return;
  const linalg::MatrixView V = items.view();
  const recsys::AlsSide side(V, items_met_, als_, pool_);
  std::vector<double> ndcg(chosen_.size());
  pool_.ParallelFor(chosen_.size(), kUsersOfChunk, [&](const ChunkRange& range) {
    recsys::FoldInScratch scratch(V.stride);
    linalg::FloatVector u(V.stride);
    for (std::size_t k = range.begin; k < range.end; ++k) {
      const std::size_t j = chosen_[k];
      recsys::FoldIn(side, split_.input[j], split_.InputTimes(j), recency_, scratch, u.data(),
                     split_.InputWeights(j));
      const auto held_out = split_.held_out[j];
      const auto hits = recsys::FindHits(BestItems(V, u, split_.input[j]), held_out);
      ndcg[k] = recsys::NdcgAt(kLength, hits, held_out.size());
    }
  });
  const double sum = std::accumulate(ndcg.begin(), ndcg.end(), 0.0);
  scores_.push_back({sweeps_done, sum / static_cast<double>(ndcg.size())});
}

}  // namespace usher::engine
