#include "console/allowed_operations.h"

#include <algorithm>
#include <array>
#include <utility>

namespace usher::console {
namespace {

using Name = std::pair<std::string_view, std::string_view>;

constexpr auto kAllowed = std::to_array<Name>({
    {"apigateway", "GetRestApis"},
    {"apigateway", "GetStages"},
    {"cloudformation", "DescribeStackEvents"},
    {"cloudformation", "DescribeStacks"},
    {"cloudformation", "GetTemplate"},
    {"cloudformation", "ListStackResources"},
    {"glue", "GetJobRuns"},
    {"glue", "GetJobs"},
    {"lambda", "ListFunctions"},
    {"logs", "DescribeLogGroups"},
    {"logs", "DescribeLogStreams"},
    {"logs", "FilterLogEvents"},
    {"logs", "GetLogEvents"},
    {"personalize", "DescribeBatchInferenceJob"},
    {"personalize", "DescribeBatchSegmentJob"},
    {"personalize", "DescribeCampaign"},
    {"personalize", "DescribeDatasetImportJob"},
    {"personalize", "DescribeFilter"},
    {"personalize", "DescribeSolutionVersion"},
    {"personalize", "GetSolutionMetrics"},
    {"personalize", "ListBatchInferenceJobs"},
    {"personalize", "ListBatchSegmentJobs"},
    {"personalize", "ListCampaigns"},
    {"personalize", "ListDatasetGroups"},
    {"personalize", "ListDatasetImportJobs"},
    {"personalize", "ListFilters"},
    {"personalize", "ListSolutionVersions"},
    {"personalize", "ListSolutions"},
    {"personalize-runtime", "GetRecommendations"},
    {"s3", "GetBucketNotificationConfiguration"},
    {"s3", "GetObjectTagging"},
    {"s3", "HeadObject"},
    {"s3", "ListBuckets"},
    {"s3", "ListObjectsV2"},
    {"sns", "ListTopics"},
    {"sqs", "ListQueues"},
    {"stepfunctions", "DescribeExecution"},
    {"stepfunctions", "DescribeStateMachine"},
    {"stepfunctions", "DescribeStateMachineForExecution"},
    {"stepfunctions", "GetExecutionHistory"},
    {"stepfunctions", "ListExecutions"},
    {"stepfunctions", "ListStateMachines"},
    {"sts", "GetCallerIdentity"},
    {"xray", "BatchGetTraces"},
    {"xray", "GetServiceGraph"},
    {"xray", "GetTimeSeriesServiceStatistics"},
    {"xray", "GetTraceGraph"},
    {"xray", "GetTraceSummaries"},
});

}  // namespace

const wire::Operation* FindAllowed(std::string_view service, std::string_view operation) {
  if (std::ranges::find(kAllowed, std::pair(service, operation)) == kAllowed.end()) return nullptr;
  const wire::Service* found = wire::FindService(service);
  const wire::Operation* known = found ? wire::FindOperation(*found, operation) : nullptr;
  return known && known->implemented ? known : nullptr;
}

}  // namespace usher::console
