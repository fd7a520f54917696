#include "recsys/ranking/temperature.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "linalg/exp_sums.h"

namespace usher::recsys {
namespace {

constexpr std::size_t kMaxScores = std::size_t{1} << 24;  // 64 MB of floats
constexpr int kMaxSteps = 40;
constexpr double kRelativeStep = 1e-4;

struct Slope {
  double first = 0;
  double second = 0;
};

}  // namespace

float FitTemperature(std::size_t item_count, const ListsView& held_out, const ScoreCase& score,
                     ThreadPool& pool) {
  if (held_out.size() == 0 || item_count == 0) return kDefaultTemperature;
  const std::size_t count =
      std::min(held_out.size(), std::max<std::size_t>(1, kMaxScores / item_count));
  std::vector<float> scores(count * item_count);
  std::vector<float> largest(count);
  std::vector<double> held_mean(count, 0.0);
  pool.ParallelFor(count, 1, [&](const ChunkRange& range) {
    const std::size_t c = range.begin;
    const auto row = std::span(scores).subspan(c * item_count, item_count);
    score(c, range.worker, row);
    largest[c] = *std::ranges::max_element(row);
    for (const std::uint32_t item : held_out[c]) held_mean[c] += row[item];
    held_mean[c] /= static_cast<double>(held_out[c].size());
  });

  // Slope and curvature of the loss at b; summed in the order of the cases.
  std::vector<Slope> slopes(count);
  const auto slope_at = [&](double b) {
    pool.ParallelFor(count, 1, [&](const ChunkRange& range) {
      const std::size_t c = range.begin;
      const auto scale = static_cast<float>(b);
      const linalg::ExpSums sums = linalg::SumExponentials(
          {scores.data() + c * item_count, item_count}, scale, scale * largest[c]);
      const double mean = sums.weighted / sums.sum;
      slopes[c] = {mean - held_mean[c], std::max(0.0, sums.weighted_sq / sums.sum - mean * mean)};
    });
    Slope total;
    for (const Slope& slope : slopes) {
      total.first += slope.first;
      total.second += slope.second;
    }
    return total;
  };

  double low = 1.0 / kLargestTemperature;
  double high = 1.0 / kSmallestTemperature;
  double b = 1.0 / kDefaultTemperature;
  for (int step = 0; step < kMaxSteps; ++step) {
    const Slope slope = slope_at(b);
    (slope.first > 0 ? high : low) = b;
    double next = slope.second > 0 ? b - slope.first / slope.second : (low + high) / 2;
    if (!(next > low && next < high)) next = std::sqrt(low * high);
    const double moved = std::abs(next - b) / b;
    b = next;
    if (moved < kRelativeStep) break;
  }
  return static_cast<float>(1.0 / b);
}

}  // namespace usher::recsys
