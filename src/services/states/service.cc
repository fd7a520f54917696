#include "services/states/service.h"

#include "services/states/operations.h"

namespace usher::states {
namespace {

template <typename Op, typename F>
void Add(wire::Dispatcher& dispatcher, Service& service, F operation) {
  dispatcher.Handle<Op>(
      [operation, &service](const typename Op::Request& request, wire::CallContext& context) {
        return operation(request, service, context);
      });
}

}  // namespace

std::size_t PageSize(const std::optional<std::int64_t>& given) {
  return given && *given > 0 ? static_cast<std::size_t>(*given) : kDefaultPage;
}

void Register(wire::Dispatcher& dispatcher, Service& service) {
  Add<api::CreateStateMachine>(dispatcher, service, CreateStateMachine);
  Add<api::UpdateStateMachine>(dispatcher, service, UpdateStateMachine);
  Add<api::DeleteStateMachine>(dispatcher, service, DeleteStateMachine);
  Add<api::DescribeStateMachine>(dispatcher, service, DescribeStateMachine);
  Add<api::ListStateMachines>(dispatcher, service, ListStateMachines);
  Add<api::ValidateStateMachineDefinition>(dispatcher, service, ValidateStateMachineDefinition);
  Add<api::StartExecution>(dispatcher, service, StartExecution);
  Add<api::StartSyncExecution>(dispatcher, service, StartSyncExecution);
  Add<api::StopExecution>(dispatcher, service, StopExecution);
  Add<api::DescribeExecution>(dispatcher, service, DescribeExecution);
  Add<api::DescribeStateMachineForExecution>(dispatcher, service, DescribeStateMachineForExecution);
  Add<api::ListExecutions>(dispatcher, service, ListExecutions);
  Add<api::GetExecutionHistory>(dispatcher, service, GetExecutionHistory);
  Add<api::SendTaskSuccess>(dispatcher, service, SendTaskSuccess);
  Add<api::SendTaskFailure>(dispatcher, service, SendTaskFailure);
  Add<api::SendTaskHeartbeat>(dispatcher, service, SendTaskHeartbeat);
  Add<api::CreateActivity>(dispatcher, service, CreateActivity);
  Add<api::DeleteActivity>(dispatcher, service, DeleteActivity);
  Add<api::DescribeActivity>(dispatcher, service, DescribeActivity);
  Add<api::ListActivities>(dispatcher, service, ListActivities);
  Add<api::GetActivityTask>(dispatcher, service, GetActivityTask);
  Add<api::TagResource>(dispatcher, service, TagResource);
  Add<api::UntagResource>(dispatcher, service, UntagResource);
  Add<api::ListTagsForResource>(dispatcher, service, ListTagsForResource);
  service.driver.AddLanes();
}

}  // namespace usher::states
