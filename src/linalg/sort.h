// SortNumbers: whole numbers in rising order by a vectorised quicksort (Blacher, Giesen, Sanders,
// Wassenberg, "Vectorized and Performance-Portable Quicksort", 2022; Highway's): a third of the
// time of std::sort from a few dozen numbers on.
#pragma once

#include <cstdint>
#include <span>

namespace usher::linalg {

void SortNumbers(std::span<std::uint64_t> numbers);

}  // namespace usher::linalg
