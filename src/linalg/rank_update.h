// Symmetric rank-k updates: sums of outer products of rows, the work that alternating least squares
// spends its time on.
//
// Symbols: Y factors [rows x n]; A symmetric [n x n], only its upper triangle is kept, row-major
//          with stride n; n a multiple of kRowMultiple (padding columns of Y are zero).
// Cost:    rows n^2 / 2 multiply-adds, at a large share of the processor's peak: rows are packed
//          into a panel that stays in the first-level cache, sums stay in registers.
// Order:   sums run over the rows in the order given: same rows, same instruction set, same bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/parallel.h"
#include "linalg/matrix.h"

namespace usher::linalg {

// Rows packed at a time.
inline constexpr std::size_t kPanelRows = 64;

// Floats of scratch that GatherRankUpdate needs.
[[nodiscard]] constexpr std::size_t PanelSize(std::size_t n) { return kPanelRows * n; }

// A = base + sum_j w_j y_j y_j^T and b = sum_j w_j y_j over the rows j of Y in `rows`.
// `weights` is empty (all 1) or one w >= 0 for each row. `base` may be A itself. `upcoming` are
// rows that the next call will gather: they are fetched from memory meanwhile.
void GatherRankUpdate(const MatrixView& Y, std::span<const std::uint32_t> rows,
                      std::span<const float> weights, const float* base, float* A, float* b,
                      float* panel, std::span<const std::uint32_t> upcoming = {});

// b = sum of the rows j of Y in `rows`.
void GatherSum(const MatrixView& Y, std::span<const std::uint32_t> rows, float* b);

// A = Y^T Y, upper triangle. Blocks of rows are summed apart and then added in order, so that the
// bits do not depend on the number of threads.
void Gram(const MatrixView& Y, ThreadPool& pool, float* A);

}  // namespace usher::linalg
