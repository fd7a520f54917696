#include "linalg/spd_inverse.h"

#include <algorithm>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "linalg/spd_inverse.cc"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include "linalg/matrix.h"
#include "linalg/rank_update-inl.h"

// What is the same for every target, read once.
#ifndef USHER_LINALG_SPD_INVERSE_SWEEP
#define USHER_LINALG_SPD_INVERSE_SWEEP
namespace usher::linalg {

constexpr std::size_t kSide = kOrderMultiple;  // of a tile
constexpr std::size_t kDepth = 2 * kSide;      // rows swept at a time
constexpr std::size_t kTile = kSide * kSide;
constexpr std::size_t kPanel = kDepth * kSide;  // the swept rows of kSide columns, packed

// One step of the inversion: the rows [begin, begin + depth) are swept.
struct Sweep {
  float* A;
  std::size_t n;
  std::size_t begin;
  std::size_t depth;
  float* D;        // A_KK^-1 as depth / kSide panels
  float* rows;     // A_K* before the sweep, a panel for each kSide columns
  float* columns;  // W likewise

  [[nodiscard]] bool Sweeps(std::size_t column) const {
    return column >= begin && column < begin + depth;
  }
};

}  // namespace usher::linalg
#endif  // USHER_LINALG_SPD_INVERSE_SWEEP

HWY_BEFORE_NAMESPACE();
namespace usher::linalg::HWY_NAMESPACE {

constexpr double kPivotFloor = 1e-6;
constexpr double kSmallestPivot = 1e-30;

// C = base + R^T Q or base - R^T Q, one tile. R and Q are panels of `depth` rows.
template <bool kSubtract>
HWY_INLINE void UpdateBlock(const float* HWY_RESTRICT R, const float* HWY_RESTRICT Q,
                            std::size_t depth, const float* base, float* C, std::size_t stride) {
  const Tag d;
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t r = 0; r < kSide; r += kTileRows) {
    std::size_t c = 0;
    for (; c + kTileVectors * lanes <= kSide; c += kTileVectors * lanes) {
      UpdateTile<kTileVectors, kSubtract>(d, R + r, Q + c, depth, kSide, base + r * stride + c,
                                          C + r * stride + c, stride);
    }
    for (; c < kSide; c += lanes) {
      UpdateTile<1, kSubtract>(d, R + r, Q + c, depth, kSide, base + r * stride + c,
                               C + r * stride + c, stride);
    }
  }
}

// D = A_KK^-1 by sweeping one row after the other, in double: it is a small part of the work and
// all others build on it. `diagonal` are the entries of A before anything was subtracted.
void InvertDiagonal(const Sweep& sweep, const float* diagonal) {
  const std::size_t m = sweep.depth;
  std::vector<double> S(kDepth * kDepth);
  const auto at = [&](std::size_t r, std::size_t c)
                      HWY_ATTR -> double& { return S[r * kDepth + c]; };
  for (std::size_t r = 0; r < m; ++r) {
    for (std::size_t c = r; c < m; ++c) {
      at(r, c) = sweep.A[(sweep.begin + r) * sweep.n + sweep.begin + c];
      at(c, r) = at(r, c);
    }
  }
  std::vector<bool> lost(m, false);
  double row[kDepth];
  for (std::size_t p = 0; p < m; ++p) {
    const double pivot = at(p, p);
    lost[p] = !(pivot > kPivotFloor * diagonal[sweep.begin + p] && pivot > kSmallestPivot);
    if (lost[p]) continue;
    for (std::size_t c = 0; c < m; ++c) row[c] = at(p, c) / pivot;
    for (std::size_t r = 0; r < m; ++r) {
      if (r == p) continue;
      const double factor = at(r, p);
      double* HWY_RESTRICT others = &at(r, 0);
      for (std::size_t c = 0; c < m; ++c) others[c] -= factor * row[c];
      at(r, p) = factor / pivot;
    }
    std::copy_n(row, m, &at(p, 0));
    at(p, p) = -1 / pivot;
  }
  for (std::size_t r = 0; r < m; ++r) {
    for (std::size_t c = 0; c < m; ++c) {
      const double entry = lost[r] || lost[c] ? 0.0 : -at(r, c);
      sweep.D[c / kSide * kPanel + r * kSide + c % kSide] = static_cast<float>(entry);
    }
  }
}

