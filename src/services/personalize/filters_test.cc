// Filters through the operations of the service.
#include "services/personalize/filters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "services/personalize/put_records.h"
#include "services/personalize/recommendations.h"
#include "services/personalize/test_service.h"

namespace usher::personalize {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

class FiltersTest : public TestService {
 protected:
  // Events with a type, of which every third is a purchase; items with a taste and a price; users
  // with a tier.
  void ImportAll() {
    EXPECT_TRUE(Call<api::CreateDatasetGroup>({.name = "movies"}));
    Dataset("Interactions",
            R"({"name":"USER_ID","type":"string"},{"name":"ITEM_ID","type":"string"},
      {"name":"TIMESTAMP","type":"long"},{"name":"EVENT_TYPE","type":"string"})");
    Dataset("Items", R"({"name":"ITEM_ID","type":"string"},
      {"name":"TASTE","type":"string","categorical":true},{"name":"PRICE","type":["null","float"]},
      {"name":"ABOUT","type":["null","string"],"textual":true}, {"name":"ADULT","type":"boolean"})");
    Dataset("Users", R"({"name":"USER_ID","type":"string"},
      {"name":"TIER","type":"string","categorical":true})");
    std::string csv = "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE\n";
    for (int user = 0; user < 60; ++user) {
      for (int k = 0; k < 25; ++k) {
        const int item = (k < 18 ? (user % 2) * 20 : 0) + (user * 7 + k * 3) % (k < 18 ? 20 : 40);
        csv += "u" + std::to_string(user) + ",i" + std::to_string(item) + "," +
               std::to_string(1'600'000'000 + user * 1000 + k * 60) +
               (k % 3 == 0 ? ",buy\n" : ",click\n");
      }
    }
    ImportInto("INTERACTIONS", csv);
    csv = "ITEM_ID,TASTE,PRICE,ABOUT,ADULT\n";
    for (int item = 0; item < 40; ++item) {
      csv += "i" + std::to_string(item) + (item < 20 ? ",low|all," : ",high|all,") +
             std::to_string(item) + ",text,false\n";
    }
    ImportInto("ITEMS", csv);
    ImportInto("USERS", "USER_ID,TIER\nu0,gold\nu1,silver\n");
  }

  void Dataset(const std::string& type, const std::string& fields) {
    EXPECT_TRUE(Call<api::CreateSchema>(
        {.name = type,
         .schema = R"({"type":"record","name":")" + type +
                   R"(","namespace":"com.amazonaws.personalize.schema","fields":[)" + fields +
                   R"(],"version":"1.0"})"}));
    EXPECT_TRUE(Call<api::CreateDataset>({.name = type,
                                          .schema_arn = Arn("schema/" + type),
                                          .dataset_group_arn = Arn("dataset-group/movies"),
                                          .dataset_type = type}));
  }

  void ImportInto(const std::string& type, const std::string& csv) {
    const std::string key = type + std::to_string(++imports_) + ".csv";
    objects_[key] = csv;
    EXPECT_TRUE(
        Call<api::CreateDatasetImportJob>({.job_name = "import" + std::to_string(imports_),
                                           .dataset_arn = Arn("dataset/movies/" + type),
                                           .data_source = {.data_location = "s3://bucket/" + key},
                                           .role_arn = kRole}));
    RunJobs();
  }

  std::string Filter(const std::string& name, const std::string& expression) {
    const auto made = Call<api::CreateFilter>({.name = name,
                                               .dataset_group_arn = Arn("dataset-group/movies"),
                                               .filter_expression = expression});
    EXPECT_TRUE(made) << made.error().message;
    return Arn("filter/" + name);
  }
  std::string FilterComplaint(const std::string& expression,
                              ErrorCode code = ErrorCode::kInvalidInput) {
    return Complaint<api::CreateFilter>({.name = "bad",
                                         .dataset_group_arn = Arn("dataset-group/movies"),
                                         .filter_expression = expression},
                                        code);
  }

  void Deploy(const std::string& recipe) {
    const std::string version = Train(CreateSolution("solution", recipe));
    ASSERT_EQ(StatusOf(version), "ACTIVE");
    ASSERT_TRUE(Call<api::CreateCampaign>({.name = "campaign", .solution_version_arn = version}));
    RunJobs();
    version_ = version;
  }

