#include "recsys/ranking/item_mask.h"

#include <gtest/gtest.h>

#include <set>

#include "base/random.h"

namespace usher::recsys {
namespace {

std::set<std::uint32_t> SetOf(const ItemMask& mask) {
  std::set<std::uint32_t> items;
  mask.ForEach([&](std::uint32_t item) { items.insert(item); });
  return items;
}

// Against sets of numbers, for sizes at and around whole words.
TEST(ItemMask, IsASetOfItems) {
  Random random(3);
  for (const std::uint32_t size : {0U, 1U, 63U, 64U, 65U, 200U}) {
    ItemMask a(size);
    ItemMask b(size, true);
    std::set<std::uint32_t> in_a;
    std::set<std::uint32_t> in_b;
    for (std::uint32_t item = 0; item < size; ++item) in_b.insert(item);
    EXPECT_EQ(SetOf(b), in_b);
    for (std::uint32_t k = 0; k < size; ++k) {
      const auto item = static_cast<std::uint32_t>(random.Below(size));
      a.Set(item);
      in_a.insert(item);
      const auto other = static_cast<std::uint32_t>(random.Below(size));
      b.Clear(other);
      in_b.erase(other);
    }
    EXPECT_EQ(SetOf(a), in_a);
    EXPECT_EQ(a.Count(), in_a.size());
    std::set<std::uint32_t> both;
    std::set<std::uint32_t> either = in_b;
    std::set<std::uint32_t> only_a;
    std::set<std::uint32_t> not_a;
    for (std::uint32_t item = 0; item < size; ++item) {
      if (in_a.contains(item)) either.insert(item);
      if (in_a.contains(item) && in_b.contains(item)) both.insert(item);
      if (in_a.contains(item) && !in_b.contains(item)) only_a.insert(item);
      if (!in_a.contains(item)) not_a.insert(item);
    }
    ItemMask mask = a;
    mask.And(b);
    EXPECT_EQ(SetOf(mask), both);
    mask = a;
    mask.Or(b);
    EXPECT_EQ(SetOf(mask), either);
    mask = a;
    mask.Without(b);
    EXPECT_EQ(SetOf(mask), only_a);
    mask = a;
    mask.Complement();
    EXPECT_EQ(SetOf(mask), not_a);
    EXPECT_EQ(mask.Count(), not_a.size());
  }
}

}  // namespace
}  // namespace usher::recsys
