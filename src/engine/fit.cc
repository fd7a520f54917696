#include "engine/fit.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "json/json.h"
#include "linalg/vector_ops.h"
#include "recsys/blend/blend_model.h"
#include "recsys/blend/choose.h"
#include "recsys/blend/fold_in.h"
#include "recsys/blend/sequence_scores.h"
#include "recsys/metrics/metrics.h"
#include "recsys/popularity/popularity_model.h"
#include "recsys/ranking/temperature.h"
#include "recsys/sequence/transitions.h"

namespace usher::engine {
namespace {

// Hyperparameters have been checked: they parse.
double NumberOf(const Hyperparameters& hyperparameters, std::string_view name) {
  return std::strtod(hyperparameters.find(name)->second.c_str(), nullptr);
}

bool KeepsAll(const Hyperparameters& hyperparameters) {
  return NumberOf(hyperparameters, "min_user_history_length_percentile") <= 0 &&
         NumberOf(hyperparameters, "max_user_history_length_percentile") >= 1;
}

recsys::Interactions Learnable(const recsys::Interactions& all,
                               const Hyperparameters& hyperparameters) {
  return KeepHistoryPercentiles(all,
                                NumberOf(hyperparameters, "min_user_history_length_percentile"),
                                NumberOf(hyperparameters, "max_user_history_length_percentile"));
}

// Users whose newest interactions a blend is chosen by.
constexpr std::size_t kMaxValidationUsers = 20000;

// Of all pairs that were not observed together, over the observed ones. Near what tuning finds on
// MovieLens sets of 0.1 and 20 million rows (Rendle et al., table 2: 27).
constexpr double kUnobservedShare = 30;
constexpr double kSmallestUnobservedWeight = 1e-6;

double Round4(double value) { return std::round(value * 1e4) / 1e4; }

std::vector<std::uint32_t> ItemsOf(const std::vector<recsys::ScoredItem>& list) {
  std::vector<std::uint32_t> items;
  items.reserve(list.size());
  for (const recsys::ScoredItem& entry : list) items.push_back(entry.item);
  return items;
}

std::size_t ItemsMet(const Fitted& fitted) {
  return recsys::CountOccurring(fitted.interactions.by_user.view(), fitted.interactions.item_count);
}

std::vector<recsys::UserQuery> HeldOutQueries(const recsys::Split& split) {
  std::vector<recsys::UserQuery> queries;
  for (std::size_t j = 0; j < split.users.size(); ++j) {
    queries.push_back({.user = {},
                       .history = split.input[j],
                       .times = split.InputTimes(j),
                       .weights = split.InputWeights(j),
                       .exclude = {},
                       .exclude_seen = true,
                       .num_results = kListLength});
  }
  return queries;
}

}  // namespace

Hyperparameters ResolveHyperparameters(const Hyperparameters& complete,
                                       const recsys::Interactions& interactions) {
  Hyperparameters resolved = complete;
  const auto weight = resolved.find("als_unobserved_weight");
  if (weight == resolved.end() || NumberOf(resolved, weight->first) > 0) return resolved;
  const recsys::ListsView by_user = interactions.by_user.view();
  const double pairs =
      static_cast<double>(recsys::CountNonEmpty(by_user)) *
      static_cast<double>(recsys::CountOccurring(by_user, interactions.item_count));
  const double density = static_cast<double>(interactions.size()) / std::max(1.0, pairs);
  weight->second.clear();
  json::AppendNumber(weight->second,
                     std::max(kSmallestUnobservedWeight, kUnobservedShare * density));
  return resolved;
}

recsys::AlsOptions AlsOptionsOf(const FitOptions& options) {
  const Hyperparameters& given = options.hyperparameters;
  return {
      .rank = static_cast<std::size_t>(NumberOf(given, "hidden_dimension")),
      .sweeps = static_cast<std::size_t>(NumberOf(given, "als_sweeps")),
      .unobserved_weight = static_cast<float>(NumberOf(given, "als_unobserved_weight")),
      .regularization = static_cast<float>(NumberOf(given, "als_regularization")),
      .frequency_exponent = static_cast<float>(NumberOf(given, "als_frequency_exponent")),
      .seed = options.seed,
  };
}

recsys::Interactions KeepHistoryPercentiles(const recsys::Interactions& all, double min_percentile,
                                            double max_percentile) {
  std::vector<std::size_t> lengths;
  for (std::size_t user = 0; user < all.user_count; ++user) {
    if (!all.by_user[user].empty()) lengths.push_back(all.by_user[user].size());
  }
  std::ranges::sort(lengths);
  // The shortest and the longest length kept, by nearest rank.
  const auto at = [&](double percentile) {
    const double rank = std::ceil(percentile * static_cast<double>(lengths.size()));
    const auto place = static_cast<std::size_t>(std::max(1.0, rank)) - 1;
    return lengths[std::min(place, lengths.size() - 1)];
  };
  const std::size_t shortest = lengths.empty() ? 0 : at(min_percentile);
  const std::size_t longest = lengths.empty() ? 0 : at(max_percentile);
  recsys::Interactions kept;
  kept.user_count = all.user_count;
  kept.item_count = all.item_count;
  kept.by_user.values.reserve(all.by_user.values.size());
  kept.times.reserve(all.times.size());
  for (std::size_t user = 0; user < all.user_count; ++user) {
    const auto history = all.by_user[user];
    kept.AppendUser(all, user, history.size() >= shortest && history.size() <= longest);
  }
  return kept;
}

Result<BlendReport> ChooseBlendFor(const recsys::Interactions& interactions,
                                   const FitOptions& options, ThreadPool& pool,
                                   recsys::AlsHooks hooks,
                                   const recsys::TransitionChoice* transitions) {
  BlendReport report;
  const auto bias = options.hyperparameters.find("apply_recency_bias");
  if (bias != options.hyperparameters.end() && bias->second == "false") return report;
  const recsys::Split split =
      KeepsAll(options.hyperparameters)
          ? recsys::SplitNewestOfSomeUsers(interactions, kMaxValidationUsers, options.seed)
          : recsys::SplitNewestOfSomeUsers(Learnable(interactions, options.hyperparameters),
                                           kMaxValidationUsers, options.seed);
  if (split.users.empty()) return report;
  if (transitions != nullptr) {
    report.transitions = *transitions;
  } else {
    auto chosen = recsys::ChooseTransitions(split, options.seed, pool, hooks.stop);
    if (!chosen) return chosen.error();
    report.transitions = *std::move(chosen);
  }
  const std::stop_token stop = hooks.stop;
  const recsys::AlsOptions als = AlsOptionsOf(options);
  hooks.solve_users = false;
  const auto factors = recsys::TrainAls(split.train, als, pool, std::move(hooks));
  if (!factors) return factors.error();
  const recsys::WeightedLists lists =
      recsys::CountTransitions(split.train, report.transitions.options.transitions, pool);
  auto blend = recsys::ChooseBlend(split, factors->items.view(), als, lists.view(),
                                   report.transitions.options, options.seed, pool, stop);
  if (!blend) return blend.error();
  report.blend = *std::move(blend);
  return report;
}

Result<Fitted> Fit(recsys::Interactions interactions, const FitOptions& options, ThreadPool& pool,
                   recsys::AlsHooks hooks) {
  Fitted fitted;
  fitted.interactions = std::move(interactions);
  if (options.kind == RecipeKind::kPopularity) return fitted;
  fitted.als = AlsOptionsOf(options);
  fitted.blend = options.blend;
  const recsys::Interactions some = KeepsAll(options.hyperparameters)
                                        ? recsys::Interactions()
                                        : Learnable(fitted.interactions, options.hyperparameters);
  const recsys::Interactions& learned =
      KeepsAll(options.hyperparameters) ? fitted.interactions : some;
  hooks.solve_users = false;  // FoldInUsers does
  auto factors = recsys::TrainAls(learned, fitted.als, pool, std::move(hooks));
  if (!factors) return factors.error();
  fitted.factors = *std::move(factors);
  if (fitted.blend.sequence_weight > 0) {
    fitted.transitions = recsys::CountTransitions(learned, fitted.blend.transitions, pool);
  }
  if (options.fold_in_users) FoldInUsers(fitted, pool);
  return fitted;
}

void FoldInUsers(Fitted& fitted, ThreadPool& pool) {
  const recsys::AlsSide side(fitted.factors.items.view(), ItemsMet(fitted), fitted.als, pool);
  recsys::FoldInAll(side, fitted.interactions, fitted.blend.factor_recency, pool,
                    fitted.factors.users);
}

std::shared_ptr<const recsys::Model> ModelOf(std::shared_ptr<const Fitted> fitted,
                                             recsys::Vocabulary users, recsys::Vocabulary items,
                                             RecipeKind kind, float temperature) {
  const recsys::ListsView histories = fitted->interactions.by_user.view();
  if (kind == RecipeKind::kPopularity) {
    return recsys::MakePopularityModel({.users = std::move(users),
                                        .items = std::move(items),
                                        .histories = histories,
                                        .owner = std::move(fitted)});
  }
  return recsys::MakeBlendModel({.users = std::move(users),
                                 .items = std::move(items),
                                 .histories = histories,
                                 .times = fitted->interactions.times,
                                 .weights = fitted->interactions.weights,
                                 .user_factors = fitted->factors.users.view(),
                                 .item_factors = fitted->factors.items.view(),
                                 .als = fitted->als,
                                 .transitions = fitted->transitions.view(),
                                 .options = fitted->blend,
                                 .temperature = temperature,
                                 .context = {.columns = fitted->context.columns,
                                             .offsets = fitted->context.offsets,
                                             .values = fitted->context.values,
                                             .lift = fitted->context.lift.view(),
                                             .weight = fitted->context.weight},
                                 .owner = fitted});
}

std::vector<std::vector<recsys::ScoredItem>> HeldOutLists(const recsys::Model& model,
                                                          const recsys::Split& split,
                                                          ThreadPool& pool) {
  std::vector<std::vector<recsys::ScoredItem>> lists;
  model.RecommendMany(HeldOutQueries(split), pool, lists);
  return lists;
}

std::map<std::string, double> OfflineMetrics(
    const recsys::Model& model, const recsys::Split& split,
    const std::vector<std::vector<recsys::ScoredItem>>& lists, ThreadPool& pool) {
  std::map<std::string, double> metrics;
  if (split.users.empty()) return metrics;
  constexpr std::size_t kLengths[] = {5, 10, 25};
  const auto users = static_cast<double>(split.users.size());
  for (std::size_t j = 0; j < split.users.size(); ++j) {
    const recsys::Hits hits = recsys::FindHits(ItemsOf(lists[j]), split.held_out[j]);
    metrics["mean_reciprocal_rank_at_25"] += recsys::ReciprocalRankAt(25, hits) / users;
    for (const std::size_t K : kLengths) {
      const std::string at = "_at_" + std::to_string(K);
      if (!split.held_out_weights.empty()) {
        metrics["normalized_discounted_cumulative_gain_with_event_weights" + at] +=
            recsys::NdcgWithGainsAt(K, ItemsOf(lists[j]), split.held_out[j],
                                    split.HeldOutWeights(j)) /
            users;
      }
      metrics["normalized_discounted_cumulative_gain" + at] +=
          recsys::NdcgAt(K, hits, split.held_out[j].size()) / users;
      metrics["precision" + at] += recsys::PrecisionAt(K, hits) / users;
    }
  }

  std::vector<bool> covered(model.items().size(), false);
  const auto cover = [&](const std::vector<std::vector<recsys::ScoredItem>>& more) {
    for (const auto& list : more) {
      for (const recsys::ScoredItem& entry : list) covered[entry.item] = true;
    }
  };
  cover(lists);
  std::vector<recsys::UserQuery> others;
  for (std::uint32_t user = 0; user < model.users().size(); ++user) {
    if (others.size() >= kCoverageUsers) break;
    if (model.History(user).empty()) continue;
    others.push_back({.user = user, .history = {}, .exclude = {}, .num_results = kListLength});
  }
  std::vector<std::vector<recsys::ScoredItem>> other_lists;
  model.RecommendMany(others, pool, other_lists);
  cover(other_lists);
  metrics["coverage"] =
      static_cast<double>(std::ranges::count(covered, true)) / static_cast<double>(covered.size());
  for (auto& [name, value] : metrics) value = Round4(value);
  return metrics;
}

struct HeldOutScores::Scratch {
  explicit Scratch(const linalg::MatrixView& items)
      : fold_in(items.stride), u(items.stride), sequence(items.rows) {}