  runtime_api::GetRecommendationsRequest Ask(const std::string& filter, std::int64_t count = 10) {
    return {.campaign_arn = Arn("campaign/campaign"),
            .user_id = "u0",
            .num_results = count,
            .filter_arn = filter};
  }
  std::vector<std::string> Recommend(const runtime_api::GetRecommendationsRequest& request) {
    const auto answer = Call<runtime_api::GetRecommendations>(request);
    EXPECT_TRUE(answer) << answer.error().message;
    std::vector<std::string> items;
    if (!answer) return items;
    for (const auto& entry : *answer->item_list) items.push_back(*entry.item_id);
    return items;
  }
  static int NumberOf(const std::string& item) { return std::stoi(item.substr(1)); }
  static std::set<std::string> SetOf(const std::vector<std::string>& items) {
    return {items.begin(), items.end()};
  }

  std::string version_;
  int imports_ = 0;
};

TEST_F(FiltersTest, AreDescribedListedAndDeleted) {
  ImportAll();
  const std::string expression = "INCLUDE ItemID WHERE Items.PRICE < $P";
  const std::string arn = Filter("cheap", expression);

  const auto described = Call<api::DescribeFilter>({.filter_arn = arn});
  ASSERT_TRUE(described);
  EXPECT_EQ(described->filter->status, "ACTIVE");
  EXPECT_EQ(described->filter->filter_expression, expression);
  const auto listed = Call<api::ListFilters>({.dataset_group_arn = Arn("dataset-group/movies")});
  ASSERT_EQ(listed->filters->size(), 1U);
  EXPECT_EQ(listed->filters->front().filter_arn, arn);
  EXPECT_THAT(FilterComplaint("INCLUDE ItemID WHERE Items.COLOUR IN (\"red\")"),
              StartsWith("Could not create filter. Invalid Expression"));
  EXPECT_THAT(FilterComplaint("INCLUDE ItemID WHERE Items.ABOUT IN (\"red\")"),
              HasSubstr("a textual field"));
  EXPECT_THAT(FilterComplaint("INCLUDE ItemID WHERE Items.ADULT IN (\"true\")"),
              HasSubstr("a boolean field"));

  ASSERT_TRUE(Call<api::DeleteFilter>({.filter_arn = arn}));
  EXPECT_FALSE(Call<api::DescribeFilter>({.filter_arn = arn}));
}

TEST_F(FiltersTest, AGroupHasAtMostThirty) {
  ImportAll();
  for (std::size_t i = 0; i < kMaxFiltersOfGroup; ++i) {
    Filter("f" + std::to_string(i), "INCLUDE ItemID WHERE Items.PRICE < 1");
  }
  EXPECT_THAT(FilterComplaint("INCLUDE ItemID WHERE Items.PRICE < 1", ErrorCode::kLimitExceeded),
              HasSubstr("has 30 filters"));
}

TEST_F(FiltersTest, FillTheAnswerAsLongAsThereAreItems) {
  ImportAll();
  Deploy("aws-user-personalization");

  // u0 likes the items below 20, so that the best items are not the allowed ones.
  const auto high =
      Recommend(Ask(Filter("high", R"(INCLUDE ItemID WHERE Items.TASTE IN ("high"))")));

  EXPECT_EQ(high.size(), 10U);
  for (const std::string& item : high) EXPECT_GE(NumberOf(item), 20);
  const auto few = Recommend(Ask(Filter("few", "INCLUDE ItemID WHERE Items.PRICE >= 37")));
  EXPECT_LE(few.size(), 3U);
  for (const std::string& item : few) EXPECT_GE(NumberOf(item), 37);
}

TEST_F(FiltersTest, TakeValuesAndSayWhatIsWrongWithThem) {
  ImportAll();
  Deploy("aws-user-personalization");
  auto ask =
      Ask(Filter("below", "INCLUDE ItemID WHERE Items.PRICE < $P AND Items.TASTE IN ($T)"), 40);

  ask.filter_values = {{"P", "30"}, {"T", R"("high","none")"}};
  for (const std::string& item : Recommend(ask)) {
    EXPECT_TRUE(NumberOf(item) >= 20 && NumberOf(item) < 30) << item;
  }

  const auto complaint = [&](std::map<std::string, std::string> values) {
    ask.filter_values = std::move(values);
    return Complaint<runtime_api::GetRecommendations>(ask, ErrorCode::kInvalidInput);
  };
  EXPECT_THAT(complaint({{"P", "30"}}), HasSubstr("lacks a value for the placeholder $T"));
  EXPECT_THAT(complaint({{"P", "30"}, {"T", "\"a\""}, {"p", "1"}}), HasSubstr("no placeholder $p"));
  EXPECT_THAT(complaint({{"P", "dear"}, {"T", "\"a\""}}), HasSubstr("is no number"));
  ask.filter_arn.reset();
  EXPECT_THAT(complaint({{"P", "30"}}), HasSubstr("give its filterArn"));
  EXPECT_THAT(
      Complaint<runtime_api::GetRecommendations>(Ask(Arn("filter/none")), ErrorCode::kNotFound),
      HasSubstr("filter/none"));
}

TEST_F(FiltersTest, SeeTheWholeHistoryByTypeAndWhatCameSince) {
  ImportAll();
  Deploy("aws-user-personalization");
  const std::string bought =
      Filter("bought", R"(INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("BUY"))");

  const auto before = SetOf(Recommend(Ask(bought, 40)));

  // As the rows say: every third event of u0.
  std::set<std::string> expected;
  for (int k = 0; k < 25; k += 3) {
    expected.insert("i" + std::to_string(k < 18 ? (k * 3) % 20 : (k * 3) % 40));
  }
  EXPECT_EQ(before, expected) << "items that were met are let in by such a filter";

  const auto tracker = Call<api::CreateEventTracker>(
      {.name = "web", .dataset_group_arn = Arn("dataset-group/movies")});
  ASSERT_TRUE(Call<events_api::PutEvents>(
      {.tracking_id = *tracker->tracking_id,
       .user_id = "u0",
       .session_id = "s",
       .event_list = {{.event_type = "buy",
                       .item_id = "i31",
                       .sent_at = FromEpochMillis(1'700'000'000'000)}}}));
  expected.insert("i31");
  EXPECT_EQ(SetOf(Recommend(Ask(bought, 40))), expected);
}

TEST_F(FiltersTest, SeeItemsThatCameOneByOneAndNewImports) {
  ImportAll();
  Deploy("aws-user-personalization");
  const std::string free = Filter("free", "INCLUDE ItemID WHERE Items.PRICE = 0");
  const std::string unmet =
      Recommend(Ask(Filter("all", "EXCLUDE ItemID WHERE Items.PRICE < 0"))).front();
  ASSERT_THAT(Recommend(Ask(free)), Not(testing::Contains(unmet)));

  ASSERT_TRUE(Call<events_api::PutItems>(
      {.dataset_arn = Arn("dataset/movies/ITEMS"),
       .items = {
           {.item_id = unmet, .properties = R"({"taste":"low","price":"0","adult":false})"}}}));
  EXPECT_THAT(Recommend(Ask(free)), testing::Contains(unmet));

  // Another import does not replace what came one by one, but all the other rows.
  std::string csv = "ITEM_ID,TASTE,PRICE,ABOUT,ADULT\n";
  for (int item = 0; item < 40; ++item) {
    csv += "i" + std::to_string(item) + ",low," + (item == 33 ? "0" : "5") + ",text,false\n";
  }
  ImportInto("ITEMS", csv);
  EXPECT_EQ(SetOf(Recommend(Ask(free))), (std::set<std::string>{unmet, "i33"}));
}

TEST_F(FiltersTest, ApplyToSomeUsersOnly) {
  ImportAll();
  Deploy("aws-user-personalization");
  auto ask =
      Ask(Filter("gold", "INCLUDE ItemID WHERE Items.PRICE > 35 IF CurrentUser.TIER = \"gold\""));
  for (const std::string& item : Recommend(ask)) EXPECT_GT(NumberOf(item), 35);
  ask.user_id = "u1";
  EXPECT_EQ(Recommend(ask).size(), 10U);
}

TEST_F(FiltersTest, LeaveItemsOutOfARanking) {
  ImportAll();
  Deploy("aws-personalized-ranking");
  const auto rank = [&](const std::string& filter, std::vector<std::string> list) {
    const auto answer =
        Call<runtime_api::GetPersonalizedRanking>({.campaign_arn = Arn("campaign/campaign"),
                                                   .input_list = std::move(list),
                                                   .user_id = "u0",
                                                   .filter_arn = filter});
    EXPECT_TRUE(answer) << answer.error().message;
    std::set<std::string> items;
    for (const auto& entry : *answer->personalized_ranking) items.insert(*entry.item_id);
    return items;
  };
  const std::string high = Filter("high", R"(INCLUDE ItemID WHERE Items.TASTE IN ("high"))");
  EXPECT_EQ(rank(high, {"i1", "i21", "i22", "new"}), (std::set<std::string>{"i21", "i22"}));
  EXPECT_THAT(rank(high, {"i1", "i2"}), IsEmpty());
}

TEST_F(FiltersTest, OfRelatedItemsMayAskAboutTheCurrentItem) {
  ImportAll();
  const std::string same = Filter(
      "same",
      "INCLUDE ItemID WHERE Items.TASTE IN CurrentItem.TASTE AND Items.PRICE > CurrentItem.PRICE");
  Deploy("aws-sims");
  runtime_api::GetRecommendationsRequest ask{.campaign_arn = Arn("campaign/campaign"),
                                             .item_id = "i30",
                                             .num_results = 9,
                                             .filter_arn = same};
  EXPECT_EQ(SetOf(Recommend(ask)),
            (std::set<std::string>{"i31", "i32", "i33", "i34", "i35", "i36", "i37", "i38", "i39"}));
}

TEST_F(FiltersTest, AboutTheCurrentItemOrUsersAreRefusedElsewhere) {
  ImportAll();
  Deploy("aws-user-personalization");
  EXPECT_THAT(Complaint<runtime_api::GetRecommendations>(
                  Ask(Filter("same", "INCLUDE ItemID WHERE Items.TASTE IN CurrentItem.TASTE")),
                  ErrorCode::kInvalidInput),
              HasSubstr("asks about CurrentItem"));
  EXPECT_THAT(Complaint<runtime_api::GetRecommendations>(
                  Ask(Filter("users", "INCLUDE UserID WHERE Users.TIER IN (\"gold\")")),
                  ErrorCode::kInvalidInput),
              HasSubstr("is about UserID"));
}

TEST_F(FiltersTest, PromoteItemsBesideTheOthers) {
  ImportAll();
  Deploy("aws-user-personalization");
  auto ask = Ask(Filter("low", R"(INCLUDE ItemID WHERE Items.PRICE < 35)"));
  ask.promotions = {{.name = "dear",
                     .percent_promoted_items = 30,
                     .filter_arn = Filter("dear", "INCLUDE ItemID WHERE Items.PRICE >= $MIN"),
                     .filter_values = {{{"MIN", "35"}}}}};

  const auto answer = Call<runtime_api::GetRecommendations>(ask);

  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->item_list->size(), 10U);
  int promoted = 0;
  for (const auto& entry : *answer->item_list) {
    EXPECT_EQ(entry.promotion_name.has_value(), NumberOf(*entry.item_id) >= 35) << *entry.item_id;
    promoted += entry.promotion_name ? 1 : 0;
  }
  EXPECT_EQ(promoted, 3);
  ask.promotions->front().filter_arn.reset();
  EXPECT_THAT(Complaint<runtime_api::GetRecommendations>(ask, ErrorCode::kInvalidInput),
              HasSubstr("promotions[0].filterArn is required"));
}

