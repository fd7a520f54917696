#include "services/personalize/recent_events.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace usher::personalize {
namespace {

// As engine/event_filter.h decides for the rows of a file.
bool LearnsFrom(const Deployment& deployment, const LivePair& pair) {
  std::optional<double> threshold = deployment.event_value_threshold;
  const auto& rules = deployment.loaded.info.events;
  if (!rules.empty()) {
    const auto rule = std::ranges::find(rules, pair.type, &engine::EventRule::type);
    if (rule == rules.end() || !(rule->weight > 0)) return false;
    if (rule->value_threshold) threshold = rule->value_threshold;
  }
  return !threshold || pair.value >= *threshold;  // not without a value, which is NaN
}

}  // namespace

Result<RecentItems> RecentItemsOf(LiveData& live, const Deployment& deployment,
                                  std::string_view user_id) {
  RecentItems recent;
  if (user_id.empty()) return recent;
  const auto dataset = live.Find(deployment.dataset_group_arn, "INTERACTIONS");
  if (!dataset) return dataset.error();
  if (!*dataset) return recent;

  std::vector<std::pair<std::int64_t, std::string>> events;
  (*dataset)->interactions->ForEachOf(user_id, [&](const LivePair& pair) {
    if (LearnsFrom(deployment, pair)) events.emplace_back(pair.first, pair.item_id);
  });
  if (events.empty()) return recent;
  std::ranges::stable_sort(events, {}, &std::pair<std::int64_t, std::string>::first);
  if (events.size() > kMaxRecentItems) {
    events.erase(events.begin(), events.end() - static_cast<std::ptrdiff_t>(kMaxRecentItems));
  }
  // An item that was met in two ways stands twice; the model takes the first.
  for (auto& [time, item] : events) {
    recent.times.push_back(time);
    recent.items.push_back(std::move(item));
  }
  return recent;
}

}  // namespace usher::personalize
