// Weighted sums of rows gathered from a matrix: the product of a sparse matrix and a dense one.
//
// Symbols: Y [rows x stride]; out [stride].
// Cost:    one multiply-add for each entry of the rows. Fastest when Y fits into the second-level
//          cache: multiply a wide matrix by stripes of its columns.
// Order:   sums run over the rows in the order given: same instruction set, same bits.
#pragma once

#include <cstdint>
#include <span>

#include "linalg/matrix.h"

namespace usher::linalg {

// out = sum_k w_k y_(rows[k]). `weights` is empty (all 1) or one for each row.
void GatherSum(const MatrixView& Y, std::span<const std::uint32_t> rows,
               std::span<const float> weights, float* out);

}  // namespace usher::linalg