class FilteredBatch : public FiltersTest {
 protected:
  std::vector<Value> Lines(const std::string& key) {
    std::vector<Value> lines;
    for (const auto line : Split(objects_.at(key), '\n')) {
      if (!line.empty()) lines.push_back(*json::Parse(line));
    }
    return lines;
  }
  std::vector<std::string> Texts(const Value& line, const std::string& list) {
    std::vector<std::string> texts;
    for (const Value& value : *line.Find("output")->Find(list)->as_list()) {
      texts.push_back(*value.as_string());
    }
    return texts;
  }
};

TEST_F(FilteredBatch, InferenceTakesAFilterWithValuesOnEachLine) {
  ImportAll();
  Deploy("aws-user-personalization");
  objects_["in.json"] = R"({"userId":"u0","filterValues":{"T":"\"high\""}})"
                        "\n"
                        R"({"userId":"u1","filterValues":{"T":"\"low\""}})"
                        "\n"
                        R"({"userId":"u2"})"
                        "\n";
  const auto job = Call<api::CreateBatchInferenceJob>(
      {.job_name = "batch",
       .solution_version_arn = version_,
       .filter_arn = Filter("taste", "INCLUDE ItemID WHERE Items.TASTE IN ($T)"),
       .num_results = 10,
       .job_input = {.s3_data_source = {.path = "s3://bucket/in.json"}},
       .job_output = {.s3_data_destination = {.path = "s3://bucket/out/"}},
       .role_arn = kRole});
  ASSERT_TRUE(job) << job.error().message;
  EXPECT_THAT(Complaint<api::DeleteFilter>({.filter_arn = Arn("filter/taste")}, ErrorCode::kInUse),
              HasSubstr("batch-inference-job/batch"));
  RunJobs();

  const auto described = Call<api::DescribeBatchInferenceJob>(
      {.batch_inference_job_arn = *job->batch_inference_job_arn});
  EXPECT_EQ(described->batch_inference_job->status, "ACTIVE");
  EXPECT_EQ(described->batch_inference_job->filter_arn, Arn("filter/taste"));
  const auto lines = Lines("out/in.json.out");
  ASSERT_EQ(lines.size(), 3U);
  const auto high = Texts(lines[0], "recommendedItems");
  EXPECT_EQ(high.size(), 10U);
  for (const std::string& item : high) EXPECT_GE(NumberOf(item), 20);
  for (const std::string& item : Texts(lines[1], "recommendedItems")) EXPECT_LT(NumberOf(item), 20);
  EXPECT_TRUE(lines[2].Find("output")->is_null());
  EXPECT_THAT(*lines[2].Find("error")->as_string(), HasSubstr("placeholder $T"));
  EXPECT_TRUE(Call<api::DeleteFilter>({.filter_arn = Arn("filter/taste")}));
}

