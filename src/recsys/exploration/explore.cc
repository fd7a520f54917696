#include "recsys/exploration/explore.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace usher::recsys {
namespace {

constexpr double kPriorObservations = 5;        // kappa
constexpr double kPriorDeviation = 1;           // s, in nats
constexpr float kSmallestProbability = 1e-30F;  // a score that underflowed is no worse than this
constexpr float kSmallestPropensity = 1e-30F;   // stays above 0 as a float
constexpr double kNegligible = 1e-13;           // of the distribution of K
constexpr std::uint32_t kNoDraw = ~std::uint32_t{0};

double LogOf(float score) { return std::log(std::max(score, kSmallestProbability)); }

// 1 - Phi(z).
double NormalTail(double z) { return 0.5 * std::erfc(z / std::numbers::sqrt2); }

// Sets chances[k] = P(min(K, most) = k), K ~ Binomial(n, w).
void CountChances(std::size_t n, double w, std::size_t most, std::vector<double>& chances) {
  chances.assign(most + 1, 0.0);
  if (w >= 1) {
    chances[std::min(n, most)] = 1;
    return;
  }
  const double log_odds = std::log(w) - std::log1p(-w);
  double log_chance = static_cast<double>(n) * std::log1p(-w);
  for (std::size_t k = 0; k <= n; ++k) {
    chances[std::min(k, most)] += std::exp(log_chance);
    log_chance += log_odds + std::log(static_cast<double>(n - k)) -
                  std::log(static_cast<double>(k + 1));  // -inf after the last
  }
}

class Exploration {
 public:
  Exploration(std::span<const ScoredItem> greedy, std::span<const Candidate> candidates,
              ExploreScratch& scratch)
      : greedy_(greedy), candidates_(candidates), s_(scratch) {}

  void Sample(Random& random) {
    const std::size_t n = greedy_.size();
    s_.greedy_log.resize(n);
    double prior_mean = 0;
    for (std::size_t j = 0; j < n; ++j) {
      s_.greedy_log[j] = LogOf(greedy_[j].score);
      prior_mean += s_.greedy_log[j] / static_cast<double>(n);
    }
    s_.draws.clear();
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
      const double observations = 1.0 + candidates_[i].count;
      const double all = observations + kPriorObservations;
      const double mean =
          (observations * LogOf(candidates_[i].score) + kPriorObservations * prior_mean) / all;
      const double deviation = kPriorDeviation * std::sqrt(kPriorObservations / all);
      s_.draws.push_back({.x = mean + deviation * random.Normal(),
                          .mean = mean,
                          .deviation = deviation,
                          .candidate = static_cast<std::uint32_t>(i)});
    }
    std::ranges::sort(s_.draws, [](const auto& a, const auto& b) {
      return a.x != b.x ? a.x > b.x : a.candidate < b.candidate;
    });
    s_.draw_at.assign(n, kNoDraw);
    for (std::size_t d = 0; d < s_.draws.size(); ++d) {
      const std::size_t at = candidates_[s_.draws[d].candidate].greedy_at;
      if (at < n) s_.draw_at[at] = static_cast<std::uint32_t>(d);
    }
  }

  // The list when the first `k` draws are in.
  void Merge(std::size_t k, std::vector<ExploredItem>& out) const {
    const std::size_t n = greedy_.size();
    std::size_t next = 0;   // of the draws
    std::size_t place = 0;  // of the greedy list
    while (out.size() < n) {
      while (place < n && s_.draw_at[place] < k) ++place;  // in by its draw
      // A list of n with at most n - (k - next) others: place runs out only after the draws.
      const bool greedy_left = place < n && out.size() - next < n - k;
      if (next < k && (!greedy_left || s_.draws[next].x > s_.greedy_log[place])) {
        const Candidate& candidate = candidates_[s_.draws[next].candidate];
        out.push_back({.item = candidate.item,
                       .score = candidate.score,
                       .propensity = ChanceOfDraw(next),
                       .explored = candidate.greedy_at >= n});
        ++next;
      } else {
        const std::uint32_t draw = s_.draw_at[place];
        out.push_back({.item = greedy_[place].item,
                       .score = greedy_[place].score,
                       .propensity = draw == kNoDraw ? ChanceOfGreedy(place) : ChanceOfDraw(draw),
                       .explored = false});
        ++place;
      }
    }
  }

 private:
  // Of an item at `place` of the greedy list that is no candidate.
  [[nodiscard]] float ChanceOfGreedy(std::size_t place) const {
    const std::size_t n = greedy_.size();
    double chance = 0;
    std::size_t taken_before = 0;  // items before it that are in by their draws
    for (std::size_t k = 0; k < s_.chance_of_count.size(); ++k) {
      if (k > 0 && GreedyPlaceOf(k - 1) < place) ++taken_before;
      if (place - taken_before < n - k) chance += s_.chance_of_count[k];
    }
    return Clamp(chance);
  }

  // Of the item of draw `own`, given all other draws.
  [[nodiscard]] float ChanceOfDraw(std::size_t own) const {
    const std::size_t n = greedy_.size();
    const std::size_t others = s_.draws.size() - 1;
    const auto& draw = s_.draws[own];
    const Candidate& candidate = candidates_[draw.candidate];
    const std::size_t place = candidate.greedy_at;
    double chance = 0;
    std::size_t taken_before = 0;
    for (std::size_t k = 0; k < s_.chance_of_count.size(); ++k) {
      // The k-th largest of the others: own is left out of the count.
      const std::size_t last = k == 0 ? 0 : (k - 1 < own ? k - 1 : k);
      if (k > 0 && k <= others && GreedyPlaceOf(last) < place && place < n) ++taken_before;
      if (s_.chance_of_count[k] < kNegligible) continue;
      double by_draw = 0;
      if (k > others) {
        by_draw = 1;
      } else if (k > 0) {
        by_draw = NormalTail((s_.draws[last].x - draw.mean) / draw.deviation);
      }
      const bool by_list = place < n && place - taken_before < n - k;
      chance += s_.chance_of_count[k] * (by_list ? 1.0 : by_draw);
    }
    return Clamp(chance * candidate.inclusion);
  }

  [[nodiscard]] std::size_t GreedyPlaceOf(std::size_t draw) const {
    return candidates_[s_.draws[draw].candidate].greedy_at;
  }

  static float Clamp(double chance) {
    return std::clamp(static_cast<float>(chance), kSmallestPropensity, 1.0F);
  }

  std::span<const ScoredItem> greedy_;
  std::span<const Candidate> candidates_;
  ExploreScratch& s_;
};

}  // namespace

void Explore(std::span<const ScoredItem> greedy, std::span<const Candidate> candidates,
             double weight, Random& random, ExploreScratch& scratch,
             std::vector<ExploredItem>& out) {
  out.clear();
  const std::size_t n = greedy.size();
  if (!(weight > 0) || candidates.empty()) {
    for (const ScoredItem& entry : greedy) {
      out.push_back({.item = entry.item, .score = entry.score, .propensity = 1, .explored = false});
    }
    return;
  }
  std::size_t count = 0;
  for (std::size_t place = 0; place < n; ++place) count += random.Uniform() < weight;
  const std::size_t most = std::min(n, candidates.size());
  CountChances(n, weight, most, scratch.chance_of_count);
  Exploration exploration(greedy, candidates, scratch);
  exploration.Sample(random);
  exploration.Merge(std::min(count, most), out);
}

}  // namespace usher::recsys
