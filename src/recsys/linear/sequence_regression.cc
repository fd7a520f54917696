#include "recsys/linear/sequence_regression.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "linalg/gather_sum.h"
#include "linalg/matrix.h"
#include "linalg/spd_inverse.h"
#include "recsys/linear/largest_weights.h"

namespace usher::recsys {
namespace {

constexpr std::size_t kStripe = 64;  // sources worked on together
constexpr std::size_t kTargetsPerChunk = 16;
constexpr std::uint32_t kNoSource = std::numeric_limits<std::uint32_t>::max();

std::vector<std::uint32_t> EventsOfItems(const Interactions& interactions) {
  std::vector<std::uint32_t> events(interactions.item_count, 0);
  for (const std::uint32_t item : interactions.by_user.values) ++events[item];
  return events;
}

// The most frequent items, rising; of equally frequent ones those of smaller index.
std::vector<std::uint32_t> MostFrequent(const std::vector<std::uint32_t>& events,
                                        std::size_t count) {
  std::vector<std::uint32_t> items(events.size());
  std::iota(items.begin(), items.end(), 0U);
  std::erase_if(items, [&](std::uint32_t item) { return events[item] == 0; });
  std::ranges::stable_sort(items, [&](auto a, auto b) { return events[a] > events[b]; });
  items.resize(std::min(count, items.size()));
  std::ranges::sort(items);
  return items;
}

// Pairs of source and target in the order of targets.
struct Pairs {
  std::vector<std::uint32_t> sources;
  std::vector<float> weights;
};

// Fills S^T S (before it is made symmetric) and S^T T.
class PairCounter {
 public:
  PairCounter(const Interactions& interactions, const SequenceRegressionOptions& options,
              const std::vector<std::uint32_t>& sources)
      : interactions_(interactions),
        options_(options),
        source_count_(sources.size()),
        source_of_(interactions.item_count, kNoSource),
        places_(Places(interactions)),
        user_of_place_(interactions.size()),
        distance_(options.window),
        uses_time_(options.time_scale > 0 && !interactions.times.empty()) {
    for (std::size_t s = 0; s < sources.size(); ++s) {
      source_of_[sources[s]] = static_cast<std::uint32_t>(s);
    }
    const auto& offsets = interactions.by_user.offsets;
    for (std::size_t user = 0; user < interactions.user_count; ++user) {
      std::fill(user_of_place_.begin() + offsets[user], user_of_place_.begin() + offsets[user + 1],
                static_cast<std::uint32_t>(user));
    }
    for (std::size_t d = 0; d < distance_.size(); ++d) {
      distance_[d] = std::exp2(-static_cast<float>(d) / options.half_life);
    }
    next_ = std::exp2(-1.0F / options.half_life);
  }

  struct Scratch {
    std::vector<float> sums;     // S^T T of one target, by source
    std::vector<float> squares;  // [k]: sum of w_tq^2 over the k targets that follow q
  };

  // S^T T of one target, sources rising, onto the end of `pairs`; returns how many. If the target
  // is a source, adds to its row of `gram` [n] what its events and earlier ones give together.
  std::size_t CountTarget(std::uint32_t target, float* gram, std::size_t n, Scratch& scratch,
                          Pairs& pairs) const {
    scratch.sums.assign(source_count_, 0.0F);
    scratch.squares.resize(options_.window + 1);
    const std::uint32_t source = source_of_[target];
    for (const std::uint32_t place : places_[target]) {
      AddTarget(place, scratch);
      if (source != kNoSource) AddSource(place, source, gram + source * n, scratch);
    }
    std::size_t count = 0;
    for (std::uint32_t s = 0; s < source_count_; ++s) {
      if (scratch.sums[s] <= 0) continue;
      pairs.sources.push_back(s);
      pairs.weights.push_back(scratch.sums[s]);
      ++count;
    }
    return count;
  }

 private:
  // Where events of each item stand in the histories laid end to end.
  static Lists Places(const Interactions& interactions) {
    Lists by_place;
    for (const std::uint32_t item : interactions.by_user.values) by_place.Append({&item, 1});
    return Transpose(by_place.view(), interactions.item_count);
  }

  // w_tp for the event p = place - d; d from 1.
  [[nodiscard]] float Weight(std::uint32_t place, std::size_t d) const {
    const float weight = distance_[d - 1];
    return uses_time_ ? weight * Decay(place - d, place) : weight;
  }
  [[nodiscard]] float Decay(std::size_t earlier, std::size_t later) const {
    const auto gap = static_cast<float>(interactions_.times[later] - interactions_.times[earlier]);
    return std::exp(-gap / options_.time_scale);
  }

