#include "linalg/gathered_rows.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "linalg/gathered_rows.cc"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include "linalg/rank_update-inl.h"
#include "linalg/rank_update.h"

HWY_BEFORE_NAMESPACE();
namespace usher::linalg::HWY_NAMESPACE {

constexpr std::size_t kAhead = 16;  // rows asked for before they are worked on
constexpr int kTogether = 4;        // rows worked on at once, because one chain waits for itself

HWY_INLINE void Fetch(const float* row, std::size_t width) {
  for (std::size_t i = 0; i < width; i += kRowMultiple) hwy::Prefetch(row + i);
}

// products[r] = row[r].p
template <int kRows>
HWY_INLINE void Products(const float* const* HWY_RESTRICT row, const float* HWY_RESTRICT p,
                         std::size_t width, float* HWY_RESTRICT products) {
  const Tag d;
  const std::size_t lanes = hn::Lanes(d);
  Vec sums[kRows];
#pragma GCC unroll 4
  for (int r = 0; r < kRows; ++r) sums[r] = hn::Zero(d);
  for (std::size_t i = 0; i < width; i += lanes) {
    const Vec value = hn::LoadU(d, p + i);
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) sums[r] = hn::MulAdd(hn::LoadU(d, row[r] + i), value, sums[r]);
  }
#pragma GCC unroll 4
  for (int r = 0; r < kRows; ++r) products[r] = hn::GetLane(hn::SumOfLanes(d, sums[r]));
}

// sum += sum_r factors[r] row[r]
template <int kRows>
HWY_INLINE void AddRows(const float* const* HWY_RESTRICT row, const float* HWY_RESTRICT factors,
                        std::size_t width, float* HWY_RESTRICT sum) {
  const Tag d;
  const std::size_t lanes = hn::Lanes(d);
  Vec factor[kRows];
#pragma GCC unroll 4
  for (int r = 0; r < kRows; ++r) factor[r] = hn::Set(d, factors[r]);
  for (std::size_t i = 0; i < width; i += lanes) {
    Vec total = hn::LoadU(d, sum + i);
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) total = hn::MulAdd(factor[r], hn::LoadU(d, row[r] + i), total);
    hn::StoreU(total, d, sum + i);
  }
}

template <int kRows>
HWY_INLINE void AddSome(const float* Y, std::size_t n, const std::uint32_t* rows,
                        const float* weights, float constant, float slope, const float* p,
                        float* sum) {
  const float* row[kRows];
  float factors[kRows];
  for (int r = 0; r < kRows; ++r) row[r] = Y + rows[r] * n;
  Products<kRows>(row, p, n, factors);
  for (int r = 0; r < kRows; ++r) {
    factors[r] = constant + slope * factors[r];
    if (weights != nullptr) factors[r] *= weights[r];
  }
  AddRows<kRows>(row, factors, n, sum);
}

void AddGathered(const float* Y, std::size_t n, const std::uint32_t* rows, std::size_t count,
                 const float* weights, float constant, float slope, const float* p, float* sum) {
  std::size_t j = 0;
  for (; j + kTogether <= count; j += kTogether) {
    for (std::size_t ahead = j + kAhead; ahead < std::min(j + kAhead + kTogether, count); ++ahead) {
      Fetch(Y + rows[ahead] * n, n);
    }
    AddSome<kTogether>(Y, n, rows + j, weights == nullptr ? nullptr : weights + j, constant, slope,
                       p, sum);
  }
  for (; j < count; ++j) {
    AddSome<1>(Y, n, rows + j, weights == nullptr ? nullptr : weights + j, constant, slope, p, sum);
  }
}

template <int kRows>
HWY_INLINE void SubtractSome(const float* Y, std::size_t stride, const std::uint32_t* rows,
                             std::size_t width, const float* p, float* residuals) {
  const float* row[kRows];
  float products[kRows];
  for (int r = 0; r < kRows; ++r) row[r] = Y + rows[r] * stride;
  Products<kRows>(row, p, width, products);
  for (int r = 0; r < kRows; ++r) residuals[r] -= products[r];
}

