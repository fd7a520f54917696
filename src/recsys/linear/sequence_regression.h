// Sequence regression: which item comes next, regressed on what came before it, in closed form.
//
// Source:  Choi et al., "Session-aware Linear Item-Item Models for Session-based Recommendation",
//          WWW 2021 (SLIT, equation 8), with gaps in time as in Park et al., "Temporal Linear
//          Item-Item Model for Sequential Recommendation", WSDM 2025 (TALE).
// Symbols: events t of all users; w_tp = 2^(-(t - p - 1) / half_life) exp(-(time_t - time_p) /
//          time_scale) for an event p of the same user, 1 to `window` events before t; e_i unit
//          vectors;
//            s_t = sum over p of w_tp e_item(p),  B of least sum |e_item(t) - B^T s_t|^2 +
//            regularization |B|^2:
//            B = (S^T S + lambda I)^-1 S^T T.
//          Sources (rows of S and B) are the N most frequent items; targets are all items.
// Counts:  S^T S needs no S: for p < q of one user, sum over t > q of w_tp w_tq is w_qp 2^(-1 /
//          half_life) times the sum of w_tq^2 over the targets that both reach.
// Cost:    2 window additions an event, N^3 / 2 multiply-adds for the inverse, N for each of the
//          pairs of source and target that occur; 8 N^2 bytes and 12 for each such pair.
//          SequenceRegressionCost says beforehand.
// Rows:    of each row the largest positive weights are kept; the negative ones are lost. On the
//          validation part of MovieLens-latest-small (2000 sources, the user's events at half-life
//          3) NDCG@10 is 0.1324 with all weights, 0.1297 with the positive ones, 0.1293 with the
//          200 largest.
// Order:   the bits do not depend on the number of threads.
// Errors:  kLimitExceeded, kCancelled.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stop_token>

#include "base/parallel.h"
#include "base/result.h"
#include "recsys/interactions/interactions.h"
#include "recsys/sequence/weighted_lists.h"

namespace usher::recsys {

inline constexpr std::uint32_t kMaxRegressionSources = 8192;
inline constexpr std::uint32_t kMaxRegressionWindow = 256;
// Pairs of source and target.
inline constexpr double kMaxRegressionPairs = 1e8;

struct SequenceRegressionOptions {
  float half_life = 10;          // events, over 0
  std::uint32_t window = 40;     // events, 1 to kMaxRegressionWindow
  float time_scale = 0;          // seconds; 0: time does not matter
  float regularization = 200;    // lambda, over 0
  std::uint32_t sources = 3000;  // N, 1 to kMaxRegressionSources
  std::uint32_t neighbours = 200;

  bool operator==(const SequenceRegressionOptions&) const = default;
};

struct RegressionCost {
  std::size_t sources = 0;  // there may be fewer items than options.sources
  double pairs = 0;         // at most
  double multiply_adds = 0;
};

[[nodiscard]] RegressionCost SequenceRegressionCost(const Interactions& interactions,
                                                    const SequenceRegressionOptions& options);

// Row i holds the largest positive B_ij by rising j, without j = i; it is empty for an item that is
// no source.
Result<WeightedLists> TrainSequenceRegression(const Interactions& interactions,
                                              const SequenceRegressionOptions& options,
                                              ThreadPool& pool, const std::stop_token& stop = {});

}  // namespace usher::recsys
