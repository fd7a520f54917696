// AWS::Personalize::DatasetGroup, Schema, Dataset, Solution, Campaign, EventTracker, Filter.
#include "services/cloudformation/resources/resource_type.h"

namespace usher::cloudformation {
namespace {

constexpr auto kReplaces = OnChange::kReplaces;
constexpr auto kUpdates = OnChange::kUpdates;
constexpr bool kRequired = true;

std::string Arn(const std::string& rest) {
  return "arn:aws:personalize:${Region}:${Account}:" + rest;
}

// What the types share: "Thing" is made by CreateThing, known by thingArn, described by
// DescribeThing under "thing", and removed by DeleteThing.
ResourceType Type(const std::string& name, const std::string& member, const std::string& arn) {
  const std::string id = member + "Arn";
  return {.name = "AWS::Personalize::" + name,
          .properties = {{"Name", Form::Text(), kReplaces, kRequired, "name"}},
          .name_style = NameStyle::kGenerated,
          .name_property = "Name",
          .attributes = {{name + "Arn", "${Id}"}},
          .find = Find({"personalize", "Describe" + name, {{id, arn}}}, arn),
          .create = Create({"personalize", "Create" + name}, id),
          .remove = Remove({"personalize", "Delete" + name, {{id, "${Id}"}}}),
          .needs = {"personalize Create" + name, "personalize Describe" + name,
                    "personalize Delete" + name}};
}

// Where it takes time until one is made, and until it is gone.
void WaitFor(ResourceType& type, const std::string& name, const std::string& member) {
  const Step describe{"personalize", "Describe" + name, {{member + "Arn", "${Id}"}}};
  type.is_ready = Ready(describe, member + ".status", member + ".failureReason");
  type.is_gone = Gone(describe);
}

// The dataset's kind is in its ARN, in capitals whatever the template writes.
Result<bool> FindDataset(Action& action) {
  std::string kind = action.Text("DatasetType");
  for (char& c : kind) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  const std::string group = action.Text("DatasetGroupArn");
  const std::string arn =
      action.Expand(Arn("dataset/")) + group.substr(group.rfind('/') + 1) + "/" + kind;
  ValueMap input;
  input.Append("datasetArn", arn);
  const auto answer = action.Call("personalize", "DescribeDataset", std::move(input));
  if (!answer && answer.error().code == ErrorCode::kNotFound) return false;
  if (!answer) return answer.error();
  action.physical_id = arn;
  return true;
}

// A tracker's ARN is made of an id that the service chooses: it is found by its name.
Result<bool> FindTracker(Action& action) {
  ValueMap input;
  input.Append("datasetGroupArn", action.Text("DatasetGroupArn"));
  while (true) {
    const auto page = action.Call("personalize", "ListEventTrackers", input);
    if (!page && page.error().code == ErrorCode::kNotFound) return false;
    if (!page) return page.error();
    if (const Value* trackers = page->Find("eventTrackers")) {
      for (const Value& tracker : *trackers->as_list()) {
        const Value* name = tracker.Find("name");
        if (name == nullptr || !(*name == Value(action.name))) continue;
        action.physical_id = *tracker.Find("eventTrackerArn")->as_string();
        return true;
      }
    }
    const Value* next = page->Find("nextToken");
    if (next == nullptr || next->as_string() == nullptr) return false;
    input.Set("nextToken", *next);
  }
}

// Once the dataset is there, its import is begun and waited for. An import that is there already
// under this name is the one that an earlier turn, or an earlier update, began.
Result<bool> IsDatasetReady(Action& action) {
  const auto ready = Ready({"personalize", "DescribeDataset", {{"datasetArn", "${Id}"}}},
                           "dataset.status", "dataset.failureReason")(action);
  const Value* job = action.Find("DatasetImportJob");
  if (!ready || !*ready || job == nullptr) return ready;
  const std::string arn =
      action.Expand(Arn("dataset-import-job/")) + *job->Find("JobName")->as_string();
  const Step describe{"personalize", "DescribeDatasetImportJob", {{"datasetImportJobArn", arn}}};
  const auto done = Ready(describe, "datasetImportJob.status", "datasetImportJob.failureReason");
  const auto imported = done(action);
  if (imported || imported.error().code != ErrorCode::kNotFound) return imported;
  ValueMap input;
  input.Append("jobName", *job->Find("JobName"));
  input.Append("dataSource", *job->Find("DataSource"));
  input.Append("roleArn", *job->Find("RoleArn"));
  input.Append("datasetArn", action.physical_id);
  const auto begun = action.Call("personalize", "CreateDatasetImportJob", std::move(input));
  if (!begun) return begun.error();
  return false;
}

Form ImportJob() {
  const auto of = [](std::string_view member) {
    return Form::Input("personalize", "CreateDatasetImportJob", member);
  };
  return Form::Object({{"JobName", of("jobName"), kUpdates, kRequired},
                       {"DataSource", of("dataSource"), kUpdates, kRequired},
                       {"RoleArn", of("roleArn"), kUpdates, kRequired},
                       {"DatasetArn", Form::Text()},
                       {"DatasetImportJobArn", Form::Text()}});
}

ResourceType EventTracker() {
  ResourceType tracker = Type("EventTracker", "eventTracker", "");
  tracker.properties.push_back(
      {"DatasetGroupArn", Form::Text(), kReplaces, kRequired, "datasetGroupArn"});
  tracker.attributes.emplace_back("TrackingId", "${A:TrackingId}");
  tracker.find = FindTracker;
  tracker.needs.emplace_back("personalize ListEventTrackers");
  WaitFor(tracker, "EventTracker", "eventTracker");
  tracker.is_ready = [](Action& action) -> Result<bool> {
    ValueMap input;
    input.Append("eventTrackerArn", action.physical_id);
    const auto answer = action.Call("personalize", "DescribeEventTracker", std::move(input));
    if (!answer) return answer.error();
    const Value* status = At(*answer, "eventTracker.status");
    const Value* id = At(*answer, "eventTracker.trackingId");
    if (status == nullptr || !(*status == Value("ACTIVE"))) return false;
    if (id != nullptr && id->as_string() != nullptr) {
      action.attributes["TrackingId"] = *id->as_string();
    }
    return true;
  };
  return tracker;
}

}  // namespace

void AddPersonalizeTypes(std::vector<ResourceType>& types) {
  ResourceType group = Type("DatasetGroup", "datasetGroup", Arn("dataset-group/${Name}"));
  group.properties.push_back({"Domain", Form::Text(), kReplaces, false, "domain"});
  group.properties.push_back({"KmsKeyArn", Form::Text(), kReplaces, false, "kmsKeyArn"});
  group.properties.push_back({"RoleArn", Form::Text(), kReplaces, false, "roleArn"});
  WaitFor(group, "DatasetGroup", "datasetGroup");
  types.push_back(std::move(group));

  ResourceType schema = Type("Schema", "schema", Arn("schema/${Name}"));
  schema.properties.push_back({"Schema", Form::Json(), kReplaces, kRequired, "schema"});
  schema.properties.push_back({"Domain", Form::Text(), kReplaces, false, "domain"});
  types.push_back(std::move(schema));

  ResourceType dataset = Type("Dataset", "dataset", "");
  dataset.properties.push_back(
      {"DatasetGroupArn", Form::Text(), kReplaces, kRequired, "datasetGroupArn"});
  dataset.properties.push_back({"DatasetType", Form::Text(), kReplaces, kRequired, "datasetType"});
  dataset.properties.push_back({"SchemaArn", Form::Text(), kReplaces, kRequired, "schemaArn"});
  dataset.properties.push_back({"DatasetImportJob", ImportJob()});
  dataset.find = FindDataset;
  dataset.update = [](Action&) {
    return Result<void>();
  };  // an import of another name begins below
  dataset.needs.emplace_back("personalize CreateDatasetImportJob");
  dataset.needs.emplace_back("personalize DescribeDatasetImportJob");
  WaitFor(dataset, "Dataset", "dataset");
  dataset.is_ready = IsDatasetReady;
  types.push_back(std::move(dataset));

  ResourceType solution = Type("Solution", "solution", Arn("solution/${Name}"));
  solution.properties.push_back(
      {"DatasetGroupArn", Form::Text(), kReplaces, kRequired, "datasetGroupArn"});
  solution.properties.push_back({"RecipeArn", Form::Text(), kReplaces, false, "recipeArn"});
  solution.properties.push_back({"PerformHPO", Form::Boolean(), kReplaces, false, "performHPO"});
  solution.properties.push_back(
      {"PerformAutoML", Form::Boolean(), kReplaces, false, "performAutoML"});
  solution.properties.push_back({"EventType", Form::Text(), kReplaces, false, "eventType"});
  solution.properties.push_back({"SolutionConfig",
                                 Form::Input("personalize", "CreateSolution", "solutionConfig"),
                                 kReplaces, false, "solutionConfig"});
  WaitFor(solution, "Solution", "solution");
  types.push_back(std::move(solution));

  ResourceType campaign = Type("Campaign", "campaign", Arn("campaign/${Name}"));
  campaign.properties.push_back(
      {"SolutionVersionArn", Form::Text(), kUpdates, kRequired, "solutionVersionArn"});
  campaign.properties.push_back(
      {"MinProvisionedTPS", Form::Integer(), kUpdates, false, "minProvisionedTPS"});
  campaign.properties.push_back({"CampaignConfig",
                                 Form::Input("personalize", "CreateCampaign", "campaignConfig"),
                                 kUpdates, false, "campaignConfig"});
  campaign.update = Call({"personalize", "UpdateCampaign", {{"campaignArn", "${Id}"}}});
  campaign.needs.emplace_back("personalize UpdateCampaign");
  WaitFor(campaign, "Campaign", "campaign");
  types.push_back(std::move(campaign));

  types.push_back(EventTracker());
  ResourceType filter = Type("Filter", "filter", Arn("filter/${Name}"));
  filter.properties.push_back(
      {"DatasetGroupArn", Form::Text(), kReplaces, kRequired, "datasetGroupArn"});
  filter.properties.push_back(
      {"FilterExpression", Form::Text(), kReplaces, kRequired, "filterExpression"});
  WaitFor(filter, "Filter", "filter");
  types.push_back(std::move(filter));
}

}  // namespace usher::cloudformation
