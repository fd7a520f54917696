// Implicit-feedback alternating least squares with frequency-scaled regularisation.
//
// Solver:  each sweep solves its rows exactly unless the options say otherwise; folding in and the
//          last solve of the users are always exact.
// Source:  Rendle, Krichene, Zhang, Koren, "Revisiting the Performance of iALS on Item
//          Recommendation Benchmarks", RecSys 2022 (arXiv 2110.14037), equations 2 to 4; after Hu,
//          Koren, Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", ICDM 2008.
// Symbols: U user factors, V item factors [rows x rank]; S the observed pairs, S_u the items of
//          user u; alpha0 weight of a pair that was not observed, alpha0 > 0; lambda and nu
//          strength and exponent of the regularisation. Minimised is
//            sum over S of w (u.v - 1)^2 + alpha0 sum over all pairs of (u.v)^2
//            + sum over users of lambda (|S_u| + alpha0 |I|)^nu |u|^2, and the same for items,
//          |I| and |U| being the items and users that occur in S; w is 1, or with
//          Interactions.weights the pair's weight, and then |S_u| is the sum of u's weights.
// Cost:    a sweep is 2 |S| rank^2 / 2 + (users + items) rank^3 / 6 multiply-adds.
// Order:   every row is solved on its own, so the bits do not depend on the number of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>

#include "base/parallel.h"
#include "base/result.h"
#include "linalg/matrix.h"
#include "recsys/als/block_descent.h"
#include "recsys/als/conjugate_gradient.h"
#include "recsys/interactions/interactions.h"

namespace usher::recsys {

// How a sweep solves a row.
enum class AlsSolver {
  kDirect,             // exactly, by Cholesky
  kConjugateGradient,  // some steps from the row's last factors (conjugate_gradient.h)
  kBlocks,             // one visit of each block of factors, from the last ones (block_descent.h)
};

struct AlsOptions {
  std::size_t rank = 64;            // 1 to 512
  std::size_t sweeps = 12;          // each solves all users, then all items
  float unobserved_weight = 0.1F;   // alpha0
  float regularization = 0.01F;     // lambda
  float frequency_exponent = 1.0F;  // nu
  float initial_deviation = 0.1F;   // of the starting item factors, times sqrt(rank)
  // Power iterations (randomised subspace iteration; Halko, Martinsson, Tropp, "Finding Structure
  // with Randomness", 2011, algorithm 4.4) on the observed pairs that turn the random start into
  // their leading singular vectors. One costs about a fifth of a sweep at rank 64, and a few spare
  // several sweeps. 0: the random start as it is.
  std::size_t start_iterations = 0;
  std::uint64_t seed = 1;
  AlsSolver solver = AlsSolver::kDirect;
  std::size_t gradient_steps = 3;  // of kConjugateGradient
  std::size_t block_width = 32;    // of kBlocks; a multiple of linalg::kRowMultiple
};

// Solves rows of one side, the factors of the other side being fixed.
class AlsSide {
 public:
  struct Scratch {
    explicit Scratch(std::size_t stride);
    linalg::FloatVector A;  // [stride x stride]
    linalg::FloatVector panel;
    ConjugateGradientScratch gradient;
    BlockDescentScratch blocks;
  };

  // `other` must outlive this; `other_count` rows of it occur in S.
  AlsSide(const linalg::MatrixView& other, std::size_t other_count, const AlsOptions& options,
          ThreadPool& pool);

  // Overwrites x [stride] with the minimiser for a row that met `observed` (rows of the other side,
  // each once). Nothing observed gives zeros. `weights` is empty (all 1) or gives each observed
  // pair its weight in the loss and in |S_u|, over 0. `upcoming` is the list of the next call, if
  // known: its rows are fetched from memory meanwhile.
  void Solve(std::span<const std::uint32_t> observed, std::span<const float> weights,
             Scratch& scratch, float* x, std::span<const std::uint32_t> upcoming = {}) const;

  // Moves x [stride], the row's last factors, towards the minimiser by the solver of the options;
  // with kDirect the same as Solve.
  void Improve(std::span<const std::uint32_t> observed, std::span<const float> weights,
               Scratch& scratch, float* x, std::span<const std::uint32_t> upcoming = {}) const;

  // Overwrites y [stride], given as a right-hand side b, with A^-1 b, A being the matrix of Solve
  // for the same row: Solve gives A^-1 sum_j w_j v_j, so that v_j.(A^-1 b) w_j is what pair j adds
  // to x.b. `observed` is not empty.
  void SolveFor(std::span<const std::uint32_t> observed, std::span<const float> weights,
                Scratch& scratch, float* y) const;

  [[nodiscard]] std::size_t stride() const { return other_.stride; }

 private:
  // A in the scratch, and sum_j w_j v_j in b [stride].
  void SetUp(std::span<const std::uint32_t> observed, std::span<const float> weights,
             Scratch& scratch, float* b, std::span<const std::uint32_t> upcoming) const;

  linalg::MatrixView other_;
  [[nodiscard]] float Ridge(std::span<const std::uint32_t> observed,
                            std::span<const float> weights) const;

  linalg::FloatVector base_;  // alpha0 times the Gram matrix of the other side
  AlsSolver solver_;
  std::size_t gradient_steps_;
  std::size_t block_width_;
  float unobserved_total_;  // alpha0 times other_count
  float regularization_;
  float frequency_exponent_;
};

struct AlsFactors {
  linalg::Matrix users;
  linalg::Matrix items;
};

struct AlsHooks {
  // Where to go on: item factors after so many sweeps, as after_sweep gave them. For the direct
  // solver alone: the others' sweeps begin from the users' factors too.
  struct Start {
    std::size_t sweeps_done = 0;
    linalg::Matrix items;
  };
  std::optional<Start> start;
  // After each sweep, from the calling thread. An error ends the training with it.
  std::function<Result<void>(std::size_t sweeps_done, const linalg::Matrix& items)> after_sweep;
  std::function<void(double fraction)> progress;  // from the calling thread; may be empty
  std::stop_token stop;
  bool solve_users = true;  // false: for a caller who needs the items alone
};

// After the last sweep the users are solved once more, so that each user's factors are exactly what
// folding in their history gives; without solve_users they mean nothing. Errors: kCancelled after a
// stop request.
Result<AlsFactors> TrainAls(const Interactions& interactions, const AlsOptions& options,
                            ThreadPool& pool, AlsHooks hooks = {});

// Rows that are not empty.
[[nodiscard]] std::size_t CountNonEmpty(const ListsView& lists);

// Different values that occur; each is below value_count.
[[nodiscard]] std::size_t CountOccurring(const ListsView& lists, std::size_t value_count);

}  // namespace usher::recsys
