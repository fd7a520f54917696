// SequenceScores: what the newest events of a history add to the items that follow them.
//
// Symbols: s_i = sum over recent events j of q_j T_ji, with T from sequence/transitions.h and q
// from
//          interactions/recency.h.
// Cost:    one addition for each neighbour of each recent event.
// Threads: one scratch a thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "recsys/interactions/recency.h"
#include "recsys/sequence/weighted_lists.h"

namespace usher::recsys {

class SequenceScores {
 public:
  explicit SequenceScores(std::size_t item_count) : sums_(item_count, 0.0F) {}

  // Forgets the scores before and sums those of this history (oldest first; `times` as for
  // RecencyWeights), each times `scale`, which is over 0.
  void Sum(const WeightedListsView& T, std::span<const std::uint32_t> history,
           std::span<const std::uint32_t> times, const Recency& recency, float scale);

  // Items with a score over 0, each once, in no order that means anything but always the same.
  [[nodiscard]] std::span<const std::uint32_t> items() const { return items_; }
  [[nodiscard]] float operator[](std::uint32_t item) const { return sums_[item]; }

 private:
  std::vector<float> sums_;  // of each item; 0 but for items_
  std::vector<std::uint32_t> items_;
  std::vector<float> recency_;
};

}  // namespace usher::recsys
