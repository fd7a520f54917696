#include "recsys/als/als.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "base/check.h"
#include "base/random.h"
#include "linalg/cholesky.h"
#include "linalg/rank_update.h"
#include "linalg/vector_ops.h"

namespace usher::recsys {
namespace {

constexpr std::size_t kRowsPerChunk = 32;    // handed to a thread at a time
constexpr std::size_t kRowsPerBlock = 4096;  // between two looks at the stop request

// Small normal entries. Items that nobody met start, and stay, at zero.
linalg::Matrix StartingItems(const ListsView& by_item, const AlsOptions& options) {
  linalg::Matrix items(by_item.size(), options.rank);
  const double deviation = options.initial_deviation / std::sqrt(static_cast<double>(options.rank));
  Random random(options.seed);
  for (std::size_t item = 0; item < by_item.size(); ++item) {
    for (std::size_t k = 0; k < options.rank; ++k) {
      const double value = deviation * random.Normal();
      items.Row(item)[k] = by_item[item].empty() ? 0.0F : static_cast<float>(value);
    }
  }
  return items;
}

// Row r of `out` = sum of the rows of `in` that list r names.
void SumLists(const ListsView& lists, const linalg::Matrix& in, ThreadPool& pool,
              linalg::Matrix& out) {
  pool.ParallelFor(lists.size(), kRowsPerChunk, [&](const ChunkRange& range) {
    for (std::size_t row = range.begin; row < range.end; ++row) {
      linalg::GatherSum(in.view(), lists[row], out.Row(row));
    }
  });
}

// V becomes V R^-1 with R^T R = V^T V: orthonormal columns.
void Orthonormalize(linalg::Matrix& V, ThreadPool& pool) {
  const std::size_t n = V.stride();
  linalg::FloatVector R(n * n);
  linalg::FloatVector unused(n, 0.0F);
  linalg::Gram(V.view(), pool, R.data());
  linalg::SolveCholeskyInPlace(R.data(), n, unused.data());  // leaves R in the upper triangle
  pool.ParallelFor(V.rows(), kRowsPerChunk, [&](const ChunkRange& range) {
    for (std::size_t row = range.begin; row < range.end; ++row) {
      const std::span<float> v(V.Row(row), n);
      for (std::size_t k = 0; k < n; ++k) {
        const float pivot = R[k * n + k];
        v[k] = pivot > 0 ? v[k] / pivot : 0.0F;
        linalg::AddScaled(-v[k], std::span<const float>(R).subspan(k * n + k + 1, n - k - 1),
                          v.subspan(k + 1));
      }
    }
  });
}

// Turns random items V into the leading right singular vectors of the observed pairs, each times
// the root of its singular value. `users` is scratch.
void IterateStart(const ListsView& by_user, const ListsView& by_item, std::size_t iterations,
                  ThreadPool& pool, linalg::Matrix& users, linalg::Matrix& items) {
  for (std::size_t iteration = 0; iteration < iterations; ++iteration) {
    SumLists(by_user, items, pool, users);
    Orthonormalize(users, pool);
    SumLists(by_item, users, pool, items);
    Orthonormalize(items, pool);
  }
  SumLists(by_user, items, pool, users);
  const std::size_t n = users.stride();
  linalg::FloatVector gram(n * n);
  linalg::Gram(users.view(), pool, gram.data());
  for (std::size_t k = 0; k < n; ++k) {
    // The square of the singular value is on the diagonal.
    const float scale = std::sqrt(std::sqrt(std::max(0.0F, gram[k * n + k])));
    for (std::size_t item = 0; item < items.rows(); ++item) items.Row(item)[k] *= scale;
  }
}

// How far the whole training is, and whether to go on.
class Meter {
 public:
  Meter(const AlsHooks& hooks, double total_rows, double done_rows)
      : hooks_(hooks), total_(total_rows), done_(done_rows) {}

  [[nodiscard]] bool Advance(std::size_t rows) {
    done_ += static_cast<double>(rows);
    if (hooks_.progress) hooks_.progress(std::min(1.0, done_ / total_));
    return !hooks_.stop.stop_requested();
  }

