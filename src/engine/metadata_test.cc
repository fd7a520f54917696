#include "engine/metadata.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "base/temp_folder.h"
#include "engine/import.h"

namespace usher::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class LoadMetadataTest : public testing::Test {
 protected:
  std::string Write(const std::string& csv) {
    const std::string path = folder_.path() + "/items.csv";
    std::ofstream(path) << csv;
    return path;
  }
  Result<Metadata> Load(const std::string& csv, std::map<std::string, MetadataRole> roles = {}) {
    return LoadMetadata({Write(csv), std::move(roles)}, MetadataOf::kItems);
  }

  TempFolder folder_;
};

TEST_F(LoadMetadataTest, FindsTheRolesOfColumns) {
  const auto metadata = Load(
      "movieId,title,genres,year,CREATION_TIMESTAMP\n"
      "1,Toy Story,Comedy|Kids,1995,100\n"
      "2,Heat,Crime,,200\n"
      "3,Jumanji,Kids | Comedy|Kids,1995.5,300\n"
      "4,Casino,Crime,1995,\n");
  ASSERT_TRUE(metadata) << metadata.error().message;
  EXPECT_THAT(metadata->ids, ElementsAre("1", "2", "3", "4"));
  const MetadataColumn& genres = *metadata->Find("genres");
  EXPECT_EQ(genres.role, MetadataRole::kCategorical);
  EXPECT_THAT(genres.names, ElementsAre("Comedy", "Kids", "Crime"));
  EXPECT_THAT(genres.values[2], ElementsAre(1, 0));  // each once, without spaces
  EXPECT_EQ(metadata->Find("title")->role, MetadataRole::kText);
  const MetadataColumn& year = *metadata->Find("year");
  EXPECT_EQ(year.role, MetadataRole::kNumeric);
  EXPECT_TRUE(std::isnan(year.numbers[1]));
  EXPECT_EQ(year.numbers[2], 1995.5);
  EXPECT_EQ(metadata->Find("CREATION_TIMESTAMP")->role, MetadataRole::kCreationTime);
  EXPECT_EQ(metadata->Find("mood"), nullptr);
}

TEST_F(LoadMetadataTest, TakesRolesThatAreGiven) {
  const auto metadata = Load("ITEM_ID,a,b\n1,x,7\n2,y,8\n",
                             {{"a", MetadataRole::kCategorical}, {"b", MetadataRole::kIgnored}});
  ASSERT_TRUE(metadata) << metadata.error().message;
  EXPECT_EQ(metadata->Find("a")->role, MetadataRole::kCategorical);
  EXPECT_THAT(metadata->Find("b")->numbers, IsEmpty());
  EXPECT_THAT(Load("ITEM_ID,a\n1,x\n", {{"c", MetadataRole::kText}}).error().message,
              HasSubstr("no column c"));
  EXPECT_THAT(Load("ITEM_ID,a\n1,x\n", {{"a", MetadataRole::kNumeric}}).error().message,
              HasSubstr("column a is numeric, but has a cell 'x'"));
}

TEST_F(LoadMetadataTest, KeepsTheLastOfRowsWithOneId) {
  const auto metadata = Load("ITEM_ID,year\n1,1\n2,2\n1,3\n");
  ASSERT_TRUE(metadata);
  EXPECT_THAT(metadata->ids, ElementsAre("1", "2"));
  EXPECT_THAT(metadata->Find("year")->numbers, ElementsAre(3, 2));
}

TEST_F(LoadMetadataTest, RefusesWhatItCannotRead) {
  EXPECT_THAT(Load("id,x\n1,2\n").error().message, HasSubstr("ITEM_ID or movieId"));
  EXPECT_EQ(LoadMetadata({folder_.path() + "/none.csv", {}}, MetadataOf::kItems).error().code,
            ErrorCode::kNotFound);
  std::string wide = "ITEM_ID";
  for (std::size_t c = 0; c <= kMaxMetadataColumns; ++c) wide += ",c" + std::to_string(c);
  EXPECT_THAT(Load(wide + "\n").error().message, HasSubstr("more than 100"));
  std::string cell = "v0";
  for (std::size_t v = 1; v <= kMaxValuesOfACell; ++v) cell += "|v" + std::to_string(v);
  const auto crowded = Load("ITEM_ID,g\n1," + cell + "\n", {{"g", MetadataRole::kCategorical}});
  ASSERT_FALSE(crowded);
  EXPECT_THAT(crowded.error().message, HasSubstr("more than 100 values"));
}

TEST_F(LoadMetadataTest, ReadsWhatAnImportPublished) {
  const std::string csv = Write("ITEM_ID,GENRES,PRICE,ADULT\na,x|y,1.5,true\nb,,2,false\n");
  const std::string parquet = folder_.path() + "/items.parquet";
  ImportRequest request;
  request.dataset = ImportDataset::kItems;
  request.fields = {{.name = "ITEM_ID"},
                    {.name = "GENRES", .nullable = true},
                    {.name = "PRICE", .type = columnar::ColumnType::kFloat},
                    {.name = "ADULT", .type = columnar::ColumnType::kBool}};
  request.inputs = {{.name = "items.csv", .path = csv}};
  request.output_path = parquet;
  const auto imported = Import(request);
  ASSERT_TRUE(imported) << imported.error().message;

  const auto metadata =
      LoadMetadata({parquet, {{"GENRES", MetadataRole::kCategorical}}}, MetadataOf::kItems);
  ASSERT_TRUE(metadata) << metadata.error().message;
  EXPECT_THAT(metadata->ids, ElementsAre("a", "b"));
  EXPECT_THAT(metadata->Find("GENRES")->names, ElementsAre("x", "y"));
  EXPECT_THAT(metadata->Find("GENRES")->values[1], IsEmpty());
  EXPECT_THAT(metadata->Find("PRICE")->numbers, ElementsAre(1.5, 2));
  EXPECT_EQ(metadata->Find("ADULT")->role, MetadataRole::kIgnored);
  EXPECT_THAT(LoadMetadata({parquet, {}}, MetadataOf::kUsers).error().message,
              HasSubstr("no column USER_ID"));
}

TEST_F(LoadMetadataTest, GivesNothingWithoutAPath) {
  const auto metadata = LoadMetadata({}, MetadataOf::kItems);
  ASSERT_TRUE(metadata);
  EXPECT_THAT(metadata->ids, IsEmpty());
}

TEST_F(LoadMetadataTest, AlignsRowsToOtherIds) {
  const auto metadata = Load("ITEM_ID,g,n\n1,x,1\n2,y,2\n3,x,3\n4,y,4\n");
  ASSERT_TRUE(metadata);
  const Metadata aligned = AlignMetadata(*metadata, {"3", "unknown", "1"});
  EXPECT_THAT(aligned.ids, ElementsAre("3", "unknown", "1"));
  EXPECT_THAT(aligned.Find("g")->values[0], ElementsAre(0));
  EXPECT_THAT(aligned.Find("g")->values[1], IsEmpty());
  EXPECT_EQ(aligned.Find("n")->numbers[2], 1);
  EXPECT_TRUE(std::isnan(aligned.Find("n")->numbers[1]));
}

}  // namespace
}  // namespace usher::engine