// Packs A_K* at the columns [first, first + kSide), which are outside K, computes W there and
// writes it back.
void SweepPanel(const Sweep& sweep, std::size_t first) {
  float* HWY_RESTRICT rows = sweep.rows + first * kDepth;
  float* HWY_RESTRICT columns = sweep.columns + first * kDepth;
  const bool above = first < sweep.begin;  // kept above the diagonal: as columns
  for (std::size_t k = 0; k < sweep.depth; ++k) {
    for (std::size_t j = 0; j < kSide; ++j) {
      rows[k * kSide + j] = above ? sweep.A[(first + j) * sweep.n + sweep.begin + k]
                                  : sweep.A[(sweep.begin + k) * sweep.n + first + j];
    }
  }
  std::fill_n(columns, sweep.depth * kSide, 0.0F);
  for (std::size_t r = 0; r < sweep.depth; r += kSide) {
    float* HWY_RESTRICT block = columns + r * kSide;
    UpdateBlock<false>(sweep.D + r / kSide * kPanel, rows, sweep.depth, block, block, kSide);
  }
  for (std::size_t k = 0; k < sweep.depth; ++k) {
    for (std::size_t j = 0; j < kSide; ++j) {
      float& entry = above ? sweep.A[(first + j) * sweep.n + sweep.begin + k]
                           : sweep.A[(sweep.begin + k) * sweep.n + first + j];
      entry = columns[k * kSide + j];
    }
  }
}

// A_ij -= A_iK W_j for the rows [first, first + kSide), which are outside K, from the diagonal on.
void SweepRows(const Sweep& sweep, std::size_t first) {
  for (std::size_t c = first; c < sweep.n; c += kSide) {
    if (sweep.Sweeps(c)) continue;
    float* tile = sweep.A + first * sweep.n + c;
    UpdateBlock<true>(sweep.rows + first * kDepth, sweep.columns + c * kDepth, sweep.depth, tile,
                      tile, sweep.n);
  }
}

}  // namespace usher::linalg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "base/check.h"

namespace usher::linalg {
namespace {

// A_KK = -D.
void StoreDiagonal(const Sweep& sweep) {
  for (std::size_t r = 0; r < sweep.depth; ++r) {
    for (std::size_t c = 0; c < sweep.depth; ++c) {
      sweep.A[(sweep.begin + r) * sweep.n + sweep.begin + c] =
          -sweep.D[c / kSide * kPanel + r * kSide + c % kSide];
    }
  }
}

// Changes the sign of the upper triangle and copies it to the lower one, for one row of tiles.
void NegateAndMirror(float* A, std::size_t n, std::size_t first) {
  for (std::size_t c = first; c < n; c += kSide) {
    for (std::size_t r = first; r < first + kSide; ++r) {
      for (std::size_t j = std::max(r, c); j < c + kSide; ++j) {
        const float entry = -A[r * n + j];
        A[r * n + j] = entry;
        A[j * n + r] = entry;
      }
    }
  }
}

}  // namespace

HWY_EXPORT(InvertDiagonal);
HWY_EXPORT(SweepPanel);
HWY_EXPORT(SweepRows);

bool InvertSpdInPlace(float* A, std::size_t n, ThreadPool& pool, const std::stop_token& stop) {
  Check(n % kOrderMultiple == 0, "n is padded");
  FloatVector D(kDepth / kSide * kPanel);
  FloatVector rows(n * kDepth);
  FloatVector columns(n * kDepth);
  std::vector<float> diagonal(n);
  for (std::size_t k = 0; k < n; ++k) diagonal[k] = A[k * n + k];
  for (std::size_t begin = 0; begin < n; begin += kDepth) {
    if (stop.stop_requested()) return false;
    const Sweep sweep{.A = A,
                      .n = n,
                      .begin = begin,
                      .depth = std::min(kDepth, n - begin),
                      .D = D.data(),
                      .rows = rows.data(),
                      .columns = columns.data()};
    HWY_DYNAMIC_DISPATCH(InvertDiagonal)(sweep, diagonal.data());
    pool.ParallelFor(n, kSide, [&](const ChunkRange& range) {
      if (!sweep.Sweeps(range.begin)) HWY_DYNAMIC_DISPATCH(SweepPanel)(sweep, range.begin);
    });
    pool.ParallelFor(n, kSide, [&](const ChunkRange& range) {
      if (!sweep.Sweeps(range.begin)) HWY_DYNAMIC_DISPATCH(SweepRows)(sweep, range.begin);
    });
    StoreDiagonal(sweep);
  }
  pool.ParallelFor(n, kSide, [&](const ChunkRange& range) { NegateAndMirror(A, n, range.begin); });
  return true;
}

}  // namespace usher::linalg
#endif  // HWY_ONCE
