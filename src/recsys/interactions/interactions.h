// Interactions: who met what, by user in the order of time and by item.
//
// A pair of user and item counts once, at its first time: what the models learn is whether someone
// chose an item, not how often. How much it counts may differ from pair to pair.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "base/parallel.h"
#include "recsys/interactions/lists.h"

namespace usher::recsys {

inline constexpr std::uint32_t kLatestSecond = std::numeric_limits<std::uint32_t>::max();

struct Interactions {
  std::size_t user_count = 0;
  std::size_t item_count = 0;
  Lists by_user;  // items, each once, oldest first; equal times as the rows came
  // When each entry of by_user.values happened, in seconds since the earliest of the rows; capped
  // at kLatestSecond. Empty when not known.
  std::vector<std::uint32_t> times;
  std::int64_t origin = 0;  // of `times`, Unix seconds
  // How much each entry of by_user.values counts, over 0. Empty: all count 1.
  std::vector<float> weights;

  [[nodiscard]] std::span<const std::uint32_t> TimesOf(std::size_t user) const {
    if (times.empty()) return {};
    return ListsView{by_user.offsets, times}[user];
  }
  [[nodiscard]] std::span<const float> WeightsOf(std::size_t user) const {
    return WeightsOfList(by_user.view(), weights, user);
  }
  [[nodiscard]] std::size_t size() const { return by_user.values.size(); }
  // Adds the next user's list, as `from` has it of `user` or, without `keep`, empty. The counts of
  // users and items are the caller's.
  void AppendUser(const Interactions& from, std::size_t user, bool keep);
};

// Rows in any order, one entry of each vector a row; every index is below its count. The vectors
// are consumed, to keep the peak of memory at about 24 bytes a row beside them. `weight` is empty
// or says how much each row counts, over 0: a pair counts as its weightiest row does, and the
// weights of all pairs are scaled to a mean of 1, so that only their ratios matter. Cost: O(rows
// log(rows of a user)), users in parallel.
[[nodiscard]] Interactions BuildInteractions(std::size_t user_count, std::size_t item_count,
                                             std::vector<std::uint32_t> user,
                                             std::vector<std::uint32_t> item,
                                             std::vector<std::int64_t> timestamp, ThreadPool& pool,
                                             std::vector<float> weight = {});

}  // namespace usher::recsys
