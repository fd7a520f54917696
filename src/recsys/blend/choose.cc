#include "recsys/blend/choose.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "base/random.h"
#include "linalg/vector_ops.h"
#include "recsys/blend/fold_in.h"
#include "recsys/blend/sequence_scores.h"
#include "recsys/metrics/metrics.h"
#include "recsys/ranking/top_k.h"

namespace usher::recsys {
namespace {

constexpr std::size_t kLength = 10;  // of the lists that are judged
// Rounds of coordinate descent. The first tries every value, those after it only the ones beside
// the best so far.
constexpr int kRounds = 2;
constexpr float kHour = 3600;
constexpr float kDay = 24 * kHour;

// `count` of [0, total), rising; all of them when there are no more.
std::vector<std::uint32_t> Sample(std::size_t total, std::size_t count, std::uint64_t seed) {
  std::vector<std::uint32_t> all(total);
  std::iota(all.begin(), all.end(), 0U);
  if (total <= count) return all;
  Random random(seed);
  for (std::size_t j = 0; j < count; ++j) std::swap(all[j], all[j + random.Below(total - j)]);
  all.resize(count);
  std::ranges::sort(all);
  return all;
}

double NdcgOf(const std::vector<ScoredItem>& list, std::span<const std::uint32_t> held_out) {
  std::vector<std::uint32_t> items;
  for (const ScoredItem& entry : list) items.push_back(entry.item);
  return NdcgAt(kLength, FindHits(items, held_out), held_out.size());
}

double Mean(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) /
         static_cast<double>(std::max<std::size_t>(1, values.size()));
}

// The users with held-out items that fit into kMaxChoiceRows, and what they did.
Split SmallPart(const Split& split, std::uint64_t seed) {
  std::size_t rows = 0;
  for (std::size_t j = 0; j < split.users.size(); ++j) rows += split.input[j].size();
  const double share = std::min(1.0, static_cast<double>(kMaxChoiceRows) /
                                         static_cast<double>(std::max<std::size_t>(rows, 1)));
  const auto count = static_cast<std::size_t>(share * static_cast<double>(split.users.size()));
  Split part;
  part.train.user_count = 0;
  part.train.item_count = split.train.item_count;
  std::size_t taken = 0;
  for (const std::uint32_t j : Sample(split.users.size(), std::max<std::size_t>(1, count), seed)) {
    if (taken + split.input[j].size() > kMaxChoiceRows) continue;
    taken += split.input[j].size();
    part.users.push_back(static_cast<std::uint32_t>(part.train.user_count++));
    part.train.by_user.Append(split.input[j]);
    const auto times = split.InputTimes(j);
    part.train.times.insert(part.train.times.end(), times.begin(), times.end());
    part.held_out.Append(split.held_out[j]);
  }
  part.input = part.train.by_user;
  part.input_times = part.train.times;
  return part;
}

// Judges transitions by what they rank alone.
class TransitionJudge {
 public:
  TransitionJudge(const Split& split, std::uint64_t seed, ThreadPool& pool)
      : split_(split),
        pool_(pool),
        cases_(Sample(split.users.size(), kMaxChoiceCases, seed)),
        ndcg_(cases_.size()),
        scratches_(pool.thread_count(), Scratch(split.train.item_count)) {}

  [[nodiscard]] std::size_t cases() const { return cases_.size(); }

  double Judge(const BlendOptions& options) {
    if (!counted_ || options.transitions != counted_options_) {
      counted_options_ = options.transitions;
      T_ = CountTransitions(split_.train, counted_options_, pool_);
      counted_ = true;
    }
    pool_.ParallelFor(cases_.size(), 1, [&](const ChunkRange& range) {
      Scratch& scratch = scratches_[range.worker];
      const std::uint32_t j = cases_[range.begin];
      const auto input = split_.input[j];
      scratch.sequence.Sum(T_.view(), input, split_.InputTimes(j), options.sequence_recency, 1.0F);
      for (const std::uint32_t item : input) scratch.seen[item] = true;
      scratch.best.Reset(kLength);
      for (const std::uint32_t item : scratch.sequence.items()) {
        if (!scratch.seen[item]) scratch.best.Offer({item, scratch.sequence[item]});
      }
      for (const std::uint32_t item : input) scratch.seen[item] = false;
      scratch.best.Take(scratch.list);
      ndcg_[range.begin] = NdcgOf(scratch.list, split_.held_out[j]);
    });
    return Mean(ndcg_);
  }

