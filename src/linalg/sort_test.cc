#include "linalg/sort.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/random.h"
#include "linalg/each_target.h"

namespace usher::linalg {
namespace {

TEST(SortNumbers, SortsLikeTheStandardLibrary) {
  ForEachTarget([] {
    Random random(3);
    for (const std::size_t size : {0, 1, 2, 31, 32, 33, 100, 257, 5000}) {
      // All different, and few different.
      for (const std::uint64_t below : {std::uint64_t{1} << 60, std::uint64_t{7}}) {
        std::vector<std::uint64_t> numbers(size);
        for (auto& number : numbers) number = random.Below(below) << 3;
        std::vector<std::uint64_t> expected = numbers;
        std::ranges::sort(expected);
        SortNumbers(numbers);
        EXPECT_EQ(numbers, expected);
      }
    }
  });
}

}  // namespace
}  // namespace usher::linalg
