// ScoredItem: one line of an answer.
#pragma once

#include <cstdint>

namespace usher::recsys {

struct ScoredItem {
  std::uint32_t item = 0;
  float score = 0;
  bool operator==(const ScoredItem&) const = default;
};

// The order of answers: higher scores first, equal ones by item index.
[[nodiscard]] inline bool RanksBefore(const ScoredItem& a, const ScoredItem& b) {
  return a.score != b.score ? a.score > b.score : a.item < b.item;
}

}  // namespace usher::recsys
