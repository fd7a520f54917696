// The operations of the service: plain functions over typed values.
#pragma once

#include "base/result.h"
#include "services/logs/service.h"
#include "wire/dispatcher.h"
#include "wire/logs.h"

namespace usher::logs {

namespace api = usher::api::logs;

// log_groups.cc
Result<api::CreateLogGroupResponse> CreateLogGroup(const api::CreateLogGroupRequest& request,
                                                   Service& service, wire::CallContext& context);
Result<api::DescribeLogGroupsResponse> DescribeLogGroups(
    const api::DescribeLogGroupsRequest& request, Service& service, wire::CallContext& context);
Result<api::DeleteLogGroupResponse> DeleteLogGroup(const api::DeleteLogGroupRequest& request,
                                                   Service& service, wire::CallContext& context);
Result<api::PutRetentionPolicyResponse> PutRetentionPolicy(
    const api::PutRetentionPolicyRequest& request, Service& service, wire::CallContext& context);
Result<api::DeleteRetentionPolicyResponse> DeleteRetentionPolicy(
    const api::DeleteRetentionPolicyRequest& request, Service& service, wire::CallContext& context);

// log_streams.cc
Result<api::CreateLogStreamResponse> CreateLogStream(const api::CreateLogStreamRequest& request,
                                                     Service& service, wire::CallContext& context);
Result<api::DescribeLogStreamsResponse> DescribeLogStreams(
    const api::DescribeLogStreamsRequest& request, Service& service, wire::CallContext& context);
Result<api::DeleteLogStreamResponse> DeleteLogStream(const api::DeleteLogStreamRequest& request,
                                                     Service& service, wire::CallContext& context);

// put_log_events.cc
Result<api::PutLogEventsResponse> PutLogEvents(const api::PutLogEventsRequest& request,
                                               Service& service, wire::CallContext& context);
// get_log_events.cc
Result<api::GetLogEventsResponse> GetLogEvents(const api::GetLogEventsRequest& request,
                                               Service& service, wire::CallContext& context);
// filter_log_events.cc
Result<api::FilterLogEventsResponse> FilterLogEvents(const api::FilterLogEventsRequest& request,
                                                     Service& service, wire::CallContext& context);

// queries.cc
Result<api::StartQueryResponse> StartQuery(const api::StartQueryRequest& request, Service& service,
                                           wire::CallContext& context);
Result<api::GetQueryResultsResponse> GetQueryResults(const api::GetQueryResultsRequest& request,
                                                     Service& service, wire::CallContext& context);
Result<api::StopQueryResponse> StopQuery(const api::StopQueryRequest& request, Service& service,
                                         wire::CallContext& context);
Result<api::DescribeQueriesResponse> DescribeQueries(const api::DescribeQueriesRequest& request,
                                                     Service& service, wire::CallContext& context);

// tags.cc
Result<api::TagResourceResponse> TagResource(const api::TagResourceRequest& request,
                                             Service& service, wire::CallContext& context);
Result<api::UntagResourceResponse> UntagResource(const api::UntagResourceRequest& request,
                                                 Service& service, wire::CallContext& context);
Result<api::ListTagsForResourceResponse> ListTagsForResource(
    const api::ListTagsForResourceRequest& request, Service& service, wire::CallContext& context);
Result<api::TagLogGroupResponse> TagLogGroup(const api::TagLogGroupRequest& request,
                                             Service& service, wire::CallContext& context);
Result<api::UntagLogGroupResponse> UntagLogGroup(const api::UntagLogGroupRequest& request,
                                                 Service& service, wire::CallContext& context);
Result<api::ListTagsLogGroupResponse> ListTagsLogGroup(const api::ListTagsLogGroupRequest& request,
                                                       Service& service,
                                                       wire::CallContext& context);

}  // namespace usher::logs
