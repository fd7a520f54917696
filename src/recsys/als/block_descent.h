// Block coordinate descent on a row of alternating least squares, from the row's last factors: a
// Newton step, which is exact, for one block of factors after the other.
//
// Source:  Rendle, Krichene, Zhang, Koren, "iALS++: Speeding up Matrix Factorization with Subspace
//          Optimization", 2021 (arXiv 2110.14044), algorithm 2. A row's blocks are visited before
//          the next row's: rows do not see each other while the other side is fixed, so the result
//          is that of the paper's order, and the row's residuals stay in the cache.
// Symbols: d the width of a block; n the stride.
// Cost:    3 |S_u| n + |S_u| n d / 2 + n^2 + n d^2 / 6 multiply-adds, beside the direct solver's
//          |S_u| n^2 / 2 + n^3 / 6; allocates nothing once warm.
#pragma once

#include <cstddef>
#include <vector>

#include "linalg/matrix.h"
#include "recsys/als/row_system.h"

namespace usher::recsys {

struct BlockDescentScratch {
  linalg::FloatVector block_base, A, step, panel;
  std::vector<float> residuals;
};

// Moves x [n] towards the solution: visits each block of `width` factors once. `width` is a
// multiple of linalg::kRowMultiple; the last block may be narrower.
void DescendBlocks(const RowSystem& system, std::size_t width, BlockDescentScratch& scratch,
                   float* x);

}  // namespace usher::recsys
