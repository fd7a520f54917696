// Transitions: which items follow which, as a sparse item-item matrix with a direction.
//
// Source:  the co-occurrence form of the linear sequential models of Choi et al., "Session-aware
//          Linear Item-Item Models for Session-based Recommendation", WWW 2021 (SLIST), with
//          weights by distance and by the gap in time as in Park et al., "Temporal Linear Item-Item
//          Model for Sequential Recommendation", WSDM 2025 (TALE), and the similarity of Garg et
//          al., "Sequence and Time Aware Neighborhood for Session-based Recommendations", SIGIR
//          2019 (STAN). Counts instead of a regression, so it fits any size of catalogue.
// Symbols: c_ij = sum over users, over events p of item i and q of item j of the same user, of
//            f(|q - p|) g(|t_q - t_p|) w_q, times `backward` where q is before p; w_q is the weight
//            of the event that is led to (Interactions.weights),
//          f(d) = 2^(-(d - 1) / distance_half_life) for d <= window, g(s) = exp(-s / time_scale);
//          n_i events of item i. The weight is
//            T_ij = c_ij / ((n_i + shrink)^source_exponent (n_j + shrink)^target_exponent).
// Cost:    2 window additions an event (window with backward = 0), at most kMaxEventsPerItem events
//          of an item: those of an item with more are thinned evenly and stand for all.
// Order:   every row is summed on its own, so the bits do not depend on the number of threads.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/parallel.h"
#include "recsys/interactions/interactions.h"
#include "recsys/sequence/weighted_lists.h"

namespace usher::recsys {

struct TransitionOptions {
  float distance_half_life = 10;  // events, over 0
  std::uint32_t window = 60;      // events, 1 to kMaxWindow
  float backward = 0.5F;          // 0 to 1
  float time_scale = 0;           // seconds; 0: time does not matter
  float source_exponent = 0.7F;
  float target_exponent = 0.3F;
  float shrink = 10;  // events, over 0
  // The largest weights of a row that are kept.
  std::uint32_t neighbours = 200;

  bool operator==(const TransitionOptions&) const = default;
};

inline constexpr std::uint32_t kMaxWindow = 256;
inline constexpr std::size_t kMaxEventsPerItem = 4096;

// Row i holds the items j that follow item i with T_ij, in no order that means anything but always
// the same; an item never follows itself.
[[nodiscard]] WeightedLists CountTransitions(const Interactions& interactions,
                                             const TransitionOptions& options, ThreadPool& pool);

}  // namespace usher::recsys
