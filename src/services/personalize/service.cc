#include "services/personalize/service.h"

#include "services/personalize/batch_inference_jobs.h"
#include "services/personalize/batch_job.h"
#include "services/personalize/batch_segment_jobs.h"
#include "services/personalize/campaigns.h"
#include "services/personalize/dataset_groups.h"
#include "services/personalize/dataset_import_jobs.h"
#include "services/personalize/datasets.h"
#include "services/personalize/describe_recipe.h"
#include "services/personalize/event_trackers.h"
#include "services/personalize/filters.h"
#include "services/personalize/import_job.h"
#include "services/personalize/put_events.h"
#include "services/personalize/put_records.h"
#include "services/personalize/recommendations.h"
#include "services/personalize/schemas.h"
#include "services/personalize/solution_versions.h"
#include "services/personalize/solutions.h"
#include "services/personalize/tags.h"
#include "services/personalize/train_job.h"

namespace usher::personalize {
namespace {

// Registers one operation with its handler: Add<api::CreateCampaign>(CreateCampaign).
class Table {
 public:
  Table(wire::Dispatcher& dispatcher, Service& service)
      : dispatcher_(dispatcher), service_(service) {}

  template <typename Op>
  void Add(Result<typename Op::Response> (*handler)(const typename Op::Request&, Service&,
                                                    wire::CallContext&)) {
    dispatcher_.Handle<Op>([handler, &service = service_](const typename Op::Request& request,
                                                          wire::CallContext& context) {
      return handler(request, service, context);
    });
  }

  // For what is built in and needs neither state nor caller.
  template <typename Op>
  void Add(Result<typename Op::Response> (*handler)(const typename Op::Request&)) {
    dispatcher_.Handle<Op>([handler](const typename Op::Request& request,
                                     wire::CallContext& /*context*/) { return handler(request); });
  }

 private:
  wire::Dispatcher& dispatcher_;
  Service& service_;
};

}  // namespace

Result<void> RemoveLeftovers(const Service& service) {
  if (auto swept = SweepDatasets(service); !swept) return swept;
  return SweepModels(service);
}

void Register(wire::Dispatcher& dispatcher, jobs::JobRunner& runner, Service& service) {
  Table table(dispatcher, service);

  table.Add<api::CreateDatasetGroup>(CreateDatasetGroup);
  table.Add<api::DescribeDatasetGroup>(DescribeDatasetGroup);
  table.Add<api::ListDatasetGroups>(ListDatasetGroups);
  table.Add<api::DeleteDatasetGroup>(DeleteDatasetGroup);

  table.Add<api::CreateSchema>(CreateSchema);
  table.Add<api::DescribeSchema>(DescribeSchema);
  table.Add<api::ListSchemas>(ListSchemas);
  table.Add<api::DeleteSchema>(DeleteSchema);

  table.Add<api::CreateDataset>(CreateDataset);
  table.Add<api::DescribeDataset>(DescribeDataset);
  table.Add<api::ListDatasets>(ListDatasets);
  table.Add<api::UpdateDataset>(UpdateDataset);
  table.Add<api::DeleteDataset>(DeleteDataset);

  table.Add<api::CreateDatasetImportJob>(CreateDatasetImportJob);
  table.Add<api::DescribeDatasetImportJob>(DescribeDatasetImportJob);
  table.Add<api::ListDatasetImportJobs>(ListDatasetImportJobs);
  runner.AddType(ImportJob(service));

  table.Add<api::CreateEventTracker>(CreateEventTracker);
  table.Add<api::DescribeEventTracker>(DescribeEventTracker);
  table.Add<api::ListEventTrackers>(ListEventTrackers);
  table.Add<api::DeleteEventTracker>(DeleteEventTracker);

  table.Add<api::CreateFilter>(CreateFilter);
  table.Add<api::DescribeFilter>(DescribeFilter);
  table.Add<api::ListFilters>(ListFilters);
  table.Add<api::DeleteFilter>(DeleteFilter);

  table.Add<events_api::PutEvents>(PutEvents);
  table.Add<events_api::PutItems>(PutItems);
  table.Add<events_api::PutUsers>(PutUsers);
  table.Add<events_api::PutActions>(PutActions);
  table.Add<events_api::PutActionInteractions>(PutActionInteractions);

  table.Add<api::DescribeRecipe>(DescribeRecipe);
  table.Add<api::ListRecipes>(ListRecipes);
  table.Add<api::DescribeAlgorithm>(DescribeAlgorithm);
  table.Add<api::DescribeFeatureTransformation>(DescribeFeatureTransformation);

  table.Add<api::CreateSolution>(CreateSolution);
  table.Add<api::DescribeSolution>(DescribeSolution);
  table.Add<api::ListSolutions>(ListSolutions);
  table.Add<api::UpdateSolution>(UpdateSolution);
  table.Add<api::DeleteSolution>(DeleteSolution);

  table.Add<api::CreateSolutionVersion>(CreateSolutionVersion);
  table.Add<api::DescribeSolutionVersion>(DescribeSolutionVersion);
  table.Add<api::ListSolutionVersions>(ListSolutionVersions);
  table.Add<api::StopSolutionVersionCreation>(StopSolutionVersionCreation);
  table.Add<api::GetSolutionMetrics>(GetSolutionMetrics);
  runner.AddType(TrainJob(service));

  table.Add<api::CreateCampaign>(CreateCampaign);
  table.Add<api::DescribeCampaign>(DescribeCampaign);
  table.Add<api::ListCampaigns>(ListCampaigns);
  table.Add<api::UpdateCampaign>(UpdateCampaign);
  table.Add<api::DeleteCampaign>(DeleteCampaign);
  runner.AddType(DeployJob(service));

  table.Add<api::CreateBatchInferenceJob>(CreateBatchInferenceJob);
  table.Add<api::DescribeBatchInferenceJob>(DescribeBatchInferenceJob);
  table.Add<api::ListBatchInferenceJobs>(ListBatchInferenceJobs);
  runner.AddType(BatchJob(service));
  table.Add<api::CreateBatchSegmentJob>(CreateBatchSegmentJob);
  table.Add<api::DescribeBatchSegmentJob>(DescribeBatchSegmentJob);
  table.Add<api::ListBatchSegmentJobs>(ListBatchSegmentJobs);
  runner.AddType(SegmentJob(service));

  table.Add<runtime_api::GetRecommendations>(GetRecommendations);
  table.Add<runtime_api::GetPersonalizedRanking>(GetPersonalizedRanking);

  table.Add<api::TagResource>(TagResource);
  table.Add<api::UntagResource>(UntagResource);
  table.Add<api::ListTagsForResource>(ListTagsForResource);
}

}  // namespace usher::personalize
