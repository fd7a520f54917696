#include "console/allowed_operations.h"

#include <algorithm>
#include <array>
#include <utility>

namespace usher::console {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 30> kAllowed{{
    {"personalize", "DescribeCampaign"},
    {"personalize", "DescribeSolutionVersion"},
    {"personalize", "GetSolutionMetrics"},
    {"personalize", "ListBatchInferenceJobs"},
    {"personalize", "ListBatchSegmentJobs"},
    {"personalize", "ListCampaigns"},
    {"personalize", "ListDatasetGroups"},
    {"personalize", "ListDatasetImportJobs"},
    {"personalize", "ListSolutionVersions"},
    {"personalize", "ListSolutions"},
    {"personalize-runtime", "GetRecommendations"},
    {"s3", "ListBuckets"},
    {"s3", "ListObjectsV2"},
    {"lambda", "ListFunctions"},
    {"stepfunctions", "ListExecutions"},
    {"stepfunctions", "ListStateMachines"},
    {"sns", "ListTopics"},
    {"sqs", "ListQueues"},
    {"apigateway", "GetRestApis"},
    {"apigateway", "GetStages"},
    {"logs", "DescribeLogGroups"},
    {"logs", "DescribeLogStreams"},
    {"logs", "FilterLogEvents"},
    {"logs", "GetLogEvents"},
    {"xray", "BatchGetTraces"},
    {"xray", "GetServiceGraph"},
    {"xray", "GetTimeSeriesServiceStatistics"},
    {"xray", "GetTraceGraph"},
    {"xray", "GetTraceSummaries"},
    {"sts", "GetCallerIdentity"},
}};

}  // namespace

const wire::Operation* FindAllowed(std::string_view service, std::string_view operation) {
  if (std::ranges::find(kAllowed, std::pair(service, operation)) == kAllowed.end()) return nullptr;
  const wire::Service* found = wire::FindService(service);
  const wire::Operation* known = found ? wire::FindOperation(*found, operation) : nullptr;
  return known && known->implemented ? known : nullptr;
}

}  // namespace usher::console
