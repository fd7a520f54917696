#include "engine/user_events.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace usher::engine {

bool LearnsFrom(std::span<const EventRule> rules, std::optional<double> value_threshold,
                std::string_view type, double value) {
  std::optional<double> threshold = value_threshold;
  if (!rules.empty()) {
    const auto rule = std::ranges::find(rules, type, &EventRule::type);
    if (rule == rules.end() || !(rule->weight > 0)) return false;
    if (rule->value_threshold) threshold = rule->value_threshold;
  }
  return !threshold || value >= *threshold;  // not without a value, which is NaN
}

Result<std::unique_ptr<const UserEvents>> UserEvents::Load(const std::string& path,
                                                           std::span<const EventRule> rules,
                                                           std::optional<double> value_threshold) {
  auto table = LoadInteractions(path);
  if (!table) return std::move(table).error();
  auto events = std::make_unique<UserEvents>();
  events->table_ = *std::move(table);
  const InteractionTable& rows = events->table_;
  events->users_ = recsys::Vocabulary(rows.user_ids);

  const auto learns = [&](std::size_t row) {
    std::string_view type;
    if (!rows.event.empty()) type = rows.event_types[rows.event[row]];
    const double value =
        rows.value.empty() ? std::numeric_limits<double>::quiet_NaN() : double{rows.value[row]};
    return LearnsFrom(rules, value_threshold, type, value);
  };
  std::vector<std::uint32_t> learned;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (learns(row)) learned.push_back(static_cast<std::uint32_t>(row));
  }
  std::ranges::stable_sort(learned, {}, [&](std::uint32_t row) {
    return std::pair(rows.user[row], rows.timestamp[row]);
  });
  events->offsets_.assign(rows.user_ids.size() + 1, 0);
  for (const std::uint32_t row : learned) ++events->offsets_[rows.user[row] + 1];
  for (std::size_t user = 1; user < events->offsets_.size(); ++user) {
    events->offsets_[user] += events->offsets_[user - 1];
  }
  events->rows_ = std::move(learned);
  return std::unique_ptr<const UserEvents>(std::move(events));
}

UserEvents::Events UserEvents::Of(std::string_view user_id, std::size_t limit) const {
  Events events;
  const auto user = users_.Find(user_id);
  if (!user) return events;
  const std::size_t end = offsets_[*user + 1];
  const std::size_t begin = std::max(offsets_[*user], end - std::min(end, limit));
  for (std::size_t at = begin; at < end; ++at) {
    events.items.push_back(table_.item_ids[table_.item[rows_[at]]]);
    events.times.push_back(table_.timestamp[rows_[at]]);
  }
  return events;
}

}  // namespace usher::engine
