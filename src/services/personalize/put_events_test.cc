#include "services/personalize/put_events.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "services/personalize/event_trackers.h"
#include "services/personalize/recommendations.h"
#include "services/personalize/test_service.h"
#include "wire/personalize_runtime.h"

namespace usher::personalize {
namespace {

using testing::HasSubstr;

class PutEventsTest : public TestService {
 protected:
  static constexpr std::int64_t kSentAt = 1'690'000'000;  // after every imported interaction

  std::string CreateTracker() {
    const auto tracker = Call<api::CreateEventTracker>(
        {.name = "web", .dataset_group_arn = Arn("dataset-group/movies")});
    EXPECT_TRUE(tracker);
    return *tracker->tracking_id;
  }

  static events_api::Event EventOf(const std::string& item, std::int64_t at = kSentAt) {
    return {.event_type = "click", .item_id = item, .sent_at = FromEpochMillis(at * 1000)};
  }

  Result<events_api::PutEventsResponse> Put(const std::optional<std::string>& user,
                                            const std::string& session,
                                            std::vector<events_api::Event> events) {
    return Call<events_api::PutEvents>({.tracking_id = tracking_id_,
                                        .user_id = user,
                                        .session_id = session,
                                        .event_list = std::move(events)});
  }
  std::string ComplaintOf(events_api::Event event) {
    return Complaint<events_api::PutEvents>({.tracking_id = tracking_id_,
                                             .user_id = "u0",
                                             .session_id = "s",
                                             .event_list = {std::move(event)}},
                                            ErrorCode::kInvalidInput);
  }

  // A campaign of user-personalization on the imported interactions, without exploration.
  void Deploy(const std::string& recipe = "aws-user-personalization") {
    ImportInteractions();
    tracking_id_ = CreateTracker();
    const std::string version = Train(CreateSolution("solution", recipe));
    ASSERT_EQ(StatusOf(version), "ACTIVE");
    api::CreateCampaignRequest request{.name = "campaign", .solution_version_arn = version};
    if (recipe == "aws-user-personalization") {
      request.campaign_config.emplace().item_exploration_config.emplace()["explorationWeight"] =
          "0";
    }
    ASSERT_TRUE(Call<api::CreateCampaign>(request));
    RunJobs();
  }

  std::vector<std::string> Recommend(const std::string& user, std::int64_t count = 10) {
    const auto answer = Call<runtime_api::GetRecommendations>(
        {.campaign_arn = Arn("campaign/campaign"), .user_id = user, .num_results = count});
    EXPECT_TRUE(answer) << answer.error().message;
    std::vector<std::string> items;
    if (!answer) return items;
    for (const auto& entry : *answer->item_list) items.push_back(*entry.item_id);
    return items;
  }

  // As a start after a crash does: from what is on the disk.
  void Restart() {
    queue_.types.clear();
    again_ = std::make_unique<Service>(*store_, queue_, dispatcher_again_, clock_,
                                       Options{.data_folder = folder_.path()});
    Register(dispatcher_again_, queue_, *again_);
  }

