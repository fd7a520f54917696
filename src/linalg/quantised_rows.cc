#include "linalg/quantised_rows.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "linalg/quantised_rows.cc"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

// After foreach_target.h, which includes this file once more for each instruction set.
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace usher::linalg::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using Tag = hn::CappedTag<float, kTileWidth>;
using Vec = hn::Vec<Tag>;
using Tag32 = hn::RebindToSigned<Tag>;
using Vec32 = hn::Vec<Tag32>;

// Vectors of u and tiles taken at a time, as in packed_rows.cc.
#if HWY_TARGET <= HWY_AVX3
constexpr int kManyVectors = 12;
constexpr int kManyTiles = 2;
constexpr int kOneTiles = 8;
#elif HWY_TARGET == HWY_AVX2
constexpr int kManyVectors = 6;
constexpr int kManyTiles = 1;
constexpr int kOneTiles = 4;
#else
constexpr int kManyVectors = 2;
constexpr int kManyTiles = 1;
constexpr int kOneTiles = 2;
#endif
constexpr int kLanes = static_cast<int>(hn::MaxLanes(Tag()));
constexpr int kTileVecs = static_cast<int>(kTileWidth) / kLanes;

// sum + a pair of columns of kLanes rows times a pair of entries of u, in every lane.
#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128 || HWY_ARCH_ARM || HWY_ARCH_WASM || \
    HWY_ARCH_RVV || HWY_ARCH_PPC
// No instruction adds neighbours, or it leaves them in another order.
HWY_INLINE Vec32 AddPair(const std::int8_t* HWY_RESTRICT columns, std::int32_t pair, Vec32 sum) {
  std::int16_t u[2];
  std::memcpy(u, &pair, sizeof(u));
  HWY_ALIGN std::int32_t lanes[kLanes];
  for (int lane = 0; lane < kLanes; ++lane) {
    lanes[lane] = columns[2 * lane] * u[0] + columns[2 * lane + 1] * u[1];
  }
  return hn::Add(sum, hn::Load(Tag32(), lanes));
}
using Columns = const std::int8_t*;
HWY_INLINE Columns LoadColumns(const std::int8_t* columns) { return columns; }
using Pair = std::int32_t;
HWY_INLINE Pair LoadPair(std::int32_t pair) { return pair; }
#else
using Tag16 = hn::Repartition<std::int16_t, Tag32>;
using Tag8 = hn::Rebind<std::int8_t, Tag16>;
using Columns = hn::Vec<Tag16>;
using Pair = hn::Vec<Tag16>;
HWY_INLINE Columns LoadColumns(const std::int8_t* HWY_RESTRICT columns) {
  return hn::PromoteTo(Tag16(), hn::LoadU(Tag8(), columns));
}
HWY_INLINE Pair LoadPair(std::int32_t pair) { return hn::BitCast(Tag16(), hn::Set(Tag32(), pair)); }
HWY_INLINE Vec32 AddPair(Columns columns, Pair pair, Vec32 sum) {
  Vec32 unused = hn::Zero(Tag32());
  return hn::ReorderWidenMulAccumulate(Tag32(), columns, pair, sum, unused);
}
#endif

// Rare, so kept out of the way of the loop.
HWY_NOINLINE void AppendHits(const float* upper, std::size_t tile, QuantisedScanVector& vector) {
  for (std::size_t lane = 0; lane < kTileWidth; ++lane) {
    if (upper[lane] < vector.threshold) continue;
    vector.hits[vector.hit_count++] = static_cast<std::uint32_t>(tile * kTileWidth + lane);
  }
}

