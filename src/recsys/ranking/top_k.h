// TopK: the best k of the items offered, whatever the order of the offers.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

#include "recsys/ranking/scored_item.h"

namespace usher::recsys {

class TopK {
 public:
  void Reset(std::size_t k) {
    k_ = k;
    heap_.clear();
  }

  [[nodiscard]] bool full() const { return heap_.size() >= k_; }

  // An item scoring less cannot enter; one scoring the same can, by its index.
  [[nodiscard]] float threshold() const {
    if (k_ == 0) return std::numeric_limits<float>::infinity();
    return full() ? heap_.front().score : -std::numeric_limits<float>::infinity();
  }

  void Offer(const ScoredItem& offer) {
    if (!full()) {
      heap_.push_back(offer);
      std::ranges::push_heap(heap_, RanksBefore);
    } else if (k_ > 0 && RanksBefore(offer, heap_.front())) {
      std::ranges::pop_heap(heap_, RanksBefore);
      heap_.back() = offer;
      std::ranges::push_heap(heap_, RanksBefore);
    }
  }

  // Overwrites `out` with the items, best first, and empties this.
  void Take(std::vector<ScoredItem>& out) {
    std::ranges::sort_heap(heap_, RanksBefore);
    out.assign(heap_.begin(), heap_.end());
    heap_.clear();
  }

 private:
  std::size_t k_ = 0;
  std::vector<ScoredItem> heap_;  // the worst in front
};

}  // namespace usher::recsys
