// StringCodes: numbers strings in the order in which they are first seen: 0, 1, 2 …
//
// Cost:    expected O(length) a call; 12 bytes of index for each distinct string beside its text.
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "columnar/table.h"

namespace usher::columnar {

class StringCodes {
 public:
  StringCodes();

  // The number of `text`, which is added when it is new. At most 2^32 - 1 distinct strings.
  std::uint32_t CodeOf(std::string_view text);

  // The number of `text`, if it has one.
  [[nodiscard]] std::optional<std::uint32_t> Find(std::string_view text) const;

  [[nodiscard]] const StringList& strings() const { return strings_; }
  [[nodiscard]] std::size_t size() const { return strings_.size(); }
  // The strings by number; the object is empty afterwards.
  StringList Take();
  void Clear();

 private:
  struct Slot {
    std::uint32_t code;  // kFree when there is none
    std::uint32_t tag;   // high bits of the hash: spares most comparisons
  };
  void Grow();

  std::vector<Slot> slots_;  // open addressing; a power of two, at most half full
  StringList strings_;
  std::uint32_t last_ = 0;  // rows are often sorted, so the next string is often the same
};

}  // namespace usher::columnar
