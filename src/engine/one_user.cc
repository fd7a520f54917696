#include "engine/one_user.h"

#include <algorithm>
#include <cstddef>
#include <optional>

#include "recsys/interactions/interactions.h"

namespace usher::engine {
namespace {

struct Event {
  std::uint32_t item = 0;
  std::uint32_t time = 0;  // seconds since the earliest interaction
  float weight = 1;        // of an event that the model did not know: the mean of those it knows
};

// Unix seconds as the model counts them, those before its first interaction as that. Unsigned,
// because times may lie further apart than int64 reaches.
std::uint32_t SecondsSince(std::int64_t first, std::int64_t time) {
  if (time <= first) return 0;
  const std::uint64_t seconds =
      static_cast<std::uint64_t>(time) - static_cast<std::uint64_t>(first);
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(seconds, recsys::kLatestSecond));
}

}  // namespace

Result<void> CheckEvents(const RecentEvents& recent) {
  if (recent.times.empty() || recent.times.size() == recent.items.size()) return {};
  return InvalidInput("there are " + std::to_string(recent.items.size()) + " recent items, but " +
                      std::to_string(recent.times.size()) + " times of them");
}

OneUser::OneUser(const LoadedModel& loaded, std::string_view user_id, const RecentEvents& recent) {
  const recsys::Model& model = *loaded.model;
  const auto user = model.users().Find(user_id);
  query.user = user;
  if (recent.items.empty()) return;

  std::vector<Event> events;
  bool weighed = false;
  bool timed = loaded.info.first_timestamp.has_value();
  if (user) {
    const auto items = model.History(*user);
    const auto times = model.Times(*user);
    const auto weights = model.Weights(*user);
    weighed = !weights.empty();
    timed = timed && times.size() == items.size();
    for (std::size_t j = 0; j < items.size(); ++j) {
      events.push_back({items[j], timed ? times[j] : 0, weighed ? weights[j] : 1});
    }
  }
  std::vector<std::uint32_t> met;  // that the model knows of, ascending
  for (const Event& event : events) met.push_back(event.item);
  std::ranges::sort(met);
  const std::size_t before = events.size();
  const std::uint32_t newest = before == 0 ? 0 : events.back().time;
  for (std::size_t j = 0; j < recent.items.size(); ++j) {
    const auto item = model.items().Find(recent.items[j]);
    if (!item || std::ranges::binary_search(met, *item)) continue;
    const auto fresh = std::span(events).subspan(before);
    if (std::ranges::find(fresh, *item, &Event::item) != fresh.end()) continue;
    const bool known_time = timed && !recent.times.empty();
    const std::uint32_t time =
        known_time ? SecondsSince(*loaded.info.first_timestamp, recent.times[j]) : newest;
    events.push_back({.item = *item, .time = time});
  }
  if (events.size() == before) return;  // nothing that the model did not know
  std::ranges::stable_sort(events, {}, &Event::time);
  for (const Event& event : events) {
    history_.push_back(event.item);
    if (timed) times_.push_back(event.time);
    if (weighed) weights_.push_back(event.weight);
  }
  query.user.reset();
  query.history = history_;
  query.times = times_;
  query.weights = weights_;
}

}  // namespace usher::engine
