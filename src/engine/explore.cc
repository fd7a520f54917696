#include "engine/explore.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "json/json.h"

namespace usher::engine {
namespace {

std::string Shown(double number) {
  std::string text;
  json::AppendNumber(text, number);
  return text;
}

// Of two times that may lie further apart than int64 reaches: the farthest that it does.
std::int64_t SecondsAfter(std::int64_t first, std::int64_t time) {
  std::int64_t seconds = 0;
  if (!__builtin_sub_overflow(time, first, &seconds)) return seconds;
  return time < first ? std::numeric_limits<std::int64_t>::min() + 1
                      : std::numeric_limits<std::int64_t>::max();
}

}  // namespace

Result<void> CheckExploration(const ExplorationOptions& options) {
  if (!(options.weight >= 0 && options.weight <= 1)) {
    return InvalidInput("the exploration weight must be a number from 0 to 1, got " +
                        Shown(options.weight));
  }
  if (!(options.item_age_cut_off_days > 0 &&
        options.item_age_cut_off_days <= kMaxItemAgeCutOffDays)) {
    return InvalidInput(
        "the exploration item age cut-off must be a number of days above 0, at "
        "most " +
        Shown(kMaxItemAgeCutOffDays) + ", got " + Shown(options.item_age_cut_off_days));
  }
  return {};
}

bool CanExplore(const LoadedModel& loaded) {
  return loaded.kind == RecipeKind::kUserPersonalization && loaded.model != nullptr;
}

std::unique_ptr<const Explorer> Explorer::Make(const LoadedModel& loaded,
                                               const ExplorationOptions& options) {
  if (!(options.weight > 0) || !CanExplore(loaded)) return nullptr;
  const recsys::Model& model = *loaded.model;
  std::vector<std::int64_t> births(model.items().size(), recsys::NewItems::kUnknownBirth);
  std::vector<std::uint32_t> counts(model.items().size(), 0);
  std::int64_t latest = 0;
  for (std::uint32_t user = 0; user < model.users().size(); ++user) {
    const auto items = model.History(user);
    const auto times = model.Times(user);
    if (times.size() != items.size()) return nullptr;
    for (std::size_t at = 0; at < items.size(); ++at) {
      const std::int64_t time = times[at];
      std::int64_t& birth = births[items[at]];
      if (birth == recsys::NewItems::kUnknownBirth || time < birth) birth = time;
      latest = std::max(latest, time);
      ++counts[items[at]];
    }
  }
  const std::int64_t first = loaded.info.first_timestamp.value_or(0);
  for (std::size_t item = 0; item < births.size(); ++item) {
    if (!loaded.item_births.empty() && loaded.item_births[item] != kNoBirth) {
      births[item] = SecondsAfter(first, loaded.item_births[item]);
    } else if (births[item] == recsys::NewItems::kUnknownBirth) {
      births[item] = latest;
    }
  }
  recsys::NewItems new_items(births, counts, latest, options.item_age_cut_off_days);
  if (new_items.empty()) return nullptr;
  return std::unique_ptr<const Explorer>(new Explorer(model, std::move(new_items), options.weight));
}

Explorer::Explorer(const recsys::Model& model, recsys::NewItems new_items, double weight)
    : model_(model), new_items_(std::move(new_items)), weight_(weight) {}

// Ranking gives the candidates' probabilities up to one factor; the best item of the greedy list,
// ranked among them, tells it.
void Explorer::Score(const recsys::UserQuery& query, std::span<const recsys::ScoredItem> greedy,
                     Scratch& scratch) const {
  const auto sampled =
      std::ranges::find(scratch.candidates, greedy.size(), &recsys::Candidate::greedy_at);
  const std::span<recsys::Candidate> unscored(sampled, scratch.candidates.end());
  if (unscored.empty()) return;
  const recsys::ScoredItem& anchor = greedy.front();
  scratch.list.assign(1, anchor.item);
  for (const recsys::Candidate& candidate : unscored) scratch.list.push_back(candidate.item);
  model_.Rank(query, scratch.list, scratch.scored);
  std::ranges::sort(scratch.scored, {}, &recsys::ScoredItem::item);
  const auto score_of = [&](std::uint32_t item) {
    return std::ranges::lower_bound(scratch.scored, item, {}, &recsys::ScoredItem::item)->score;
  };
  const float anchor_score = score_of(anchor.item);
  const float factor = anchor_score > 0 ? anchor.score / anchor_score : 0;
  for (recsys::Candidate& candidate : unscored) {
    candidate.score = std::min(factor * score_of(candidate.item), 1.0F);
  }
}

void Explorer::Apply(const recsys::UserQuery& query, std::span<const recsys::ScoredItem> greedy,
                     std::uint64_t seed, std::vector<recsys::ExploredItem>& out) const {
  auto scratch = scratches_.Take([] { return std::make_unique<Scratch>(); });
  Random random(seed);
  std::span<const std::uint32_t> seen;
  if (query.exclude_seen) seen = query.user ? model_.History(*query.user) : query.history;
  scratch->candidates.clear();
  if (!greedy.empty()) {
    scratch->barred.assign(query.exclude.begin(), query.exclude.end());
    if (query.allowed != nullptr) {
      for (std::size_t place = 0; place < new_items_.size(); ++place) {
        const std::uint32_t item = new_items_.item(place);
        if (!query.allowed->Has(item)) scratch->barred.push_back(item);
      }
    }
    scratch->picker.Pick(new_items_, greedy, seen, scratch->barred, random, scratch->candidates);
    Score(query, greedy, *scratch);
  }
  recsys::Explore(greedy, scratch->candidates, weight_, random, scratch->explore, out);
}

std::uint64_t SeedOf(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3;
  }
  return hash;
}

}  // namespace usher::engine
