#include "engine/interactions_file.h"

#include <gmock/gmock.h>

#include <cmath>
#include <fstream>
#include <map>

#include "base/random.h"
#include "base/temp_folder.h"
#include "columnar/parquet_file.h"
#include "columnar/string_codes.h"
#include "engine/import.h"

namespace usher::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class LoadInteractionsTest : public ::testing::Test {
 protected:
  std::string File(const std::string& text) {
    std::string path = folder_.path() + "/interactions.csv";
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  TempFolder folder_;
};

TEST_F(LoadInteractionsTest, ReadsContextColumnsThatAreAskedFor) {
  const std::string path = File(
      "USER_ID,ITEM_ID,TIMESTAMP,DEVICE,HOUR\na,x,1,tv,late\na,y,2,,late\nb,x,3,phone,early\n");
  const auto table = LoadInteractions(path, {.context_columns = {"DEVICE"}});
  ASSERT_TRUE(table) << table.error().message;
  ASSERT_EQ(table->context.size(), 1U);
  EXPECT_EQ(table->context[0].name, "DEVICE");
  EXPECT_THAT(table->context[0].values, ElementsAre("tv", "phone"));
  EXPECT_THAT(table->context[0].codes, ElementsAre(0, kNoContext, 1));
  EXPECT_THAT(LoadInteractions(path)->context, IsEmpty());
  const auto missing = LoadInteractions(path, {.context_columns = {"CITY"}});
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, HasSubstr("CITY"));
}

TEST_F(LoadInteractionsTest, ReadsMovieLensColumns) {
  const auto table = LoadInteractions(
      File("userId,movieId,rating,timestamp\n7,50,4.0,964982703\n7,3,0.5,964982704\n1,50,,5\n"));

  ASSERT_TRUE(table) << table.error().message;
  EXPECT_THAT(table->user_ids, ElementsAre("7", "1"));
  EXPECT_THAT(table->item_ids, ElementsAre("50", "3"));
  EXPECT_THAT(table->user, ElementsAre(0, 0, 1));
  EXPECT_THAT(table->item, ElementsAre(0, 1, 0));
  EXPECT_THAT(table->timestamp, ElementsAre(964982703, 964982704, 5));
  EXPECT_EQ(table->value[0], 4.0F);
  EXPECT_EQ(table->value[1], 0.5F);
  EXPECT_TRUE(std::isnan(table->value[2]));
  EXPECT_THAT(table->event, IsEmpty());
}

TEST_F(LoadInteractionsTest, ReadsPersonalizeColumnsAndFilters) {
  const std::string path = File(
      "TIMESTAMP,EVENT_TYPE,ITEM_ID,USER_ID,EVENT_VALUE\n"
      "1,click,a,u1,1.5\n2,watch,b,u1,3\n3,watch,a,u2,2\n4,watch,c,u3,\n5,,d,u4,9\n");

  const auto all = LoadInteractions(path);
  const auto watched = LoadInteractions(path, {.events = {{.type = "watch"}}});
  const auto valued =
      LoadInteractions(path, {.events = {{.type = "watch"}}, .event_value_threshold = 2.0});

  ASSERT_TRUE(all) << all.error().message;
  EXPECT_THAT(all->event_types, ElementsAre("click", "watch", ""));
  EXPECT_THAT(all->event, ElementsAre(0, 1, 1, 1, 2));
  ASSERT_TRUE(watched);
  EXPECT_THAT(watched->user_ids, ElementsAre("u1", "u2", "u3"));
  EXPECT_THAT(watched->item_ids, ElementsAre("b", "a", "c"));
  ASSERT_TRUE(valued);
  EXPECT_THAT(valued->timestamp, ElementsAre(2, 3));
  EXPECT_THAT(valued->user_ids, ElementsAre("u1", "u2"));
}

TEST_F(LoadInteractionsTest, WeighsAndFiltersByEventType) {
  const std::string path = File(
      "TIMESTAMP,EVENT_TYPE,ITEM_ID,USER_ID,EVENT_VALUE\n"
      "1,click,a,u1,1.5\n2,watch,b,u1,3\n3,watch,a,u2,2\n4,buy,c,u3,\n5,,d,u4,9\n6,skip,a,u1,9\n"
      "7,click,a,u5,\n");

  const auto weighed =
      LoadInteractions(path, {.events = {{.type = "click", .value_threshold = 1.5, .weight = 0.5},
                                         {.type = "watch", .weight = 2},
                                         {.type = "buy", .weight = 4},
                                         {.type = "skip", .weight = 0}}});
  ASSERT_TRUE(weighed) << weighed.error().message;
  EXPECT_THAT(weighed->timestamp, ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(weighed->weight, ElementsAre(0.5F, 2, 2, 4));
  EXPECT_THAT(weighed->event_types, ElementsAre("click", "watch", "buy"));
  EXPECT_THAT(weighed->user_ids, ElementsAre("u1", "u2", "u3"));

  // The general threshold is for types without one of their own; equal weights are none.
  const auto alike =
      LoadInteractions(path, {.events = {{.type = "click", .value_threshold = 1.0, .weight = 3},
                                         {.type = "watch", .weight = 3}},
                              .event_value_threshold = 2.5});
  ASSERT_TRUE(alike) << alike.error().message;
  EXPECT_THAT(alike->timestamp, ElementsAre(1, 2));
  EXPECT_THAT(alike->weight, IsEmpty());
}

TEST_F(LoadInteractionsTest, NamesTheEventTypesThatThereAreWhenOneIsUnknown) {
  const std::string path =
      File("USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE\nu,a,1,click\nu,b,2,watch\nu,c,3,click\n");
  const auto table = LoadInteractions(path, {.events = {{.type = "click"}, {.type = "Watch"}}});
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().code, ErrorCode::kInvalidInput);
  EXPECT_EQ(table.error().message,
            "no interaction is of event type 'Watch'; there are 'click', 'watch'");
}

