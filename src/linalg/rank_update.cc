#include "linalg/rank_update.h"

#include <algorithm>
#include <cmath>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "linalg/rank_update.cc"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include "linalg/rank_update-inl.h"

HWY_BEFORE_NAMESPACE();
namespace usher::linalg::HWY_NAMESPACE {

// Copies a row into the panel.
HWY_INLINE void PackRow(const float* HWY_RESTRICT row, std::size_t n, float* HWY_RESTRICT out) {
  const Tag d;
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t i = 0; i < n; i += lanes) hn::StoreU(hn::LoadU(d, row + i), d, out + i);
}

// The same, scaled by root = sqrt(w).
HWY_INLINE void PackScaledRow(const float* HWY_RESTRICT row, float root, std::size_t n,
                              float* HWY_RESTRICT out) {
  const Tag d;
  const std::size_t lanes = hn::Lanes(d);
  const auto scale = hn::Set(d, root);
  for (std::size_t i = 0; i < n; i += lanes) {
    hn::StoreU(hn::Mul(scale, hn::LoadU(d, row + i)), d, out + i);
  }
}

// b += sum of the panel's rows, each times its root when weighted: in all, w y. Several vectors at
// a time, because one chain of additions would wait for itself.
template <bool kWeighted, int kVectors>
HWY_INLINE void AddRows(const float* HWY_RESTRICT panel, const float* HWY_RESTRICT roots,
                        std::size_t depth, std::size_t n, float* HWY_RESTRICT b) {
  const Tag d;
  const std::size_t lanes = hn::Lanes(d);
  Vec sums[kVectors];
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) sums[v] = hn::LoadU(d, b + v * lanes);
  for (std::size_t k = 0; k < depth; ++k) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      const Vec row = hn::LoadU(d, panel + k * n + v * lanes);
      if constexpr (kWeighted) {
        sums[v] = hn::MulAdd(hn::Set(d, roots[k]), row, sums[v]);
      } else {
        sums[v] = hn::Add(sums[v], row);
      }
    }
  }
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) hn::StoreU(sums[v], d, b + v * lanes);
}

template <bool kWeighted>
HWY_INLINE void AddPanel(const float* panel, const float* roots, std::size_t depth, std::size_t n,
                         float* b) {
  const std::size_t lanes = hn::Lanes(Tag());
  std::size_t i = 0;
  for (; i + 4 * lanes <= n; i += 4 * lanes) {
    AddRows<kWeighted, 4>(panel + i, roots, depth, n, b + i);
  }
  for (; i < n; i += lanes) AddRows<kWeighted, 1>(panel + i, roots, depth, n, b + i);
}

// Asks for rows, which lie anywhere in memory, a few at a time.
class RowFetcher {
 public:
  // All of them by the time that Next has been called `calls` times.
  RowFetcher(const float* Y, std::size_t n, std::size_t stride, const std::uint32_t* rows,
             std::size_t count, std::size_t calls)
      : Y_(Y), n_(n), stride_(stride), rows_(rows), count_(count) {
    each_ = (count + calls - 1) / calls;
  }

  void Next() {
    const std::size_t end = at_ + each_ < count_ ? at_ + each_ : count_;
    for (; at_ < end; ++at_) {
      const float* row = Y_ + rows_[at_] * stride_;
      for (std::size_t i = 0; i < n_; i += kRowMultiple) hwy::Prefetch(row + i);
    }
  }

 private:
  const float* Y_;
  std::size_t n_;
  std::size_t stride_;
  const std::uint32_t* rows_;
  std::size_t count_;
  std::size_t each_ = 0;
  std::size_t at_ = 0;
};

