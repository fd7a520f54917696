#include "recsys/als/block_descent.h"

#include <algorithm>

#include "linalg/cholesky.h"
#include "linalg/gathered_rows.h"
#include "linalg/rank_update.h"
#include "linalg/vector_ops.h"

namespace usher::recsys {

void DescendBlocks(const RowSystem& system, std::size_t width, BlockDescentScratch& scratch,
                   float* x) {
  const std::size_t n = system.other.stride;
  auto& [block_base, A, step, panel, residuals] = scratch;
  block_base.resize(width * width);
  A.resize(width * width);
  step.resize(width);
  panel.resize(linalg::PanelSize(width));
  residuals.assign(system.observed.size(), 1.0F);
  linalg::SubtractProducts(system.other, system.observed, 0, n, x, residuals.data());
  for (std::size_t c = 0; c < n; c += width) {
    const std::size_t d = std::min(width, n - c);
    for (std::size_t k = 0; k < d; ++k) {
      std::copy_n(system.base + (c + k) * n + c, d, block_base.data() + k * d);
      block_base[k * d + k] += system.ridge;
    }
    linalg::BlockRankUpdate(system.other, system.observed, system.weights, residuals, c, d,
                            block_base.data(), A.data(), step.data(), panel.data());
    // What the gradient has beside the observed pairs.
    for (std::size_t k = 0; k < d; ++k) {
      step[k] -= linalg::Dot({system.base + (c + k) * n, n}, {x, n}) + system.ridge * x[c + k];
    }
    linalg::SolveCholeskyInPlace(A.data(), d, step.data());
    linalg::AddScaled(1.0F, std::span<const float>(step).first(d), {x + c, d});
    linalg::SubtractProducts(system.other, system.observed, c, d, step.data(), residuals.data());
  }
}

}  // namespace usher::recsys