void SubtractProducts(const float* Y, std::size_t stride, const std::uint32_t* rows,
                      std::size_t count, std::size_t width, const float* p, float* residuals) {
  std::size_t j = 0;
  for (; j + kTogether <= count; j += kTogether) {
    for (std::size_t ahead = j + kAhead; ahead < std::min(j + kAhead + kTogether, count); ++ahead) {
      Fetch(Y + rows[ahead] * stride, width);
    }
    SubtractSome<kTogether>(Y, stride, rows + j, width, p, residuals + j);
  }
  for (; j < count; ++j) SubtractSome<1>(Y, stride, rows + j, width, p, residuals + j);
}

void BlockRankUpdate(const float* Y, std::size_t stride, const std::uint32_t* rows,
                     std::size_t count, const float* weights, const float* residuals,
                     std::size_t width, const float* base, float* A, float* b, float* panel) {
  const Tag d;
  const std::size_t lanes = hn::Lanes(d);
  std::fill_n(b, width, 0.0F);
  if (count == 0) std::copy_n(base, width * width, A);
  for (std::size_t begin = 0; begin < count; begin += kPanelRows) {
    const std::size_t depth = std::min(kPanelRows, count - begin);
    for (std::size_t k = 0; k < depth; ++k) {
      const std::size_t j = begin + k;
      if (j + kAhead < count) Fetch(Y + rows[j + kAhead] * stride, width);
      // The panel holds sqrt(w) z, so that its outer products have the weight and its products
      // with sqrt(w) residual too.
      const float root = weights == nullptr ? 1.0F : std::sqrt(weights[j]);
      const float* row = Y + rows[j] * stride;
      const Vec scale = hn::Set(d, root);
      const Vec residual = hn::Set(d, root * residuals[j]);
      for (std::size_t i = 0; i < width; i += lanes) {
        const Vec z = hn::Mul(scale, hn::LoadU(d, row + i));
        hn::StoreU(z, d, panel + k * width + i);
        hn::StoreU(hn::MulAdd(residual, z, hn::LoadU(d, b + i)), d, b + i);
      }
    }
    UpdateUpper<false>(panel, depth, width, 0, width, width, base, A, width, [] {});
    base = A;
  }
}

}  // namespace usher::linalg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "base/check.h"

namespace usher::linalg {

HWY_EXPORT(AddGathered);
HWY_EXPORT(SubtractProducts);
HWY_EXPORT(BlockRankUpdate);

namespace {

const float* OrNone(std::span<const float> weights, std::size_t count) {
  Check(weights.empty() || weights.size() == count, "one weight for each row");
  return weights.empty() ? nullptr : weights.data();
}

}  // namespace

void AddGathered(const MatrixView& Y, std::span<const std::uint32_t> rows,
                 std::span<const float> weights, float constant, float slope, const float* p,
                 float* sum) {
  HWY_DYNAMIC_DISPATCH(AddGathered)
  (Y.data, Y.stride, rows.data(), rows.size(), OrNone(weights, rows.size()), constant, slope, p,
   sum);
}

void SubtractProducts(const MatrixView& Y, std::span<const std::uint32_t> rows, std::size_t c,
                      std::size_t width, const float* p, float* residuals) {
  Check(c + width <= Y.stride, "the block lies within the row");
  HWY_DYNAMIC_DISPATCH(SubtractProducts)
  (Y.data + c, Y.stride, rows.data(), rows.size(), width, p, residuals);
}

void BlockRankUpdate(const MatrixView& Y, std::span<const std::uint32_t> rows,
                     std::span<const float> weights, std::span<const float> residuals,
                     std::size_t c, std::size_t width, const float* base, float* A, float* b,
                     float* panel) {
  Check(c + width <= Y.stride, "the block lies within the row");
  Check(residuals.size() == rows.size(), "one residual for each row");
  HWY_DYNAMIC_DISPATCH(BlockRankUpdate)
  (Y.data + c, Y.stride, rows.data(), rows.size(), OrNone(weights, rows.size()), residuals.data(),
   width, base, A, b, panel);
}

}  // namespace usher::linalg
#endif  // HWY_ONCE