  [[nodiscard]] std::size_t Before(std::uint32_t place) const {
    const auto begin = interactions_.by_user.offsets[user_of_place_[place]];
    return std::min<std::size_t>(place - static_cast<std::size_t>(begin), options_.window);
  }
  [[nodiscard]] std::size_t After(std::uint32_t place) const {
    const auto end = interactions_.by_user.offsets[user_of_place_[place] + 1];
    return std::min<std::size_t>(static_cast<std::size_t>(end) - place - 1, options_.window);
  }

  void AddTarget(std::uint32_t place, Scratch& scratch) const {
    const std::size_t before = Before(place);
    for (std::size_t d = 1; d <= before; ++d) {
      const std::uint32_t source = source_of_[interactions_.by_user.values[place - d]];
      if (source != kNoSource) scratch.sums[source] += Weight(place, d);
    }
  }

  void AddSource(std::uint32_t place, std::uint32_t own, float* row, Scratch& scratch) const {
    const std::size_t after = After(place);
    scratch.squares[0] = 0;
    for (std::size_t k = 1; k <= after; ++k) {
      const auto target = static_cast<std::uint32_t>(place + k);
      const float weight = Weight(target, k);
      scratch.squares[k] = scratch.squares[k - 1] + weight * weight;
    }
    row[own] += scratch.squares[after];
    const std::size_t before = Before(place);
    for (std::size_t d = 1; d <= before; ++d) {
      const std::uint32_t source = source_of_[interactions_.by_user.values[place - d]];
      if (source == kNoSource) continue;
      // The event at place - d reaches window - d targets beyond this one.
      const std::size_t shared = std::min(after, options_.window - d);
      row[source] += Weight(place, d) * next_ * scratch.squares[shared];
    }
  }

  const Interactions& interactions_;
  const SequenceRegressionOptions& options_;
  std::size_t source_count_;
  std::vector<std::uint32_t> source_of_;  // of each item
  Lists places_;
  std::vector<std::uint32_t> user_of_place_;
  std::vector<float> distance_;  // 2^(-(d - 1) / half_life) at d - 1
  bool uses_time_;
  float next_ = 1;  // what one more event of distance multiplies a weight by
};

// Adds the lower triangle of a matrix to its upper one, a square of cache lines after the other.
void FoldOver(float* A, std::size_t n, ThreadPool& pool) {
  constexpr std::size_t kSide = 16;
  pool.ParallelFor(n, kSide, [&](const ChunkRange& range) {
    for (std::size_t c = range.begin; c < n; c += kSide) {
      for (std::size_t i = range.begin; i < range.end; ++i) {
        for (std::size_t j = std::max(i + 1, c); j < std::min(n, c + kSide); ++j) {
          A[i * n + j] += A[j * n + i];
        }
      }
    }
  });
}

// Pairs of all targets: those of target j are [offsets[j], offsets[j + 1]).
struct TargetLists {
  std::vector<std::size_t> offsets{0};
  Pairs pairs;

