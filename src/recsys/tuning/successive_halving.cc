#include "recsys/tuning/successive_halving.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace usher::recsys {
namespace {

// The results of one rung, best first.
std::vector<TrialResult> Ranked(const std::vector<TrialResult>& results, std::size_t rung,
                                bool maximize) {
  std::vector<TrialResult> ranked;
  for (const TrialResult& result : results) {
    if (result.rung == rung) ranked.push_back(result);
  }
  std::ranges::stable_sort(ranked, [maximize](const TrialResult& a, const TrialResult& b) {
    if (std::isnan(a.metric) || std::isnan(b.metric)) {
      return !std::isnan(a.metric) && std::isnan(b.metric);
    }
    return maximize ? a.metric > b.metric : a.metric < b.metric;
  });
  return ranked;
}

// The trials of the next rung in their order: the default, then the best others.
std::vector<std::size_t> Promoted(const std::vector<TrialResult>& ranked, std::size_t count) {
  std::vector<std::size_t> trials{0};
  for (const TrialResult& result : ranked) {
    if (trials.size() == count) break;
    if (result.trial != 0) trials.push_back(result.trial);
  }
  return trials;
}

}  // namespace

std::vector<Rung> PlanRungs(std::size_t trials, std::size_t users) {
  std::size_t count = 1;
  std::size_t divisor = 1;  // 3^(count - 1)
  while (trials / (divisor * kHalvingFactor) >= 1 &&
         users / (divisor * kHalvingFactor) >= kMinRungUsers) {
    divisor *= kHalvingFactor;
    ++count;
  }
  std::vector<Rung> rungs(count);
  for (std::size_t r = 0, kept = 1; r < count; ++r, kept *= kHalvingFactor) {
    rungs[r].trials = std::min(trials, std::max<std::size_t>(2, trials / kept));
    rungs[r].share = static_cast<double>(kept) / static_cast<double>(divisor);
  }
  return rungs;
}

Result<HalvingResult> RunHalving(
    const std::vector<Rung>& rungs, bool maximize,
    const std::function<Result<double>(std::size_t trial, std::size_t rung)>& evaluate,
    const std::function<bool(std::size_t rung, const std::vector<TrialResult>&)>& go_on) {
  HalvingResult halving;
  std::vector<std::size_t> trials(rungs.front().trials);
  std::iota(trials.begin(), trials.end(), std::size_t{0});
  for (std::size_t rung = 0; rung < rungs.size() && halving.complete; ++rung) {
    if (rung > 0) {
      trials = Promoted(Ranked(halving.results, rung - 1, maximize), rungs[rung].trials);
    }
    for (const std::size_t trial : trials) {
      if (go_on && !halving.results.empty() && !go_on(rung, halving.results)) {
        halving.complete = false;
        break;
      }
      const auto metric = evaluate(trial, rung);
      if (!metric) return metric.error();
      halving.results.push_back({trial, rung, *metric});
    }
  }

  std::size_t decides = halving.results.back().rung;
  while (decides > 0 && Ranked(halving.results, decides, maximize).size() < 2) --decides;
  const TrialResult winner = Ranked(halving.results, decides, maximize).front();
  halving.winner = winner.trial;
  halving.metric = winner.metric;
  halving.rung = decides;
  return halving;
}

}  // namespace usher::recsys
