// FoldIn: a user's factors from their history, recent events weighing more.
//
// Source:  als/als.h with the loss of each observed pair weighed by interactions/recency.h, and
//          times the event's own weight where there are any. Only the events that CountRecent
//          counts are looked at.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/parallel.h"
#include "linalg/matrix.h"
#include "recsys/als/als.h"
#include "recsys/interactions/interactions.h"
#include "recsys/interactions/recency.h"

namespace usher::recsys {

struct FoldInScratch {
  explicit FoldInScratch(std::size_t stride) : als(stride) {}

  AlsSide::Scratch als;
  std::vector<float> recency;
};

// How much each of the newest events of a history counts, oldest first: those that CountRecent
// counts. `weights` has one entry for each event of the history, or none.
void EventWeights(std::size_t count, std::span<const std::uint32_t> times,
                  std::span<const float> weights, const Recency& recency, std::vector<float>& out);

// Overwrites u [stride of `side`]. No history gives zeros.
void FoldIn(const AlsSide& side, std::span<const std::uint32_t> history,
            std::span<const std::uint32_t> times, const Recency& recency, FoldInScratch& scratch,
            float* u, std::span<const float> weights = {});

// The same for every user, on all threads; row j of `out` is user j.
void FoldInAll(const AlsSide& side, const Interactions& interactions, const Recency& recency,
               ThreadPool& pool, linalg::Matrix& out);

}  // namespace usher::recsys
