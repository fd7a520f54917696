#include "engine/explain.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <utility>

#include "engine/recommend.h"

namespace usher::engine {
namespace {

using Basis = recsys::Explanation::Basis;

std::string_view NameOf(Standing standing) {
  switch (standing) {
    case Standing::kShown:
      return "recommended";
    case Standing::kBelow:
      return "rankedBelow";
    case Standing::kSeen:
      return "alreadySeen";
    case Standing::kExcluded:
      return "excluded";
    case Standing::kUnknown:
      return "unknownItem";
  }
  return "";
}

std::string_view NameOf(Basis basis) {
  switch (basis) {
    case Basis::kHistory:
      return "interactions";
    case Basis::kMetadata:
      return "metadata";
    case Basis::kPopularity:
      return "popularity";
  }
  return "";
}

template <typename... Values>
std::string Format(const char* format, Values... values) {
  char line[160];
  std::snprintf(line, sizeof(line), format, values...);
  return line;
}

std::string ReasonOf(const ItemExplanation& why) {
  const std::string rank = std::to_string(why.rank);
  const std::string of_list = " of a list of " + std::to_string(why.num_results);
  switch (why.standing) {
    case Standing::kShown:
      return "recommended: number " + rank + of_list;
    case Standing::kBelow:
      return "not recommended: number " + rank + ", after the end" + of_list;
    case Standing::kSeen:
      return "not recommended: the user has already met it (it would be number " + rank + ")";
    case Standing::kExcluded:
      return "not recommended: it is filtered out (it would be number " + rank + ")";
    case Standing::kUnknown:
      return "not recommended: the model does not know it; nobody met it in the training data";
  }
  return "";
}

std::string BasisOf(const ItemExplanation& why) {
  const std::string who = why.user_known ? "the model knows nothing of this user that helps"
                                         : "the model does not know this user";
  switch (why.basis) {
    case Basis::kHistory:
      return "from the user's own interactions";
    case Basis::kMetadata:
      return "from what is known of the user, who has no interactions";
    case Basis::kPopularity:
      if (!why.context.empty()) {
        return "the logarithm of the item's share of all interactions (" + who +
               "), and the situation";
      }
      return "the item's share of all interactions: the list is what is popular (" + who + ")";
  }
  return "";
}

void NameEvents(const recsys::Model& model, const recsys::Explanation& found, std::size_t top,
                ItemExplanation& why) {
  std::vector<recsys::Contribution> events = found.contributions;
  std::ranges::stable_sort(events, std::ranges::greater(), [](const recsys::Contribution& event) {
    return std::abs(event.total());
  });
  for (std::size_t j = 0; j < events.size(); ++j) {
    if (j < top) {
      why.because.push_back(
          {model.items()[events[j].item], events[j].factors, events[j].transitions});
    } else {
      ++why.others;
      why.others_total += events[j].total();
    }
  }
}

// In the order of FindContext: values that the model does not know are left out by both.
void NameContext(const recsys::Model& model, const recsys::Explanation& found,
                 const RequestContext& context, ItemExplanation& why) {
  if (found.context.empty()) return;
  for (const auto& [column, value] : context) {
    if (!model.FindContext(column, value)) continue;
    why.context.push_back({column, value, found.context[why.context.size()]});
  }
}

}  // namespace

Result<ItemExplanation> ExplainItem(const LoadedModel& loaded, std::string_view user_id,
                                    std::string_view item_id, const ExplainOptions& options) {
  if (loaded.model == nullptr) {
    return Unsupported("a model of recipe " + loaded.info.recipe +
                       " answers for items, and does not explain");
  }
  if (options.num_results < 1 || options.num_results > kMaxNumResults) {
    return InvalidInput("the number of results must be 1 to " + std::to_string(kMaxNumResults) +
                        ", got " + std::to_string(options.num_results));
  }
  if (options.top > kMaxExplainedEvents) {
    return InvalidInput("at most " + std::to_string(kMaxExplainedEvents) +
                        " interactions are named, got " + std::to_string(options.top));
  }
  if (const auto checked = CheckEvents(options.recent); !checked) return checked.error();

  const recsys::Model& model = *loaded.model;
  ItemExplanation why{.user_id = std::string(user_id),
                      .item_id = std::string(item_id),
                      .user_known = model.users().Find(user_id).has_value(),
                      .num_results = options.num_results};
  const auto item = model.items().Find(item_id);
  if (!item) return why;

  std::vector<std::uint32_t> excluded;
  for (const std::string& id : options.exclude) {
    if (const auto known = model.items().Find(id)) excluded.push_back(*known);
  }
  OneUser user(loaded, user_id, options.recent);
  user.query.exclude = excluded;
  user.query.exclude_seen = options.exclude_seen;
  user.query.num_results = options.num_results;
  const auto context = FindContext(model, options.context);
  if (!context) return context.error();
  user.query.context = *context;
  const auto found = model.Explain(user.query, *item);
  if (!found) {
    return Unsupported("a model of recipe " + loaded.info.recipe + " does not explain");
  }
  why.basis = found->basis;
  why.score = found->score;
  why.rank = found->rank;
  NameEvents(model, *found, options.top, why);
  NameContext(model, *found, options.context, why);

  const auto seen = user.query.user ? model.History(*user.query.user) : user.query.history;
  std::vector<recsys::ScoredItem> list;
  model.Recommend(user.query, list);
  const auto at = std::ranges::find(list, *item, &recsys::ScoredItem::item);
  if (std::ranges::find(excluded, *item) != excluded.end()) {
    why.standing = Standing::kExcluded;
  } else if (options.exclude_seen && std::ranges::find(seen, *item) != seen.end()) {
    why.standing = Standing::kSeen;
  } else {
    why.standing = at == list.end() ? Standing::kBelow : Standing::kShown;
  }
  const bool by_share = why.basis == Basis::kPopularity && why.context.empty();
  if (at != list.end() && model.has_scores() && !by_share) {
    why.probability = double{at->score};
  }
  if (!list.empty()) {
    why.last_shown = model.items()[list.back().item];
    why.last_score = model.Explain(user.query, list.back().item)->score;
  }
  return why;
}

Value ToValue(const ItemExplanation& why) {
  ValueMap members;
  members.Append("userId", why.user_id);
  members.Append("itemId", why.item_id);
  members.Append("knownUser", why.user_known);
  members.Append("standing", std::string(NameOf(why.standing)));
  members.Append("reason", ReasonOf(why));
  members.Append("numResults", static_cast<std::int64_t>(why.num_results));
  if (why.standing == Standing::kUnknown) return members;
  members.Append("basis", std::string(NameOf(why.basis)));
  members.Append("rank", static_cast<std::int64_t>(why.rank));
  members.Append("score", why.score);
  if (why.probability) members.Append("probability", *why.probability);
  if (!why.last_shown.empty()) {
    ValueMap last;
    last.Append("itemId", std::string(why.last_shown));
    last.Append("score", why.last_score);
    members.Append("lastShown", std::move(last));
  }
  if (!why.context.empty()) {
    ValueList context;
    for (const ExplainedContext& one : why.context) {
      ValueMap entry;
      entry.Append("column", one.column);
      entry.Append("value", one.value);
      entry.Append("contribution", one.adds);
      context.emplace_back(std::move(entry));
    }
    members.Append("context", std::move(context));
  }
  if (why.basis != Basis::kHistory) return members;
  ValueList because;
  for (const ExplainedEvent& event : why.because) {
    ValueMap one;
    one.Append("itemId", std::string(event.id));
    one.Append("contribution", event.factors + event.transitions);
    one.Append("factors", event.factors);
    one.Append("transitions", event.transitions);
    because.push_back(std::move(one));
  }
  members.Append("because", std::move(because));
  ValueMap others;
  others.Append("interactions", static_cast<std::int64_t>(why.others));
  others.Append("contribution", why.others_total);
  members.Append("others", std::move(others));
  return members;
}

std::string FormatExplanation(const ItemExplanation& why) {
  std::string text =
      "item " + why.item_id + " for user " + why.user_id + ": " + ReasonOf(why) + "\n";
  if (why.standing == Standing::kUnknown) return text;
  text += Format("score %.6f", why.score);
  if (why.probability) text += Format(" (probability %.6f)", *why.probability);
  if (!why.last_shown.empty()) {
    text += Format("; the last one shown has %.6f: item ", why.last_score) +
            std::string(why.last_shown);
  }
  text += "\n" + BasisOf(why) + "\n";
  for (const ExplainedContext& one : why.context) {
    text += Format("%+12.6f  ", one.adds) + "the situation: " + one.column + "=" + one.value + "\n";
  }
  if (why.basis != Basis::kHistory) return text;
  text += Format("%12s %12s %12s  %s\n", "adds", "factors", "transitions", "item met");
  for (const ExplainedEvent& event : why.because) {
    text += Format("%+12.6f %+12.6f %+12.6f  ", event.factors + event.transitions, event.factors,
                   event.transitions) +
            std::string(event.id) + "\n";
  }
  if (why.others > 0) text += Format("%+12.6f  %zu others\n", why.others_total, why.others);
  return text;
}

}  // namespace usher::engine
