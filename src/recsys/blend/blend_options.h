// BlendOptions: how a factor model and item-item lists are put together for one data set.
#pragma once

#include "recsys/interactions/recency.h"
#include "recsys/sequence/transitions.h"

namespace usher::recsys {

// The score of item i for a user with factors u and recent events j of weight q_j is
//   u.v_i + sequence_weight sum_j q_j T_ji.
struct BlendOptions {
  TransitionOptions transitions;  // T
  Recency sequence_recency;       // q
  Recency factor_recency{0, 0};   // of the history that u is folded in from
  float sequence_weight = 0;      // 0: the factors alone

  bool operator==(const BlendOptions&) const = default;
};

}  // namespace usher::recsys
