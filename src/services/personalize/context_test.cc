// The situation of a request, through the operations of the service.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/personalize/recommendations.h"
#include "services/personalize/test_service.h"

namespace usher::personalize {
namespace {

using testing::HasSubstr;

class ContextTest : public TestService {
 protected:
  // 200 users who watch even items on tv and odd ones on the phone.
  void ImportDevices() {
    EXPECT_TRUE(Call<api::CreateDatasetGroup>({.name = "movies"}));
    EXPECT_TRUE(Call<api::CreateSchema>({.name = "interactions", .schema = R"({"type":"record",
      "name":"Interactions","namespace":"com.amazonaws.personalize.schema","fields":[
      {"name":"USER_ID","type":"string"},{"name":"ITEM_ID","type":"string"},
      {"name":"TIMESTAMP","type":"long"},{"name":"DEVICE","type":"string","categorical":true}],
      "version":"1.0"})"}));
    EXPECT_TRUE(Call<api::CreateDataset>({.name = "interactions",
                                          .schema_arn = Arn("schema/interactions"),
                                          .dataset_group_arn = Arn("dataset-group/movies"),
                                          .dataset_type = "Interactions"}));
    std::string csv = "USER_ID,ITEM_ID,TIMESTAMP,DEVICE\n";
    for (int user = 0; user < 200; ++user) {
      for (int k = 0; k < 12; ++k) {
        const int item = (user * 7 + k * k * 3) % 40;
        csv += "u" + std::to_string(user) + ",i" + std::to_string(item) + "," +
               std::to_string(1'600'000'000 + user * 1000 + k * 60) + "," +
               (item % 2 == 0 ? "tv" : "phone") + "\n";
      }
    }
    objects_["devices.csv"] = csv;
    EXPECT_TRUE(Import("first", "devices.csv"));
    RunJobs();
  }

  std::string Deploy(const std::string& recipe) {
    const std::string version = Train(CreateSolution("devices", recipe));
    EXPECT_EQ(StatusOf(version), "ACTIVE");
    EXPECT_TRUE(Call<api::CreateCampaign>({.name = "devices", .solution_version_arn = version}));
    RunJobs();
    return Arn("campaign/devices");
  }
};

bool IsOdd(const std::string& item) { return (item.back() - '0') % 2 == 1; }

TEST_F(ContextTest, ChangesWhatIsRecommended) {
  ImportDevices();
  const std::string campaign = Deploy("aws-user-personalization");
  for (const char* device : {"tv", "phone"}) {
    const auto answer = Call<runtime_api::GetRecommendations>(
        {.campaign_arn = campaign,
         .user_id = "u3",
         .num_results = 5,
         .context = std::map<std::string, std::string>{{"DEVICE", device}}});
    ASSERT_TRUE(answer) << answer.error().message;
    const auto odd = std::ranges::count_if(*answer->item_list,
                                           [](const auto& entry) { return IsOdd(*entry.item_id); });
    EXPECT_EQ(odd, std::string_view(device) == "phone" ? 5 : 0);
  }
  EXPECT_THAT(Complaint<runtime_api::GetRecommendations>(
                  {.campaign_arn = campaign,
                   .user_id = "u3",
                   .context = std::map<std::string, std::string>{{"CITY", "Rome"}}},
                  ErrorCode::kInvalidInput),
              HasSubstr("CITY"));
}

TEST_F(ContextTest, ChangesHowAListIsRanked) {
  ImportDevices();
  const std::string campaign = Deploy("aws-personalized-ranking");
  const auto answer = Call<runtime_api::GetPersonalizedRanking>(
      {.campaign_arn = campaign,
       .input_list = {"i10", "i11", "i12", "i13"},
       .user_id = "u3",
       .context = std::map<std::string, std::string>{{"DEVICE", "phone"}}});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_TRUE(IsOdd(*(*answer->personalized_ranking)[0].item_id));
  EXPECT_TRUE(IsOdd(*(*answer->personalized_ranking)[1].item_id));
}

}  // namespace
}  // namespace usher::personalize