  recsys::FoldInScratch fold_in;
  linalg::FloatVector u;
  recsys::SequenceScores sequence;
};

HeldOutScores::HeldOutScores(const Fitted& fitted, const recsys::Split& split, ThreadPool& pool)
    : fitted_(fitted),
      split_(split),
      side_(fitted.factors.items.view(), ItemsMet(fitted), fitted.als, pool),
      scratches_(pool.thread_count(), Scratch(fitted.factors.items.view())) {}

HeldOutScores::~HeldOutScores() = default;

void HeldOutScores::Score(std::size_t which, std::size_t worker, std::span<float> scores) {
  Scratch& scratch = scratches_[worker];
  const recsys::BlendOptions& blend = fitted_.blend;
  const linalg::MatrixView V = fitted_.factors.items.view();
  const auto history = split_.input[which];
  const auto times = split_.InputTimes(which);
  recsys::FoldIn(side_, history, times, blend.factor_recency, scratch.fold_in, scratch.u.data(),
                 split_.InputWeights(which));
  for (std::size_t item = 0; item < V.rows; ++item) {
    scores[item] = linalg::Dot({V.Row(item), V.stride}, scratch.u);
  }
  if (blend.sequence_weight <= 0) return;
  scratch.sequence.Sum(fitted_.transitions.view(), history, times, blend.sequence_recency,
                       blend.sequence_weight);
  for (const std::uint32_t item : scratch.sequence.items()) {
    scores[item] += scratch.sequence[item];
  }
}

float TemperatureOf(const Fitted& fitted, const recsys::Split& split, ThreadPool& pool) {
  HeldOutScores scorer(fitted, split, pool);
  return recsys::FitTemperature(
      fitted.factors.items.rows(), split.held_out.view(),
      [&](std::size_t which, std::size_t worker, std::span<float> scores) {
        scorer.Score(which, worker, scores);
      },
      pool);
}

}  // namespace usher::engine
