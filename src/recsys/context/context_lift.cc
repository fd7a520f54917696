#include "recsys/context/context_lift.h"

#include <cmath>
#include <vector>

#include "base/check.h"

namespace usher::recsys {

linalg::Matrix FitContextLift(std::span<const std::uint32_t> items,
                              std::span<const std::uint32_t> values, std::size_t item_count,
                              std::size_t value_count) {
  Check(items.size() == values.size(), "an item and a value for each event");
  linalg::Matrix lift(value_count, item_count);  // counts at first
  std::vector<double> of_item(item_count, 0.0);
  std::vector<double> of_value(value_count, 0.0);
  double all = 0;
  for (std::size_t e = 0; e < items.size(); ++e) {
    if (values[e] >= value_count) continue;
    lift.Row(values[e])[items[e]] += 1;
    of_item[items[e]] += 1;
    of_value[values[e]] += 1;
    all += 1;
  }
  for (std::size_t v = 0; v < value_count; ++v) {
    float* row = lift.Row(v);
    for (std::size_t i = 0; i < item_count; ++i) {
      const double expected = all > 0 ? of_item[i] * of_value[v] / all : 0;
      row[i] = static_cast<float>(std::log((row[i] + kPriorEvents) / (expected + kPriorEvents)));
    }
  }
  return lift;
}

}  // namespace usher::recsys
