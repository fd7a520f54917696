// PackedRows: a matrix's rows sixteen by sixteen, transposed, so that one vector is multiplied with
// sixteen rows at a time and no sum across a register is needed; and the scan that finds the rows
// whose product with a vector is large without writing the others down.
//
// Symbols: V rows [size x cols] in the order given at construction, called positions from there on;
//          u vectors [cols].
// Order:   each product is one chain of fused multiply-adds over the columns, so it has the same
//          bits whether one vector is scanned or many.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "linalg/matrix.h"

namespace usher::linalg {

inline constexpr std::size_t kTileWidth = 16;  // rows in a tile

class PackedRows {
 public:
  PackedRows() = default;
  // `order` names the row of V at each position.
  PackedRows(const MatrixView& V, std::span<const std::uint32_t> order);

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t cols() const { return cols_; }
  [[nodiscard]] std::size_t tile_count() const { return (size_ + kTileWidth - 1) / kTileWidth; }
  // [cols x kTileWidth]; rows past the end are zero.
  [[nodiscard]] const float* Tile(std::size_t tile) const {
    return data_.data() + tile * cols_ * kTileWidth;
  }

 private:
  std::size_t size_ = 0;
  std::size_t cols_ = 0;
  FloatVector data_;
};

// A row whose product reached the threshold. Positions past the end of the rows may come too (their
// product is 0): the caller drops them.
struct Hit {
  std::uint32_t position;
  float product;
};

// What the scan keeps of one vector u. With x = scale * product:
//   sums alone        gains at lane l the sum of exp(x - shift),
//   sums and squares  gain the sums of d and of d^2, d = exp(x) - 1 - x - x^2 / 2 (shift unused),
// over the positions = l modulo kTileWidth, those past the end left out.
struct ScanVector {
  const float* u = nullptr;  // [cols]
  float threshold = 0;       // products of at least this are hits
  float* sums = nullptr;     // [kTileWidth], or nullptr
  float* squares = nullptr;  // [kTileWidth], or nullptr
  float scale = 0;           // the argument of exp must be at most 88
  float shift = 0;
  Hit* hits = nullptr;        // room for kTileWidth * (tile_end - tile_begin)
  std::size_t hit_count = 0;  // out
};

// Floats of scratch that Scan needs.
[[nodiscard]] std::size_t ScanScratch(std::size_t cols);

// Multiplies the tiles [tile_begin, tile_end) with each of the vectors.
void Scan(const PackedRows& rows, std::size_t tile_begin, std::size_t tile_end,
          std::span<ScanVector> vectors, float* scratch);

// out[j] = u . row rows[j] of V, with the same bits as Scan gives.
void ChainProducts(const MatrixView& V, const float* u, std::span<const std::uint32_t> rows,
                   float* out);

}  // namespace usher::linalg
