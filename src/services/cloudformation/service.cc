#include "services/cloudformation/service.h"

#include "base/log.h"
#include "services/cloudformation/operations.h"
#include "services/cloudformation/stack_run.h"

namespace usher::cloudformation {
namespace {

constexpr int kStacksAtOnce = 4;

template <typename Op, typename F>
void Add(wire::Dispatcher& dispatcher, Service& service, F operation) {
  dispatcher.Handle<Op>(
      [operation, &service](const typename Op::Request& request, wire::CallContext& context) {
        return operation(request, service, context);
      });
}

jobs::Outcome Run(Service& service, const jobs::Delivery& delivery, const jobs::StopToken& stop) {
  auto stack = StackStore(service.documents).Find("", delivery.payload);
  if (!stack) {
    Log(LogLevel::kError, "stack is missing", {{"stack", delivery.payload}});
    return jobs::Outcome::Done();
  }
  return StackRun(service, *std::move(stack), stop).Go();
}

}  // namespace

void Register(wire::Dispatcher& dispatcher, Service& service) {
  Add<api::CreateStack>(dispatcher, service, CreateStack);
  Add<api::UpdateStack>(dispatcher, service, UpdateStack);
  Add<api::ContinueUpdateRollback>(dispatcher, service, ContinueUpdateRollback);
  Add<api::DeleteStack>(dispatcher, service, DeleteStack);
  Add<api::DescribeStacks>(dispatcher, service, DescribeStacks);
  Add<api::ListStacks>(dispatcher, service, ListStacks);
  Add<api::DescribeStackEvents>(dispatcher, service, DescribeStackEvents);
  Add<api::DescribeStackResource>(dispatcher, service, DescribeStackResource);
  Add<api::DescribeStackResources>(dispatcher, service, DescribeStackResources);
  Add<api::ListStackResources>(dispatcher, service, ListStackResources);
  Add<api::GetTemplate>(dispatcher, service, GetTemplate);
  Add<api::GetTemplateSummary>(dispatcher, service, GetTemplateSummary);
  Add<api::ValidateTemplate>(dispatcher, service, ValidateTemplate);
  Add<api::ListExports>(dispatcher, service, ListExports);
  Add<api::ListImports>(dispatcher, service, ListImports);
  Add<api::SetStackPolicy>(dispatcher, service, SetStackPolicy);
  Add<api::GetStackPolicy>(dispatcher, service, GetStackPolicy);
  Add<api::UpdateTerminationProtection>(dispatcher, service, UpdateTerminationProtection);
  Add<api::CreateChangeSet>(dispatcher, service, CreateChangeSet);
  Add<api::DescribeChangeSet>(dispatcher, service, DescribeChangeSet);
  Add<api::ListChangeSets>(dispatcher, service, ListChangeSets);
  Add<api::ExecuteChangeSet>(dispatcher, service, ExecuteChangeSet);
  Add<api::DeleteChangeSet>(dispatcher, service, DeleteChangeSet);

  service.queue.AddLane(
      {.name = kLane,
       .deliver = [&service](const jobs::Delivery& delivery,
                             const jobs::StopToken& stop) { return Run(service, delivery, stop); },
       .at_once = kStacksAtOnce,
       .at_once_per_key = 1});
}

}  // namespace usher::cloudformation