// Looks at the whole sums of one tile with one vector: appends hits, adds the exponentials of the
// others.
HWY_INLINE void Collect(const Vec32* HWY_RESTRICT whole, const float* HWY_RESTRICT scales,
                        const float* HWY_RESTRICT errors, std::size_t tile, std::size_t size,
                        QuantisedScanVector& vector) {
  const Tag d;
  const Vec threshold = hn::Set(d, vector.threshold);
  const Vec own_scale = hn::Set(d, vector.u->scale);
  const Vec norm = hn::Set(d, vector.u->norm);
  const Vec tiniest = hn::Set(d, kTiniest);
  Vec products[kTileVecs];
  Vec upper[kTileVecs];
  hn::Mask<Tag> below[kTileVecs];
#pragma GCC unroll 16
  for (int v = 0; v < kTileVecs; ++v) {
    const Vec scale = hn::Mul(own_scale, hn::Load(d, scales + v * kLanes));
    products[v] = hn::Mul(scale, hn::ConvertTo(d, whole[v]));
    upper[v] = hn::Add(products[v], hn::MulAdd(norm, hn::Load(d, errors + v * kLanes), tiniest));
    below[v] = hn::Lt(upper[v], threshold);
  }
  auto all_below = below[0];
#pragma GCC unroll 16
  for (int v = 1; v < kTileVecs; ++v) all_below = hn::And(all_below, below[v]);
  if (HWY_UNLIKELY(!hn::AllTrue(d, all_below))) {
    alignas(64) float upper_lanes[kTileWidth];
#pragma GCC unroll 16
    for (int v = 0; v < kTileVecs; ++v) hn::Store(upper[v], d, upper_lanes + v * kLanes);
    AppendHits(upper_lanes, tile, vector);
  }
  if (vector.sums == nullptr) return;
  const Vec scale = hn::Set(d, vector.scale);
  const Vec shift = hn::Set(d, vector.shift);
  const std::size_t valid = size - tile * kTileWidth;
#pragma GCC unroll 16
  for (int v = 0; v < kTileVecs; ++v) {
    Vec term = hn::IfThenElseZero(below[v], hn::Exp(d, hn::MulSub(scale, products[v], shift)));
    if (HWY_UNLIKELY(valid < kTileWidth)) {
      const std::size_t first = static_cast<std::size_t>(v) * kLanes;
      const std::size_t keep = valid > first ? std::min<std::size_t>(valid - first, kLanes) : 0;
      term = hn::IfThenElseZero(hn::FirstN(d, keep), term);
    }
    const Vec doubt = hn::Mul(term, hn::Load(d, errors + v * kLanes));
    float* sums = vector.sums + v * kLanes;
    float* doubts = vector.doubts + v * kLanes;
    hn::StoreU(hn::Add(hn::LoadU(d, sums), term), d, sums);
    hn::StoreU(hn::MulAdd(doubt, doubt, hn::LoadU(d, doubts)), d, doubts);
  }
}

// kTiles tiles from `tile` on with kVectors vectors, interleaved in `u` as [pairs x kVectors].
template <int kVectors, int kTiles>
HWY_INLINE void ScanTiles(const QuantisedRows& rows, std::size_t tile,
                          const std::int32_t* HWY_RESTRICT u, QuantisedScanVector* vectors,
                          std::size_t vector_count) {
  Vec32 sums[kVectors][kTiles * kTileVecs];
#pragma GCC unroll 12
  for (int r = 0; r < kVectors; ++r) {
#pragma GCC unroll 32
    for (int v = 0; v < kTiles * kTileVecs; ++v) sums[r][v] = hn::Zero(Tag32());
  }
  const std::size_t pairs = rows.pairs();
  const std::int8_t* HWY_RESTRICT data = rows.Tile(tile);
  for (std::size_t k = 0; k < pairs; ++k) {
    Columns columns[kTiles * kTileVecs];
#pragma GCC unroll 8
    for (int t = 0; t < kTiles; ++t) {
#pragma GCC unroll 16
      for (int v = 0; v < kTileVecs; ++v) {
        columns[t * kTileVecs + v] = LoadColumns(data + (t * pairs + k) * 2 * kTileWidth +
                                                 static_cast<std::size_t>(v) * 2 * kLanes);
      }
    }
#pragma GCC unroll 12
    for (int r = 0; r < kVectors; ++r) {
      const Pair pair = LoadPair(u[k * kVectors + r]);
#pragma GCC unroll 32
      for (int v = 0; v < kTiles * kTileVecs; ++v) {
        sums[r][v] = AddPair(columns[v], pair, sums[r][v]);
      }
    }
  }
#pragma GCC unroll 12
  for (int r = 0; r < kVectors; ++r) {
    if (static_cast<std::size_t>(r) >= vector_count) return;
#pragma GCC unroll 8
    for (int t = 0; t < kTiles; ++t) {
      const std::size_t at = tile + static_cast<std::size_t>(t);
      Collect(&sums[r][t * kTileVecs], rows.scales().data() + at * kTileWidth,
              rows.errors().data() + at * kTileWidth, at, rows.size(), vectors[r]);
    }
  }
}

