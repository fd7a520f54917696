#include "recsys/als/conjugate_gradient.h"

#include <algorithm>

#include "linalg/gathered_rows.h"
#include "linalg/vector_ops.h"

namespace usher::recsys {
namespace {

// Where the squared residual is this share of the first, float has no more to give.
constexpr float kConverged = 1e-14F;

// sum += slope (base + ridge I) p
void AddBase(const RowSystem& system, float slope, std::span<const float> p, std::span<float> sum) {
  const std::size_t n = p.size();
  for (std::size_t k = 0; k < n; ++k) {
    linalg::AddScaled(slope * p[k], {system.base + k * n, n}, sum);
  }
  linalg::AddScaled(slope * system.ridge, p, sum);
}

}  // namespace

void StepConjugateGradient(const RowSystem& system, std::size_t steps,
                           ConjugateGradientScratch& scratch, float* x_data) {
  const std::size_t n = system.other.stride;
  const std::span<float> x(x_data, n);
  auto& [r, p, Ap] = scratch;
  // r = b - A x
  r.assign(n, 0.0F);
  linalg::AddGathered(system.other, system.observed, system.weights, 1.0F, -1.0F, x_data, r.data());
  AddBase(system, -1.0F, x, r);
  p = r;
  float square = linalg::Dot(r, r);
  const float enough = square * kConverged;
  for (std::size_t step = 0; step < steps && square > enough; ++step) {
    Ap.assign(n, 0.0F);
    linalg::AddGathered(system.other, system.observed, system.weights, 0.0F, 1.0F, p.data(),
                        Ap.data());
    AddBase(system, 1.0F, p, Ap);
    const float curvature = linalg::Dot(p, Ap);
    if (!(curvature > 0)) return;  // a semidefinite system's null space
    const float length = square / curvature;
    linalg::AddScaled(length, p, x);
    linalg::AddScaled(-length, Ap, r);
    const float next = linalg::Dot(r, r);
    const float keep = next / square;
    for (std::size_t k = 0; k < n; ++k) p[k] = r[k] + keep * p[k];
    square = next;
  }
}

}  // namespace usher::recsys
