#include "linalg/sort.h"

#include <hwy/contrib/sort/vqsort.h>

#include <algorithm>

namespace usher::linalg {

void SortNumbers(std::span<std::uint64_t> numbers) {
  constexpr std::size_t kFewest = 32;  // from here on the vectors pay
  if (numbers.size() < kFewest) {
    std::ranges::sort(numbers);
    return;
  }
  thread_local const hwy::Sorter sorter;  // its buffer is one thread's
  sorter(numbers.data(), numbers.size(), hwy::SortAscending());
}

}  // namespace usher::linalg
