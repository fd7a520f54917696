// A few steps of conjugate gradient on a row of alternating least squares, from the row's last
// factors.
//
// Source:  Takacs, Pilaszy, Tikk, "Applications of the Conjugate Gradient Method for Implicit
//          Feedback Collaborative Filtering", RecSys 2011, algorithm 1; without a preconditioner.
// Cost:    (steps + 1) (2 |S_u| n + n^2) multiply-adds; allocates nothing once warm.
#pragma once

#include <cstddef>

#include "linalg/matrix.h"
#include "recsys/als/row_system.h"

namespace usher::recsys {

struct ConjugateGradientScratch {
  linalg::FloatVector residual, direction, product;
};

// Moves x [n] towards the solution; `steps` at most, fewer when nothing is left to gain.
void StepConjugateGradient(const RowSystem& system, std::size_t steps,
                           ConjugateGradientScratch& scratch, float* x);

}  // namespace usher::recsys