template <int kVectors, int kTiles>
HWY_INLINE void ScanGroup(const QuantisedRows& rows, std::size_t begin, std::size_t end,
                          QuantisedScanVector* vectors, std::size_t vector_count,
                          std::int32_t* HWY_RESTRICT u) {
  for (std::size_t r = 0; r < kVectors; ++r) {
    for (std::size_t k = 0; k < rows.pairs(); ++k) {
      std::int32_t pair = 0;
      if (r < vector_count) std::memcpy(&pair, &vectors[r].u->values[2 * k], sizeof(pair));
      u[k * kVectors + r] = pair;
    }
  }
  std::size_t tile = begin;
  for (; tile + kTiles <= end; tile += kTiles) {
    ScanTiles<kVectors, kTiles>(rows, tile, u, vectors, vector_count);
  }
  for (; tile < end; ++tile) ScanTiles<kVectors, 1>(rows, tile, u, vectors, vector_count);
}

void ScanQuantised(const QuantisedRows& rows, std::size_t begin, std::size_t end,
                   QuantisedScanVector* vectors, std::size_t vector_count, std::int32_t* scratch) {
  while (vector_count > 0) {
    if (vector_count == 1) {
      ScanGroup<1, kOneTiles>(rows, begin, end, vectors, 1, scratch);
      return;
    }
    const std::size_t group = std::min<std::size_t>(vector_count, kManyVectors);
    ScanGroup<kManyVectors, kManyTiles>(rows, begin, end, vectors, group, scratch);
    vectors += group;
    vector_count -= group;
  }
}

// out = u * inverse, rounded; count is a multiple of kRowMultiple.
void Round(const float* HWY_RESTRICT u, std::size_t count, float inverse,
           std::int16_t* HWY_RESTRICT out) {
  const Tag d;
  const hn::Rebind<std::int16_t, Tag> d16;
  const Vec factor = hn::Set(d, inverse);
  for (std::size_t k = 0; k < count; k += kLanes) {
    hn::StoreU(hn::DemoteTo(d16, hn::NearestInt(hn::Mul(hn::LoadU(d, u + k), factor))), d16,
               out + k);
  }
}

float LargestEntry(const float* HWY_RESTRICT u, std::size_t count) {
  const Tag d;
  Vec largest = hn::Zero(d);
  for (std::size_t k = 0; k < count; k += kLanes) {
    largest = hn::Max(largest, hn::Abs(hn::LoadU(d, u + k)));
  }
  return hn::GetLane(hn::MaxOfLanes(d, largest));
}

}  // namespace usher::linalg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "base/check.h"

