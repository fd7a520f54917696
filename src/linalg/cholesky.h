// Solves symmetric positive definite systems of a few hundred unknowns.
//
// Source:  Golub, Van Loan, "Matrix Computations", 4th ed., section 4.2 (blocked, outer products).
// Symbols: A = U^T U, U upper triangular; [n x n], row-major, stride n, n a multiple of
//          kRowMultiple.
// Cost:    n^3 / 6 + n^2 multiply-adds; allocates nothing.
// Errors:  none. An unknown whose pivot is below a millionth of its diagonal entry, lost to
//          rounding, is set to 0, so that the answer is finite for a semidefinite A too.
#pragma once

#include <cstddef>

namespace usher::linalg {

// Overwrites the upper triangle of A with U and x, given as the right-hand side b, with the
// solution of A x = b. Entries below the diagonal are neither read nor kept.
void SolveCholeskyInPlace(float* A, std::size_t n, float* x);

}  // namespace usher::linalg
