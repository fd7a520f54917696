// LargestWeights: the largest positive weights of each row of a matrix that is computed a few rows
// at a time, a column of those after the other.
//
// Threads: one a thread, for the rows that it computes; ListsOf puts all of them together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "recsys/ranking/scored_item.h"
#include "recsys/ranking/top_k.h"
#include "recsys/sequence/weighted_lists.h"

namespace usher::recsys {

class LargestWeights {
 public:
  // Begins with rows of no entries: those of the items `sources`, which are borrowed.
  void Reset(std::span<const std::uint32_t> sources, std::size_t neighbours);

  // Entry `target` of each row is scale times its value. Those that are not over 0 are dropped, and
  // so is the one of the row's own item.
  void Offer(std::uint32_t target, std::span<const float> values, float scale);

  // Moves each source's row, by rising item, into rows[source].
  void Take(std::vector<std::vector<ScoredItem>>& rows);

 private:
  std::span<const std::uint32_t> sources_;
  std::vector<float> thresholds_;
  std::vector<TopK> best_;
};

}  // namespace usher::recsys
