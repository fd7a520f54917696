// The operations of the service: plain functions over typed values.
#pragma once

#include "base/result.h"
#include "services/xray/service.h"
#include "wire/dispatcher.h"
#include "wire/xray.h"

namespace usher::xray {

// put_trace_segments.cc
Result<api::PutTraceSegmentsResult> PutTraceSegments(const api::PutTraceSegmentsRequest& request,
                                                     Service& service, wire::CallContext& context);
Result<api::PutTelemetryRecordsResult> PutTelemetryRecords(
    const api::PutTelemetryRecordsRequest& request, Service& service, wire::CallContext& context);

// get_traces.cc
Result<api::BatchGetTracesResult> BatchGetTraces(const api::BatchGetTracesRequest& request,
                                                 Service& service, wire::CallContext& context);
Result<api::GetTraceSummariesResult> GetTraceSummaries(const api::GetTraceSummariesRequest& request,
                                                       Service& service,
                                                       wire::CallContext& context);

// service_graphs.cc
Result<api::GetServiceGraphResult> GetServiceGraph(const api::GetServiceGraphRequest& request,
                                                   Service& service, wire::CallContext& context);
Result<api::GetTraceGraphResult> GetTraceGraph(const api::GetTraceGraphRequest& request,
                                               Service& service, wire::CallContext& context);
Result<api::GetTimeSeriesServiceStatisticsResult> GetTimeSeriesServiceStatistics(
    const api::GetTimeSeriesServiceStatisticsRequest& request, Service& service,
    wire::CallContext& context);

// sampling_rules.cc
Result<api::CreateSamplingRuleResult> CreateSamplingRule(
    const api::CreateSamplingRuleRequest& request, Service& service, wire::CallContext& context);
Result<api::UpdateSamplingRuleResult> UpdateSamplingRule(
    const api::UpdateSamplingRuleRequest& request, Service& service, wire::CallContext& context);
Result<api::DeleteSamplingRuleResult> DeleteSamplingRule(
    const api::DeleteSamplingRuleRequest& request, Service& service, wire::CallContext& context);
Result<api::GetSamplingRulesResult> GetSamplingRules(const api::GetSamplingRulesRequest& request,
                                                     Service& service, wire::CallContext& context);
Result<api::GetSamplingTargetsResult> GetSamplingTargets(
    const api::GetSamplingTargetsRequest& request, Service& service, wire::CallContext& context);
Result<api::GetSamplingStatisticSummariesResult> GetSamplingStatisticSummaries(
    const api::GetSamplingStatisticSummariesRequest& request, Service& service,
    wire::CallContext& context);

// groups.cc
Result<api::CreateGroupResult> CreateGroup(const api::CreateGroupRequest& request, Service& service,
                                           wire::CallContext& context);
Result<api::GetGroupResult> GetGroup(const api::GetGroupRequest& request, Service& service,
                                     wire::CallContext& context);
Result<api::GetGroupsResult> GetGroups(const api::GetGroupsRequest& request, Service& service,
                                       wire::CallContext& context);
Result<api::UpdateGroupResult> UpdateGroup(const api::UpdateGroupRequest& request, Service& service,
                                           wire::CallContext& context);
Result<api::DeleteGroupResult> DeleteGroup(const api::DeleteGroupRequest& request, Service& service,
                                           wire::CallContext& context);

// settings.cc
Result<api::GetEncryptionConfigResult> GetEncryptionConfig(
    const api::GetEncryptionConfigRequest& request, Service& service, wire::CallContext& context);
Result<api::GetInsightSummariesResult> GetInsightSummaries(
    const api::GetInsightSummariesRequest& request, Service& service, wire::CallContext& context);

}  // namespace usher::xray
