#include "recsys/similar/related_items.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace usher::recsys {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Popularity: d, c, b, a. Neighbours: a has b; the others have none.
std::vector<std::uint32_t> Find(std::optional<std::uint32_t> item, std::size_t count,
                                const ItemMask* allowed = nullptr) {
  Lists neighbours;
  neighbours.Append(std::vector<std::uint32_t>{1});
  for (int k = 0; k < 3; ++k) neighbours.Append({});
  const RelatedItems related(Vocabulary(std::vector<std::string>{"a", "b", "c", "d"}),
                             neighbours.view(), std::vector<std::uint32_t>{1, 2, 3, 4}, nullptr);
  std::vector<std::uint32_t> out{9};
  related.Find(item, count, out, allowed);
  return out;
}

TEST(RelatedItems, GivesNeighboursAndThenPopularItems) {
  EXPECT_THAT(Find(0, 2), ElementsAre(1, 3));
  EXPECT_THAT(Find(0, 10), ElementsAre(1, 3, 2));
  EXPECT_THAT(Find(0, 1), ElementsAre(1));
  EXPECT_THAT(Find(0, 0), IsEmpty());
}

TEST(RelatedItems, GivesPopularItemsForOneWithoutNeighboursOrUnknown) {
  EXPECT_THAT(Find(3, 10), ElementsAre(2, 1, 0));
  EXPECT_THAT(Find(std::nullopt, 2), ElementsAre(3, 2));
}

TEST(RelatedItems, FillsTheListFromWhatIsAllowed) {
  ItemMask allowed(4);
  allowed.Set(2);
  EXPECT_THAT(Find(0, 2, &allowed), ElementsAre(2));
  allowed.Set(1);
  EXPECT_THAT(Find(0, 2, &allowed), ElementsAre(1, 2));
}

TEST(RelatedItems, HasNothingToGiveInACatalogueOfOne) {
  Lists neighbours;
  neighbours.Append({});
  const RelatedItems related(Vocabulary(std::vector<std::string>{"a"}), neighbours.view(),
                             std::vector<std::uint32_t>{1}, nullptr);
  std::vector<std::uint32_t> out;
  related.Find(0, 5, out);
  EXPECT_THAT(out, IsEmpty());
  related.Find(std::nullopt, 5, out);
  EXPECT_THAT(out, ElementsAre(0));
}

}  // namespace
}  // namespace usher::recsys
