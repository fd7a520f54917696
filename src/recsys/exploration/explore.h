// Explore: puts items with little data into a list, as often as they may deserve it, and says how
// likely each item was to be shown.
//
// Source:  Thompson sampling: Thompson, "On the likelihood that one unknown probability exceeds
//          another", Biometrika 1933; Chapelle and Li, "An Empirical Evaluation of Thompson
//          Sampling", NIPS 2011. Propensities are for the inverse propensity estimator: Horvitz and
//          Thompson, "A Generalization of Sampling Without Replacement", JASA 1952.
// Belief:  x_i = log of the probability that the user wants item i. Prior N(m, s^2), where m is the
//          mean log score of the greedy list: a new item may be as good as those until shown
//          otherwise. The model's log p_i counts as one observation of variance kappa s^2, each of
//          the c_i users who met the item as one more. The posterior is normal with
//            mean     ((c_i + 1) log p_i + kappa m) / (c_i + 1 + kappa)
//            variance s^2 kappa / (c_i + 1 + kappa),  s = 1, kappa = 5.
// List:    K ~ Binomial(n, w) of the n places are explored: the min(K, candidates) candidates with
//          the largest sampled x are in, and the best of the greedy list that are not among them
//          fill the rest. The list is in falling order of x (sampled) and log p (the others).
// Chance:  of item i, given what the other candidates sampled: a sum over K of its binomial
//          probability times the probability that x_i is among the K largest, or else that the
//          greedy list reaches i; times the probability that i was a candidate. In closed form, and
//          for every f the sum of f(i) / chance(i) over the shown items is an unbiased estimate of
//          the sum over all items that can be shown.
// Limits:  w = 0 is the greedy list, chances 1. w = 1: all places are explored while candidates
//          last. Without candidates the list is greedy at any w.
// Cost:    O(n m) for m candidates, about 5 microseconds at n = 25 and 64 candidates.
// Threads: safe at once with a scratch each.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/random.h"
#include "recsys/exploration/candidates.h"
#include "recsys/ranking/scored_item.h"

namespace usher::recsys {

struct ExploredItem {
  std::uint32_t item = 0;
  float score = 0;        // the model's probability, not what was sampled
  float propensity = 1;   // probability of being in the list, over 0
  bool explored = false;  // would not be in the greedy list
  bool operator==(const ExploredItem&) const = default;
};

struct ExploreScratch {
  struct Draw {
    double x = 0;     // sampled
    double mean = 0;  // of the posterior
    double deviation = 0;
    std::uint32_t candidate = 0;
  };
  std::vector<Draw> draws;              // falling by x
  std::vector<std::uint32_t> draw_at;   // of each place of the greedy list: its draw, or none
  std::vector<double> greedy_log;       // log scores of the greedy list
  std::vector<double> chance_of_count;  // of K, the last one holds all above
};

// Overwrites `out` with as many items as `greedy` has. `greedy` is best first, scores are
// probabilities; `candidates` are those of CandidatePicker with their scores filled in; weight w is
// 0 to 1.
void Explore(std::span<const ScoredItem> greedy, std::span<const Candidate> candidates,
             double weight, Random& random, ExploreScratch& scratch,
             std::vector<ExploredItem>& out);

}  // namespace usher::recsys
