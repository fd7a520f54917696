// Ridge regression from metadata to factors: places items or users that nobody has met yet in the
// space of those that were learnt from interactions.
//
// Source:  Gantner, Drumond, Freudenthaler, Rendle, Schmidt-Thieme, "Learning Attribute-to-Feature
//          Mappings for Cold-Start Recommendations", ICDM 2010; normal equations by conjugate
//          gradients (Hestenes, Stiefel, 1952), which end at their solution and need no matrix of
//          features by features.
// Symbols: X features [rows x F], sparse; V factors [rows x rank]; D diagonal, how far the factors
//          of a row are to be trusted: d_i = n_i / (n_i + kappa), n_i its interactions.
//            W = argmin sum_i d_i |v_i - x_i W|^2 + lambda |W|^2,  (X^T D X + lambda I) W = X^T D V
// Cost:    a step is 4 nnz(X) rank multiply-adds; some tens of steps.
// Order:   sums run in the order of rows and features, so the bits do not depend on threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/parallel.h"
#include "linalg/matrix.h"
#include "recsys/content/features.h"

namespace usher::recsys {

struct RidgeOptions {
  double regularization = 1.0;  // lambda > 0
  double trust = 10.0;          // kappa >= 0, interactions
  double tolerance = 1e-5;      // of the residual of every column, relative to X^T D V's
  std::size_t max_steps = 500;
};

// W [F x rank]. `counts` are the n_i; rows without interactions do not count.
[[nodiscard]] linalg::Matrix FitRidge(const Features& features, const linalg::MatrixView& factors,
                                      std::span<const std::uint32_t> counts,
                                      const RidgeOptions& options, ThreadPool& pool);

// X W [rows x rank]: zeros for a row without features.
[[nodiscard]] linalg::Matrix Project(const Features& features, const linalg::MatrixView& weights,
                                     ThreadPool& pool);

// The factors, with X W in the rows that have no interactions: of items from how often each was
// met and its metadata, of users from how many they met and theirs. All arguments have the same
// number of rows.
[[nodiscard]] linalg::Matrix PlaceColdRows(const linalg::MatrixView& factors,
                                           std::span<const std::uint32_t> counts,
                                           const Features& features, const RidgeOptions& options,
                                           ThreadPool& pool);

}  // namespace usher::recsys
