#include "recsys/metrics/calibration.h"

#include <algorithm>
#include <cmath>

namespace usher::recsys {
namespace {

struct Outcome {
  double given;
  double happened;
};

}  // namespace

double ExpectedCalibrationError(std::span<const std::vector<ScoredItem>> lists,
                                const ListsView& held_out) {
  std::vector<Outcome> outcomes;
  for (std::size_t j = 0; j < lists.size(); ++j) {
    std::vector<std::uint32_t> next(held_out[j].begin(), held_out[j].end());
    std::ranges::sort(next);
    for (const ScoredItem& entry : lists[j]) {
      const bool is_next = std::ranges::binary_search(next, entry.item);
      outcomes.push_back({entry.score, is_next ? 1.0 / static_cast<double>(next.size()) : 0.0});
    }
  }
  std::ranges::stable_sort(outcomes, {}, &Outcome::given);
  double error = 0;
  for (std::size_t bin = 0; bin < kCalibrationBins; ++bin) {
    const std::size_t begin = outcomes.size() * bin / kCalibrationBins;
    const std::size_t end = outcomes.size() * (bin + 1) / kCalibrationBins;
    double difference = 0;  // of the sums
    for (std::size_t k = begin; k < end; ++k)
      difference += outcomes[k].given - outcomes[k].happened;
    error += std::abs(difference);
  }
  return outcomes.empty() ? 0 : error / static_cast<double>(outcomes.size());
}

}  // namespace usher::recsys