namespace usher::linalg {

HWY_EXPORT(ScanQuantised);
HWY_EXPORT(Round);
HWY_EXPORT(LargestEntry);

namespace {

constexpr float kLargestByte = 127.0F;
constexpr float kLargestWord = 32767.0F;

// Largest entries below this are not quantised: their scale would have lost bits.
constexpr float kSmallestLargest = 1e-30F;

// Of norms: bounds on larger products might overflow.
constexpr float kLargestProduct = 1e37F;

// Shares of |u| |v|: the rounding of u at 512 columns, sqrt(512) / 2 / 32767 of its largest entry,
// is 3.5e-4; sums of 512 products in float lose up to 512 * 2^-24 = 3e-5, scales 4 * 2^-24.
constexpr double kSlack = 5e-4;

float RoundUp(double value) {
  const auto rounded = static_cast<float>(value);
  return rounded < value ? std::nextafterf(rounded, HUGE_VALF) : rounded;
}

double Norm(std::span<const float> v) {
  double squares = 0;
  for (const float value : v) squares += double{value} * value;
  // More than the sum of thousands of doubles can have lost.
  return std::sqrt(squares) * (1 + 1e-12);
}

}  // namespace

float NormRoundedUp(std::span<const float> v) { return RoundUp(Norm(v)); }

QuantisedRows::QuantisedRows(const MatrixView& V, std::span<const std::uint32_t> order)
    : size_(order.size()), cols_(V.cols) {
  Check(cols_ <= kMostQuantisedColumns, "columns that 32 bits hold the products of");
  data_.assign(tile_count() * pairs() * 2 * kTileWidth, 0);
  scales_.assign(tile_count() * kTileWidth, 0.0F);
  errors_.assign(tile_count() * kTileWidth, 0.0F);
  for (std::size_t position = 0; position < size_; ++position) {
    const float* row = V.Row(order[position]);
    const double norm = Norm({row, cols_});
    largest_norm_ = std::max(largest_norm_, RoundUp(norm));
    if (!std::isfinite(norm)) {
      largest_norm_ = HUGE_VALF;
      return;  // no vector can be multiplied with these
    }
    const float largest = HWY_DYNAMIC_DISPATCH(LargestEntry)(row, V.stride);
    // Kept at zero, what is too small to be quantised is an error of its whole norm.
    const float scale = largest >= kSmallestLargest ? largest / kLargestByte : 0.0F;
    std::int8_t* tile = data_.data() + position / kTileWidth * pairs() * 2 * kTileWidth;
    double lost = 0;
    for (std::size_t k = 0; k < cols_; ++k) {
      const float whole = scale > 0 ? std::nearbyint(row[k] / scale) : 0.0F;
      const double rest = row[k] - double{scale} * whole;
      lost += rest * rest;
      tile[(k / 2 * kTileWidth + position % kTileWidth) * 2 + k % 2] =
          static_cast<std::int8_t>(whole);
    }
    scales_[position] = scale;
    errors_[position] = RoundUp(std::sqrt(lost) * (1 + 1e-12) + kSlack * norm);
  }
}

bool QuantisedRows::Quantise(std::span<const float> u, QuantisedVector& out) const {
  Check(u.size() == PaddedColumns(cols_), "u is a padded row");
  out.norm = NormRoundedUp(u);
  if (!(out.norm * largest_norm_ <= kLargestProduct)) return false;
  const float largest = HWY_DYNAMIC_DISPATCH(LargestEntry)(u.data(), u.size());
  if (largest < kSmallestLargest) return false;
  out.scale = largest / kLargestWord;
  out.values.resize(u.size());
  HWY_DYNAMIC_DISPATCH(Round)(u.data(), u.size(), kLargestWord / largest, out.values.data());
  return true;
}

std::size_t QuantisedScratch(std::size_t cols) {
  constexpr std::size_t kMostVectors = 12;
  return (cols + 1) / 2 * kMostVectors;
}

void ScanQuantised(const QuantisedRows& rows, std::size_t tile_begin, std::size_t tile_end,
                   std::span<QuantisedScanVector> vectors, std::int32_t* scratch) {
  for (QuantisedScanVector& vector : vectors) vector.hit_count = 0;
  HWY_DYNAMIC_DISPATCH(ScanQuantised)
  (rows, tile_begin, tile_end, vectors.data(), vectors.size(), scratch);
}

}  // namespace usher::linalg
#endif  // HWY_ONCE
