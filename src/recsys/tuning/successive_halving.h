// SuccessiveHalving: many configurations tried on few rows, the better ones again on more, until
// the best are compared on all.
//
// Source: Jamieson and Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter
//         Optimization", AISTATS 2016; with the factor 3 of Li et al., "Hyperband", JMLR 2018.
// Here:   trial 0 is the default configuration. It keeps a place in every rung, so that whatever
//         wins has been compared with it on the same rows. Metrics of different rungs are never
//         compared.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "base/result.h"

namespace usher::recsys {

inline constexpr std::size_t kHalvingFactor = 3;  // eta
// A rung learns from no fewer users than this, unless there are no more: with less data the order
// of configurations says little about their order on all of it.
inline constexpr std::size_t kMinRungUsers = 1000;

struct Rung {
  std::size_t trials = 0;
  double share = 1;  // of the users to learn from

  bool operator==(const Rung&) const = default;
};

// The rungs for `trials` >= 1 configurations with `users` users to learn from. Rung r of R has
// trials / 3^r of them, rounded down but at least 2 (or 1 when there is only one), at a share of
// 3^-(R - 1 - r); there are as many rungs as halve to at least one and keep kMinRungUsers.
[[nodiscard]] std::vector<Rung> PlanRungs(std::size_t trials, std::size_t users);

struct TrialResult {
  std::size_t trial = 0;
  std::size_t rung = 0;
  double metric = 0;
};

struct HalvingResult {
  std::vector<TrialResult> results;  // in the order of evaluation
  std::size_t winner = 0;            // a trial
  double metric = 0;                 // the winner's in the rung that decided
  std::size_t rung = 0;              // that decided
  bool complete = true;              // false: stopped by `go_on`
};

// Evaluates by `evaluate(trial, rung)`, whose error ends all. A metric that is no number counts as
// the worst. Within a rung the default comes first, then the others from the best of the rung
// before on. `go_on(rung, results so far)` is asked before each evaluation but the first; false
// ends the search. The rung that decides is then the last one with two results or more (or the
// first, with the default alone). Equal metrics: the one evaluated first wins.
Result<HalvingResult> RunHalving(
    const std::vector<Rung>& rungs, bool maximize,
    const std::function<Result<double>(std::size_t trial, std::size_t rung)>& evaluate,
    const std::function<bool(std::size_t rung, const std::vector<TrialResult>&)>& go_on = {});

}  // namespace usher::recsys
