#include "linalg/exp_sums.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "linalg/exp_sums.cc"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

// After foreach_target.h, which includes this file once more for each instruction set.
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace usher::linalg::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using Tag = hn::CappedTag<float, 16>;

ExpSums SumExponentials(const float* x, std::size_t size, float scale, float shift) {
  // Lanes are emptied into doubles this often, so that long sums keep their precision.
  constexpr std::size_t kBlock = 4096;
  const Tag d;
  const std::size_t lanes = hn::Lanes(d);
  const auto vscale = hn::Set(d, scale);
  const auto vshift = hn::Set(d, shift);
  ExpSums total;
  std::size_t i = 0;
  while (i + lanes <= size) {
    const std::size_t end = i + kBlock < size ? i + kBlock : size;
    auto sum = hn::Zero(d);
    auto weighted = hn::Zero(d);
    auto weighted_sq = hn::Zero(d);
    for (; i + lanes <= end; i += lanes) {
      const auto value = hn::LoadU(d, x + i);
      const auto e = hn::Exp(d, hn::MulSub(vscale, value, vshift));
      const auto product = hn::Mul(e, value);
      sum = hn::Add(sum, e);
      weighted = hn::Add(weighted, product);
      weighted_sq = hn::MulAdd(product, value, weighted_sq);
    }
    total.sum += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, sum)));
    total.weighted += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, weighted)));
    total.weighted_sq += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, weighted_sq)));
  }
  for (; i < size; ++i) {
    const double e = std::exp(double{scale} * x[i] - shift);
    total.sum += e;
    total.weighted += e * x[i];
    total.weighted_sq += e * x[i] * x[i];
  }
  return total;
}

float QuadraticForm(const float* M, const float* u, std::size_t n) {
  const Tag d;
  const std::size_t lanes = hn::Lanes(d);
  auto total = hn::Zero(d);
  float rest = 0;
  for (std::size_t r = 0; r < n; ++r) {
    const float* row = M + r * n;
    auto sum0 = hn::Zero(d);
    auto sum1 = hn::Zero(d);
    std::size_t c = 0;
    for (; c + 2 * lanes <= n; c += 2 * lanes) {
      sum0 = hn::MulAdd(hn::LoadU(d, row + c), hn::LoadU(d, u + c), sum0);
      sum1 = hn::MulAdd(hn::LoadU(d, row + c + lanes), hn::LoadU(d, u + c + lanes), sum1);
    }
    for (; c + lanes <= n; c += lanes) {
      sum0 = hn::MulAdd(hn::LoadU(d, row + c), hn::LoadU(d, u + c), sum0);
    }
    total = hn::MulAdd(hn::Set(d, u[r]), hn::Add(sum0, sum1), total);
    for (; c < n; ++c) rest += u[r] * row[c] * u[c];
  }
  return hn::GetLane(hn::SumOfLanes(d, total)) + rest;
}

}  // namespace usher::linalg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace usher::linalg {

HWY_EXPORT(SumExponentials);
HWY_EXPORT(QuadraticForm);

ExpSums SumExponentials(std::span<const float> x, float scale, float shift) {
  return HWY_DYNAMIC_DISPATCH(SumExponentials)(x.data(), x.size(), scale, shift);
}

float QuadraticForm(const float* M, std::span<const float> u) {
  return HWY_DYNAMIC_DISPATCH(QuadraticForm)(M, u.data(), u.size());
}

}  // namespace usher::linalg
#endif  // HWY_ONCE
