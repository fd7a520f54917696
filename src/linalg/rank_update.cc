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

// Copies a row into the panel, scaled by root = sqrt(w), and adds w y to b.
HWY_INLINE void PackRow(const float* HWY_RESTRICT row, float root, std::size_t n,
                        float* HWY_RESTRICT out, float* HWY_RESTRICT b) {
  const Tag d;
  const std::size_t lanes = hn::Lanes(d);
  const auto scale = hn::Set(d, root);
  for (std::size_t i = 0; i < n; i += lanes) {
    const auto scaled = hn::Mul(scale, hn::LoadU(d, row + i));
    hn::StoreU(scaled, d, out + i);
    hn::StoreU(hn::MulAdd(scale, scaled, hn::LoadU(d, b + i)), d, b + i);
  }
}

void GatherRankUpdate(const float* Y, std::size_t n, std::size_t stride, const std::uint32_t* rows,
                      std::size_t count, const float* weights, const float* base, float* A,
                      float* b, float* panel) {
  std::fill_n(b, n, 0.0F);
  if (count == 0) {
    if (base != A) std::copy_n(base, n * n, A);
    return;
  }
  for (std::size_t begin = 0; begin < count; begin += kPanelRows) {
    const std::size_t depth = std::min(kPanelRows, count - begin);
    for (std::size_t k = 0; k < depth; ++k) {
      // The rows lie anywhere in memory: ask for a later one while this one is copied.
      if (begin + k + 8 < count) {
        const float* ahead = Y + rows[begin + k + 8] * stride;
        for (std::size_t i = 0; i < n; i += kRowMultiple) hwy::Prefetch(ahead + i);
      }
      const float root = weights == nullptr ? 1.0F : std::sqrt(weights[begin + k]);
      PackRow(Y + rows[begin + k] * stride, root, n, panel + k * n, b);
    }
    UpdateUpper<false>(panel, depth, n, 0, n, base, A, n);
    base = A;
  }
}

// A += P^T P for consecutive rows.
void AddGram(const float* P, std::size_t count, std::size_t n, std::size_t stride, float* A) {
  for (std::size_t begin = 0; begin < count; begin += kPanelRows) {
    const std::size_t depth = std::min(kPanelRows, count - begin);
    UpdateUpper<false>(P + begin * stride, depth, stride, 0, n, A, A, n);
  }
}

}  // namespace usher::linalg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "base/check.h"

namespace usher::linalg {

HWY_EXPORT(GatherRankUpdate);
HWY_EXPORT(AddGram);

void GatherRankUpdate(const MatrixView& Y, std::span<const std::uint32_t> rows,
                      std::span<const float> weights, const float* base, float* A, float* b,
                      float* panel) {
  Check(weights.empty() || weights.size() == rows.size(), "one weight for each row");
  HWY_DYNAMIC_DISPATCH(GatherRankUpdate)
  (Y.data, Y.stride, Y.stride, rows.data(), rows.size(), weights.empty() ? nullptr : weights.data(),
   base, A, b, panel);
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