void GatherRankUpdate(const float* Y, std::size_t n, std::size_t stride, const std::uint32_t* rows,
                      std::size_t count, const float* weights, const float* base, float* A,
                      float* b, float* panel, const std::uint32_t* upcoming,
                      std::size_t upcoming_count) {
  std::fill_n(b, n, 0.0F);
  if (count == 0) {
    if (base != A) std::copy_n(base, n * n, A);
    return;
  }
  const std::size_t tiles = UpperTileCount(n);
  // Panels of about the same depth: a short one would leave no time to fetch the next.
  const std::size_t panels = (count + kPanelRows - 1) / kPanelRows;
  const std::size_t panel_rows = (count + panels - 1) / panels;
  for (std::size_t begin = 0; begin < count; begin += panel_rows) {
    const std::size_t depth = std::min(panel_rows, count - begin);
    float roots[kPanelRows];
    for (std::size_t k = 0; k < depth; ++k) {
      const float* row = Y + rows[begin + k] * stride;
      if (weights == nullptr) {
        PackRow(row, n, panel + k * n);
      } else {
        roots[k] = std::sqrt(weights[begin + k]);
        PackScaledRow(row, roots[k], n, panel + k * n);
      }
    }
    if (weights == nullptr) {
      AddPanel<false>(panel, nullptr, depth, n, b);
    } else {
      AddPanel<true>(panel, roots, depth, n, b);
    }
    // While this panel is worked on, the next one is on its way.
    const std::size_t end = begin + depth;
    RowFetcher fetcher =
        end < count
            ? RowFetcher(Y, n, stride, rows + end, std::min(kPanelRows, count - end), tiles)
            : RowFetcher(Y, n, stride, upcoming, std::min(kPanelRows, upcoming_count), tiles);
    UpdateUpper<false>(panel, depth, n, 0, n, n, base, A, n, [&] { fetcher.Next(); });
    base = A;
  }
}

void GatherSum(const float* Y, std::size_t n, const std::uint32_t* rows, std::size_t count,
               float* HWY_RESTRICT b) {
  constexpr std::size_t kAhead = 16;  // rows asked for before they are added
  const Tag d;
  const std::size_t lanes = hn::Lanes(d);
  std::fill_n(b, n, 0.0F);
  for (std::size_t j = 0; j < count; ++j) {
    if (j + kAhead < count) {
      const float* ahead = Y + rows[j + kAhead] * n;
      for (std::size_t i = 0; i < n; i += kRowMultiple) hwy::Prefetch(ahead + i);
    }
    const float* row = Y + rows[j] * n;
    for (std::size_t i = 0; i < n; i += lanes) {
      hn::StoreU(hn::Add(hn::LoadU(d, b + i), hn::LoadU(d, row + i)), d, b + i);
    }
  }
}

// A += P^T P for consecutive rows.
void AddGram(const float* P, std::size_t count, std::size_t n, std::size_t stride, float* A) {
  for (std::size_t begin = 0; begin < count; begin += kPanelRows) {
    const std::size_t depth = std::min(kPanelRows, count - begin);
    UpdateUpper<false>(P + begin * stride, depth, stride, 0, n, n, A, A, n, [] {});
  }
}

}  // namespace usher::linalg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "base/check.h"

namespace usher::linalg {

HWY_EXPORT(GatherRankUpdate);
HWY_EXPORT(GatherSum);
HWY_EXPORT(AddGram);

void GatherRankUpdate(const MatrixView& Y, std::span<const std::uint32_t> rows,
                      std::span<const float> weights, const float* base, float* A, float* b,
                      float* panel, std::span<const std::uint32_t> upcoming) {
  Check(weights.empty() || weights.size() == rows.size(), "one weight for each row");
  HWY_DYNAMIC_DISPATCH(GatherRankUpdate)
  (Y.data, Y.stride, Y.stride, rows.data(), rows.size(), weights.empty() ? nullptr : weights.data(),
   base, A, b, panel, upcoming.data(), upcoming.size());
}

void GatherSum(const MatrixView& Y, std::span<const std::uint32_t> rows, float* b) {
  HWY_DYNAMIC_DISPATCH(GatherSum)(Y.data, Y.stride, rows.data(), rows.size(), b);
}

void Gram(const MatrixView& Y, ThreadPool& pool, float* A) {
  constexpr std::size_t kMaxBlocks = 64;  // bounds the memory for partial sums
  constexpr std::size_t kMinBlockRows = 1024;
  const std::size_t n = Y.stride;
  const std::size_t block_rows = std::max(kMinBlockRows, (Y.rows + kMaxBlocks - 1) / kMaxBlocks);
  const std::size_t block_count = (Y.rows + block_rows - 1) / block_rows;
  FloatVector partial(block_count * n * n, 0.0F);
  pool.ParallelFor(Y.rows, block_rows, [&](const ChunkRange& range) {
    HWY_DYNAMIC_DISPATCH(AddGram)
    (Y.Row(range.begin), range.end - range.begin, n, n, partial.data() + range.chunk * n * n);
  });
  for (std::size_t i = 0; i < n * n; ++i) {
    double sum = 0;
    for (std::size_t block = 0; block < block_count; ++block) sum += partial[block * n * n + i];
    A[i] = static_cast<float>(sum);
  }
}

}  // namespace usher::linalg
#endif  // HWY_ONCE
