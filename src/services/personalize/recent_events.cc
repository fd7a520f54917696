#include "services/personalize/recent_events.h"

#include <algorithm>
#include <utility>

#include "engine/recommend.h"

namespace usher::personalize {

Result<RecentItems> RecentItemsOf(LiveData& live, const Deployment& deployment,
                                  std::string_view user_id) {
  RecentItems recent;
  if (user_id.empty()) return recent;
  const auto dataset = live.Find(deployment.dataset_group_arn, "INTERACTIONS");
  if (!dataset) return dataset.error();
  if (!*dataset) return recent;

  std::vector<std::pair<std::int64_t, std::string>> events;
  (*dataset)->interactions->ForEachOf(user_id, [&](const LivePair& pair) {
    const bool learns = engine::LearnsFrom(deployment.loaded.info.events,
                                           deployment.event_value_threshold, pair.type, pair.value);
    if (learns) events.emplace_back(pair.first, pair.item_id);
  });
  if (events.empty()) return recent;
  std::ranges::stable_sort(events, {}, &std::pair<std::int64_t, std::string>::first);
  if (events.size() > engine::kMaxRecentItems) {
    events.erase(events.begin(),
                 events.end() - static_cast<std::ptrdiff_t>(engine::kMaxRecentItems));
  }
  // An item that was met in two ways stands twice; the model takes the first.
  for (auto& [time, item] : events) {
    recent.times.push_back(time);
    recent.items.push_back(std::move(item));
  }
  return recent;
}

}  // namespace usher::personalize
