#include "linalg/gather_sum.h"

#include <cstddef>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "linalg/gather_sum.cc"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace usher::linalg::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// At most a cache line: rows are padded to whole ones (matrix.h).
using Tag = hn::CappedTag<float, 16>;

// kVectors vectors of every row, from `Y` on. Each is a chain of additions of its own.
template <bool kWeighted, int kVectors>
HWY_INLINE void SumColumns(const float* HWY_RESTRICT Y, std::size_t stride,
                           const std::uint32_t* HWY_RESTRICT rows, std::size_t count,
                           const float* HWY_RESTRICT weights, float* HWY_RESTRICT out) {
  const Tag d;
  const std::size_t lanes = hn::Lanes(d);
  hn::Vec<Tag> sums[kVectors];
#pragma GCC unroll 8
  for (int v = 0; v < kVectors; ++v) sums[v] = hn::Zero(d);
  for (std::size_t k = 0; k < count; ++k) {
    const float* HWY_RESTRICT row = Y + rows[k] * stride;
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      const auto entries = hn::Load(d, row + v * lanes);
      if constexpr (kWeighted) {
        sums[v] = hn::MulAdd(hn::Set(d, weights[k]), entries, sums[v]);
      } else {
        sums[v] = hn::Add(sums[v], entries);
      }
    }
  }
#pragma GCC unroll 8
  for (int v = 0; v < kVectors; ++v) hn::Store(sums[v], d, out + v * lanes);
}

template <bool kWeighted>
HWY_INLINE void SumRows(const float* Y, std::size_t stride, const std::uint32_t* rows,
                        std::size_t count, const float* weights, float* out) {
  const std::size_t lanes = hn::Lanes(Tag());
  std::size_t c = 0;
  for (; c + 8 * lanes <= stride; c += 8 * lanes) {
    SumColumns<kWeighted, 8>(Y + c, stride, rows, count, weights, out + c);
  }
  for (; c + 4 * lanes <= stride; c += 4 * lanes) {
    SumColumns<kWeighted, 4>(Y + c, stride, rows, count, weights, out + c);
  }
  for (; c < stride; c += lanes) {
    SumColumns<kWeighted, 1>(Y + c, stride, rows, count, weights, out + c);
  }
}

void GatherSum(const float* Y, std::size_t stride, const std::uint32_t* rows, std::size_t count,
               const float* weights, float* out) {
  if (weights == nullptr) {
    SumRows<false>(Y, stride, rows, count, weights, out);
  } else {
    SumRows<true>(Y, stride, rows, count, weights, out);
  }
}

}  // namespace usher::linalg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "base/check.h"

namespace usher::linalg {

HWY_EXPORT(GatherSum);

void GatherSum(const MatrixView& Y, std::span<const std::uint32_t> rows,
               std::span<const float> weights, float* out) {
  Check(weights.empty() || weights.size() == rows.size(), "one weight for each row");
  HWY_DYNAMIC_DISPATCH(GatherSum)
  (Y.data, Y.stride, rows.data(), rows.size(), weights.empty() ? nullptr : weights.data(), out);
}

}  // namespace usher::linalg
#endif  // HWY_ONCE
