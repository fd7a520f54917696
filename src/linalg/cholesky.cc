#include "linalg/cholesky.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "linalg/cholesky.cc"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include "linalg/rank_update-inl.h"

HWY_BEFORE_NAMESPACE();
namespace usher::linalg::HWY_NAMESPACE {

// Rows factorised together: a multiple of the tile's rows.
constexpr int kBlock = 8;
constexpr float kPivotFloor = 1e-6F;
constexpr float kSmallestPivot = 1e-30F;

// The square on the diagonal of one block of rows, factorised: U and the inverses of its diagonal.
struct DiagonalBlock {
  float u[kBlock][kBlock];
  float inverse[kBlock];
};

// `diagonal` are the entries before anything was subtracted.
HWY_INLINE void FactorizeDiagonal(const float* HWY_RESTRICT A, std::size_t n,
                                  const float* HWY_RESTRICT diagonal, DiagonalBlock& block) {
#pragma GCC unroll 8
  for (int p = 0; p < kBlock; ++p) {
#pragma GCC unroll 8
    for (int q = p; q < kBlock; ++q) block.u[p][q] = A[static_cast<std::size_t>(p) * n + q];
  }
#pragma GCC unroll 8
  for (int p = 0; p < kBlock; ++p) {
    // A pivot lost to rounding would blow up everything after it: its unknown is left at zero.
    const float pivot = block.u[p][p];
    const bool lost = !(pivot > kPivotFloor * diagonal[p] && pivot > kSmallestPivot);
    const float inverse = lost ? 0.0F : 1.0F / std::sqrt(pivot);
    block.inverse[p] = inverse;
#pragma GCC unroll 8
    for (int q = p; q < kBlock; ++q) block.u[p][q] *= inverse;
#pragma GCC unroll 8
    for (int r = p + 1; r < kBlock; ++r) {
#pragma GCC unroll 8
      for (int q = r; q < kBlock; ++q) block.u[r][q] -= block.u[p][r] * block.u[p][q];
    }
  }
}

// Turns the block's rows, from column `begin` on, into rows of U.
HWY_INLINE void EliminateRows(float* HWY_RESTRICT A, std::size_t n, std::size_t begin,
                              const DiagonalBlock& block) {
  const Tag d;
  const std::size_t lanes = hn::Lanes(d);
  float* HWY_RESTRICT rows = A + begin * n;
  for (std::size_t c = begin / lanes * lanes; c < n; c += lanes) {
    Vec row[kBlock];
#pragma GCC unroll 8
    for (int p = 0; p < kBlock; ++p) {
      row[p] = hn::LoadU(d, rows + static_cast<std::size_t>(p) * n + c);
#pragma GCC unroll 8
      for (int q = 0; q < p; ++q) {
        row[p] = hn::NegMulAdd(hn::Set(d, block.u[q][p]), row[q], row[p]);
      }
      row[p] = hn::Mul(row[p], hn::Set(d, block.inverse[p]));
      const std::size_t k = begin + static_cast<std::size_t>(p);
      if (HWY_UNLIKELY(c < k)) {
        // Left of the diagonal are leftovers: zero, so that products with them vanish.
        row[p] = hn::IfThenZeroElse(hn::FirstN(d, std::min(k - c, lanes)), row[p]);
      }
      hn::StoreU(row[p], d, rows + static_cast<std::size_t>(p) * n + c);
    }
  }
}

// U^T z = b for the block's unknowns, given that the rows above are subtracted; then subtracts them
// from the unknowns below.
HWY_INLINE void SubstituteForward(const float* HWY_RESTRICT A, std::size_t n, std::size_t begin,
                                  const DiagonalBlock& block, float* HWY_RESTRICT x) {
  const Tag d;
  const std::size_t lanes = hn::Lanes(d);
  float z[kBlock];
#pragma GCC unroll 8
  for (int p = 0; p < kBlock; ++p) {
    float rest = x[begin + static_cast<std::size_t>(p)];
#pragma GCC unroll 8
    for (int q = 0; q < p; ++q) rest -= block.u[q][p] * z[q];
    z[p] = rest * block.inverse[p];
  }
  const std::size_t end = begin + kBlock;
  for (std::size_t c = end / lanes * lanes; c < n; c += lanes) {
    Vec rest = hn::LoadU(d, x + c);
#pragma GCC unroll 8
    for (int p = 0; p < kBlock; ++p) {
      const float* row = A + (begin + static_cast<std::size_t>(p)) * n;
      rest = hn::NegMulAdd(hn::Set(d, z[p]), hn::LoadU(d, row + c), rest);
    }
    hn::StoreU(rest, d, x + c);
  }
  std::copy_n(z, kBlock, x + begin);  // last: the first vector may reach back over the block
}

// U x = z for the block's unknowns, given those below it; `x` is z on entry, `solved` holds the
// unknowns below and zeros elsewhere.
HWY_INLINE void SubstituteBack(const float* HWY_RESTRICT A, std::size_t n, std::size_t begin,
                               const float* HWY_RESTRICT inverse, const float* HWY_RESTRICT x,
                               float* HWY_RESTRICT solved) {
  const Tag d;
  const std::size_t lanes = hn::Lanes(d);
  const float* HWY_RESTRICT rows = A + begin * n;
  Vec sums[kBlock];
#pragma GCC unroll 8
  for (int p = 0; p < kBlock; ++p) sums[p] = hn::Zero(d);
  for (std::size_t c = begin / lanes * lanes; c < n; c += lanes) {
    const Vec below = hn::LoadU(d, solved + c);
#pragma GCC unroll 8
    for (int p = 0; p < kBlock; ++p) {
      const float* row = rows + static_cast<std::size_t>(p) * n;
      sums[p] = hn::MulAdd(hn::LoadU(d, row + c), below, sums[p]);
    }
  }
  float rest[kBlock];
#pragma GCC unroll 8
  for (int p = 0; p < kBlock; ++p) {
    rest[p] = x[begin + static_cast<std::size_t>(p)] - hn::GetLane(hn::SumOfLanes(d, sums[p]));
  }
#pragma GCC unroll 8
  for (int p = kBlock - 1; p >= 0; --p) {
    const float* row = rows + static_cast<std::size_t>(p) * n + begin;
#pragma GCC unroll 8
    for (int q = p + 1; q < kBlock; ++q) rest[p] -= row[q] * rest[q];
    rest[p] *= inverse[p];
  }
  std::copy_n(rest, kBlock, solved + begin);
}

void SolveCholesky(float* HWY_RESTRICT A, std::size_t n, float* HWY_RESTRICT x) {
  constexpr std::size_t kMaxSize = 512;
  float diagonal[kMaxSize];
  float inverse[kMaxSize];
  float solved[kMaxSize];
  for (std::size_t k = 0; k < n; ++k) diagonal[k] = A[k * n + k];
  for (std::size_t begin = 0; begin < n; begin += kBlock) {
    // All rows above at once, so that sums stay in registers.
    UpdateUpper<true>(A, begin, n, begin, begin + kBlock, n, A, A, n, [] {});
    DiagonalBlock block;
    FactorizeDiagonal(A + begin * n + begin, n, diagonal + begin, block);
    EliminateRows(A, n, begin, block);
    SubstituteForward(A, n, begin, block, x);
    std::copy_n(block.inverse, kBlock, inverse + begin);
  }
  std::fill_n(solved, n, 0.0F);
  for (std::size_t begin = n; begin > 0; begin -= kBlock) {
    SubstituteBack(A, n, begin - kBlock, inverse + begin - kBlock, x, solved);
  }
  std::copy_n(solved, n, x);
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
