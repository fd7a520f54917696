#include "engine/catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/temp_folder.h"

namespace usher::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(BuildCatalogue, PutsWhatOnlyTheMetadataKnowsLast) {
  const TempFolder folder;
  std::ofstream(folder.path() + "/items.csv") << "ITEM_ID,GENRES\nx,A|B\nb,A\ny,C\n";
  InteractionTable table;
  table.user_ids = {"1", "2"};
  table.item_ids = {"a", "b"};
  const auto catalogue = BuildCatalogue(
      table, {folder.path() + "/items.csv", {{"GENRES", MetadataRole::kCategorical}}}, {}, 1);
  ASSERT_TRUE(catalogue);
  EXPECT_THAT(catalogue->item_ids, ElementsAre("a", "b", "x", "y"));
  EXPECT_THAT(catalogue->user_ids, ElementsAre("1", "2"));
  const MetadataColumn* genres = catalogue->items.Find("GENRES");
  ASSERT_NE(genres, nullptr);
  EXPECT_THAT(genres->values[0], IsEmpty());  // of a
  EXPECT_EQ(genres->values[2].size(), 2U);    // of x
}

TEST(BuildCatalogue, SaysWhatIsWrongWithTheMetadata) {
  InteractionTable table;
  const auto catalogue = BuildCatalogue(table, {}, {"/nowhere/users.csv", {}}, 1);
  ASSERT_FALSE(catalogue);
  EXPECT_EQ(catalogue.error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace usher::engine
