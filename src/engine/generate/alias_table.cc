#include "engine/generate/alias_table.h"

#include <algorithm>
#include <numeric>

#include "base/check.h"

namespace usher::engine {

AliasTable::AliasTable(std::span<const float> weights) : slots_(weights.size()) {
  Check(!weights.empty() && weights.size() < (std::size_t{1} << 31), "there is something to draw");
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  Check(sum > 0, "something has weight");

  std::vector<double> share(weights.size());  // of its slot; 1 on average
  std::vector<std::uint32_t> small;
  std::vector<std::uint32_t> large;
  for (std::uint32_t i = 0; i < weights.size(); ++i) {
    share[i] = weights[i] / sum * static_cast<double>(weights.size());
    (share[i] < 1 ? small : large).push_back(i);
  }
  const auto set = [&](std::uint32_t i, double own, std::uint32_t alias) {
    slots_[i] = {static_cast<std::uint32_t>(std::min(own * 0x1p32, 0x1p32 - 1)), alias};
  };
  while (!small.empty() && !large.empty()) {
    const std::uint32_t less = small.back();
    const std::uint32_t more = large.back();
    small.pop_back();
    set(less, share[less], more);
    share[more] -= 1 - share[less];
    if (share[more] < 1) {
      large.pop_back();
      small.push_back(more);
    }
  }
  // What is left has a share of 1, up to rounding.
  for (const auto* rest : {&small, &large}) {
    for (const std::uint32_t i : *rest) set(i, 1, i);
  }
}

}  // namespace usher::engine
