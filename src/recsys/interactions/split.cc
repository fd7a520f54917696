#include "recsys/interactions/split.h"

#include <algorithm>

#include "base/random.h"

namespace usher::recsys {
namespace {

constexpr std::size_t kHeldOutShare = 10;  // one in so many users

// The times of the user's oldest `count` interactions, where they are known.
void AppendTimes(const Interactions& all, std::uint32_t user, std::size_t count,
                 std::vector<std::uint32_t>& to) {
  const auto times = all.TimesOf(user);
  const auto oldest = times.first(std::min(count, times.size()));
  to.insert(to.end(), oldest.begin(), oldest.end());
}

// The user's oldest `count` interactions are learned from.
void Learn(const Interactions& all, std::uint32_t user, std::size_t count, Split& split) {
  split.train.by_user.Append(all.by_user[user].first(count));
  AppendTimes(all, user, count, split.train.times);
}

void HoldOutNewest(const Interactions& all, std::uint32_t user, Split& split) {
  const auto history = all.by_user[user];
  const std::size_t held = NewestTenth(history.size());
  split.users.push_back(user);
  split.input.Append(history.first(history.size() - held));
  AppendTimes(all, user, history.size() - held, split.input_times);
  split.held_out.Append(history.last(held));
}

}  // namespace

Split SplitNewestOfEachUser(const Interactions& all) {
  Split split;
  split.train.user_count = all.user_count;
  split.train.item_count = all.item_count;
  for (std::uint32_t user = 0; user < all.user_count; ++user) {
    const std::size_t n = all.by_user[user].size();
    const std::size_t held = NewestTenth(n);
    Learn(all, user, n - held, split);
    if (held > 0) HoldOutNewest(all, user, split);
  }
  return split;
}

Split SplitUsers(const Interactions& all, std::uint64_t seed) {
  std::vector<std::uint32_t> eligible;
  for (std::uint32_t user = 0; user < all.user_count; ++user) {
    if (all.by_user[user].size() >= 2) eligible.push_back(user);
  }
  std::vector<bool> is_held(all.user_count, false);
  if (eligible.size() >= 2) {
    const std::size_t count = std::max<std::size_t>(1, eligible.size() / kHeldOutShare);
    Random random(seed);
    for (std::size_t j = 0; j < count; ++j) {  // the first `count` steps of a shuffle
      std::swap(eligible[j], eligible[j + random.Below(eligible.size() - j)]);
      is_held[eligible[j]] = true;
    }
  }
  Split split;
  split.train.user_count = all.user_count;
  split.train.item_count = all.item_count;
  for (std::uint32_t user = 0; user < all.user_count; ++user) {
    if (is_held[user]) HoldOutNewest(all, user, split);
    Learn(all, user, is_held[user] ? 0 : all.by_user[user].size(), split);
  }
  return split;
}

}  // namespace usher::recsys
