// Fit: from interactions to a model in memory, and how good its lists are. What Train and Evaluate
// are made of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "base/result.h"
#include "engine/blend_report.h"
#include "engine/recipes.h"
#include "recsys/als/als.h"
#include "recsys/blend/blend_options.h"
#include "recsys/interactions/interactions.h"
#include "recsys/interactions/split.h"
#include "recsys/model.h"
#include "recsys/sequence/weighted_lists.h"

namespace usher::engine {

struct FitOptions {
  RecipeKind kind = RecipeKind::kUserPersonalization;
  Hyperparameters hyperparameters;  // complete and resolved
  std::uint64_t seed = 1;
  recsys::BlendOptions
      blend;                  // of the personalisation and ranking recipes; ChooseBlendFor gives it
  bool fold_in_users = true;  // false: the caller calls FoldInUsers after changing the items
};

// What situations say of items: value j of column c is row offsets[c] + j of the lift.
struct ContextModel {
  std::vector<std::string> columns;
  std::vector<std::size_t> offsets{0};
  std::vector<std::string> values;  // of all columns, laid end to end
  linalg::Matrix lift;              // [values x items]
  float weight = 0;
};

// A model together with what it is made of. Factors and transitions are empty for popularity.
struct Fitted {
  recsys::Interactions interactions;  // histories of the model
  recsys::AlsFactors factors;         // users folded in with blend.factor_recency
  recsys::AlsOptions als;
  recsys::BlendOptions blend;
  recsys::WeightedLists transitions;  // empty when blend.sequence_weight is 0
  ContextModel context;               // without columns when there were none
  // When each item came into being, Unix seconds, kNoBirth where nobody says; empty without any.
  std::vector<std::int64_t> item_births;
};

// Scores of all items for the users of a split, each given its input. Safe to call from all threads
// of the pool, `worker` naming the thread. Both must outlive it.
class HeldOutScores {
 public:
  HeldOutScores(const Fitted& fitted, const recsys::Split& split, ThreadPool& pool);
  ~HeldOutScores();
  HeldOutScores(const HeldOutScores&) = delete;
  HeldOutScores& operator=(const HeldOutScores&) = delete;

  void Score(std::size_t which, std::size_t worker, std::span<float> scores);

 private:
  struct Scratch;
  const Fitted& fitted_;
  const recsys::Split& split_;
  recsys::AlsSide side_;
  std::vector<Scratch> scratches_;
};

// Hyperparameters with those that depend on the data (als_unobserved_weight of 0) made numbers.
[[nodiscard]] Hyperparameters ResolveHyperparameters(const Hyperparameters& complete,
                                                     const recsys::Interactions& interactions);

// `options.hyperparameters` are resolved.
[[nodiscard]] recsys::AlsOptions AlsOptionsOf(const FitOptions& options);

// The interactions of users whose history is no shorter and no longer than those percentiles of the
// lengths; the other users' lists are empty. Users without history do not count.
[[nodiscard]] recsys::Interactions KeepHistoryPercentiles(const recsys::Interactions& all,
                                                          double min_percentile,
                                                          double max_percentile);

// Fits the blend to the interactions: the newest tenth of up to 20,000 users' interactions is held
// out of them for judging.
// Without a user of two interactions it is the factors alone. `transitions` may be what an earlier
// call chose for the same interactions, seed and percentiles: the other hyperparameters do not
// change it. Errors: as Fit.
Result<BlendReport> ChooseBlendFor(const recsys::Interactions& interactions,
                                   const FitOptions& options, ThreadPool& pool,
                                   recsys::AlsHooks hooks = {},
                                   const recsys::TransitionChoice* transitions = nullptr);

// Learns from the interactions that the percentiles keep; every user gets factors from their whole
// history. Errors: kCancelled, and what the hooks say.
Result<Fitted> Fit(recsys::Interactions interactions, const FitOptions& options, ThreadPool& pool,
                   recsys::AlsHooks hooks = {});

// Solves every user's factors for their history, the items' being given.
void FoldInUsers(Fitted& fitted, ThreadPool& pool);

// A model over `fitted`, which it keeps.
[[nodiscard]] std::shared_ptr<const recsys::Model> ModelOf(std::shared_ptr<const Fitted> fitted,
                                                           recsys::Vocabulary users,
                                                           recsys::Vocabulary items,
                                                           RecipeKind kind, float temperature);

inline constexpr std::size_t kListLength = 25;  // the longest that a metric looks at

// Top lists for the users of a split, each given its input, whose items are left out.
[[nodiscard]] std::vector<std::vector<recsys::ScoredItem>> HeldOutLists(const recsys::Model& model,
                                                                        const recsys::Split& split,
                                                                        ThreadPool& pool);

// The API's metrics: mean_reciprocal_rank_at_25, normalized_discounted_cumulative_gain_at_5, _10
// and _25, precision_at_5, _10 and _25 over the split's users; with event weights also
// normalized_discounted_cumulative_gain_with_event_weights_at_…, a hit's gain being its weight;
// coverage is the share of the
// catalogue in the top 25 of those and of up to kCoverageUsers users of the training part. Rounded
// to 4 decimals. Empty when the split has no users.
inline constexpr std::size_t kCoverageUsers = 20000;
[[nodiscard]] std::map<std::string, double> OfflineMetrics(
    const recsys::Model& model, const recsys::Split& split,
    const std::vector<std::vector<recsys::ScoredItem>>& lists, ThreadPool& pool);

// The temperature under which the held-out items are most likely; the default without any.
[[nodiscard]] float TemperatureOf(const Fitted& fitted, const recsys::Split& split,
                                  ThreadPool& pool);

}  // namespace usher::engine
