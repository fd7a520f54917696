// AliasTable: draws from a fixed discrete distribution in constant time.
// Source: Walker, "An Efficient Method for Generating Discrete Random Variables with General
//         Distributions", ACM TOMS 3(3), 1977; the construction is Vose's (IEEE TSE 17(9), 1991).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/random.h"

namespace usher::engine {

class AliasTable {
 public:
  // Weights are not negative and not all zero. Cost: O(n).
  explicit AliasTable(std::span<const float> weights);

  [[nodiscard]] std::uint32_t Draw(Random& random) const {
    // One random word: the upper half says which slot, the lower which side of it.
    const std::uint64_t word = random.Next();
    const auto slot = static_cast<std::size_t>((word >> 32) * slots_.size() >> 32);
    return static_cast<std::uint32_t>(word) < slots_[slot].threshold
               ? static_cast<std::uint32_t>(slot)
               : slots_[slot].alias;
  }

 private:
  struct Slot {
    std::uint32_t threshold;  // of 2^32
    std::uint32_t alias;
  };
  std::vector<Slot> slots_;
};

}  // namespace usher::engine
