// The register-tiled kernel behind rank_update.cc and cholesky.cc, compiled once per instruction
// set: A = base + sign * P^T P on the upper triangle.

// A guard of Highway's kind: the text is wanted once per target, not once per file.
#if defined(USHER_LINALG_RANK_UPDATE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef USHER_LINALG_RANK_UPDATE_INL_H_
#undef USHER_LINALG_RANK_UPDATE_INL_H_
#else
#define USHER_LINALG_RANK_UPDATE_INL_H_
#endif

#include <hwy/highway.h>

#include <cstddef>

HWY_BEFORE_NAMESPACE();
namespace usher::linalg::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// At most a cache line: rows are padded to whole ones (matrix.h).
using Tag = hn::CappedTag<float, 16>;
using Vec = hn::Vec<Tag>;

// Accumulators kept in registers: rows x vectors. AVX-512 and NEON have 32 registers, the
// others 16.
#if HWY_TARGET <= HWY_AVX3
constexpr int kTileRows = 8;
constexpr int kTileVectors = 3;
#else
constexpr int kTileRows = 4;
constexpr int kTileVectors = 2;
#endif

// Adds to one tile the outer products of `depth` rows of the panel. `rows` and `columns` point at
// the panel's first row, at the tile's first row index and first column index.
template <int kVectors, bool kSubtract>
HWY_INLINE void UpdateTile(const float* HWY_RESTRICT rows, const float* HWY_RESTRICT columns,
                           std::size_t depth, std::size_t panel_stride, const float* base, float* a,
                           std::size_t a_stride) {
  const Tag d;
  const std::size_t lanes = hn::Lanes(d);
  Vec sums[kTileRows][kVectors];
#pragma GCC unroll 8
  for (int r = 0; r < kTileRows; ++r) {
#pragma GCC unroll 3
    for (int v = 0; v < kVectors; ++v) {
      sums[r][v] = hn::LoadU(d, base + r * a_stride + v * lanes);
    }
  }
  for (std::size_t k = 0; k < depth; ++k) {
    Vec column[kVectors];
#pragma GCC unroll 3
    for (int v = 0; v < kVectors; ++v) column[v] = hn::LoadU(d, columns + v * lanes);
#pragma GCC unroll 8
    for (int r = 0; r < kTileRows; ++r) {
      const Vec row = hn::Set(d, rows[r]);
#pragma GCC unroll 3
      for (int v = 0; v < kVectors; ++v) {
        if constexpr (kSubtract) {
          sums[r][v] = hn::NegMulAdd(row, column[v], sums[r][v]);
        } else {
          sums[r][v] = hn::MulAdd(row, column[v], sums[r][v]);
        }
      }
    }
    rows += panel_stride;
    columns += panel_stride;
  }
#pragma GCC unroll 8
  for (int r = 0; r < kTileRows; ++r) {
#pragma GCC unroll 3
    for (int v = 0; v < kVectors; ++v) {
      hn::StoreU(sums[r][v], d, a + r * a_stride + v * lanes);
    }
  }
}

// A = base + P^T P (or - P^T P), rows and columns [first, n) of the upper triangle; whole vectors
// are written, so entries left of the diagonal within its vector are written too and mean nothing.
// P is `depth` rows of `panel_stride` floats; first is a multiple of kTileRows, n of kRowMultiple.
template <bool kSubtract>
HWY_INLINE void UpdateUpper(const float* HWY_RESTRICT panel, std::size_t depth,
                            std::size_t panel_stride, std::size_t first, std::size_t n,
                            const float* base, float* a, std::size_t a_stride) {
  const Tag d;
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t r = first; r < n; r += kTileRows) {
    std::size_t c = r / lanes * lanes;
    const float* rows = panel + r;
    while (c < n) {
      const std::size_t left = (n - c) / lanes;
      const float* columns = panel + c;
      const float* from = base + r * a_stride + c;
      float* to = a + r * a_stride + c;
      // Four vectors left are two and two rather than three and one.
      if (kTileVectors == 3 && left >= 3 && left != 4) {
        UpdateTile<3, kSubtract>(rows, columns, depth, panel_stride, from, to, a_stride);
        c += 3 * lanes;
      } else if (left >= 2) {
        UpdateTile<2, kSubtract>(rows, columns, depth, panel_stride, from, to, a_stride);
        c += 2 * lanes;
      } else {
        UpdateTile<1, kSubtract>(rows, columns, depth, panel_stride, from, to, a_stride);
        c += lanes;
      }
    }
  }
}

}  // namespace usher::linalg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per-target guard