 private:
  const AlsHooks& hooks_;
  double total_;
  double done_;
};

// The weights of a user's items in the order of Transpose: of each item, its users'.
std::vector<float> TransposeWeights(const Interactions& interactions, const ListsView& by_item) {
  if (interactions.weights.empty()) return {};
  std::vector<std::int64_t> next(by_item.offsets.begin(), by_item.offsets.end() - 1);
  std::vector<float> weights(interactions.weights.size());
  for (std::size_t place = 0; place < weights.size(); ++place) {
    const std::uint32_t item = interactions.by_user.values[place];
    weights[static_cast<std::size_t>(next[item]++)] = interactions.weights[place];
  }
  return weights;
}

enum class Accuracy { kExact, kOfTheSolver };

// Solves every row of `out`; false when stopped on the way. `weights` are of the lists' values, or
// none: all 1.
bool SolveSide(const AlsSide& side, Accuracy accuracy, const ListsView& lists,
               std::span<const float> weights, ThreadPool& pool,
               std::vector<AlsSide::Scratch>& scratches, Meter& meter, linalg::Matrix& out) {
  for (std::size_t begin = 0; begin < lists.size(); begin += kRowsPerBlock) {
    const std::size_t count = std::min(kRowsPerBlock, lists.size() - begin);
    pool.ParallelFor(count, kRowsPerChunk, [&](const ChunkRange& range) {
      const std::size_t end = begin + range.end;
      for (std::size_t row = begin + range.begin; row < end; ++row) {
        const std::span<const std::uint32_t> upcoming =
            row + 1 < end ? lists[row + 1] : std::span<const std::uint32_t>();
        const std::span<const float> own = WeightsOfList(lists, weights, row);
        AlsSide::Scratch& scratch = scratches[range.worker];
        if (accuracy == Accuracy::kExact) {
          side.Solve(lists[row], own, scratch, out.Row(row), upcoming);
        } else {
          side.Improve(lists[row], own, scratch, out.Row(row), upcoming);
        }
      }
    });
    if (!meter.Advance(count)) return false;
  }
  return true;
}

}  // namespace

std::size_t CountNonEmpty(const ListsView& lists) {
  std::size_t count = 0;
  for (std::size_t list = 0; list < lists.size(); ++list) count += lists[list].empty() ? 0 : 1;
  return count;
}

std::size_t CountOccurring(const ListsView& lists, std::size_t value_count) {
  std::vector<bool> occurs(value_count, false);
  for (const std::uint32_t value : lists.values) occurs[value] = true;
  return static_cast<std::size_t>(std::ranges::count(occurs, true));
}

AlsSide::Scratch::Scratch(std::size_t stride)
    : A(stride * stride), panel(linalg::PanelSize(stride)), gradient(), blocks() {}

AlsSide::AlsSide(const linalg::MatrixView& other, std::size_t other_count,
                 const AlsOptions& options, ThreadPool& pool)
    : other_(other),
      base_(other.stride * other.stride),
      solver_(options.solver),
      gradient_steps_(options.gradient_steps),
      block_width_(std::min(options.block_width, other.stride)),
      unobserved_total_(options.unobserved_weight * static_cast<float>(other_count)),
      regularization_(options.regularization),
      frequency_exponent_(options.frequency_exponent) {
  linalg::Gram(other, pool, base_.data());
  for (float& value : base_) value *= options.unobserved_weight;
  const std::size_t n = other.stride;
  for (std::size_t r = 0; r < n; ++r) {
    for (std::size_t c = 0; c < r; ++c) base_[r * n + c] = base_[c * n + r];
  }
}

// lambda (sum w + alpha0 |I|)^nu
float AlsSide::Ridge(std::span<const std::uint32_t> observed,
                     std::span<const float> weights) const {
  const float total = weights.empty() ? static_cast<float>(observed.size())
                                      : std::accumulate(weights.begin(), weights.end(), 0.0F);
  return regularization_ * std::pow(total + unobserved_total_, frequency_exponent_);
}

// x = (alpha0 V^T V + sum w v v^T + lambda (sum w + alpha0 |I|)^nu I)^-1 sum w v
void AlsSide::Solve(std::span<const std::uint32_t> observed, std::span<const float> weights,
                    Scratch& scratch, float* x, std::span<const std::uint32_t> upcoming) const {
  const std::size_t n = other_.stride;
  if (observed.empty()) {
    std::fill_n(x, n, 0.0F);
    return;
  }
  SetUp(observed, weights, scratch, x, upcoming);
  linalg::SolveCholeskyInPlace(scratch.A.data(), n, x);
}

void AlsSide::Improve(std::span<const std::uint32_t> observed, std::span<const float> weights,
                      Scratch& scratch, float* x, std::span<const std::uint32_t> upcoming) const {
  if (solver_ == AlsSolver::kDirect || observed.empty()) {
    Solve(observed, weights, scratch, x, upcoming);
    return;
  }
  const RowSystem system{.other = other_,
                         .base = base_.data(),
                         .ridge = Ridge(observed, weights),
                         .observed = observed,
                         .weights = weights};
  if (solver_ == AlsSolver::kConjugateGradient) {
    StepConjugateGradient(system, gradient_steps_, scratch.gradient, x);
  } else {
    DescendBlocks(system, block_width_, scratch.blocks, x);
  }
}

void AlsSide::SolveFor(std::span<const std::uint32_t> observed, std::span<const float> weights,
                       Scratch& scratch, float* y) const {
  linalg::FloatVector unused(other_.stride);
  SetUp(observed, weights, scratch, unused.data(), {});
  linalg::SolveCholeskyInPlace(scratch.A.data(), other_.stride, y);
}

void AlsSide::SetUp(std::span<const std::uint32_t> observed, std::span<const float> weights,
                    Scratch& scratch, float* b, std::span<const std::uint32_t> upcoming) const {
  const std::size_t n = other_.stride;
  float* A = scratch.A.data();
  linalg::GatherRankUpdate(other_, observed, weights, base_.data(), A, b, scratch.panel.data(),
                           upcoming);
  const float ridge = Ridge(observed, weights);
  for (std::size_t k = 0; k < n; ++k) A[k * n + k] += ridge;
}

Result<AlsFactors> TrainAls(const Interactions& interactions, const AlsOptions& options,
                            ThreadPool& pool, AlsHooks hooks) {
  Check(options.rank >= 1 && options.rank <= 512, "rank is 1 to 512");
  const ListsView by_user = interactions.by_user.view();
  const Lists by_item_lists = Transpose(by_user, interactions.item_count);
  const ListsView by_item = by_item_lists.view();
  const std::span<const float> user_weights = interactions.weights;
  const std::vector<float> item_weights = TransposeWeights(interactions, by_item);
  const std::size_t active_users = CountNonEmpty(by_user);
  const std::size_t active_items = CountNonEmpty(by_item);

  AlsFactors factors;
  std::size_t sweep = 0;
  if (hooks.start) {
    Check(hooks.start->items.rows() == interactions.item_count &&
              hooks.start->items.cols() == options.rank,
          "the start has the shape of this training");
    Check(options.solver == AlsSolver::kDirect, "only direct sweeps depend on the items alone");
    factors.items = std::move(hooks.start->items);
    sweep = hooks.start->sweeps_done;
  } else {
    factors.items = StartingItems(by_item, options);
  }
  factors.users = linalg::Matrix(interactions.user_count, options.rank);
  if (!hooks.start && options.start_iterations > 0) {
    IterateStart(by_user, by_item, options.start_iterations, pool, factors.users, factors.items);
  }

  const auto sweep_rows = static_cast<double>(interactions.user_count + interactions.item_count);
  Meter meter(hooks,
              sweep_rows * static_cast<double>(options.sweeps) +
                  (hooks.solve_users ? static_cast<double>(interactions.user_count) : 0.0),
              sweep_rows * static_cast<double>(sweep));
  std::vector<AlsSide::Scratch> scratches(pool.thread_count(),
                                          AlsSide::Scratch(factors.items.stride()));
  const Error stopped = Cancelled("the training was stopped");
  for (; sweep < options.sweeps; ++sweep) {
    const AlsSide user_side(factors.items.view(), active_items, options, pool);
    if (!SolveSide(user_side, Accuracy::kOfTheSolver, by_user, user_weights, pool, scratches, meter,
                   factors.users)) {
      return stopped;
    }
    const AlsSide item_side(factors.users.view(), active_users, options, pool);
    if (!SolveSide(item_side, Accuracy::kOfTheSolver, by_item, item_weights, pool, scratches, meter,
                   factors.items)) {
      return stopped;
    }
    if (hooks.after_sweep) {
      const auto kept = hooks.after_sweep(sweep + 1, factors.items);
      if (!kept) return kept.error();
    }
  }
  if (!hooks.solve_users) return factors;
  const AlsSide user_side(factors.items.view(), active_items, options, pool);
  if (!SolveSide(user_side, Accuracy::kExact, by_user, user_weights, pool, scratches, meter,
                 factors.users)) {
    return stopped;
  }
  return factors;
}

}  // namespace usher::recsys
