// EASE: a linear autoencoder from items to items in closed form.
//
// Source:  Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019, equation 8; over
//          users by the identity of Woodbury.
// Symbols: X [users x items], 1 where a user met an item; lambda the regularisation;
//            P = (X^T X + lambda I)^-1,  B_ij = -P_ij / P_jj,  B_jj = 0:
//          the B of least |X - X B|^2 + lambda |B|^2 among those with a zero diagonal. With
//            K = X X^T + lambda I, x_i column i of X and s_ij = x_i^T K^-1 x_j
//          the same is B_ij = s_ij / (1 - s_jj).
// Cost:    over items: n^3 / 2 multiply-adds for n items with interactions, and 4 n^2 bytes.
//          Over users: m^3 / 2 for m users with interactions, 4 m^2 bytes, and n multiply-adds for
//          each interaction. Either needs the pairs counted: the sum of squares of the lengths of
//          all histories (over items) or of all audiences (over users). The smaller of n and m
//          decides, and is at most kMaxEaseOrder: about half a minute and 1 GiB there on two cores.
// Rows:    of each row the largest positive weights are kept. Negative ones, what an item speaks
//          against, are lost. On the validation part of MovieLens-latest-small, where lambda = 100
//          is best, that and the cut to 200 a row change NDCG@10 from 0.0811 to 0.0772 (paired
//          difference 0.0040, standard error 0.0036), and from 0.1123 to 0.1074 (0.0049, 0.0025)
//          when recent events of the user weigh more (half-life 5).
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

inline constexpr std::size_t kMaxEaseOrder = 16384;

struct EaseOptions {
  float regularization = 100;  // lambda, over 0
  std::uint32_t neighbours = 200;

  bool operator==(const EaseOptions&) const = default;
};

// Row i holds the largest positive B_ij by rising j; it is empty for an item that nobody met.
Result<WeightedLists> TrainEase(const Interactions& interactions, const EaseOptions& options,
                                ThreadPool& pool, const std::stop_token& stop = {});

// The two routes, of which TrainEase takes the cheaper one.
Result<WeightedLists> TrainEaseOverItems(const Interactions& interactions,
                                         const EaseOptions& options, ThreadPool& pool,
                                         const std::stop_token& stop = {});
Result<WeightedLists> TrainEaseOverUsers(const Interactions& interactions,
                                         const EaseOptions& options, ThreadPool& pool,
                                         const std::stop_token& stop = {});

}  // namespace usher::recsys
