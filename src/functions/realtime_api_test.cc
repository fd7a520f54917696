#include "functions/realtime_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "functions/test_context.h"
#include "json/json.h"
#include "wire/personalize_runtime.h"

namespace usher::functions {
namespace {

namespace runtime_api = usher::api::personalize_runtime;

using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kCampaign = "arn:aws:personalize:us-east-1:000000000000:campaign/movies";

class RealtimeApiTest : public testing::Test {
 protected:
  RealtimeApiTest() {
    context_.environment = {
        {"CAMPAIGN_ARN", kCampaign}, {"BUCKET", "b"}, {"METADATA_KEY", "movies.csv"}};
    context_.objects[{"b", "movies.csv"}] =
        "movieId,title,genres\n"
        "1,Toy Story (1995),Adventure|Animation\n"
        "2,\"American President, The (1995)\",(no genres listed)\n";
    context_.dispatcher.Handle<runtime_api::GetRecommendations>(
        [this](const runtime_api::GetRecommendationsRequest& request,
               wire::CallContext& /*call*/) -> Result<runtime_api::GetRecommendationsResponse> {
          asked_.push_back(request);
          if (refusal_) return *refusal_;
          runtime_api::GetRecommendationsResponse response;
          response.recommendation_id = "RID-1";
          response.item_list.emplace();
          for (const char* id : {"1", "2", "3"}) response.item_list->emplace_back().item_id = id;
          (*response.item_list)[0].score = 0.5;
          (*response.item_list)[1].score = 0.25;
          return response;
        });
  }

  Result<std::string> Invoke(const std::string& event) { return Invoke(event, catalogues_); }
  Result<std::string> Invoke(const std::string& event, MovieCatalogues& catalogues) {
    return context_.Invoke(
        [&](const std::string& text, FunctionContext& context) {
          return RealtimeApi(text, context, catalogues);
        },
        event);
  }

  // The body of an answer to a proxy event, after its frame has been checked.
  Value Body(const std::string& answer, std::int64_t status) {
    const auto response = json::Parse(answer);
    EXPECT_TRUE(response);
    for (const auto& [name, value] : *response->as_map()) {
      EXPECT_THAT(name, testing::AnyOf("statusCode", "headers", "body", "isBase64Encoded"));
    }
    EXPECT_EQ(*response->Find("statusCode")->as_int(), status);
    EXPECT_EQ(*response->Find("headers")->Find("Content-Type")->as_string(), "application/json");
    EXPECT_EQ(*response->Find("isBase64Encoded")->as_bool(), false);
    auto body = json::Parse(*response->Find("body")->as_string());
    EXPECT_TRUE(body);
    return *std::move(body);
  }

