#include "recsys/interactions/split.h"

#include <algorithm>

#include "base/random.h"

namespace usher::recsys {
namespace {

constexpr std::size_t kHeldOutShare = 10;  // one in so many users

void HoldOutNewest(std::span<const std::uint32_t> history, std::uint32_t user, Split& split) {
  const std::size_t held = NewestTenth(history.size());
  split.users.push_back(user);
  split.input.Append(history.first(history.size() - held));
  split.held_out.Append(history.last(held));
}

}  // namespace

Split SplitNewestOfEachUser(const Interactions& all) {
  Split split;
  split.train.user_count = all.user_count;
  split.train.item_count = all.item_count;
  for (std::uint32_t user = 0; user < all.user_count; ++user) {
    const auto history = all.by_user[user];
    const std::size_t held = NewestTenth(history.size());
    split.train.by_user.Append(history.first(history.size() - held));
    if (held > 0) HoldOutNewest(history, user, split);
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
    const auto history = all.by_user[user];
    if (is_held[user]) HoldOutNewest(history, user, split);
    split.train.by_user.Append(is_held[user] ? history.first(0) : history);
  }
  return split;
}

}  // namespace usher::recsys
