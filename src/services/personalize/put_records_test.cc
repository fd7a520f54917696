#include "services/personalize/put_records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "columnar/parquet_file.h"
#include "services/personalize/pinned_rows.h"
#include "services/personalize/test_service.h"

namespace usher::personalize {
namespace {

using testing::HasSubstr;

class PutRecordsTest : public TestService {
 protected:
  PutRecordsTest() {
    EXPECT_TRUE(Call<api::CreateDatasetGroup>({.name = "movies"}));
    Schema("items", R"({"name":"PRICE","type":"float"})");
    EXPECT_TRUE(Call<api::CreateDataset>({.name = "items",
                                          .schema_arn = Arn("schema/items"),
                                          .dataset_group_arn = Arn("dataset-group/movies"),
                                          .dataset_type = "Items"}));
  }
  void Schema(const std::string& name, const std::string& fields) {
    EXPECT_TRUE(Call<api::CreateSchema>(
        {.name = name,
         .schema = R"({"type":"record","name":"Items","namespace":"n","fields":[
            {"name":"ITEM_ID","type":"string"},{"name":"GENRES","type":["null","string"],"categorical":true},
            {"name":"CREATION_TIMESTAMP","type":["null","long"]},)" +
                   fields + R"(],"version":"1.0"})"}));
  }
  Result<events_api::PutItemsResponse> Put(const std::string& id, const std::string& properties) {
    return Call<events_api::PutItems>({.dataset_arn = Arn("dataset/movies/ITEMS"),
                                       .items = {{.item_id = id, .properties = properties}}});
  }
  std::string ComplaintOf(const std::string& properties) {
    return Complaint<events_api::PutItems>({.dataset_arn = Arn("dataset/movies/ITEMS"),
                                            .items = {{.item_id = "i", .properties = properties}}},
                                           ErrorCode::kInvalidInput);
  }
  const LiveRecords& Live() {
    const auto dataset = service_.live.Find(Arn("dataset-group/movies"), "ITEMS");
    EXPECT_TRUE(dataset);
    return *(*dataset)->records;
  }
  std::string Of(const std::string& id) {
    std::string text;
    Live().Visit(id, [&](const ValueMap& columns) { text = json::Write(columns); });
    return text;
  }
};

TEST_F(PutRecordsTest, TakesNamesInCamelCaseAndNumbersAsText) {
  ASSERT_TRUE(Put("i1", R"({"genres":"a|b","price":"9.5","creationTimestamp":"1700000000"})"));
  EXPECT_EQ(Of("i1"), R"({"GENRES":"a|b","PRICE":9.5,"CREATION_TIMESTAMP":1700000000})");
  ASSERT_TRUE(Put("i2", R"({"PRICE":3,"GENRES":null})"));
  EXPECT_EQ(Of("i2"), R"({"PRICE":3})");
}

TEST_F(PutRecordsTest, ARecordReplacesTheWholeOfTheOneBefore) {
  ASSERT_TRUE(Put("i1", R"({"genres":"a","price":1})"));
  const std::uint64_t version = Live().version();
  ASSERT_TRUE(Put("i1", R"({"price":2})"));
  EXPECT_EQ(Of("i1"), R"({"PRICE":2})");
  EXPECT_GT(Live().version(), version);
}

TEST_F(PutRecordsTest, RecordsOutliveTheProcess) {
  ASSERT_TRUE(Put("i1", R"({"price":1})"));
  ASSERT_TRUE(Put("i1", R"({"price":2})"));
  LiveData again(service_.catalog, folder_.path());
  const auto dataset = again.Find(Arn("dataset-group/movies"), "ITEMS");
  ASSERT_TRUE(dataset);
  std::string text;
  EXPECT_TRUE((*dataset)->records->Visit(
      "i1", [&](const ValueMap& columns) { text = json::Write(columns); }));
  EXPECT_EQ(text, R"({"PRICE":2})");
}

TEST_F(PutRecordsTest, SaysWhatIsWrongWithARecord) {
  EXPECT_THAT(ComplaintOf("nothing"), HasSubstr("items[0].properties must be the text of a JSON"));
  EXPECT_THAT(ComplaintOf("{}"), HasSubstr("items[0] lacks a value for PRICE"));
  EXPECT_THAT(ComplaintOf(R"({"price":"dear"})"), HasSubstr("price is \"dear\", but field PRICE"));
  EXPECT_THAT(ComplaintOf(R"({"price":null})"), HasSubstr("price is null"));
  EXPECT_THAT(ComplaintOf(R"({"price":1,"genres":["a"]})"), HasSubstr("joined by '|'"));
  EXPECT_THAT(ComplaintOf(R"({"price":1,"itemId":"x"})"), HasSubstr("itemId is no field"));
  EXPECT_THAT(ComplaintOf(R"({"price":1,"colour":"x"})"), HasSubstr("it has ITEM_ID, GENRES"));
  EXPECT_THAT(ComplaintOf(R"({"price":1,"creationTimestamp":1700000000000})"),
              HasSubstr("not in milliseconds"));
  EXPECT_THAT(ComplaintOf(R"({"price":1,"creationTimestamp":1.5})"), HasSubstr("is a long"));
  EXPECT_THAT(ComplaintOf(R"({"price":1,"genres":")" + std::string(1001, 'x') + R"("})"),
              HasSubstr("more than 1000 characters"));
  EXPECT_TRUE(Live().empty());
}

TEST_F(PutRecordsTest, ASchemaThatWasReplacedTakesItsNewFields) {
  ASSERT_TRUE(Put("i1", R"({"price":1})"));
  Schema("wider", R"({"name":"PRICE","type":"float"},{"name":"SIZE","type":["null","int"]})");
  EXPECT_THAT(ComplaintOf(R"({"price":1,"size":3})"), HasSubstr("size is no field"));

  ASSERT_TRUE(Call<api::UpdateDataset>(
      {.dataset_arn = Arn("dataset/movies/ITEMS"), .schema_arn = Arn("schema/wider")}));

  ASSERT_TRUE(Put("i2", R"({"price":1,"size":"3"})"));
  EXPECT_EQ(Of("i2"), R"({"PRICE":1,"SIZE":3})");
  EXPECT_EQ(Of("i1"), R"({"PRICE":1})");
}

TEST_F(PutRecordsTest, AJobReadsThemBesideWhatWasImported) {
  objects_["items.csv"] = "ITEM_ID,GENRES,CREATION_TIMESTAMP,PRICE\ni1,a,,1\ni2,b,,2\n";
  ASSERT_TRUE(
      Call<api::CreateDatasetImportJob>({.job_name = "items",
                                         .dataset_arn = Arn("dataset/movies/ITEMS"),
                                         .data_source = {.data_location = "s3://bucket/items.csv"},
                                         .role_arn = kRole}));
  RunJobs();
  ASSERT_TRUE(Put("i2", R"({"price":5})"));
  ASSERT_TRUE(Put("i3", R"({"price":6})"));
  const auto dataset = service_.catalog.Find<api::Dataset>(Arn("dataset/movies/ITEMS"));
  const std::string path = folder_.path() + "/pinned.parquet";

  const auto pinned = PinRecords(service_, *dataset, path);

  ASSERT_TRUE(pinned) << pinned.error().message;
  EXPECT_TRUE(*pinned);
  const auto reader = columnar::TableReader::Open(path);
  ASSERT_TRUE(reader);
  EXPECT_EQ((*reader)->rows(), 3U);
  const auto table = engine::RecordTable::Load(path, "ITEM_ID");
  ASSERT_TRUE(table);
  EXPECT_EQ((*table)->CellOf(*(*table)->Find("i1"), "GENRES").text, "a");
  EXPECT_EQ((*table)->CellOf(*(*table)->Find("i2"), "PRICE").number, 5);
  EXPECT_FALSE((*table)->CellOf(*(*table)->Find("i2"), "GENRES").text);
}

TEST_F(PutRecordsTest, GoToTheDatasetOfTheirType) {
  EXPECT_THAT(Complaint<events_api::PutUsers>(
                  {.dataset_arn = Arn("dataset/movies/ITEMS"), .users = {{.user_id = "u"}}},
                  ErrorCode::kInvalidInput),
              HasSubstr("is of type ITEMS, not USERS"));
  EXPECT_THAT(Complaint<events_api::PutUsers>(
                  {.dataset_arn = Arn("dataset/movies/USERS"), .users = {{.user_id = "u"}}},
                  ErrorCode::kNotFound),
              HasSubstr("USERS"));
  EXPECT_THAT(Complaint<events_api::PutActions>(
                  {.dataset_arn = Arn("dataset/movies/ACTIONS"), .actions = {{.action_id = "a"}}},
                  ErrorCode::kInvalidInput),
              HasSubstr("actions are not supported"));
}

}  // namespace
}  // namespace usher::personalize
