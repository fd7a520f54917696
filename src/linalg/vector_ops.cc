#include "linalg/vector_ops.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "linalg/vector_ops.cc"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace usher::linalg::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using Tag = hn::CappedTag<float, 16>;

const char* Name() { return hwy::TargetName(HWY_TARGET); }

float Dot(const float* a, const float* b, std::size_t size) {
  const Tag d;
  const std::size_t lanes = hn::Lanes(d);
  auto sum0 = hn::Zero(d);
  auto sum1 = hn::Zero(d);
  std::size_t i = 0;
  for (; i + 2 * lanes <= size; i += 2 * lanes) {
    sum0 = hn::MulAdd(hn::LoadU(d, a + i), hn::LoadU(d, b + i), sum0);
    sum1 = hn::MulAdd(hn::LoadU(d, a + i + lanes), hn::LoadU(d, b + i + lanes), sum1);
  }
  float total = hn::GetLane(hn::SumOfLanes(d, hn::Add(sum0, sum1)));
  for (; i < size; ++i) total += a[i] * b[i];
  return total;
}

void AddScaled(float alpha, const float* x, float* y, std::size_t size) {
  const Tag d;
  const std::size_t lanes = hn::Lanes(d);
  const auto scale = hn::Set(d, alpha);
  std::size_t i = 0;
  for (; i + lanes <= size; i += lanes) {
    hn::StoreU(hn::MulAdd(scale, hn::LoadU(d, x + i), hn::LoadU(d, y + i)), d, y + i);
  }
  for (; i < size; ++i) y[i] += alpha * x[i];
}

}  // namespace usher::linalg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "base/check.h"

namespace usher::linalg {

HWY_EXPORT(Name);
HWY_EXPORT(Dot);
HWY_EXPORT(AddScaled);

std::string_view InstructionSet() { return HWY_DYNAMIC_DISPATCH(Name)(); }

float Dot(std::span<const float> a, std::span<const float> b) {
  Check(a.size() == b.size(), "vectors have the same size");
  return HWY_DYNAMIC_DISPATCH(Dot)(a.data(), b.data(), a.size());
}

void AddScaled(float alpha, std::span<const float> x, std::span<float> y) {
  Check(x.size() == y.size(), "vectors have the same size");
  HWY_DYNAMIC_DISPATCH(AddScaled)(alpha, x.data(), y.data(), x.size());
}

}  // namespace usher::linalg
#endif  // HWY_ONCE