  std::string tracking_id_;
  wire::Dispatcher dispatcher_again_;
  std::unique_ptr<Service> again_;
};

TEST_F(PutEventsTest, ANewUserIsServedFromTheirEventsAtOnce) {
  Deploy();
  // Items below 20 are one taste, the others the second.
  ASSERT_TRUE(Put("nobody", "s", {EventOf("i21"), EventOf("i24"), EventOf("i27")}));

  const auto items = Recommend("nobody", 5);

  for (const std::string& item : items) {
    EXPECT_GE(std::stoi(item.substr(1)), 20) << item;
    EXPECT_TRUE(item != "i21" && item != "i24" && item != "i27") << "met already: " << item;
  }
}

TEST_F(PutEventsTest, AKnownUserDoesNotGetAgainWhatTheyJustMet) {
  Deploy();
  const std::string first = Recommend("u0").front();

  ASSERT_TRUE(Put("u0", "s", {EventOf(first)}));

  const auto items = Recommend("u0");
  EXPECT_EQ(std::ranges::find(items, first), items.end());
}

TEST_F(PutEventsTest, AnItemThatTheModelDoesNotKnowChangesNothing) {
  Deploy();
  const auto before = Recommend("u3");

  ASSERT_TRUE(Put("u3", "s", {EventOf("brand new")}));

  EXPECT_EQ(Recommend("u3"), before);
}

TEST_F(PutEventsTest, ASessionIsServedAsAUserAndJoinsTheOneWhoAppears) {
  Deploy();
  ASSERT_TRUE(Put(std::nullopt, "session", {EventOf("i21"), EventOf("i24"), EventOf("i27")}));
  const auto as_session = Recommend("session");

  ASSERT_TRUE(Put("late", "session", {EventOf("brand new")}));

  EXPECT_EQ(Recommend("late"), as_session);
  EXPECT_EQ(Recommend("session"), as_session);
  // What the session does from now on is the user's.
  ASSERT_TRUE(Put(std::nullopt, "session", {EventOf(as_session.front())}));
  EXPECT_NE(Recommend("late").front(), as_session.front());
}

TEST_F(PutEventsTest, EventsOutliveTheProcess) {
  Deploy();
  ASSERT_TRUE(Put(std::nullopt, "session", {EventOf("i21"), EventOf("i24")}));
  ASSERT_TRUE(Put("late", "session", {EventOf("i27")}));
  const auto before = Recommend("late");

  Restart();

  wire::CallContext context;
  const auto answer = dispatcher_again_.Call<runtime_api::GetRecommendations>(
      {.campaign_arn = Arn("campaign/campaign"), .user_id = "late", .num_results = 10}, context);
  ASSERT_TRUE(answer) << answer.error().message;
  std::vector<std::string> after;
  for (const auto& entry : *answer->item_list) after.push_back(*entry.item_id);
  EXPECT_EQ(after, before);
}

TEST_F(PutEventsTest, TheNextTrainingLearnsFromEventsWhetherOrNotSomethingWasImported) {
  CreateInteractions();
  tracking_id_ = CreateTracker();
  const std::string solution = CreateSolution("solution", "aws-user-personalization");
  for (int user = 0; user < 60; ++user) {
    for (int k = 0; k < 20; k += 10) {
      std::vector<events_api::Event> events;
      for (int j = 0; j < 10; ++j) {
        const int item = (user % 2) * 20 + (user * 7 + (k + j) * 3) % 20;
        events.push_back(EventOf("i" + std::to_string(item), kSentAt + k + j));
      }
      ASSERT_TRUE(Put("u" + std::to_string(user), "s" + std::to_string(user), events));
    }
  }

  const std::string version = Train(solution);
  ASSERT_EQ(StatusOf(version), "ACTIVE");

  ASSERT_TRUE(Call<api::CreateCampaign>({.name = "campaign", .solution_version_arn = version}));
  RunJobs();
  EXPECT_EQ(Recommend("u0", 100).size(), 20U) << "the 20 items that only others met";
}

TEST_F(PutEventsTest, OfSeveralEventsWithOneIdTheFirstIsTrainedOn) {
  CreateInteractions();
  tracking_id_ = CreateTracker();
  auto first = EventOf("i1");
  auto second = EventOf("i2");
  first.event_id = second.event_id = "same";
  ASSERT_TRUE(Put("u", "s", {first, second, EventOf("i3"), EventOf("i3")}));
  const auto live = service_.live.Find(Arn("dataset-group/movies"), "INTERACTIONS");
  ASSERT_TRUE(live);

  const auto rows =
      (*live)->interactions->WriteRows((*live)->schema, folder_.path() + "/rows.parquet");

  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_EQ(*rows, 2U) << "i1, and i3 once";
}

TEST_F(PutEventsTest, SaysWhatIsWrongWithAnEvent) {
  ImportInteractions();
  tracking_id_ = CreateTracker();

  auto event = EventOf("i1");
  event.properties = "not json";
  EXPECT_THAT(ComplaintOf(event), HasSubstr("eventList[0].properties must be the text of a JSON"));
  event.properties = "[1]";
  EXPECT_THAT(ComplaintOf(event), HasSubstr("must be the text of a JSON object"));
  event.properties = R"({"color":"red"})";
  EXPECT_THAT(ComplaintOf(event), HasSubstr("eventList[0].properties.color is no field"));
  event.properties = R"({"USERID":"x"})";
  EXPECT_THAT(ComplaintOf(event), HasSubstr("is not a property"));
  event.properties = R"({"eventValue":"much"})";
  EXPECT_THAT(ComplaintOf(event), HasSubstr("eventValue"));
  event.properties.reset();
  event.item_id.reset();
  EXPECT_THAT(ComplaintOf(event), HasSubstr("has no itemId"));
  event.item_id = "i1";
  event.sent_at = FromEpochMillis(kSentAt * 1'000'000);
  EXPECT_THAT(ComplaintOf(event), HasSubstr("not in milliseconds"));
}

TEST_F(PutEventsTest, OlderClientsGiveItemAndValueAsProperties) {
  ImportInteractions();
  tracking_id_ = CreateTracker();
  auto event = EventOf("");
  event.item_id.reset();
  event.properties = R"({"itemId":"i9","eventValue":"4.5"})";

  ASSERT_TRUE(Put("u", "s", {event}));

  const auto live = service_.live.Find(Arn("dataset-group/movies"), "INTERACTIONS");
  ASSERT_TRUE(live);
  int pairs = 0;
  (*live)->interactions->ForEachOf("u", [&](const LivePair& pair) {
    ++pairs;
    EXPECT_EQ(pair.item_id, "i9");
    EXPECT_EQ(pair.value, 4.5);
    EXPECT_EQ(pair.first, kSentAt);
  });
  EXPECT_EQ(pairs, 1);
}

TEST_F(PutEventsTest, ATrackerThatIsGoneTakesNoEvents) {
  ImportInteractions();
  tracking_id_ = CreateTracker();
  ASSERT_TRUE(Put("u0", "s", {EventOf("i1")}));
  const auto trackers =
      Call<api::ListEventTrackers>({.dataset_group_arn = Arn("dataset-group/movies")});
  ASSERT_EQ(trackers->event_trackers->size(), 1U);
  const std::string arn = *trackers->event_trackers->front().event_tracker_arn;
  EXPECT_THAT(Complaint<api::CreateEventTracker>(
                  {.name = "second", .dataset_group_arn = Arn("dataset-group/movies")},
                  ErrorCode::kAlreadyExists),
              HasSubstr(arn));

  ASSERT_TRUE(Call<api::DeleteEventTracker>({.event_tracker_arn = arn}));

  EXPECT_THAT(ComplaintOf(EventOf("i1")), HasSubstr("belongs to no event tracker"));
  EXPECT_FALSE(Call<api::DescribeEventTracker>({.event_tracker_arn = arn}));
  tracking_id_ = CreateTracker();
  EXPECT_TRUE(Put("u0", "s", {EventOf("i1")}));
}

TEST_F(PutEventsTest, AGroupWithoutInteractionsTakesNoEvents) {
  ASSERT_TRUE(Call<api::CreateDatasetGroup>({.name = "movies"}));
  tracking_id_ = CreateTracker();

  EXPECT_THAT(ComplaintOf(EventOf("i1")), HasSubstr("has no Interactions dataset"));
}

TEST_F(PutEventsTest, ADatasetGoesWithItsEvents) {
  ImportInteractions();
  tracking_id_ = CreateTracker();
  ASSERT_TRUE(Put("u0", "s", {EventOf("i1")}));
  ASSERT_FALSE(std::filesystem::is_empty(folder_.path() + "/events"));

  ASSERT_TRUE(Call<api::DeleteDataset>({.dataset_arn = Arn("dataset/movies/INTERACTIONS")}));

  EXPECT_TRUE(std::filesystem::is_empty(folder_.path() + "/events"));
  EXPECT_THAT(ComplaintOf(EventOf("i1")), HasSubstr("has no Interactions dataset"));
}

TEST_F(PutEventsTest, ARankingFollowsTheEvents) {
  Deploy("aws-personalized-ranking");
  ASSERT_TRUE(Put("low", "s1", {EventOf("i4"), EventOf("i7"), EventOf("i10")}));
  ASSERT_TRUE(Put("high", "s2", {EventOf("i24"), EventOf("i27"), EventOf("i30")}));

  // What the ranking gives to the items of the second taste.
  const auto share_of_high = [&](const std::string& user) {
    const auto answer = Call<runtime_api::GetPersonalizedRanking>(
        {.campaign_arn = Arn("campaign/campaign"),
         .input_list = {"i1", "i21", "i2", "nowhere", "i22"},
         .user_id = user});
    EXPECT_TRUE(answer);
    EXPECT_EQ(answer->personalized_ranking->back().item_id, "nowhere");
    double share = 0;
    for (const auto& entry : *answer->personalized_ranking) {
      if (entry.item_id->starts_with("i2") && entry.item_id != "i2")
        share += entry.score.value_or(0);
    }
    return share;
  };
  EXPECT_GT(share_of_high("high"), share_of_high("low"));
}

}  // namespace
}  // namespace usher::personalize