TEST_F(LoadInteractionsTest, ReadsWhatAnImportPublished) {
  Random random(3);
  std::string text = "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE\n";
  for (int i = 0; i < 3000; ++i) {
    text += "u" + std::to_string(random.Below(99)) + ",i" + std::to_string(random.Below(500)) +
            "," + std::to_string(random.Below(1'000'000'000)) +
            (random.Below(2) == 0 ? ",click," : ",watch,") +
            (random.Below(3) == 0 ? "" : std::to_string(random.Below(9)) + ".5") + "\n";
  }
  const std::string csv = File(text);
  const std::string parquet = folder_.path() + "/interactions.parquet";
  const auto imported = Import({.fields = {{"USER_ID"},
                                           {"ITEM_ID"},
                                           {"TIMESTAMP", columnar::ColumnType::kInt64},
                                           {"EVENT_TYPE"},
                                           {"EVENT_VALUE", columnar::ColumnType::kFloat, true}},
                                .inputs = {{.name = "interactions.csv", .path = csv}},
                                .output_path = parquet});
  ASSERT_TRUE(imported) << imported.error().message;

  for (const LoadOptions& options :
       {LoadOptions{}, LoadOptions{.events = {{.type = "watch"}}},
        LoadOptions{.events = {{.type = "watch", .weight = 2}, {.type = "click", .weight = 5}}},
        LoadOptions{.event_value_threshold = 4.0, .threads = 1}}) {
    const auto from_csv = LoadInteractions(csv, options);
    const auto from_parquet = LoadInteractions(parquet, options);

    ASSERT_TRUE(from_csv) << from_csv.error().message;
    ASSERT_TRUE(from_parquet) << from_parquet.error().message;
    EXPECT_EQ(from_csv->user, from_parquet->user);
    EXPECT_EQ(from_csv->item, from_parquet->item);
    EXPECT_EQ(from_csv->timestamp, from_parquet->timestamp);
    EXPECT_EQ(from_csv->event, from_parquet->event);
    EXPECT_EQ(from_csv->weight, from_parquet->weight);
    EXPECT_EQ(from_csv->user_ids, from_parquet->user_ids);
    EXPECT_EQ(from_csv->item_ids, from_parquet->item_ids);
    EXPECT_EQ(from_csv->event_types, from_parquet->event_types);
    ASSERT_EQ(from_csv->value.size(), from_parquet->value.size());
    for (std::size_t row = 0; row < from_csv->value.size(); ++row) {
      const float a = from_csv->value[row];
      const float b = from_parquet->value[row];
      EXPECT_TRUE(a == b || (std::isnan(a) && std::isnan(b)));
    }
  }
}

TEST_F(LoadInteractionsTest, SaysWhatIsWrong) {
  EXPECT_EQ(LoadInteractions("/nonexistent/file").error().code, ErrorCode::kNotFound);
  EXPECT_THAT(LoadInteractions(File("user,item\n1,2\n")).error().message,
              HasSubstr("the header must name the columns USER_ID, ITEM_ID, TIMESTAMP or userId"));
  EXPECT_THAT(LoadInteractions(File("USER_ID,ITEM\n1,2\n")).error().message,
              HasSubstr("missing the following columns:[ITEM_ID, TIMESTAMP]"));
  EXPECT_THAT(LoadInteractions(File("userId,movieId,timestamp\n1,2,3\n1,2,x\n")).error().message,
              HasSubstr("interactions.csv: line 3: timestamp \"x\""));
  const std::string bare = File("userId,movieId,timestamp\n1,2,3\n");
  EXPECT_THAT(LoadInteractions(bare, {.events = {{.type = "click"}}}).error().message,
              HasSubstr("no EVENT_TYPE"));
  EXPECT_THAT(LoadInteractions(bare, {.event_value_threshold = 1.0}).error().message,
              HasSubstr("no EVENT_VALUE"));
}

}  // namespace
}  // namespace usher::engine