TEST_F(FilteredBatch, InferenceSeesTheEventsThatCameSinceTheTraining) {
  ImportAll();
  const std::string version = Train(CreateSolution("solution", "aws-user-personalization"));
  api::CreateCampaignRequest campaign{.name = "campaign", .solution_version_arn = version};
  campaign.campaign_config.emplace().item_exploration_config.emplace()["explorationWeight"] = "0";
  ASSERT_TRUE(Call<api::CreateCampaign>(campaign));
  RunJobs();
  const auto tracker = Call<api::CreateEventTracker>(
      {.name = "web", .dataset_group_arn = Arn("dataset-group/movies")});
  for (const std::string user : {"u0", "newcomer"}) {
    ASSERT_TRUE(Call<events_api::PutEvents>(
        {.tracking_id = *tracker->tracking_id,
         .user_id = user,
         .session_id = user,
         .event_list = {
             {.event_type = "buy", .item_id = "i31", .sent_at = FromEpochMillis(1'700'000'000'000)},
             {.event_type = "buy",
              .item_id = "i35",
              .sent_at = FromEpochMillis(1'700'000'001'000)}}}));
  }
  objects_["in.json"] = "{\"userId\":\"u0\"}\n{\"userId\":\"newcomer\"}\n{\"userId\":\"u1\"}\n";
  api::BatchInferenceJobConfig config;
  config.item_exploration_config.emplace()["explorationWeight"] = "0";
  ASSERT_TRUE(Call<api::CreateBatchInferenceJob>(
      {.job_name = "batch",
       .solution_version_arn = version,
       .num_results = 10,
       .job_input = {.s3_data_source = {.path = "s3://bucket/in.json"}},
       .job_output = {.s3_data_destination = {.path = "s3://bucket/out/"}},
       .role_arn = kRole,
       .batch_inference_job_config = config}));
  RunJobs();

  const auto lines = Lines("out/in.json.out");
  ASSERT_EQ(lines.size(), 3U);
  for (const auto& [line, user] :
       {std::pair{0, "u0"}, std::pair{1, "newcomer"}, std::pair{2, "u1"}}) {
    EXPECT_EQ(
        Texts(lines[static_cast<std::size_t>(line)], "recommendedItems"),
        Recommend({.campaign_arn = Arn("campaign/campaign"), .user_id = user, .num_results = 10}))
        << "as the campaign answers " << user;
  }
}

