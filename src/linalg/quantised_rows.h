// QuantisedRows: a matrix's rows once more in bytes, for a first pass that reads a quarter of the
// memory and says for most rows, with proof, that their product with a vector stays below a
// threshold.
//
// Symbols: V rows [size x cols] in the order given at construction, called positions from there on;
//          u vectors [cols]; v~ = s_v * (whole numbers of 8 bits), u~ = s_u * (of 16 bits), s the
//          scales, one for each row and vector; q = u~.v~, whose whole part is exact in 32 bits.
// Bound:   |u.v - q| <= |u| |v - v~| + |u - u~| |v~| <= |u| e_v + kTiniest by Cauchy-Schwarz, where
//          e_v = |v - v~| + kSlack |v|: kSlack covers the rounding of u, which has 16 bits because
//          it would lean all products the same way, and that of both products to float.
//          (Maximum inner product search with quantised vectors is usually approximate; here what
//          the bound cannot rule out is for the caller to multiply in full.)
// Cost:    half the instructions of packed_rows.h for many vectors, a quarter of the bytes for one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "linalg/matrix.h"
#include "linalg/packed_rows.h"

namespace usher::linalg {

inline constexpr std::size_t kMostQuantisedColumns = 512;  // more could overflow 32 bits

// A vector u in 16 bits.
struct QuantisedVector {
  std::vector<std::int16_t> values;  // as many as u
  float scale = 0;                   // s_u
  float norm = 0;                    // |u|, rounded up
};

class QuantisedRows {
 public:
  QuantisedRows() = default;
  // `order` names the row of V at each position; at most kMostQuantisedColumns columns.
  QuantisedRows(const MatrixView& V, std::span<const std::uint32_t> order);

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t cols() const { return cols_; }
  [[nodiscard]] std::size_t pairs() const { return (cols_ + 1) / 2; }
  [[nodiscard]] std::size_t tile_count() const { return (size_ + kTileWidth - 1) / kTileWidth; }
  // [pairs x kTileWidth x 2]: columns two by two, so that one instruction adds both products.
  [[nodiscard]] const std::int8_t* Tile(std::size_t tile) const {
    return data_.data() + tile * pairs() * 2 * kTileWidth;
  }
  // `u` is a row of PaddedColumns(cols) entries, zeros after cols. False for a vector that the
  // bound does not hold for: one that is not finite, zero, so small that its scale loses bits, or
  // so large that products come near the largest float; any vector when a row is not finite. Such a
  // one is to be multiplied in full.
  [[nodiscard]] bool Quantise(std::span<const float> u, QuantisedVector& out) const;
  // At each position, up to whole tiles; zero past the end.
  [[nodiscard]] std::span<const float> scales() const { return scales_; }  // s_v
  [[nodiscard]] std::span<const float> errors() const { return errors_; }  // e_v

 private:
  std::size_t size_ = 0;
  std::size_t cols_ = 0;
  std::vector<std::int8_t, LineAllocator<std::int8_t>> data_;
  FloatVector scales_;
  FloatVector errors_;
  float largest_norm_ = 0;
};

// The Euclidean norm rounded up, computed so that it is right for entries of any size.
[[nodiscard]] float NormRoundedUp(std::span<const float> v);

// Added to every bound: more than is lost where products get so small that floats lose bits.
inline constexpr float kTiniest = 1e-34F;

// What the scan keeps of one vector. With w = exp(scale q - shift),
//   sums    gain at lane l the sum of w,
//   doubts  the sum of (w e_v)^2,
// over the positions = l modulo kTileWidth that are ruled out.
struct QuantisedScanVector {
  const QuantisedVector* u = nullptr;
  float threshold = 0;      // a position whose product may reach this is a hit
  float* sums = nullptr;    // [kTileWidth], or nullptr
  float* doubts = nullptr;  // [kTileWidth], with sums
  float scale = 0;          // the argument of exp must be at most 88
  float shift = 0;
  std::uint32_t* hits = nullptr;  // room for kTileWidth * (tile_end - tile_begin)
  std::size_t hit_count = 0;      // out; positions past the end of the rows may come too
};

// Words of scratch that ScanQuantised needs.
[[nodiscard]] std::size_t QuantisedScratch(std::size_t cols);

// Multiplies the tiles [tile_begin, tile_end) with each of the vectors.
void ScanQuantised(const QuantisedRows& rows, std::size_t tile_begin, std::size_t tile_end,
                   std::span<QuantisedScanVector> vectors, std::int32_t* scratch);

}  // namespace usher::linalg
