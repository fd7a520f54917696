// Choosing a blend for a data set on a validation part of it: first the transitions, then how far
// back the factors look and how much the transitions weigh beside them.
//
// Method: NDCG@10 of each case's held-out items, all items ranked, seen ones left out; coordinate
//         descent over a grid from a few starting points for the transitions, all pairs of a grid
//         for the rest. A blend that does not beat the plain factors by one standard error of the
//         paired difference is not taken.
// Cost:   bounded: transitions are chosen on users with at most kMaxChoiceRows interactions in all,
//         and no more than kMaxChoiceCases cases are looked at.
// Order:  the same split and seed give the same choice at any number of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "base/result.h"
#include "linalg/matrix.h"
#include "recsys/als/als.h"
#include "recsys/blend/blend_options.h"
#include "recsys/interactions/split.h"
#include "recsys/sequence/weighted_lists.h"

namespace usher::recsys {

inline constexpr std::size_t kMaxChoiceRows = 400'000;
inline constexpr std::size_t kMaxChoiceCases = 2000;

struct Trial {
  BlendOptions options;
  double ndcg_at_10 = 0;
};

struct TransitionChoice {
  BlendOptions options;  // sequence_weight 1; the factors are not looked at
  double ndcg_at_10 = 0;
  std::size_t cases = 0;
  std::vector<Trial> trials;  // in the order tried
};

// Errors: kCancelled after a stop request.
Result<TransitionChoice> ChooseTransitions(const Split& split, std::uint64_t seed, ThreadPool& pool,
                                           const std::stop_token& stop);

struct BlendChoice {
  BlendOptions options;
  double ndcg_at_10 = 0;              // of the choice
  double factors_ndcg_at_10 = 0;      // of the factors alone, whole history
  double transitions_ndcg_at_10 = 0;  // of the transitions alone
  double gain_standard_error = 0;     // of the paired difference of choice and factors alone
  std::size_t cases = 0;
  std::vector<double> per_case;  // NDCG@10 of the choice in each of them
  std::vector<Trial> trials;
};

// `transitions` are those of split.train under `options.transitions`. Of `options` the transitions
// and their recency stand; the rest is chosen.
Result<BlendChoice> ChooseBlend(const Split& split, const linalg::MatrixView& item_factors,
                                const AlsOptions& als, const WeightedListsView& transitions,
                                const BlendOptions& options, std::uint64_t seed, ThreadPool& pool,
                                const std::stop_token& stop);

}  // namespace usher::recsys
