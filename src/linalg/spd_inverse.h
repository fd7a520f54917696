// Inverts symmetric positive definite matrices of thousands of rows, on all threads.
//
// Source:  Goodnight, "A Tutorial on the SWEEP Operator", The American Statistician 33(3), 1979, a
//          block of rows at a time: with K the block, D = A_KK^-1 and W = D A_K*,
//            A_ij -= A_iK W_j,  A_K* = W,  A_KK = -D.
//          After all blocks A is minus its inverse. Against Cholesky, triangular inverse and
//          product it does the same n^3 / 2 multiply-adds in one kind of step, all of them equally
//          large, so that threads have work to the end.
// Symbols: A [n x n], row-major, stride n, n a multiple of kOrderMultiple: pad with ones on the
//          diagonal and zeros beside it.
// Cost:    n^3 / 2 multiply-adds at a large share of the processor's peak (n = 4000: 0.4 s on two
//          cores; n = 16000: 26 s); 200 n floats of scratch beside A.
// Order:   every tile is computed on its own: the bits depend on the instruction set alone.
// Errors:  none. An unknown whose pivot is below a millionth of its diagonal entry, lost to
//          rounding, gets a zero row and column, so that the answer is finite for a semidefinite A.
#pragma once

#include <cstddef>
#include <stop_token>

#include "base/parallel.h"

namespace usher::linalg {

inline constexpr std::size_t kOrderMultiple = 48;

[[nodiscard]] constexpr std::size_t PaddedOrder(std::size_t n) {
  return (n + kOrderMultiple - 1) / kOrderMultiple * kOrderMultiple;
}

// Reads the upper triangle of A and overwrites all of A with its inverse. False, and A is of no
// use, after a stop request.
[[nodiscard]] bool InvertSpdInPlace(float* A, std::size_t n, ThreadPool& pool,
                                    const std::stop_token& stop = {});

}  // namespace usher::linalg
