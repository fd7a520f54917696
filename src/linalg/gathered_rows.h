// Products with rows gathered from a matrix: what iterative solvers of least squares need, which
// never form the matrix of a system.
//
// Symbols: Y factors [rows x n], n its stride; y_j the rows that `rows` names; w_j their weights,
//          all 1 where `weights` is empty; c .. c + width - 1 a block of columns, c and width
//          multiples of kRowMultiple.
// Cost:    each reads every row (or its block) once: 2 n multiply-adds a row. The rows lie anywhere
//          in memory, so that long lists go at the speed of memory.
// Order:   sums run over the rows in the order given: same rows, same instruction set, same bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "linalg/matrix.h"

namespace usher::linalg {

// sum [n] += sum_j w_j (constant + slope y_j.p) y_j.
void AddGathered(const MatrixView& Y, std::span<const std::uint32_t> rows,
                 std::span<const float> weights, float constant, float slope, const float* p,
                 float* sum);

// residuals_j -= y_j.p over the columns of the block; p [width].
void SubtractProducts(const MatrixView& Y, std::span<const std::uint32_t> rows, std::size_t c,
                      std::size_t width, const float* p, float* residuals);

// For the block's columns z_j of y_j: A = base + sum_j w_j z_j z_j^T (upper triangle, [width x
// width]) and b = sum_j w_j residuals_j z_j [width]. `panel` is scratch of PanelSize(width).
void BlockRankUpdate(const MatrixView& Y, std::span<const std::uint32_t> rows,
                     std::span<const float> weights, std::span<const float> residuals,
                     std::size_t c, std::size_t width, const float* base, float* A, float* b,
                     float* panel);

}  // namespace usher::linalg