  TestContext context_;
  MovieCatalogues catalogues_;
  std::optional<Error> refusal_;
  std::vector<runtime_api::GetRecommendationsRequest> asked_;
};

// Raw strings with a name, since titles end in brackets.
constexpr const char* kMovies =
    R"x({"userId":"5","recommendationId":"RID-1","recommendations":[)x"
    R"x({"itemId":"1","title":"Toy Story (1995)","genres":["Adventure","Animation"],"score":0.5},)x"
    R"x({"itemId":"2","title":"American President, The (1995)","genres":[],"score":0.25},)x"
    R"x({"itemId":"3","title":"3","genres":[]}]})x";

TEST_F(RealtimeApiTest, AMappedEventIsAnsweredWithMovies) {
  const auto answer = Invoke(R"({ "user_id" : "5" })");

  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(*answer, kMovies);
  ASSERT_EQ(asked_.size(), 1U);
  EXPECT_EQ(asked_[0].campaign_arn, kCampaign);
  EXPECT_EQ(asked_[0].user_id, "5");
  EXPECT_EQ(asked_[0].num_results, 10);
  EXPECT_FALSE(asked_[0].context);
}

TEST_F(RealtimeApiTest, AProxyEventIsAnsweredWithAProxyResponse) {
  const auto answer =
      Invoke(R"({"resource":"/","httpMethod":"GET","queryStringParameters":{"user_id":"5"},)"
             R"("multiValueQueryStringParameters":{"user_id":["5"]},"body":null})");

  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(json::Write(Body(*answer, 200)), kMovies);
}

TEST_F(RealtimeApiTest, TheLastOfSeveralValuesCounts) {
  ASSERT_TRUE(Invoke(R"({"multiValueQueryStringParameters":{"user_id":["5","6"]}})"));
  EXPECT_EQ(asked_.at(0).user_id, "6");
}

TEST_F(RealtimeApiTest, NumbersOfMappedEventsAreTaken) {
  ASSERT_TRUE(Invoke(R"({"user_id":5,"num_results":3})"));
  EXPECT_EQ(asked_.at(0).user_id, "5");
  EXPECT_EQ(asked_.at(0).num_results, 3);
}

TEST_F(RealtimeApiTest, TheSituationIsPassedOn) {
  using Context = std::map<std::string, std::string>;
  const Context tv_at_night{{"DEVICE", "tv"}, {"TIME_OF_DAY", "night"}};
  for (const char* event :
       {R"({"queryStringParameters":{"user_id":"5","DEVICE":"tv","TIME_OF_DAY":"night"}})",
        R"({"queryStringParameters":{"user_id":"5","DEVICE":"tv",)"
        R"("context":"{\"TIME_OF_DAY\":\"night\"}"}})",
        R"({"user_id":"5","context":{"DEVICE":"tv","TIME_OF_DAY":"night"}})",
        R"({"user_id":"5","context":"{\"DEVICE\":\"tv\",\"TIME_OF_DAY\":\"night\"}"})"}) {
    ASSERT_TRUE(Invoke(event)) << event;
    EXPECT_EQ(asked_.back().context, tv_at_night) << event;
  }
}

TEST_F(RealtimeApiTest, OtherMembersOfAMappedEventAreNoContext) {
  ASSERT_TRUE(Invoke(R"({"user_id":"5","stage":"dev"})"));
  EXPECT_FALSE(asked_.at(0).context);
}

TEST_F(RealtimeApiTest, AMissingUserIsTheCallersToPutRight) {
  for (const char* event :
       {R"({"queryStringParameters":null,"httpMethod":"GET"})",
        R"({"queryStringParameters":{"user_id":""}})", R"({"requestContext":{}})"}) {
    const auto answer = Invoke(event);
    ASSERT_TRUE(answer) << event;
    EXPECT_THAT(*Body(*answer, 400).Find("message")->as_string(), HasSubstr("user_id is missing"));
    EXPECT_THAT(context_.lines.back(), HasSubstr("user_id is missing"));
  }
  for (const char* event : {"{}", R"({"user_id":""})", R"({"user_id":null})"}) {
    const auto answer = Invoke(event);
    ASSERT_FALSE(answer) << event;
    EXPECT_THAT(answer.error().message, HasSubstr("user_id is missing"));
    EXPECT_EQ(answer.error().wire_name, "InvalidInputException");
  }
  EXPECT_THAT(asked_, IsEmpty());
}