 private:
  struct Scratch {
    explicit Scratch(std::size_t items) : sequence(items), seen(items, false) {}

    SequenceScores sequence;
    std::vector<bool> seen;
    TopK best;
    std::vector<ScoredItem> list;
  };

  const Split& split_;
  ThreadPool& pool_;
  std::vector<std::uint32_t> cases_;
  std::vector<double> ndcg_;
  std::vector<Scratch> scratches_;
  WeightedLists T_;
  TransitionOptions counted_options_;
  bool counted_ = false;
};

// Far enough that what is left out would weigh little.
std::uint32_t WindowOf(float distance_half_life) {
  return static_cast<std::uint32_t>(std::clamp(4.0F * distance_half_life, 8.0F, 60.0F));
}

BlendOptions Start(TransitionOptions transitions, Recency recency) {
  transitions.window = WindowOf(transitions.distance_half_life);
  return {.transitions = transitions, .sequence_recency = recency, .sequence_weight = 1};
}

// Three kinds of data: long sittings, small baskets that are often repeated, and events far apart.
const std::array kStarts{
    Start({.distance_half_life = 10,
           .backward = 0.25F,
           .time_scale = 0,
           .source_exponent = 0.85F,
           .target_exponent = 0.3F,
           .shrink = 20},
          {.half_life = 3}),
    Start({.distance_half_life = 1,
           .backward = 1,
           .time_scale = kDay,
           .source_exponent = 0.85F,
           .target_exponent = 0.5F,
           .shrink = 1},
          {.half_life = 10, .time_scale = 10 * kDay}),
    Start({.distance_half_life = 30,
           .backward = 0.25F,
           .time_scale = 60 * kDay,
           .source_exponent = 0.7F,
           .target_exponent = 0.15F,
           .shrink = 50},
          {.half_life = 2}),
};

// One coordinate: its values and where they stand.
struct Coordinate {
  std::vector<float> values;
  float (*get)(const BlendOptions& options);
  void (*set)(BlendOptions& options, float value);
};

const std::array kCoordinates{
    Coordinate{{1, 2, 3, 5, 10, 20},
               [](const BlendOptions& o) { return o.sequence_recency.half_life; },
               [](BlendOptions& o, float value) { o.sequence_recency.half_life = value; }},
    Coordinate{{0, kDay, 10 * kDay, 60 * kDay},
               [](const BlendOptions& o) { return o.sequence_recency.time_scale; },
               [](BlendOptions& o, float value) { o.sequence_recency.time_scale = value; }},
    Coordinate{{1, 3, 10, 30},
               [](const BlendOptions& o) { return o.transitions.distance_half_life; },
               [](BlendOptions& o, float value) {
                 o.transitions.distance_half_life = value;
                 o.transitions.window = WindowOf(value);
               }},
    Coordinate{{0, 0.25F, 0.5F, 1},
               [](const BlendOptions& o) { return o.transitions.backward; },
               [](BlendOptions& o, float value) { o.transitions.backward = value; }},
    Coordinate{{0, 2 * kHour, kDay, 10 * kDay, 60 * kDay},
               [](const BlendOptions& o) { return o.transitions.time_scale; },
               [](BlendOptions& o, float value) { o.transitions.time_scale = value; }},
    Coordinate{{0.5F, 0.7F, 0.85F, 1},
               [](const BlendOptions& o) { return o.transitions.source_exponent; },
               [](BlendOptions& o, float value) { o.transitions.source_exponent = value; }},
    Coordinate{{0, 0.15F, 0.3F, 0.5F},
               [](const BlendOptions& o) { return o.transitions.target_exponent; },
               [](BlendOptions& o, float value) { o.transitions.target_exponent = value; }},
    Coordinate{{1, 5, 20, 50},
               [](const BlendOptions& o) { return o.transitions.shrink; },
               [](BlendOptions& o, float value) { o.transitions.shrink = value; }},
};

}  // namespace

