// The operations of the service: plain functions over typed values.
#pragma once

#include "base/result.h"
#include "services/states/service.h"
#include "wire/dispatcher.h"
#include "wire/stepfunctions.h"

namespace usher::states {

namespace api = usher::api::stepfunctions;

inline constexpr std::size_t kDefaultPage = 100;  // of everything that is listed
inline constexpr std::size_t kMaxTags = 50;

// The number of items of a page; 0 and nothing given mean the default.
[[nodiscard]] std::size_t PageSize(const std::optional<std::int64_t>& given);

// state_machines.cc
Result<api::CreateStateMachineOutput> CreateStateMachine(
    const api::CreateStateMachineInput& request, Service& service, wire::CallContext& context);
Result<api::UpdateStateMachineOutput> UpdateStateMachine(
    const api::UpdateStateMachineInput& request, Service& service, wire::CallContext& context);
Result<api::DeleteStateMachineOutput> DeleteStateMachine(
    const api::DeleteStateMachineInput& request, Service& service, wire::CallContext& context);
Result<api::DescribeStateMachineOutput> DescribeStateMachine(
    const api::DescribeStateMachineInput& request, Service& service, wire::CallContext& context);
Result<api::ListStateMachinesOutput> ListStateMachines(const api::ListStateMachinesInput& request,
                                                       Service& service,
                                                       wire::CallContext& context);
Result<api::ValidateStateMachineDefinitionOutput> ValidateStateMachineDefinition(
    const api::ValidateStateMachineDefinitionInput& request, Service& service,
    wire::CallContext& context);

// start_execution.cc
Result<api::StartExecutionOutput> StartExecution(const api::StartExecutionInput& request,
                                                 Service& service, wire::CallContext& context);
Result<api::StartSyncExecutionOutput> StartSyncExecution(
    const api::StartSyncExecutionInput& request, Service& service, wire::CallContext& context);

// executions.cc
Result<api::StopExecutionOutput> StopExecution(const api::StopExecutionInput& request,
                                               Service& service, wire::CallContext& context);
Result<api::DescribeExecutionOutput> DescribeExecution(const api::DescribeExecutionInput& request,
                                                       Service& service,
                                                       wire::CallContext& context);
Result<api::DescribeStateMachineForExecutionOutput> DescribeStateMachineForExecution(
    const api::DescribeStateMachineForExecutionInput& request, Service& service,
    wire::CallContext& context);
Result<api::ListExecutionsOutput> ListExecutions(const api::ListExecutionsInput& request,
                                                 Service& service, wire::CallContext& context);
Result<api::GetExecutionHistoryOutput> GetExecutionHistory(
    const api::GetExecutionHistoryInput& request, Service& service, wire::CallContext& context);

// tasks.cc
Result<api::SendTaskSuccessOutput> SendTaskSuccess(const api::SendTaskSuccessInput& request,
                                                   Service& service, wire::CallContext& context);
Result<api::SendTaskFailureOutput> SendTaskFailure(const api::SendTaskFailureInput& request,
                                                   Service& service, wire::CallContext& context);
Result<api::SendTaskHeartbeatOutput> SendTaskHeartbeat(const api::SendTaskHeartbeatInput& request,
                                                       Service& service,
                                                       wire::CallContext& context);

// activities.cc
Result<api::CreateActivityOutput> CreateActivity(const api::CreateActivityInput& request,
                                                 Service& service, wire::CallContext& context);
Result<api::DeleteActivityOutput> DeleteActivity(const api::DeleteActivityInput& request,
                                                 Service& service, wire::CallContext& context);
Result<api::DescribeActivityOutput> DescribeActivity(const api::DescribeActivityInput& request,
                                                     Service& service, wire::CallContext& context);
Result<api::ListActivitiesOutput> ListActivities(const api::ListActivitiesInput& request,
                                                 Service& service, wire::CallContext& context);
Result<api::GetActivityTaskOutput> GetActivityTask(const api::GetActivityTaskInput& request,
                                                   Service& service, wire::CallContext& context);

// tags.cc
Result<api::TagResourceOutput> TagResource(const api::TagResourceInput& request, Service& service,
                                           wire::CallContext& context);
Result<api::UntagResourceOutput> UntagResource(const api::UntagResourceInput& request,
                                               Service& service, wire::CallContext& context);
Result<api::ListTagsForResourceOutput> ListTagsForResource(
    const api::ListTagsForResourceInput& request, Service& service, wire::CallContext& context);
// Adds to `tags`. Errors: too many tags, invalid input.
Result<void> AddTags(const std::optional<std::vector<api::Tag>>& given, Texts& tags);

}  // namespace usher::states
