#include "recsys/interactions/split.h"

#include <algorithm>
#include <numeric>
#include <span>

#include "base/random.h"

namespace usher::recsys {
namespace {

constexpr std::size_t kHeldOutShare = 10;  // one in so many users

// One history cut in two, each part oldest first.
struct Cut {
  std::vector<std::uint32_t> old_items;
  std::vector<std::uint32_t> old_times;
  std::vector<float> old_weights;
  std::vector<std::uint32_t> new_items;
  std::vector<float> new_weights;
};

// Orders items by something that has nothing to do with the order of the rows.
std::uint32_t Scrambled(std::uint32_t item) {
  std::uint32_t x = item * 0x9E3779B1U;
  x ^= x >> 15;
  return x * 0x85EBCA77U;  // both steps can be undone, so different items stay different
}

// The newest `held` events are cut off. Of events at one time, which the cut falls among, those cut
// off are chosen without regard to the order of the rows: that order may tell what belongs
// together, and nobody knows it before the events happen.
Cut CutHistory(const Interactions& all, std::size_t user, std::size_t held) {
  const auto items = all.by_user[user];
  const auto times = all.TimesOf(user);
  const auto weights = all.WeightsOf(user);
  const std::size_t at = items.size() - held;
  std::vector<bool> is_new(items.size(), false);
  std::fill(is_new.begin() + static_cast<std::ptrdiff_t>(at), is_new.end(), true);
  if (held > 0 && at > 0 && !times.empty() && times[at - 1] == times[at]) {
    const auto [first, last] = std::ranges::equal_range(times, times[at]);
    const auto begin = static_cast<std::size_t>(first - times.begin());
    const auto end = static_cast<std::size_t>(last - times.begin());
    std::vector<std::size_t> order(end - begin);
    std::iota(order.begin(), order.end(), begin);
    std::ranges::sort(order, {}, [&](std::size_t place) { return Scrambled(items[place]); });
    for (std::size_t k = 0; k < order.size(); ++k) is_new[order[k]] = begin + k >= at;
  }
  Cut cut;
  for (std::size_t place = 0; place < items.size(); ++place) {
    (is_new[place] ? cut.new_items : cut.old_items).push_back(items[place]);
    if (!is_new[place] && !times.empty()) cut.old_times.push_back(times[place]);
    if (!weights.empty()) {
      (is_new[place] ? cut.new_weights : cut.old_weights).push_back(weights[place]);
    }
  }
  return cut;
}

template <typename T>
void Append(const std::vector<T>& more, std::vector<T>& all) {
  all.insert(all.end(), more.begin(), more.end());
}

void Learn(const Cut& cut, Split& split) {
  split.train.by_user.Append(cut.old_items);
  Append(cut.old_times, split.train.times);
  Append(cut.old_weights, split.train.weights);
}

void HoldOut(const Cut& cut, std::uint32_t user, Split& split) {
  split.users.push_back(user);
  split.input.Append(cut.old_items);
  Append(cut.old_times, split.input_times);
  Append(cut.old_weights, split.input_weights);
  split.held_out.Append(cut.new_items);
  Append(cut.new_weights, split.held_out_weights);
}

// `count` of the users with two interactions or more, or all of them when there are no more.
std::vector<bool> ChooseUsers(const Interactions& all, std::size_t count, std::uint64_t seed) {
  std::vector<std::uint32_t> eligible;
  for (std::uint32_t user = 0; user < all.user_count; ++user) {
    if (all.by_user[user].size() >= 2) eligible.push_back(user);
  }
  Random random(seed);
  for (std::size_t j = 0; j < std::min(count, eligible.size()); ++j) {  // the start of a shuffle
    std::swap(eligible[j], eligible[j + random.Below(eligible.size() - j)]);
  }
  eligible.resize(std::min(count, eligible.size()));
  std::vector<bool> is_chosen(all.user_count, false);
  for (const std::uint32_t user : eligible) is_chosen[user] = true;
  return is_chosen;
}

}  // namespace

Split SplitNewestOfEachUser(const Interactions& all) {
  return SplitNewestOfSomeUsers(all, all.user_count, 0);
}

Split SplitNewestOfSomeUsers(const Interactions& all, std::size_t count, std::uint64_t seed) {
  const std::vector<bool> is_chosen = ChooseUsers(all, count, seed);
  Split split;
  split.train.user_count = all.user_count;
  split.train.item_count = all.item_count;
  split.train.by_user.values.reserve(all.size());
  split.train.times.reserve(all.times.size());
  for (std::uint32_t user = 0; user < all.user_count; ++user) {
    if (!is_chosen[user]) {
      split.train.AppendUser(all, user, true);
      continue;
    }
    const Cut cut = CutHistory(all, user, NewestTenth(all.by_user[user].size()));
    Learn(cut, split);
    HoldOut(cut, user, split);
  }
  return split;
}

Split SplitUsers(const Interactions& all, std::uint64_t seed) {
  std::size_t eligible = 0;
  for (std::uint32_t user = 0; user < all.user_count; ++user) {
    eligible += all.by_user[user].size() >= 2 ? 1 : 0;
  }
  const std::size_t count = eligible < 2 ? 0 : std::max<std::size_t>(1, eligible / kHeldOutShare);
  const std::vector<bool> is_held = ChooseUsers(all, count, seed);
  Split split;
  split.train.user_count = all.user_count;
  split.train.item_count = all.item_count;
  split.train.by_user.values.reserve(all.size());
  split.train.times.reserve(all.times.size());
  for (std::uint32_t user = 0; user < all.user_count; ++user) {
    if (is_held[user]) {
      HoldOut(CutHistory(all, user, NewestTenth(all.by_user[user].size())), user, split);
    }
    split.train.AppendUser(all, user, !is_held[user]);
  }
  return split;
}

}  // namespace usher::recsys