Result<TransitionChoice> ChooseTransitions(const Split& split, std::uint64_t seed, ThreadPool& pool,
                                           const std::stop_token& stop) {
  const Split part = SmallPart(split, seed);
  TransitionJudge judge(part, seed, pool);
  TransitionChoice choice;
  choice.cases = judge.cases();
  choice.options = kStarts.front();
  if (choice.cases == 0) return choice;
  choice.ndcg_at_10 = -1;
  const auto consider = [&](const BlendOptions& options) {
    const double ndcg = judge.Judge(options);
    choice.trials.push_back({options, ndcg});
    if (ndcg <= choice.ndcg_at_10) return false;
    choice.ndcg_at_10 = ndcg;
    choice.options = options;
    return true;
  };
  for (const BlendOptions& start : kStarts) consider(start);
  for (int round = 0; round < kRounds; ++round) {
    bool moved = false;
    for (const Coordinate& coordinate : kCoordinates) {
      const BlendOptions from = choice.options;
      const auto here = std::ranges::find(coordinate.values, coordinate.get(from));
      for (auto at = coordinate.values.begin(); at != coordinate.values.end(); ++at) {
        if (round > 0 && std::abs(at - here) != 1) continue;
        if (stop.stop_requested()) return Cancelled("the training was stopped");
        BlendOptions options = from;
        coordinate.set(options, *at);
        if (options != from) moved = consider(options) || moved;
      }
    }
    if (!moved) break;
  }
  return choice;
}

namespace {

// Grids of the second step. Weights are multiples of the one that makes the best item's transition
// score as large as the best item's product, on average.
constexpr std::array<float, 7> kFactorHalfLives{0, 20, 10, 5, 3, 2, 1};
constexpr std::array<float, 12> kWeights{0,    0.03F, 0.07F, 0.15F, 0.3F, 0.5F,
                                         0.8F, 1.2F,  2,     4,     8,    30};
constexpr std::size_t kPairs = kFactorHalfLives.size() * kWeights.size();

// Judges all pairs of the grids.
class PairJudge {
 public:
  PairJudge(const Split& split, const linalg::MatrixView& item_factors, const AlsSide& side,
            const WeightedListsView& transitions, const BlendOptions& options, std::uint64_t seed,
            ThreadPool& pool)
      : split_(split),
        V_(item_factors),
        side_(side),
        T_(transitions),
        options_(options),
        pool_(pool),
        cases_(Sample(split.users.size(), kMaxChoiceCases, seed)),
        scratches_(pool.thread_count(), Scratch(item_factors)) {}

  [[nodiscard]] std::size_t cases() const { return cases_.size(); }

  // The largest product over the largest transition score, on average.
  double Scale() {
    std::vector<double> products(cases_.size());
    std::vector<double> scores(cases_.size());
    pool_.ParallelFor(cases_.size(), 1, [&](const ChunkRange& range) {
      Scratch& scratch = scratches_[range.worker];
      const std::uint32_t j = cases_[range.begin];
      Factors(j, 0, scratch);
      Transitions(j, scratch);
      products[range.begin] = *std::ranges::max_element(scratch.products);
      scores[range.begin] = *std::ranges::max_element(scratch.scores);
    });
    const double score = Mean(scores);
    return score > 0 ? std::max(0.0, Mean(products)) / score : 0;
  }

  // ndcg[pair][case]; pair = half-life * kWeights.size() + weight; the last row is of the
  // transitions alone.
  std::vector<std::vector<double>> Judge(double scale) {
    std::vector<std::vector<double>> ndcg(kPairs + 1, std::vector<double>(cases_.size()));
    pool_.ParallelFor(cases_.size(), 1, [&](const ChunkRange& range) {
      Scratch& scratch = scratches_[range.worker];
      const std::uint32_t j = cases_[range.begin];
      Transitions(j, scratch);
      ndcg[kPairs][range.begin] = JudgeOne(j, 0, 1, scratch);
      for (std::size_t h = 0; h < kFactorHalfLives.size(); ++h) {
        Factors(j, kFactorHalfLives[h], scratch);
        for (std::size_t w = 0; w < kWeights.size(); ++w) {
          ndcg[h * kWeights.size() + w][range.begin] =
              JudgeOne(j, 1, static_cast<float>(scale * kWeights[w]), scratch);
        }
      }
    });
    return ndcg;
  }

 private:
  struct Scratch {
    explicit Scratch(const linalg::MatrixView& items)
        : fold_in(items.stride),
          u(items.stride),
          sequence(items.rows),
          products(items.rows),
          scores(items.rows) {}

    FoldInScratch fold_in;
    linalg::FloatVector u;
    SequenceScores sequence;
    std::vector<float> products;  // of each item; of seen ones far below all others
    std::vector<float> scores;
    TopK best;
    std::vector<ScoredItem> list;
  };

  static constexpr float kSeen = -1e30F;

