#include "services/personalize/insight.h"

#include <algorithm>
#include <array>

#include "engine/explain.h"
#include "services/personalize/batch_job.h"
#include "services/personalize/campaigns.h"
#include "services/personalize/import_job.h"
#include "services/personalize/recent_events.h"
#include "services/personalize/train_job.h"

namespace usher::personalize {
namespace {

constexpr std::size_t kMaxTextBytes = 2048;  // of an id or an ARN
constexpr std::size_t kExplainedEvents = 8;

// Errors: invalid input naming the member.
Result<std::string> Text(const Value& request, std::string_view name) {
  const Value* value = request.Find(name);
  const std::string* text = value ? value->as_string() : nullptr;
  if (!text || text->empty() || text->size() > kMaxTextBytes) {
    return InvalidInput(std::string(name) + " must be a text of 1 to " +
                        std::to_string(kMaxTextBytes) + " bytes");
  }
  return *text;
}

// Errors: invalid input when a value is no text.
Result<engine::RequestContext> ContextOf(const Value& request) {
  engine::RequestContext context;
  const Value* given = request.Find("context");
  const ValueMap* map = given ? given->as_map() : nullptr;
  if (!map) return context;
  for (const auto& [column, value] : *map) {
    if (!value.as_string()) return InvalidInput("context holds texts, not so " + column);
    context[column] = *value.as_string();
  }
  return context;
}

// The deployment that the request names, with a model that answers for users.
Result<std::shared_ptr<const Deployment>> Find(const Value& request, Service& service) {
  const auto arn = Text(request, "campaignArn");
  if (!arn) return arn.error();
  auto deployment = service.deployments.Find(*arn);
  if (deployment && !(*deployment)->loaded.model) {
    return Unsupported("recipe " + std::string((*deployment)->recipe->name) +
                       " answers for items, not for users");
  }
  return deployment;
}

}  // namespace

Result<Value> DescribeModel(const Value& request, Service& service) {
  const auto deployment = Find(request, service);
  if (!deployment) return deployment.error();
  const recsys::Model& model = *(*deployment)->loaded.model;
  const std::size_t users = model.users().size();
  ValueMap answer;
  answer.Append("recipe", (*deployment)->recipe->name);
  answer.Append("users", static_cast<std::int64_t>(users));
  answer.Append("items", static_cast<std::int64_t>(model.items().size()));
  ValueList columns;
  for (std::string& column : model.ContextColumns()) columns.emplace_back(std::move(column));
  answer.Append("contextColumns", std::move(columns));
  ValueList sample;
  const std::size_t count = std::min(kSampleUsers, users);
  for (std::size_t k = 0; k < count; ++k) {
    sample.emplace_back(model.users()[static_cast<std::uint32_t>(k * users / count)]);
  }
  answer.Append("sampleUsers", std::move(sample));
  return Value(std::move(answer));
}

Result<Value> UserHistory(const Value& request, Service& service) {
  const auto deployment = Find(request, service);
  if (!deployment) return deployment.error();
  const auto user_id = Text(request, "userId");
  if (!user_id) return user_id.error();
  const engine::LoadedModel& loaded = (*deployment)->loaded;
  const recsys::Model& model = *loaded.model;
  const auto recent = RecentItemsOf(service.live, **deployment, *user_id);
  if (!recent) return recent.error();
  const auto user = model.users().Find(*user_id);
  const auto history = user ? model.History(*user) : std::span<const std::uint32_t>();
  const auto times = user ? model.Times(*user) : std::span<const std::uint32_t>();
  const bool is_timed = loaded.info.first_timestamp && times.size() == history.size();
  ValueList items;
  std::size_t total = history.size();
  for (std::size_t k = recent->items.size(); k > 0; --k) {
    const auto index = model.items().Find(recent->items[k - 1]);
    if (index && std::ranges::find(history, *index) != history.end()) continue;  // learnt since
    ++total;
    if (items.size() == kMaxShownHistory) continue;
    ValueMap item;
    item.Append("itemId", recent->items[k - 1]);
    item.Append("time", recent->times[k - 1]);
    item.Append("recent", true);
    items.emplace_back(std::move(item));
  }
  for (std::size_t k = history.size(); k > 0 && items.size() < kMaxShownHistory; --k) {
    ValueMap item;
    item.Append("itemId", model.items()[history[k - 1]]);
    if (is_timed) item.Append("time", *loaded.info.first_timestamp + times[k - 1]);
    items.emplace_back(std::move(item));
  }
  ValueMap answer;
  answer.Append("known", user.has_value());
  answer.Append("total", static_cast<std::int64_t>(total));
  answer.Append("items", std::move(items));
  return Value(std::move(answer));
}

Result<Value> ExplainRecommendation(const Value& request, Service& service) {
  const auto deployment = Find(request, service);
  if (!deployment) return deployment.error();
  const auto user_id = Text(request, "userId");
  if (!user_id) return user_id.error();
  const auto item_id = Text(request, "itemId");
  if (!item_id) return item_id.error();
  const auto context = ContextOf(request);
  if (!context) return context.error();
  const auto recent = RecentItemsOf(service.live, **deployment, *user_id);
  if (!recent) return recent.error();
  const auto why = engine::ExplainItem((*deployment)->loaded, *user_id, *item_id,
                                       {.top = kExplainedEvents,
                                        .exclude_seen = !service.options.include_seen,
                                        .recent = recent->events(),
                                        .context = *context});
  if (!why) return why.error();
  return engine::ToValue(*why);
}

Result<Value> ProgressOf(const Value& request, Service& service) {
  const Value* given = request.Find("arns");
  const ValueList* arns = given ? given->as_list() : nullptr;
  if (!arns || arns->size() > kMaxProgressArns) {
    return InvalidInput("arns must be a list of at most " + std::to_string(kMaxProgressArns) +
                        " ARNs");
  }
  ValueMap progress;
  for (const Value& one : *arns) {
    const std::string* arn = one.as_string();
    if (!arn) return InvalidInput("arns must be texts");
    for (const std::string_view type :
         {kImportJob, kTrainJob, kBatchJob, kSegmentJob, kDeployJob}) {
      const jobs::Progress at = service.jobs.ProgressOf(type, *arn);
      if (at.fraction == 0 && at.stage.empty()) continue;
      ValueMap entry;
      entry.Append("fraction", at.fraction);
      entry.Append("stage", at.stage);
      progress.Set(*arn, std::move(entry));
      break;
    }
  }
  ValueMap answer;
  answer.Append("progress", std::move(progress));
  return Value(std::move(answer));
}

Result<Value> TrainingCurve(const Value& request, Service& service) {
  const auto arn = Text(request, "solutionVersionArn");
  if (!arn) return arn.error();
  const auto version = service.catalog.Find<api::SolutionVersion>(*arn);
  if (!version) return version.error();
  if (const Value* curve = version->extra.Find("curve")) return *curve;
  ValueMap none;
  none.Append("people", 0);
  none.Append("points", ValueList());
  return Value(std::move(none));
}

}  // namespace usher::personalize
