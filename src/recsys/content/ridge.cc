#include "recsys/content/ridge.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "linalg/vector_ops.h"

namespace usher::recsys {
namespace {

constexpr std::size_t kRowsPerChunk = 256;

std::span<float> RowOf(linalg::Matrix& matrix, std::size_t row) {
  return {matrix.Row(row), matrix.stride()};
}
std::span<const float> RowOf(const linalg::Matrix& matrix, std::size_t row) {
  return {matrix.Row(row), matrix.stride()};
}

// out_i = scale_i * sum_j w_ij B_j over the entries (j, w_ij) of row i.
template <typename Scale, typename Rows>
void Multiply(const WeightedListsView& lists, const Scale& scale, const Rows& rows_of,
              ThreadPool& pool, linalg::Matrix& out) {
  pool.ParallelFor(lists.size(), kRowsPerChunk, [&](const ChunkRange& range) {
    for (std::size_t i = range.begin; i < range.end; ++i) {
      const std::span<float> sum = RowOf(out, i);
      std::ranges::fill(sum, 0.0F);
      const auto row = lists[i];
      const float s = scale(i);
      if (s == 0) continue;
      for (std::size_t j = 0; j < row.items.size(); ++j) {
        linalg::AddScaled(s * row.weights[j], rows_of(row.items[j]), sum);
      }
    }
  });
}

WeightedLists TransposeWeighted(const WeightedListsView& lists, std::size_t count) {
  WeightedLists turned;
  turned.offsets.assign(count + 1, 0);
  for (const std::uint32_t item : lists.items) ++turned.offsets[item + 1];
  for (std::size_t item = 0; item < count; ++item) turned.offsets[item + 1] += turned.offsets[item];
  std::vector<std::int64_t> next(turned.offsets.begin(), turned.offsets.end() - 1);
  turned.items.resize(lists.items.size());
  turned.weights.resize(lists.items.size());
  for (std::uint32_t row = 0; row < lists.size(); ++row) {
    const auto entries = lists[row];
    for (std::size_t j = 0; j < entries.items.size(); ++j) {
      const auto at = static_cast<std::size_t>(next[entries.items[j]]++);
      turned.items[at] = row;
      turned.weights[at] = entries.weights[j];
    }
  }
  return turned;
}

// The inner product of each column of A with that of B.
std::vector<double> ColumnDots(const linalg::Matrix& A, const linalg::Matrix& B) {
  std::vector<double> dots(A.stride(), 0.0);
  for (std::size_t row = 0; row < A.rows(); ++row) {
    const float* a = A.Row(row);
    const float* b = B.Row(row);
    for (std::size_t c = 0; c < dots.size(); ++c) dots[c] += double{a[c]} * b[c];
  }
  return dots;
}

// A_c += s_c B_c for each column c.
void AddColumns(const std::vector<double>& s, const linalg::Matrix& B, linalg::Matrix& A) {
  for (std::size_t row = 0; row < A.rows(); ++row) {
    float* a = A.Row(row);
    const float* b = B.Row(row);
    for (std::size_t c = 0; c < s.size(); ++c) a[c] += static_cast<float>(s[c]) * b[c];
  }
}

}  // namespace

linalg::Matrix FitRidge(const Features& features, const linalg::MatrixView& factors,
                        std::span<const std::uint32_t> counts, const RidgeOptions& options,
                        ThreadPool& pool) {
  const WeightedListsView X = features.rows.view();
  const WeightedLists turned = TransposeWeighted(X, features.count);
  const WeightedListsView Xt = turned.view();
  const auto trust = [&](std::size_t row) {
    const double n = counts[row];
    return n > 0 ? static_cast<float>(n / (n + options.trust)) : 0.0F;
  };
  const auto one = [](std::size_t) { return 1.0F; };

  linalg::Matrix W(features.count, factors.cols);
  linalg::Matrix DXP(X.size(), factors.cols);  // D X P, and D V to begin with
  linalg::Matrix R(features.count, factors.cols);
  linalg::Matrix Q(features.count, factors.cols);
  const auto row_of = [](const linalg::Matrix& matrix) {
    return [&matrix](std::size_t row) { return RowOf(matrix, row); };
  };
  for (std::size_t row = 0; row < X.size(); ++row) {
    linalg::AddScaled(trust(row), {factors.Row(row), factors.stride}, RowOf(DXP, row));
  }
  Multiply(Xt, one, row_of(DXP), pool, R);  // the residual at W = 0
  linalg::Matrix P = R;
  std::vector<double> squares = ColumnDots(R, R);
  std::vector<double> goals = squares;
  for (double& goal : goals) goal *= options.tolerance * options.tolerance;

  for (std::size_t step = 0; step < options.max_steps; ++step) {
    bool done = true;
    for (std::size_t c = 0; c < squares.size(); ++c) done = done && squares[c] <= goals[c];
    if (done) break;
    Multiply(X, trust, row_of(P), pool, DXP);
    Multiply(Xt, one, row_of(DXP), pool, Q);
    AddColumns(std::vector<double>(Q.stride(), options.regularization), P, Q);
    const std::vector<double> curvature = ColumnDots(P, Q);
    std::vector<double> alpha(squares.size(), 0.0);
    for (std::size_t c = 0; c < alpha.size(); ++c) {
      if (squares[c] > goals[c] && curvature[c] > 0) alpha[c] = squares[c] / curvature[c];
    }
    AddColumns(alpha, P, W);
    for (double& a : alpha) a = -a;
    AddColumns(alpha, Q, R);
    const std::vector<double> before = squares;
    squares = ColumnDots(R, R);
    for (std::size_t row = 0; row < P.rows(); ++row) {
      float* p = P.Row(row);
      const float* r = R.Row(row);
      for (std::size_t c = 0; c < squares.size(); ++c) {
        const double beta = before[c] > 0 ? squares[c] / before[c] : 0;
        p[c] = r[c] + static_cast<float>(beta) * p[c];
      }
    }
  }
  return W;
}

linalg::Matrix Project(const Features& features, const linalg::MatrixView& weights,
                       ThreadPool& pool) {
  linalg::Matrix out(features.rows.size(), weights.cols);
  Multiply(
      features.rows.view(), [](std::size_t) { return 1.0F; },
      [&](std::size_t row) { return std::span<const float>(weights.Row(row), weights.stride); },
      pool, out);
  return out;
}

linalg::Matrix PlaceColdRows(const linalg::MatrixView& factors,
                             std::span<const std::uint32_t> counts, const Features& features,
                             const RidgeOptions& options, ThreadPool& pool) {
  const linalg::Matrix weights = FitRidge(features, factors, counts, options, pool);
  linalg::Matrix placed = Project(features, weights.view(), pool);
  for (std::size_t row = 0; row < factors.rows; ++row) {
    if (counts[row] > 0) std::copy_n(factors.Row(row), factors.stride, placed.Row(row));
  }
  return placed;
}

}  // namespace usher::recsys
