#include "services/personalize/answer_filter.h"

#include <utility>

namespace usher::personalize {

Result<AnswerFilter> AnswerFilter::Make(
    Service& service, std::shared_ptr<const Deployment> deployment,
    const std::optional<std::string>& filter_arn,
    const std::optional<std::map<std::string, std::string>>& filter_values) {
  AnswerFilter made(service, std::move(deployment));
  if (filter_values) made.values_ = *filter_values;
  if (!filter_arn) {
    if (made.values_.empty()) return made;
    return InvalidInput("filterValues are for a filter: give its filterArn, too");
  }
  auto found = service.filters.Find(*filter_arn, made.deployment_);
  if (!found) return std::move(found).error();
  made.filter_ = *std::move(found);
  if (made.filter_->expression().UsesCurrentItem() &&
      made.deployment_->recipe->type != kRelatedItems) {
    return InvalidInput("filter " + *filter_arn +
                        " asks about CurrentItem, which only recipes of type RELATED_ITEMS have; "
                        "this campaign's is " +
                        std::string(made.deployment_->recipe->name));
  }
  return made;
}

Result<AnswerFilter::Live> AnswerFilter::Ask(std::string_view user_id,
                                             std::string_view item_id) const {
  Live live;
  live.query = {.user_id = user_id, .item_id = item_id, .values = &values_};
  const std::string& group_arn = deployment_->dataset_group_arn;
  const engine::FilterExpression& filter = filter_->expression();
  const auto find = [&](std::string_view type, LiveDatasetPtr& into) -> Result<void> {
    auto found = service_->live.Find(group_arn, type);
    if (!found) return found.error();
    into = *std::move(found);
    return {};
  };
  if (filter.Uses(engine::FilterDataset::kInteractions)) {
    if (auto found = find("INTERACTIONS", live.interactions); !found) return found.error();
  }
  if (filter.Uses(engine::FilterDataset::kItems) || filter.UsesCurrentItem()) {
    if (auto found = find("ITEMS", live.items); !found) return found.error();
  }
  if (filter.UsesCurrentUser()) {
    if (auto found = find("USERS", live.users); !found) return found.error();
  }
  if (live.items) live.query.newer_items = live.items->records.get();
  if (live.users) live.query.newer_users = live.users->records.get();
  if (live.interactions) {
    live.query.newer_events = [&events = *live.interactions->interactions,
                               user_id](const auto& visit) {
      events.ForEachOf(user_id, [&](const LivePair& pair) { visit(pair.item_id, pair.type); });
    };
  }
  return live;
}

Result<recsys::ItemMask> AnswerFilter::Items(std::string_view user_id,
                                             std::string_view item_id) const {
  const auto live = Ask(user_id, item_id);
  if (!live) return live.error();
  recsys::ItemMask items;
  if (auto selected = filter_->Select(live->query, items); !selected) return selected.error();
  return items;
}

Result<std::vector<std::string>> AnswerFilter::Among(const std::vector<std::string>& ids,
                                                     std::string_view user_id) const {
  if (filter_ == nullptr) return ids;
  const auto live = Ask(user_id, "");
  if (!live) return live.error();
  const auto may = filter_->SelectOf(live->query, ids);
  if (!may) return may.error();
  std::vector<std::string> among;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if ((*may)[i]) among.push_back(ids[i]);
  }
  return among;
}

}  // namespace usher::personalize