  [[nodiscard]] std::span<const std::uint32_t> Sources(std::size_t target) const {
    return std::span(pairs.sources).subspan(offsets[target], offsets[target + 1] - offsets[target]);
  }
  [[nodiscard]] std::span<const float> Weights(std::size_t target) const {
    return std::span(pairs.weights).subspan(offsets[target], offsets[target + 1] - offsets[target]);
  }
};

TargetLists CountPairs(const PairCounter& counter, std::size_t item_count, linalg::FloatVector& A,
                       std::size_t n, ThreadPool& pool) {
  std::vector<Pairs> laid((item_count + kTargetsPerChunk - 1) / kTargetsPerChunk);
  TargetLists lists;
  lists.offsets.assign(item_count + 1, 0);
  std::vector<PairCounter::Scratch> scratches(pool.thread_count());
  pool.ParallelFor(item_count, kTargetsPerChunk, [&](const ChunkRange& range) {
    for (std::size_t target = range.begin; target < range.end; ++target) {
      lists.offsets[target + 1] =
          counter.CountTarget(static_cast<std::uint32_t>(target), A.data(), n,
                              scratches[range.worker], laid[range.chunk]);
    }
  });
  std::partial_sum(lists.offsets.begin(), lists.offsets.end(), lists.offsets.begin());
  lists.pairs.sources.reserve(lists.offsets.back());
  lists.pairs.weights.reserve(lists.offsets.back());
  for (Pairs& part : laid) {
    lists.pairs.sources.insert(lists.pairs.sources.end(), part.sources.begin(), part.sources.end());
    lists.pairs.weights.insert(lists.pairs.weights.end(), part.weights.begin(), part.weights.end());
    part = {};
  }
  return lists;
}

// B = P C for the sources [begin, end), at most kStripe, of which P has the columns.
struct StripeScratch {
  linalg::Matrix P;
  linalg::FloatVector sums;
  LargestWeights weights;
};

void MultiplyStripe(const linalg::MatrixView& P, const TargetLists& C,
                    std::span<const std::uint32_t> sources, std::size_t begin, std::size_t end,
                    std::size_t neighbours, StripeScratch& scratch,
                    std::vector<std::vector<ScoredItem>>& rows) {
  const std::size_t width = end - begin;
  if (scratch.P.rows() == 0) scratch.P = linalg::Matrix(sources.size(), kStripe);
  scratch.sums.resize(kStripe);
  for (std::size_t k = 0; k < sources.size(); ++k) {
    std::copy_n(P.Row(k) + begin, width, scratch.P.Row(k));
  }
  scratch.weights.Reset(sources.subspan(begin, width), neighbours);
  for (std::size_t target = 0; target + 1 < C.offsets.size(); ++target) {
    if (C.Sources(target).empty()) continue;
    linalg::GatherSum(scratch.P.view(), C.Sources(target), C.Weights(target), scratch.sums.data());
    scratch.weights.Offer(static_cast<std::uint32_t>(target), scratch.sums, 1.0F);
  }
  scratch.weights.Take(rows);
}

}  // namespace

RegressionCost SequenceRegressionCost(const Interactions& interactions,
                                      const SequenceRegressionOptions& options) {
  const std::vector<std::uint32_t> events = EventsOfItems(interactions);
  RegressionCost cost;
  cost.sources = MostFrequent(events, options.sources).size();
  const auto N = static_cast<double>(cost.sources);
  for (const std::uint32_t count : events) {
    cost.pairs += std::min(N, static_cast<double>(count) * options.window);
  }
  cost.multiply_adds = N * N * N / 2 + N * cost.pairs;
  return cost;
}

Result<WeightedLists> TrainSequenceRegression(const Interactions& interactions,
                                              const SequenceRegressionOptions& options,
                                              ThreadPool& pool, const std::stop_token& stop) {
  Check(options.window >= 1 && options.window <= kMaxRegressionWindow, "the window is in range");
  Check(options.sources >= 1 && options.sources <= kMaxRegressionSources, "sources are in range");
  Check(options.half_life > 0 && options.regularization > 0, "half-life and lambda are over 0");
  if (const RegressionCost cost = SequenceRegressionCost(interactions, options);
      cost.pairs > kMaxRegressionPairs) {
    return Error{ErrorCode::kLimitExceeded,
                 "a sequence regression of up to " + std::to_string(cost.pairs) +
                     " pairs of items is over the limit of " + std::to_string(kMaxRegressionPairs)};
  }
  const std::vector<std::uint32_t> sources =
      MostFrequent(EventsOfItems(interactions), options.sources);
  const std::size_t n = linalg::PaddedOrder(sources.size());
  linalg::FloatVector A(n * n, 0.0F);
  const PairCounter counter(interactions, options, sources);
  const TargetLists C = CountPairs(counter, interactions.item_count, A, n, pool);
  FoldOver(A.data(), n, pool);
  for (std::size_t k = 0; k < n; ++k) {
    A[k * n + k] = k < sources.size() ? A[k * n + k] + options.regularization : 1.0F;
  }
  if (!linalg::InvertSpdInPlace(A.data(), n, pool, stop)) {
    return Cancelled("the training was stopped");
  }
  std::vector<std::vector<ScoredItem>> rows(interactions.item_count);
  std::vector<StripeScratch> scratches(pool.thread_count());
  pool.ParallelFor(sources.size(), kStripe, [&](const ChunkRange& range) {
    if (stop.stop_requested()) return;
    MultiplyStripe({A.data(), n, n, n}, C, sources, range.begin, range.end, options.neighbours,
                   scratches[range.worker], rows);
  });
  if (stop.stop_requested()) return Cancelled("the training was stopped");
  return ListsOf(rows);
}

}  // namespace usher::recsys
