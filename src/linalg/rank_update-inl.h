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
#include <type_traits>

HWY_BEFORE_NAMESPACE();
namespace usher::linalg::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// At most a cache line: rows are padded to whole ones (matrix.h).
using Tag = hn::CappedTag<float, 16>;
using Vec = hn::Vec<Tag>;
constexpr std::size_t kMostLanes = hn::MaxLanes(Tag());

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
template <int kVectors, bool kSubtract, class D>
HWY_INLINE void UpdateTile(D d, const float* HWY_RESTRICT rows, const float* HWY_RESTRICT columns,
                           std::size_t depth, std::size_t panel_stride, const float* base, float* a,
                           std::size_t a_stride) {
  using V = hn::Vec<D>;
  const std::size_t lanes = hn::Lanes(d);
  V sums[kTileRows][kVectors];
#pragma GCC unroll 8
  for (int r = 0; r < kTileRows; ++r) {
#pragma GCC unroll 3
    for (int v = 0; v < kVectors; ++v) {
      sums[r][v] = hn::LoadU(d, base + r * a_stride + v * lanes);
    }
  }
  for (std::size_t k = 0; k < depth; ++k) {
    V column[kVectors];
#pragma GCC unroll 3
    for (int v = 0; v < kVectors; ++v) column[v] = hn::LoadU(d, columns + v * lanes);
#pragma GCC unroll 8
    for (int r = 0; r < kTileRows; ++r) {
      const V row = hn::Set(d, rows[r]);
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

// Tiles that UpdateUpper takes for all of [0, n).
HWY_INLINE std::size_t UpperTileCount(std::size_t n) {
  const std::size_t lanes = hn::Lanes(Tag());
  std::size_t count = 0;
  for (std::size_t r = 0; r < n; r += kTileRows) {
    std::size_t c = r / lanes * lanes;
    if (r != c) {
      ++count;
      c += lanes;
    }
    const std::size_t left = (n - c) / lanes;
    count += (left + kTileVectors - 1) / kTileVectors;
  }
  return count;
}

// A = base + P^T P (or - P^T P), rows and columns [first, n) of the upper triangle. Tiles are
// whole, so some entries left of the diagonal are written too and mean nothing. P is `depth` rows
// of `panel_stride` floats; first is a multiple of kTileRows, n of kRowMultiple. `between` is
// called once for each tile, before it.
template <bool kSubtract, class Between>
HWY_INLINE void UpdateUpper(const float* HWY_RESTRICT panel, std::size_t depth,
                            std::size_t panel_stride, std::size_t first, std::size_t last,
                            std::size_t n, const float* base, float* a, std::size_t a_stride,
                            const Between& between) {
  const Tag d;
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t r = first; r < last; r += kTileRows) {
    std::size_t c = r / lanes * lanes;
    const float* rows = panel + r;
    const auto update = [&](auto tag, auto vectors) HWY_ATTR {
      between();
      UpdateTile<decltype(vectors)::value, kSubtract>(tag, rows, panel + c, depth, panel_stride,
                                                      base + r * a_stride + c, a + r * a_stride + c,
                                                      a_stride);
    };
    if (r != c) {
      // The diagonal begins in the middle of a vector: its right half is enough.

      const hn::Half<Tag> half;
      c = r;
      update(half, std::integral_constant<int, 1>());
      c += hn::Lanes(half);
    }
    while (c < n) {
      const std::size_t left = (n - c) / lanes;
      // Four vectors left are two and two rather than three and one.
      if (kTileVectors == 3 && left >= 3 && left != 4) {
        update(d, std::integral_constant<int, 3>());
        c += 3 * lanes;
      } else if (left >= 2) {
        update(d, std::integral_constant<int, 2>());
        c += 2 * lanes;
      } else {
        update(d, std::integral_constant<int, 1>());
        c += lanes;
      }
    }
  }
}

}  // namespace usher::linalg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per-target guard
