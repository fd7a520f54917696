#include "recsys/blend/fold_in.h"

namespace usher::recsys {
namespace {

constexpr std::size_t kUsersPerChunk = 32;

}  // namespace

void EventWeights(std::size_t count, std::span<const std::uint32_t> times,
                  std::span<const float> weights, const Recency& recency, std::vector<float>& out) {
  if (recency == Recency{0, 0}) {
    out.assign(count, 1.0F);
  } else {
    RecencyWeights(count, times, recency, out);
  }
  if (weights.empty()) return;
  const auto newest = weights.last(out.size());
  for (std::size_t p = 0; p < out.size(); ++p) out[p] *= newest[p];
}

void FoldIn(const AlsSide& side, std::span<const std::uint32_t> history,
            std::span<const std::uint32_t> times, const Recency& recency, FoldInScratch& scratch,
            float* u, std::span<const float> weights) {
  if (recency == Recency{0, 0} && weights.empty()) {
    side.Solve(history, {}, scratch.als, u);
    return;
  }
  EventWeights(history.size(), times, weights, recency, scratch.recency);
  side.Solve(history.last(scratch.recency.size()), scratch.recency, scratch.als, u);
}

void FoldInAll(const AlsSide& side, const Interactions& interactions, const Recency& recency,
               ThreadPool& pool, linalg::Matrix& out) {
  std::vector<FoldInScratch> scratches(pool.thread_count(), FoldInScratch(side.stride()));
  pool.ParallelFor(interactions.user_count, kUsersPerChunk, [&](const ChunkRange& range) {
    for (std::size_t user = range.begin; user < range.end; ++user) {
      FoldIn(side, interactions.by_user[user], interactions.TimesOf(user), recency,
             scratches[range.worker], out.Row(user), interactions.WeightsOf(user));
    }
  });
}

}  // namespace usher::recsys
