// Neighbours of items by the users who met both, for "items like this one".
//
// Source:  Deshpande, Karypis, "Item-Based Top-N Recommendation Algorithms", ACM TOIS 22(1), 2004,
//          section 4.1.2 (similarity by conditional probability).
// Symbols: n_i users who met item i; c_ij users who met both; alpha the popularity discount.
//            s_ij = c_ij / (n_i n_j^alpha)
//          alpha 0 orders by c_ij alone, 0.5 as the cosine c_ij / sqrt(n_i n_j) does, 1 as the
//          lift c_ij / (n_i n_j).
// Cost:    the sum over users of the square of their history, of which the newest
//          kMaxCountedHistory items count: one with 10^6 events costs what others do.
// Order:   neighbours fall in s_ij, equal ones in order of item; the same bits at any number of
//          threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/parallel.h"
#include "recsys/interactions/interactions.h"
#include "recsys/ranking/scored_item.h"
#include "recsys/sequence/weighted_lists.h"

namespace usher::recsys {

inline constexpr std::size_t kMaxCountedHistory = 2000;

struct NeighbourOptions {
  double popularity_discount = 0.5;      // alpha, 0 to 1
  std::uint32_t min_cointeractions = 3;  // pairs with a smaller c_ij are no neighbours
  std::size_t max_neighbours = 500;      // kept for each item, the best
};

// Row i: the neighbours of item i, best first, with s_ij > 0; never i itself.
[[nodiscard]] WeightedLists FindNeighbours(const Interactions& interactions,
                                           const NeighbourOptions& options, ThreadPool& pool);

}  // namespace usher::recsys
