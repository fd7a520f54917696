#include "linalg/packed_rows.h"

#include <algorithm>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "linalg/packed_rows.cc"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

// After foreach_target.h, which includes this file once more for each instruction set.
#include <hwy/cache_control.h>
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace usher::linalg::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using Tag = hn::CappedTag<float, kTileWidth>;
using Vec = hn::Vec<Tag>;

// Vectors of u and tiles taken at a time: as many sums as the registers hold.
#if HWY_TARGET <= HWY_AVX3
constexpr int kLanes = 16;
constexpr int kManyVectors = 12;
constexpr int kManyTiles = 2;
constexpr int kOneTiles = 8;
#elif HWY_TARGET == HWY_AVX2
constexpr int kLanes = 8;
constexpr int kManyVectors = 6;
constexpr int kManyTiles = 1;
constexpr int kOneTiles = 4;
#elif HWY_TARGET == HWY_SCALAR
constexpr int kLanes = 1;
constexpr int kManyVectors = 2;
constexpr int kManyTiles = 1;
constexpr int kOneTiles = 1;
#else
constexpr int kLanes = 4;
constexpr int kManyVectors = 2;
constexpr int kManyTiles = 1;
constexpr int kOneTiles = 2;
#endif
constexpr int kTileVecs = static_cast<int>(kTileWidth) / kLanes;
static_assert(kLanes == static_cast<int>(hn::MaxLanes(Tag())), "the lanes of this target");

// Rare, so kept out of the way of the loop.
HWY_NOINLINE void AppendHits(const float* lanes, std::size_t tile, ScanVector& vector) {
  for (std::size_t lane = 0; lane < kTileWidth; ++lane) {
    if (lanes[lane] < vector.threshold) continue;
    vector.hits[vector.hit_count++] = {static_cast<std::uint32_t>(tile * kTileWidth + lane),
                                       lanes[lane]};
  }
}

// Looks at the products of one tile with one vector: appends hits, adds exponentials.
HWY_INLINE void Collect(const Vec* HWY_RESTRICT products, std::size_t tile, std::size_t size,
                        ScanVector& vector) {
  const Tag d;
  const Vec threshold = hn::Set(d, vector.threshold);
  auto any = hn::Ge(products[0], threshold);
#pragma GCC unroll 4
  for (int v = 1; v < kTileVecs; ++v) any = hn::Or(any, hn::Ge(products[v], threshold));
  if (HWY_UNLIKELY(!hn::AllFalse(d, any))) {
    alignas(64) float lanes[kTileWidth];
#pragma GCC unroll 4
    for (int v = 0; v < kTileVecs; ++v) hn::Store(products[v], d, lanes + v * kLanes);
    AppendHits(lanes, tile, vector);
  }
  if (vector.sums == nullptr) return;
  const Vec scale = hn::Set(d, vector.scale);
  const Vec shift = hn::Set(d, vector.shift);
  const Vec one = hn::Set(d, 1.0F);
  const Vec half = hn::Set(d, 0.5F);
  const std::size_t valid = size - tile * kTileWidth;
#pragma GCC unroll 4
  for (int v = 0; v < kTileVecs; ++v) {
    Vec term;
    if (vector.squares == nullptr) {
      term = hn::Exp(d, hn::MulSub(scale, products[v], shift));
    } else {
      const Vec x = hn::Mul(scale, products[v]);
      term = hn::Sub(hn::Exp(d, x), hn::MulAdd(x, hn::MulAdd(x, half, one), one));
    }
    if (HWY_UNLIKELY(valid < kTileWidth)) {
      const std::size_t first = static_cast<std::size_t>(v) * kLanes;
      const std::size_t keep = valid > first ? std::min<std::size_t>(valid - first, kLanes) : 0;
      term = hn::IfThenElseZero(hn::FirstN(d, keep), term);
    }
    float* sums = vector.sums + v * kLanes;
    hn::StoreU(hn::Add(hn::LoadU(d, sums), term), d, sums);
    if (vector.squares != nullptr) {
      float* squares = vector.squares + v * kLanes;
      hn::StoreU(hn::MulAdd(term, term, hn::LoadU(d, squares)), d, squares);
    }
  }
}

// kTiles tiles from `tile` on with kVectors vectors, interleaved in `u` as [cols x kVectors].
template <int kVectors, int kTiles>
HWY_INLINE void ScanTiles(const float* HWY_RESTRICT data, std::size_t cols, std::size_t size,
                          std::size_t tile, const float* HWY_RESTRICT u, ScanVector* vectors,
                          std::size_t vector_count) {
  const Tag d;
  Vec sums[kVectors][kTiles * kTileVecs];
#pragma GCC unroll 12
  for (int r = 0; r < kVectors; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kTiles * kTileVecs; ++v) sums[r][v] = hn::Zero(d);
  }
  const float* HWY_RESTRICT rows = data + tile * cols * kTileWidth;
  for (std::size_t k = 0; k < cols; ++k) {
    Vec row[kTiles * kTileVecs];
#pragma GCC unroll 8
    for (int t = 0; t < kTiles; ++t) {
#pragma GCC unroll 4
      for (int v = 0; v < kTileVecs; ++v) {
        row[t * kTileVecs + v] =
            hn::Load(d, rows + (t * cols + k) * kTileWidth + static_cast<std::size_t>(v) * kLanes);
      }
    }
#pragma GCC unroll 12
    for (int r = 0; r < kVectors; ++r) {
      const Vec value = hn::Set(d, u[k * kVectors + r]);
#pragma GCC unroll 8
      for (int v = 0; v < kTiles * kTileVecs; ++v) {
        sums[r][v] = hn::MulAdd(value, row[v], sums[r][v]);
      }
    }
  }
