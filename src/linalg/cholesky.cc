#include "linalg/cholesky.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "linalg/cholesky.cc"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include "linalg/rank_update-inl.h"

HWY_BEFORE_NAMESPACE();
namespace usher::linalg::HWY_NAMESPACE {

// Rows factorised before the rest of the matrix is updated: a multiple of the tile's rows.
constexpr std::size_t kBlock = 8;
constexpr float kPivotFloor = 1e-6F;
constexpr float kSmallestPivot = 1e-30F;

// Turns row k into row k of U and subtracts its outer product from the rows of its block below it.
HWY_INLINE void EliminateWithinBlock(float* A, std::size_t n, std::size_t k, std::size_t block_end,
                                     float diagonal, float* inverse_diagonal) {
  const Tag d;
  const std::size_t lanes = hn::Lanes(d);
  float* HWY_RESTRICT row = A + k * n;
  // A pivot lost to rounding would blow up everything after it: its unknown is left at zero.
  const float pivot = row[k];
  const bool lost = !(pivot > kPivotFloor * diagonal && pivot > kSmallestPivot);
  const float inverse = lost ? 0.0F : 1.0F / std::sqrt(pivot);
  *inverse_diagonal = inverse;
  const auto scale = hn::Set(d, inverse);
  const std::size_t first = k / lanes * lanes;
  // Left of the diagonal are leftovers: zero, so that products with them vanish.
  const auto before = hn::FirstN(d, k - first);
  hn::StoreU(hn::IfThenZeroElse(before, hn::Mul(scale, hn::LoadU(d, row + first))), d, row + first);
  for (std::size_t c = first + lanes; c < n; c += lanes) {
    hn::StoreU(hn::Mul(scale, hn::LoadU(d, row + c)), d, row + c);
  }
  for (std::size_t q = k + 1; q < block_end; ++q) {
    const auto factor = hn::Set(d, row[q]);
    float* HWY_RESTRICT below = A + q * n;
    for (std::size_t c = q / lanes * lanes; c < n; c += lanes) {
      hn::StoreU(hn::NegMulAdd(factor, hn::LoadU(d, row + c), hn::LoadU(d, below + c)), d,
                 below + c);
    }
  }
}

void SolveCholesky(float* A, std::size_t n, float* x) {
  constexpr std::size_t kMaxUnrolled = 512;
  float inverse_diagonal[kMaxUnrolled];
  float diagonal[kMaxUnrolled];
  for (std::size_t k = 0; k < n; ++k) diagonal[k] = A[k * n + k];

  for (std::size_t begin = 0; begin < n; begin += kBlock) {
    const std::size_t end = begin + kBlock;
    for (std::size_t k = begin; k < end; ++k) {
      EliminateWithinBlock(A, n, k, end, diagonal[k], &inverse_diagonal[k]);
    }
    UpdateUpper<true>(A + begin * n, kBlock, n, end, n, A, A, n);
  }

  const Tag d;
  const std::size_t lanes = hn::Lanes(d);
  // U^T z = b: z_k is known once the rows above are subtracted.
  for (std::size_t k = 0; k < n; ++k) {
    const float z = x[k] * inverse_diagonal[k];
    const auto factor = hn::Set(d, z);
    const float* HWY_RESTRICT row = A + k * n;
    for (std::size_t c = k / lanes * lanes; c < n; c += lanes) {
      hn::StoreU(hn::NegMulAdd(factor, hn::LoadU(d, row + c), hn::LoadU(d, x + c)), d, x + c);
    }
    x[k] = z;
  }
  // U x = z from the last row up. The row's entry at k meets x_k, still z_k: taken back out.
  for (std::size_t k = n; k-- > 0;) {
    const float* HWY_RESTRICT row = A + k * n;
    const float z = x[k];
    x[k] = 0;
    auto sum = hn::Zero(d);
    for (std::size_t c = k / lanes * lanes; c < n; c += lanes) {
      sum = hn::MulAdd(hn::LoadU(d, row + c), hn::LoadU(d, x + c), sum);
    }
    x[k] = (z - hn::GetLane(hn::SumOfLanes(d, sum))) * inverse_diagonal[k];
  }
}

}  // namespace usher::linalg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "base/check.h"
#include "linalg/matrix.h"

namespace usher::linalg {

HWY_EXPORT(SolveCholesky);

void SolveCholeskyInPlace(float* A, std::size_t n, float* x) {
  Check(n % kRowMultiple == 0 && n <= 512, "n is padded and at most 512");
  HWY_DYNAMIC_DISPATCH(SolveCholesky)(A, n, x);
}

}  // namespace usher::linalg
#endif  // HWY_ONCE