  void Factors(std::uint32_t j, float half_life, Scratch& scratch) {
    FoldIn(side_, split_.input[j], split_.InputTimes(j), {half_life, 0}, scratch.fold_in,
           scratch.u.data());
    for (std::size_t item = 0; item < V_.rows; ++item) {
      scratch.products[item] = linalg::Dot({V_.Row(item), V_.stride}, scratch.u);
    }
    for (const std::uint32_t item : split_.input[j]) scratch.products[item] = kSeen;
  }

  void Transitions(std::uint32_t j, Scratch& scratch) {
    std::ranges::fill(scratch.scores, 0.0F);
    if (T_.size() == 0) return;
    scratch.sequence.Sum(T_, split_.input[j], split_.InputTimes(j), options_.sequence_recency, 1);
    for (const std::uint32_t item : scratch.sequence.items()) {
      scratch.scores[item] = scratch.sequence[item];
    }
    for (const std::uint32_t item : split_.input[j]) scratch.scores[item] = 0;
  }

  double JudgeOne(std::uint32_t j, float product_weight, float score_weight, Scratch& scratch) {
    scratch.best.Reset(kLength);
    float threshold = -std::numeric_limits<float>::infinity();
    for (std::uint32_t item = 0; item < V_.rows; ++item) {
      const float score =
          product_weight * scratch.products[item] + score_weight * scratch.scores[item];
      if (score < threshold || score <= kSeen || (product_weight == 0 && score == 0)) continue;
      scratch.best.Offer({item, score});
      threshold = scratch.best.threshold();
    }
    scratch.best.Take(scratch.list);
    return NdcgOf(scratch.list, split_.held_out[j]);
  }

  const Split& split_;
  linalg::MatrixView V_;
  const AlsSide& side_;
  WeightedListsView T_;
  const BlendOptions& options_;
  ThreadPool& pool_;
  std::vector<std::uint32_t> cases_;
  std::vector<Scratch> scratches_;
};

std::size_t CountNonZeroRows(const linalg::MatrixView& matrix) {
  std::size_t count = 0;
  for (std::size_t row = 0; row < matrix.rows; ++row) {
    const float* values = matrix.Row(row);
    count += std::any_of(values, values + matrix.cols, [](float v) { return v != 0; }) ? 1 : 0;
  }
  return count;
}

}  // namespace

Result<BlendChoice> ChooseBlend(const Split& split, const linalg::MatrixView& item_factors,
                                const AlsOptions& als, const WeightedListsView& transitions,
                                const BlendOptions& options, std::uint64_t seed, ThreadPool& pool,
                                const std::stop_token& stop) {
  const AlsSide side(item_factors, CountNonZeroRows(item_factors), als, pool);
  PairJudge judge(split, item_factors, side, transitions, options, seed, pool);
  BlendChoice choice;
  choice.cases = judge.cases();
  choice.options = options;
  choice.options.sequence_weight = 0;
  choice.options.factor_recency = {0, 0};
  if (choice.cases == 0) return choice;
  const double scale = judge.Scale();
  if (stop.stop_requested()) return Cancelled("the training was stopped");
  const auto ndcg = judge.Judge(scale);
  choice.factors_ndcg_at_10 = Mean(ndcg[0]);
  choice.transitions_ndcg_at_10 = Mean(ndcg[kPairs]);
  choice.ndcg_at_10 = -1;
  std::size_t best = 0;
  for (std::size_t pair = 0; pair < kPairs; ++pair) {
    const double mean = Mean(ndcg[pair]);
    Trial trial{options, mean};
    trial.options.factor_recency = {kFactorHalfLives[pair / kWeights.size()], 0};
    trial.options.sequence_weight = static_cast<float>(scale * kWeights[pair % kWeights.size()]);
    choice.trials.push_back(trial);
    if (mean > choice.ndcg_at_10) {
      choice.ndcg_at_10 = mean;
      best = pair;
    }
  }
  std::vector<double> gains(choice.cases);
  for (std::size_t c = 0; c < gains.size(); ++c) gains[c] = ndcg[best][c] - ndcg[0][c];
  const MeanAndError gain = Summarize(gains);
  choice.gain_standard_error = gain.standard_error;
  if (gain.mean <= gain.standard_error) {
    best = 0;
    choice.ndcg_at_10 = choice.factors_ndcg_at_10;
  }
  choice.options = choice.trials[best].options;
  choice.per_case = ndcg[best];
  return choice;
}

}  // namespace usher::recsys
