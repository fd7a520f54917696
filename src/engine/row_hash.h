// Row hashes: 128 bits that are equal for equal rows and, for all practical purposes, for no others
// (among 10^8 rows, two differing ones meet with a probability of about 10^-23). To find exact
// duplicates without keeping the rows.
#pragma once

#include <cstdint>
#include <vector>

#include "columnar/table.h"

namespace usher::engine {

struct RowHash {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  bool operator==(const RowHash&) const = default;
};

// One for each row of the batch, over all columns. Numbers of kFloat columns are compared as
// floats, as they are stored.
std::vector<RowHash> HashRows(const columnar::Batch& batch,
                              const std::vector<columnar::ColumnSpec>& specs);

// A set of row hashes with a mark for each.
class RowHashSet {
 public:
  RowHashSet() : slots_(kFirstSlots) {}

  // False when it is there already.
  bool Add(const RowHash& hash);
  // Marks the hash when it is there.
  void Mark(const RowHash& hash);
  // Adds the hash when it is not there and marks it; false when it was marked before.
  bool MarkFirst(const RowHash& hash);
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  static constexpr std::size_t kFirstSlots = 1024;

  // A free slot is all zero; the lowest bit of `high` is the mark, so 127 bits are compared.
  struct Slot {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
  };
  [[nodiscard]] Slot* Find(const RowHash& hash);
  void Grow();

  std::vector<Slot> slots_;  // open addressing; a power of two, at most three quarters full
  std::size_t size_ = 0;
};

}  // namespace usher::engine
