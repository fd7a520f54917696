// Candidates: the new items that compete for places in one answer.
//
// All new items that the greedy list holds already, and of the others that the user may be shown
// kMaxSampledCandidates at random, each equally likely: so every new item has its chance, and an
// answer costs the same however many there are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/random.h"
#include "recsys/exploration/new_items.h"
#include "recsys/ranking/scored_item.h"

namespace usher::recsys {

inline constexpr std::size_t kMaxSampledCandidates = 64;

struct Candidate {
  std::uint32_t item = 0;
  std::uint32_t count = 0;      // different users who have met it
  std::uint32_t greedy_at = 0;  // place in the greedy list, or its length
  double inclusion = 1;         // probability of being a candidate
  float score = 0;              // the model's probability; of listed ones already, others 0
};

class CandidatePicker {
 public:
  // Overwrites `out`: first the listed ones in the order of the list, then the sampled ones,
  // ascending. Items of the two exclusions (any order, repeats allowed, beyond the catalogue
  // allowed) are left out.
  // Cost: O(list + exclusions + kMaxSampledCandidates); when the user has seen most of the new
  //       items, O(new items), which is then O(exclusions).
  void Pick(const NewItems& new_items, std::span<const ScoredItem> greedy,
            std::span<const std::uint32_t> exclude, std::span<const std::uint32_t> exclude_too,
            Random& random, std::vector<Candidate>& out);

 private:
  bool Mark(std::uint32_t place);  // false when it is marked already

  std::vector<std::uint32_t> marks_;  // of each new item, the number of the call that marked it
  std::uint32_t call_ = 0;
};

}  // namespace usher::recsys
