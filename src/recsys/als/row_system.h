// RowSystem: the quadratic that one row of alternating least squares minimises, for solvers that
// improve a given answer.
#pragma once

#include <cstdint>
#include <span>

#include "linalg/matrix.h"

namespace usher::recsys {

// A x = b with A = base + ridge I + sum_j w_j v_j v_j^T and b = sum_j w_j v_j.
struct RowSystem {
  const linalg::MatrixView& other;          // V, n its stride
  const float* base;                        // alpha0 V^T V, [n x n], both triangles
  float ridge = 0;                          // over 0 where a solver is to converge
  std::span<const std::uint32_t> observed;  // rows j of V
  std::span<const float> weights;           // w, or empty for all 1
};

}  // namespace usher::recsys
