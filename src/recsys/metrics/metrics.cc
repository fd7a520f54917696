#include "recsys/metrics/metrics.h"

#include <algorithm>
#include <cmath>

namespace usher::recsys {
namespace {

// Gain of a hit at `place`, counted from 0.
double Discount(std::size_t place) { return 1.0 / std::log2(static_cast<double>(place) + 2.0); }

std::size_t CountHits(std::size_t K, const Hits& hits) {
  const std::size_t end = std::min(K, hits.size());
  return static_cast<std::size_t>(
      std::count(hits.begin(), hits.begin() + static_cast<long>(end), true));
}

}  // namespace

Hits FindHits(std::span<const std::uint32_t> recommended, std::span<const std::uint32_t> relevant) {
  std::vector<std::uint32_t> sorted(relevant.begin(), relevant.end());
  std::ranges::sort(sorted);
  Hits hits;
  hits.reserve(recommended.size());
  for (const std::uint32_t item : recommended) {
    hits.push_back(std::ranges::binary_search(sorted, item));
  }
  return hits;
}

double NdcgAt(std::size_t K, const Hits& hits, std::size_t relevant_count) {
  double gain = 0;
  for (std::size_t place = 0; place < std::min(K, hits.size()); ++place) {
    if (hits[place]) gain += Discount(place);
  }
  double ideal = 0;
  for (std::size_t place = 0; place < std::min(K, relevant_count); ++place) {
    ideal += Discount(place);
  }
  return ideal > 0 ? gain / ideal : 0.0;
}

double NdcgWithGainsAt(std::size_t K, std::span<const std::uint32_t> recommended,
                       std::span<const std::uint32_t> relevant, std::span<const float> gains) {
  double gain = 0;
  for (std::size_t place = 0; place < std::min(K, recommended.size()); ++place) {
    const auto at = std::ranges::find(relevant, recommended[place]);
    if (at == relevant.end()) continue;
    gain += double{gains[static_cast<std::size_t>(at - relevant.begin())]} * Discount(place);
  }
  std::vector<float> best(gains.begin(), gains.end());
  std::ranges::sort(best, std::ranges::greater());
  double ideal = 0;
  for (std::size_t place = 0; place < std::min(K, best.size()); ++place) {
    ideal += double{best[place]} * Discount(place);
  }
  return ideal > 0 ? gain / ideal : 0.0;
}

double PrecisionAt(std::size_t K, const Hits& hits) {
  return static_cast<double>(CountHits(K, hits)) / static_cast<double>(K);
}

double RecallAt(std::size_t K, const Hits& hits, std::size_t relevant_count) {
  if (relevant_count == 0) return 0;
  return static_cast<double>(CountHits(K, hits)) / static_cast<double>(relevant_count);
}

double ReciprocalRankAt(std::size_t K, const Hits& hits) {
  for (std::size_t place = 0; place < std::min(K, hits.size()); ++place) {
    if (hits[place]) return 1.0 / static_cast<double>(place + 1);
  }
  return 0;
}

double AveragePrecisionAt(std::size_t K, const Hits& hits, std::size_t relevant_count) {
  if (relevant_count == 0) return 0;
  double sum = 0;
  std::size_t found = 0;
  for (std::size_t place = 0; place < std::min(K, hits.size()); ++place) {
    if (!hits[place]) continue;
    ++found;
    sum += static_cast<double>(found) / static_cast<double>(place + 1);
  }
  return sum / static_cast<double>(std::min(K, relevant_count));
}

MeanAndError Summarize(std::span<const double> values) {
  if (values.empty()) return {};
  const auto n = static_cast<double>(values.size());
  double sum = 0;
  for (const double value : values) sum += value;
  const double mean = sum / n;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return {mean, std::sqrt(squares / n / n)};
}

}  // namespace usher::recsys