TEST_F(FilteredBatch, SegmentsTakeAFilterOfUsers) {
  ImportAll();
  const std::string version = Train(CreateSolution("affinity", "aws-item-affinity"));
  objects_["in.json"] = "{\"itemId\":\"i3\"}\n";
  api::CreateBatchSegmentJobRequest request{
      .job_name = "segment",
      .solution_version_arn = version,
      .filter_arn = Filter("gold", R"(INCLUDE UserID WHERE Users.TIER IN ("gold","silver"))"),
      .num_results = 60,
      .job_input = {.s3_data_source = {.path = "s3://bucket/in.json"}},
      .job_output = {.s3_data_destination = {.path = "s3://bucket/out/"}},
      .role_arn = kRole};
  ASSERT_TRUE(Call<api::CreateBatchSegmentJob>(request));
  RunJobs();
  for (const std::string& user : Texts(Lines("out/in.json.out").at(0), "usersList")) {
    EXPECT_TRUE(user == "u0" || user == "u1") << user;
  }
  request.job_name = "second";
  request.filter_arn = Filter("items", "INCLUDE ItemID WHERE Items.PRICE < 3");
  EXPECT_THAT(Complaint<api::CreateBatchSegmentJob>(request, ErrorCode::kInvalidInput),
              HasSubstr("is about ItemID"));
}

}  // namespace
}  // namespace usher::personalize
