#include "recsys/blend/explain.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "recsys/blend/fold_in.h"

namespace usher::recsys {
namespace {

// Products of floats, summed in double: the contributions are to add up.
double Product(const float* a, const float* b, std::size_t n) {
  double sum = 0;
  for (std::size_t k = 0; k < n; ++k) sum += double{a[k]} * double{b[k]};
  return sum;
}

float WeightOf(const WeightedListsView::Row& row, std::uint32_t item) {
  const auto at = std::ranges::find(row.items, item);
  if (at == row.items.end()) return 0;
  return row.weights[static_cast<std::size_t>(at - row.items.begin())];
}

}  // namespace

Explanation ExplainBlend(const BlendView& blend, std::span<const std::uint32_t> history,
                         std::span<const std::uint32_t> times, std::span<const float> weights,
                         std::uint32_t item) {
  Explanation why;
  if (history.empty()) {
    why.basis = Explanation::Basis::kMetadata;
    return why;
  }
  std::vector<Contribution> by_event(history.size());
  for (std::size_t j = 0; j < history.size(); ++j) by_event[j].item = history[j];

  const linalg::MatrixView& V = blend.item_factors;
  std::vector<float> w;  // of the newest events, as FoldIn weighs them
  EventWeights(history.size(), times, weights, blend.options.factor_recency, w);
  const auto recent = history.last(w.size());
  AlsSide::Scratch scratch(V.stride);
  linalg::FloatVector z(V.Row(item), V.Row(item) + V.stride);
  blend.side.SolveFor(recent, w, scratch, z.data());
  for (std::size_t p = 0; p < recent.size(); ++p) {
    by_event[history.size() - w.size() + p].factors =
        double{w[p]} * Product(V.Row(recent[p]), z.data(), V.cols);
  }

  std::vector<float> q;
  if (blend.transitions.size() > 0) {
    RecencyWeights(history.size(), times, blend.options.sequence_recency, q);
    const auto led = history.last(q.size());
    for (std::size_t p = 0; p < led.size(); ++p) {
      by_event[history.size() - q.size() + p].transitions =
          double{blend.options.sequence_weight} * double{q[p]} *
          double{WeightOf(blend.transitions[led[p]], item)};
    }
  }

  // Events further back than either looks say nothing.
  const std::size_t counted = std::max(w.size(), q.size());
  why.contributions.assign(by_event.end() - static_cast<std::ptrdiff_t>(counted), by_event.end());
  for (const Contribution& one : why.contributions) why.score += one.total();
  return why;
}

}  // namespace usher::recsys
