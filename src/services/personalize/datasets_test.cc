#include "services/personalize/datasets.h"

#include <fstream>

#include "services/personalize/solution_versions.h"
#include "services/personalize/test_service.h"

namespace usher::personalize {
namespace {

using testing::HasSubstr;

std::string ItemsSchema(const std::string& more = "") {
  return R"({"type":"record","name":"Items","namespace":"com.amazonaws.personalize.schema","fields":[
    {"name":"ITEM_ID","type":"string"},{"name":"GENRES","type":"string","categorical":true})" +
         more + R"(],"version":"1.0"})";
}

class DatasetTest : public TestService {
 protected:
  api::CreateDatasetRequest Request(const std::string& type, const std::string& schema) {
    return {.name = "d",
            .schema_arn = Arn("schema/" + schema),
            .dataset_group_arn = Arn("dataset-group/movies"),
            .dataset_type = type};
  }
};

TEST_F(DatasetTest, IsNamedByItsGroupAndType) {
  CreateInteractions();

  const auto dataset =
      Call<api::DescribeDataset>({.dataset_arn = Arn("dataset/movies/INTERACTIONS")})->dataset;

  EXPECT_EQ(dataset->dataset_type, "INTERACTIONS");
  EXPECT_EQ(dataset->status, "ACTIVE");
  EXPECT_EQ(
      Call<api::ListDatasets>({.dataset_group_arn = Arn("dataset-group/movies")})->datasets->size(),
      1U);
}

TEST_F(DatasetTest, MustMatchItsSchemaAndComeOncePerType) {
  CreateInteractions();

  EXPECT_THAT(Complaint<api::CreateDataset>(Request("INTERACTIONS", "interactions"),
                                            ErrorCode::kAlreadyExists),
              HasSubstr("dataset/movies/INTERACTIONS already exists"));
  EXPECT_THAT(
      Complaint<api::CreateDataset>(Request("Items", "interactions"), ErrorCode::kInvalidInput),
      HasSubstr("describes INTERACTIONS, not ITEMS"));
  EXPECT_THAT(
      Complaint<api::CreateDataset>(Request("Films", "interactions"), ErrorCode::kInvalidInput),
      HasSubstr("datasetType is 'Films'"));
  EXPECT_THAT(Complaint<api::CreateDataset>(Request("Items", "none"), ErrorCode::kNotFound),
              HasSubstr("schema/none"));
}

TEST_F(DatasetTest, KeepsItsSchemaAndGroupFromBeingDeleted) {
  CreateInteractions();

  EXPECT_THAT(
      Complaint<api::DeleteSchema>({.schema_arn = Arn("schema/interactions")}, ErrorCode::kInUse),
      HasSubstr("is used by dataset"));
  EXPECT_THAT(Complaint<api::DeleteDatasetGroup>({.dataset_group_arn = Arn("dataset-group/movies")},
                                                 ErrorCode::kInUse),
              HasSubstr("still has dataset"));
  EXPECT_TRUE(Call<api::DeleteDataset>({.dataset_arn = Arn("dataset/movies/INTERACTIONS")}));
  EXPECT_TRUE(Call<api::DeleteSchema>({.schema_arn = Arn("schema/interactions")}));
  EXPECT_TRUE(Call<api::DeleteDatasetGroup>({.dataset_group_arn = Arn("dataset-group/movies")}));
  EXPECT_FALSE(Call<api::DescribeDatasetGroup>({.dataset_group_arn = Arn("dataset-group/movies")}));
}

TEST_F(DatasetTest, TakesANewSchemaThatOnlyAddsNullableFields) {
  CreateInteractions();
  ASSERT_TRUE(Call<api::CreateSchema>({.name = "items", .schema = ItemsSchema()}));
  ASSERT_TRUE(Call<api::CreateSchema>(
      {.name = "wider", .schema = ItemsSchema(R"(,{"name":"YEAR","type":["null","int"]})")}));
  ASSERT_TRUE(Call<api::CreateSchema>(
      {.name = "strict", .schema = ItemsSchema(R"(,{"name":"YEAR","type":"int"})")}));
  ASSERT_TRUE(Call<api::CreateDataset>(Request("Items", "items")));
  const auto update = [&](const std::string& schema) {
    return Complaint<api::UpdateDataset>(
        {.dataset_arn = Arn("dataset/movies/ITEMS"), .schema_arn = Arn("schema/" + schema)},
        ErrorCode::kInvalidInput);
  };

  EXPECT_THAT(update("strict"), HasSubstr("new field 'YEAR' must accept null"));
  EXPECT_THAT(update("interactions"), HasSubstr("same type and domain"));
  EXPECT_EQ(update("wider"), "");
  EXPECT_THAT(update("items"), HasSubstr("must keep field 'YEAR'"));
  EXPECT_THAT(Complaint<api::UpdateDataset>({.dataset_arn = Arn("dataset/movies/INTERACTIONS"),
                                             .schema_arn = Arn("schema/wider")},
                                            ErrorCode::kInvalidInput),
              HasSubstr("only the schema of an Items or Users dataset"));
}

TEST_F(DatasetTest, CannotBeDeletedWhileRowsAreRead) {
  CreateInteractions();
  objects_["a.csv"] = InteractionsCsv();
  ASSERT_TRUE(Import("first", "a.csv"));
  const api::DeleteDatasetRequest request{.dataset_arn = Arn("dataset/movies/INTERACTIONS")};

  EXPECT_THAT(Complaint<api::DeleteDataset>(request, ErrorCode::kInUse),
              HasSubstr("CREATE PENDING"));
  RunJobs();
  ASSERT_TRUE(Call<api::CreateSolutionVersion>(
      {.solution_arn = CreateSolution("films", "aws-popularity-count")}));
  EXPECT_THAT(Complaint<api::DeleteDataset>(request, ErrorCode::kInUse),
              HasSubstr("stop it first"));
  RunJobs();
  EXPECT_TRUE(Call<api::DeleteDataset>(request));
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path() + "/datasets"));
}

TEST_F(DatasetTest, OfADomainNeedsASchemaOfThatDomain) {
  ASSERT_TRUE(Call<api::CreateDatasetGroup>({.name = "movies", .domain = "VIDEO_ON_DEMAND"}));
  ASSERT_TRUE(Call<api::CreateSchema>({.name = "interactions", .schema = InteractionsSchema()}));

  EXPECT_THAT(Complaint<api::CreateDataset>(Request("Interactions", "interactions"),
                                            ErrorCode::kInvalidInput),
              HasSubstr("has domain none, but the dataset group has domain VIDEO_ON_DEMAND"));
}

class RemoveLeftoversTest : public TestService {};

TEST_F(RemoveLeftoversTest, RemovesFilesThatNothingNamesAndNoOthers) {
  ImportInteractions();
  Train(CreateSolution("films", "aws-popularity-count"));
  std::filesystem::create_directories(folder_.path() + "/models/left-over");
  std::ofstream(folder_.path() + "/datasets/left-over.parquet") << "x";

  ASSERT_TRUE(RemoveLeftovers(service_));

  EXPECT_FALSE(std::filesystem::exists(folder_.path() + "/models/left-over"));
  EXPECT_FALSE(std::filesystem::exists(folder_.path() + "/datasets/left-over.parquet"));
  EXPECT_FALSE(std::filesystem::is_empty(folder_.path() + "/models"));
  EXPECT_FALSE(std::filesystem::is_empty(folder_.path() + "/datasets"));
}

}  // namespace
}  // namespace usher::personalize
