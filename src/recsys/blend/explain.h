// ExplainBlend: what each event of a history adds to a blend's score of one item.
//
// Symbols: as blend_options.h and als/als.h. The user's factors are u = A^-1 sum_j w_j v_j, so
//            u.v_i = sum_j w_j v_j.z with z = A^-1 v_i (A is symmetric),
//          and with the transitions event j adds
//            w_j v_j.z + sequence_weight q_j T_ji
//          to the score of item i. Exact, but for rounding: A itself depends on the history, so
//          this is how the score is made up, not what it would be without the event.
// Cost:    one fold-in, and O(rank) and the length of a transition list for each event.
#pragma once

#include <cstdint>
#include <span>

#include "linalg/matrix.h"
#include "recsys/als/als.h"
#include "recsys/blend/blend_options.h"
#include "recsys/model.h"
#include "recsys/sequence/weighted_lists.h"

namespace usher::recsys {

struct BlendView {
  const AlsSide& side;  // of the users
  linalg::MatrixView item_factors;
  WeightedListsView transitions;  // empty: the factors alone
  const BlendOptions& options;
};

// `times` and `weights` as for EventWeights. Fills the contributions, and the score with their sum;
// the rank is left to the caller. Without a history there is nothing to add up: the basis is
// metadata.
[[nodiscard]] Explanation ExplainBlend(const BlendView& blend,
                                       std::span<const std::uint32_t> history,
                                       std::span<const std::uint32_t> times,
                                       std::span<const float> weights, std::uint32_t item);

}  // namespace usher::recsys