TEST_F(RealtimeApiTest, WrongParametersAreNamed) {
  const auto refused = [&](const std::string& query, const char* part) {
    const auto answer = Invoke(R"({"queryStringParameters":{"user_id":"5",)" + query + "}}");
    ASSERT_TRUE(answer) << query;
    EXPECT_THAT(*Body(*answer, 400).Find("message")->as_string(), HasSubstr(part)) << query;
  };
  refused(R"("num_results":"ten")", "num_results");
  refused(R"("num_results":"0")", "num_results");
  refused(R"("context":"{")", "context is not JSON");
  refused(R"("context":"[]")", "context must be a JSON object");
  refused(R"("context":"{\"DEVICE\":1}")", "DEVICE");
  EXPECT_THAT(asked_, IsEmpty());
}

TEST_F(RealtimeApiTest, WhatTheCampaignRefusesIsToldToTheCaller) {
  refusal_ = InvalidInput("the model has no context column COLOUR");

  const auto proxy = Invoke(R"({"queryStringParameters":{"user_id":"5","COLOUR":"red"}})");
  const auto mapped = Invoke(R"({"user_id":"5","context":{"COLOUR":"red"}})");

  ASSERT_TRUE(proxy);
  EXPECT_EQ(*Body(*proxy, 400).Find("message")->as_string(), refusal_->message);
  ASSERT_FALSE(mapped);
  EXPECT_EQ(mapped.error().message, refusal_->message);
}

TEST_F(RealtimeApiTest, AWrongSetUpIsAnErrorForBothKindsOfEvent) {
  const auto fails = [&](const char* name, const char* value, const char* part) {
    const auto before = context_.environment;
    context_.environment[name] = value;
    for (const char* event :
         {R"({"user_id":"5"})", R"({"queryStringParameters":{"user_id":"5"}})"}) {
      const auto answer = Invoke(event);
      ASSERT_FALSE(answer) << name;
      EXPECT_THAT(answer.error().message, HasSubstr(part));
    }
    context_.environment = before;
  };
  fails("CAMPAIGN_ARN", "", "CAMPAIGN_ARN");
  fails("BUCKET", "", "BUCKET");
  fails("METADATA_KEY", "", "METADATA_KEY");
  fails("METADATA_KEY", "none.csv", "s3://b/none.csv");
  fails("NUM_RESULTS", "many", "NUM_RESULTS");

  refusal_ = NotFound("there is no campaign");
  const auto answer = Invoke(R"({"queryStringParameters":{"user_id":"5"}})");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().wire_name, "ResourceNotFoundException");
  EXPECT_THAT(answer.error().message, HasSubstr("CAMPAIGN_ARN"));
}

TEST_F(RealtimeApiTest, RefusesWhatIsNoEvent) {
  for (const char* event : {"", "[]", "\"5\"", "{"}) {
    const auto answer = Invoke(event);
    ASSERT_FALSE(answer) << event;
    EXPECT_THAT(answer.error().message, HasSubstr("event"));
  }
}

TEST_F(RealtimeApiTest, TheCatalogueIsReadAgainOnlyWhenItHasChanged) {
  for (int k = 0; k < 3; ++k) ASSERT_TRUE(Invoke(R"({"user_id":"5"})"));
  EXPECT_EQ(context_.reads, 1);

  context_.objects[{"b", "movies.csv"}] = "movieId,title,genres\n1,Renamed,Drama\n";
  const auto answer = Invoke(R"({"user_id":"5"})");
  EXPECT_THAT(*answer, HasSubstr(R"("title":"Renamed","genres":["Drama"])"));
  EXPECT_EQ(context_.reads, 2);
}

TEST_F(RealtimeApiTest, ACatalogueThatIsFreshEnoughIsNotLookedAt) {
  MovieCatalogues an_hour(std::chrono::hours{1});
  ASSERT_TRUE(Invoke(R"({"user_id":"5"})", an_hour));
  context_.objects[{"b", "movies.csv"}] = "movieId,title,genres\n1,Renamed,Drama\n";
  const auto answer = Invoke(R"({"user_id":"5"})", an_hour);
  EXPECT_EQ(*answer, kMovies);
  EXPECT_EQ(context_.reads, 1);
}

TEST_F(RealtimeApiTest, NoMoreThanAFewCataloguesAreKept) {
  const auto ask = [&](std::size_t k) {
    const std::string key = "movies" + std::to_string(k);
    context_.objects[{"b", key}] = "movieId,title,genres\n";
    context_.environment["METADATA_KEY"] = key;
    ASSERT_TRUE(Invoke(R"({"user_id":"5"})"));
  };
  for (std::size_t k = 0; k <= kMaxCatalogues; ++k) ask(k);
  EXPECT_EQ(context_.reads, static_cast<int>(kMaxCatalogues) + 1);
  ask(1);  // still there
  EXPECT_EQ(context_.reads, static_cast<int>(kMaxCatalogues) + 1);
  ask(0);  // the one that was used longest ago is not
  EXPECT_EQ(context_.reads, static_cast<int>(kMaxCatalogues) + 2);
}

}  // namespace
}  // namespace usher::functions
