// What solutions learn from: eventType, eventValueThreshold and eventsConfig.
#include "services/personalize/events_config.h"

#include <sstream>

#include "engine/model_folder.h"
#include "services/personalize/files.h"
#include "services/personalize/test_service.h"

namespace usher::personalize {
namespace {

using testing::HasSubstr;

class EventsConfig : public TestService {
 protected:
  // Interactions of which every third is a purchase with a value of 5, the others clicks with 1.
  void ImportEvents() {
    EXPECT_TRUE(Call<api::CreateDatasetGroup>({.name = "movies"}));
    EXPECT_TRUE(Call<api::CreateSchema>({.name = "interactions", .schema = R"({"type":"record",
      "name":"Interactions","namespace":"com.amazonaws.personalize.schema","fields":[
      {"name":"USER_ID","type":"string"},{"name":"ITEM_ID","type":"string"},
      {"name":"TIMESTAMP","type":"long"},{"name":"EVENT_TYPE","type":"string"},
      {"name":"EVENT_VALUE","type":["float","null"]}],"version":"1.0"})"}));
    EXPECT_TRUE(Call<api::CreateDataset>({.name = "interactions",
                                          .schema_arn = Arn("schema/interactions"),
                                          .dataset_group_arn = Arn("dataset-group/movies"),
                                          .dataset_type = "Interactions"}));
    std::istringstream rows(InteractionsCsv());
    std::string row;
    std::string csv;
    for (int number = 0; std::getline(rows, row); ++number) {
      if (number == 0) {
        csv = row + ",EVENT_TYPE,EVENT_VALUE\n";
      } else {
        csv += row + (number % 3 == 0 ? ",buy,5\n" : ",click,1\n");
      }
    }
    objects_["events.csv"] = csv + csv.substr(csv.find('\n') + 1);
    EXPECT_TRUE(Import("events", "events.csv"));
    RunJobs();
  }
  std::string Create(const std::string& name, const api::SolutionConfig& config,
                     const std::optional<std::string>& event_type = std::nullopt) {
    auto request = Request("aws-user-personalization-v2");
    request.name = name;
    request.event_type = event_type;
    request.solution_config = config;
    EXPECT_TRUE(Call<api::CreateSolution>(request));
    return Arn("solution/" + name);
  }
  engine::ModelInfo ModelOf(const std::string& version_arn) {
    const auto version = service_.catalog.Find<api::SolutionVersion>(version_arn);
    const auto folder = ModelFolder(service_, *version);
    EXPECT_TRUE(folder);
    return *engine::ReadModelInfo(folder->string());
  }
  std::string FailureOf(const std::string& version_arn) {
    return Call<api::DescribeSolutionVersion>({.solution_version_arn = version_arn})
        ->solution_version->failure_reason.value_or("");
  }

  static api::CreateSolutionRequest Request(const std::string& recipe) {
    return {.name = "films",
            .recipe_arn = RecipeArn(recipe),
            .dataset_group_arn = Arn("dataset-group/movies")};
  }
  std::string Refusal(const api::CreateSolutionRequest& request) {
    return Complaint<api::CreateSolution>(request, ErrorCode::kInvalidInput);
  }
  static api::EventsConfig Config(std::vector<api::EventParameters> list) {
    return {.event_parameters_list = std::move(list)};
  }
  static api::EventParameters Entry(const std::string& type, double weight) {
    return {.event_type = type, .event_value_threshold = std::nullopt, .weight = weight};
  }
  std::string RefusalOf(const api::EventsConfig& config) {
    auto request = Request("aws-user-personalization-v2");
    request.solution_config.emplace().events_config = config;
    return Refusal(request);
  }
};

TEST_F(EventsConfig, WeighsWhatIsLearnedFrom) {
  ImportEvents();
  api::SolutionConfig config;
  config.events_config = Config({Entry("click", 0.1), Entry("buy", 1)});
  const std::string version = Train(Create("weighed", config));

  ASSERT_EQ(StatusOf(version), "ACTIVE") << FailureOf(version);
  EXPECT_TRUE(
      Call<api::GetSolutionMetrics>({.solution_version_arn = version})
          ->metrics->contains("normalized_discounted_cumulative_gain_with_event_weights_at_10"));
  const engine::ModelInfo model = ModelOf(version);
  ASSERT_EQ(model.events.size(), 2U);
  EXPECT_EQ(model.events[0].weight, 0.1);
}

TEST_F(EventsConfig, LeavesOutOtherTypesAndSmallerValues) {
  ImportEvents();
  const auto all = ModelOf(Train(Create("all", {}))).interactions;
  const auto clicks = ModelOf(Train(Create("clicks", {}, "click"))).interactions;
  api::SolutionConfig high;
  high.event_value_threshold = "1.0";
  EXPECT_EQ(ModelOf(Train(Create("low", high))).interactions, all);
  high.event_value_threshold = "2.5";
  const std::string none_left = Train(Create("high", high, "click"));
  EXPECT_EQ(StatusOf(none_left), "CREATE FAILED");
  EXPECT_THAT(FailureOf(none_left), HasSubstr("fewer than 1000 interactions after filtering"));
  EXPECT_LT(clicks, all);

  api::SolutionConfig config;
  api::EventParameters valued = Entry("buy", 1);
  valued.event_value_threshold = 5.5;
  config.events_config = Config({Entry("click", 1), valued});
  EXPECT_EQ(ModelOf(Train(Create("valued", config))).interactions, clicks);
}

TEST_F(EventsConfig, FailsWithTheTypesThatThereAreWhenOneIsUnknown) {
  ImportEvents();
  for (const std::string& version :
       {Train(Create("old", {}, "view")),
        Train(Create("new", {.events_config = Config({Entry("view", 1)})}))}) {
    EXPECT_EQ(StatusOf(version), "CREATE FAILED");
    EXPECT_THAT(FailureOf(version),
                HasSubstr("no interaction is of event type 'view'; there are "));
    EXPECT_THAT(FailureOf(version), HasSubstr("'click'"));
  }
}

TEST_F(EventsConfig, IsDescribedAndChangedByUpdateSolution) {
  CreateInteractions();
  auto request = Request("aws-user-personalization-v2");
  request.solution_config.emplace().events_config = Config({Entry("click", 0.1), Entry("buy", 1)});
  ASSERT_TRUE(Call<api::CreateSolution>(request));
  const auto described = [&] {
    return *Call<api::DescribeSolution>({.solution_arn = Arn("solution/films")})
                ->solution->solution_config->events_config->event_parameters_list;
  };
  EXPECT_EQ(described()[0].event_type, "click");
  EXPECT_EQ(described()[0].weight, 0.1);

  api::UpdateSolutionRequest update{.solution_arn = Arn("solution/films")};
  update.solution_update_config.emplace().events_config = Config({Entry("buy", 0.5)});
  ASSERT_TRUE(Call<api::UpdateSolution>(update));
  ASSERT_EQ(described().size(), 1U);
  EXPECT_EQ(described()[0].event_type, "buy");

  update.solution_update_config->events_config = Config({Entry("buy", 0)});
  EXPECT_THAT(Complaint<api::UpdateSolution>(update, ErrorCode::kInvalidInput),
              HasSubstr("all event weights are 0"));
  EXPECT_EQ(described().size(), 1U);
}

TEST_F(EventsConfig, IsCheckedWhenItIsGiven) {
  CreateInteractions();
  EXPECT_THAT(RefusalOf(Config({})), HasSubstr("must name at least one event type"));
  EXPECT_THAT(RefusalOf({}), HasSubstr("must name at least one event type"));
  EXPECT_THAT(RefusalOf(Config({api::EventParameters{}})), HasSubstr("needs an eventType"));
  EXPECT_THAT(RefusalOf(Config({Entry("a", 0.5), Entry("a", 1)})), HasSubstr("given twice"));
  EXPECT_THAT(RefusalOf(Config({Entry("a", 1.5)})), HasSubstr("weight"));
  EXPECT_THAT(RefusalOf(Config(std::vector(11, Entry("a", 1)))), HasSubstr("ventParametersList"));

  auto both = Request("aws-user-personalization-v2");
  both.event_type = "click";
  both.solution_config.emplace().events_config = Config({Entry("click", 1)});
  EXPECT_THAT(Refusal(both), HasSubstr("eventType and eventsConfig exclude one another"));

  auto other = Request("aws-user-personalization");
  other.solution_config.emplace().events_config = Config({Entry("click", 1)});
  EXPECT_THAT(Refusal(other),
              HasSubstr("but for: aws-user-personalization-v2, aws-personalized-ranking-v2"));
}

}  // namespace
}  // namespace usher::personalize
