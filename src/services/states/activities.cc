// Operations CreateActivity, DeleteActivity, DescribeActivity, ListActivities, GetActivityTask.
#include "services/states/errors.h"
#include "services/states/names.h"
#include "services/states/operations.h"

namespace usher::states {

// The same name again gives the same activity. Errors: invalid name.
Result<api::CreateActivityOutput> CreateActivity(const api::CreateActivityInput& request,
                                                 Service& service, wire::CallContext& context) {
  if (const auto name = CheckName(request.name); !name) return name.error();
  Activity activity{.arn = ActivityArn(context.region, request.name),
                    .name = request.name,
                    .created = service.clock.Now(),
                    .tags = {}};
  if (const auto tags = AddTags(request.tags, activity.tags); !tags) return tags.error();
  const auto added = service.store().AddActivity(activity);
  if (!added && added.error().code != ErrorCode::kAlreadyExists) return added.error();
  if (!added) {
    auto there = service.store().FindActivity(activity.arn);
    if (!there) return there.error();
    activity = *std::move(there);
  }
  return api::CreateActivityOutput{.activity_arn = activity.arn, .creation_date = activity.created};
}

Result<api::DeleteActivityOutput> DeleteActivity(const api::DeleteActivityInput& request,
                                                 Service& service, wire::CallContext& /*context*/) {
  if (const auto arn = CheckActivityArn(request.activity_arn); !arn) return arn.error();
  const auto deleted = service.store().DeleteActivity(request.activity_arn);
  if (!deleted) return deleted.error();
  return api::DeleteActivityOutput{};
}

Result<api::DescribeActivityOutput> DescribeActivity(const api::DescribeActivityInput& request,
                                                     Service& service,
                                                     wire::CallContext& /*context*/) {
  if (const auto arn = CheckActivityArn(request.activity_arn); !arn) return arn.error();
  const auto activity = service.store().FindActivity(request.activity_arn);
  if (!activity) return activity.error();
  return api::DescribeActivityOutput{
      .activity_arn = activity->arn, .name = activity->name, .creation_date = activity->created};
}

Result<api::ListActivitiesOutput> ListActivities(const api::ListActivitiesInput& request,
                                                 Service& service, wire::CallContext& /*context*/) {
  const auto page =
      service.store().ListActivities(request.next_token, PageSize(request.max_results));
  if (!page) return page.error();
  api::ListActivitiesOutput response;
  for (const Activity& activity : page->items) {
    response.activities.push_back(
        {.activity_arn = activity.arn, .name = activity.name, .creation_date = activity.created});
  }
  response.next_token = page->next_token;
  return response;
}

// Waits up to a minute; answers without a token when there was nothing to do. Errors: does not
// exist.
Result<api::GetActivityTaskOutput> GetActivityTask(const api::GetActivityTaskInput& request,
                                                   Service& service,
                                                   wire::CallContext& /*context*/) {
  if (const auto arn = CheckActivityArn(request.activity_arn); !arn) return arn.error();
  if (const auto activity = service.store().FindActivity(request.activity_arn); !activity) {
    return activity.error();
  }
  const auto task =
      service.driver.TakeActivityTask(request.activity_arn, request.worker_name.value_or(""));
  if (!task) return task.error();
  if (!*task) return api::GetActivityTaskOutput{};
  return api::GetActivityTaskOutput{.task_token = (*task)->token, .input = (*task)->input};
}

}  // namespace usher::states