#pragma GCC unroll 12
  for (int r = 0; r < kVectors; ++r) {
    if (static_cast<std::size_t>(r) >= vector_count) return;
#pragma GCC unroll 8
    for (int t = 0; t < kTiles; ++t) {
      Collect(&sums[r][t * kTileVecs], tile + static_cast<std::size_t>(t), size, vectors[r]);
    }
  }
}

template <int kVectors, int kTiles>
HWY_INLINE void ScanGroup(const float* data, std::size_t cols, std::size_t size, std::size_t begin,
                          std::size_t end, ScanVector* vectors, std::size_t vector_count,
                          float* HWY_RESTRICT u) {
  for (std::size_t k = 0; k < cols; ++k) {
    for (std::size_t r = 0; r < kVectors; ++r) {
      u[k * kVectors + r] = r < vector_count ? vectors[r].u[k] : 0.0F;
    }
  }
  std::size_t tile = begin;
  for (; tile + kTiles <= end; tile += kTiles) {
    ScanTiles<kVectors, kTiles>(data, cols, size, tile, u, vectors, vector_count);
  }
  for (; tile < end; ++tile) {
    ScanTiles<kVectors, 1>(data, cols, size, tile, u, vectors, vector_count);
  }
}

void Scan(const float* data, std::size_t cols, std::size_t size, std::size_t begin, std::size_t end,
          ScanVector* vectors, std::size_t vector_count, float* scratch) {
  while (vector_count > 0) {
    if (vector_count == 1) {
      ScanGroup<1, kOneTiles>(data, cols, size, begin, end, vectors, 1, scratch);
      return;
    }
    const std::size_t group = std::min<std::size_t>(vector_count, kManyVectors);
    ScanGroup<kManyVectors, kManyTiles>(data, cols, size, begin, end, vectors, group, scratch);
    vectors += group;
    vector_count -= group;
  }
}

// kRows chains side by side, because one alone would wait for itself.
template <int kRows>
HWY_INLINE void ChainRows(const float* HWY_RESTRICT data, std::size_t cols, std::size_t stride,
                          const float* HWY_RESTRICT u, const std::uint32_t* rows, float* out) {
  const hn::CappedTag<float, 1> d;
  const float* row[kRows];
  hn::Vec<decltype(d)> sums[kRows];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
    row[r] = data + rows[r] * stride;
    sums[r] = hn::Zero(d);
  }
  for (std::size_t k = 0; k < cols; ++k) {
    const auto value = hn::Set(d, u[k]);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) sums[r] = hn::MulAdd(value, hn::Set(d, row[r][k]), sums[r]);
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) out[r] = hn::GetLane(sums[r]);
}

void ChainProducts(const float* data, std::size_t cols, std::size_t stride, const float* u,
                   const std::uint32_t* rows, std::size_t count, float* out) {
  // The rows lie anywhere in memory: ask for the next ones while these are worked on.
  const auto fetch = [&](std::size_t begin) {
    for (std::size_t j = begin; j < std::min(begin + 8, count); ++j) {
      const float* row = data + rows[j] * stride;
      for (std::size_t k = 0; k < stride; k += kRowMultiple) hwy::Prefetch(row + k);
    }
  };
  std::size_t j = 0;
  for (; j + 8 <= count; j += 8) {
    fetch(j + 8);
    ChainRows<8>(data, cols, stride, u, rows + j, out + j);
  }
  for (; j < count; ++j) ChainRows<1>(data, cols, stride, u, rows + j, out + j);
}

}  // namespace usher::linalg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace usher::linalg {

HWY_EXPORT(Scan);
HWY_EXPORT(ChainProducts);

PackedRows::PackedRows(const MatrixView& V, std::span<const std::uint32_t> order)
    : size_(order.size()), cols_(V.cols) {
  data_.assign(tile_count() * cols_ * kTileWidth, 0.0F);
  for (std::size_t position = 0; position < size_; ++position) {
    const float* row = V.Row(order[position]);
    float* tile = data_.data() + position / kTileWidth * cols_ * kTileWidth;
    for (std::size_t k = 0; k < cols_; ++k) tile[k * kTileWidth + position % kTileWidth] = row[k];
  }
}

std::size_t ScanScratch(std::size_t cols) {
  constexpr std::size_t kMostVectors = 12;
  return cols * kMostVectors;
}

void Scan(const PackedRows& rows, std::size_t tile_begin, std::size_t tile_end,
          std::span<ScanVector> vectors, float* scratch) {
  for (ScanVector& vector : vectors) vector.hit_count = 0;
  HWY_DYNAMIC_DISPATCH(Scan)
  (rows.Tile(0), rows.cols(), rows.size(), tile_begin, tile_end, vectors.data(), vectors.size(),
   scratch);
}

void ChainProducts(const MatrixView& V, const float* u, std::span<const std::uint32_t> rows,
                   float* out) {
  HWY_DYNAMIC_DISPATCH(ChainProducts)
  (V.data, V.cols, V.stride, u, rows.data(), rows.size(), out);
}

}  // namespace usher::linalg
#endif  // HWY_ONCE
