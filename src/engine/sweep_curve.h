// SweepCurve: how good a training's factors are after each sweep, on users who are held out of it:
// shows whether more sweeps would have helped. Looks only; the training is the same without it.
//
// Measure: NDCG@10 of the held-out items under the factors alone (no transitions, no context), all
//          items ranked, seen ones left out; mean over up to kCurveUsers of the split's users,
//          spread evenly.
// Cost:    kCurveUsers (rank^3 / 6 + items rank) multiply-adds a sweep, on all threads.
// Order:   the same at any number of threads.
#pragma once

#include <cstddef>
#include <vector>

#include "base/parallel.h"
#include "linalg/matrix.h"
#include "recsys/als/als.h"
#include "recsys/interactions/recency.h"
#include "recsys/interactions/split.h"

namespace usher::engine {

inline constexpr std::size_t kCurveUsers = 200;

struct SweepScore {
  std::size_t sweep = 0;  // 1 is the first
  double ndcg_at_10 = 0;
  bool operator==(const SweepScore&) const = default;
};

class SweepCurve {
 public:
  // `split` with its train part as it will be learned from; that part may be gone afterwards, the
  // rest must outlive this.
  SweepCurve(const recsys::Split& split, const recsys::AlsOptions& als,
             const recsys::Recency& recency, ThreadPool& pool);

  // As AlsHooks::after_sweep is called.
  void Add(std::size_t sweeps_done, const linalg::Matrix& items);

  [[nodiscard]] std::size_t users() const { return chosen_.size(); }
  // A training that went on from a checkpoint has the sweeps since.
  [[nodiscard]] const std::vector<SweepScore>& scores() const { return scores_; }

 private:
  const recsys::Split& split_;
  recsys::AlsOptions als_;
  recsys::Recency recency_;
  ThreadPool& pool_;
  std::size_t items_met_;
  std::vector<std::size_t> chosen_;  // places in split.users
  std::vector<SweepScore> scores_;
};

}  // namespace usher::engine
