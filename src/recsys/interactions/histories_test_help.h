// HistoriesOf: interactions for tests, written as the lists that they are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "recsys/interactions/interactions.h"

namespace usher::recsys {

// A list for each user, oldest first, without times.
[[nodiscard]] inline Interactions HistoriesOf(
    std::size_t items, const std::vector<std::vector<std::uint32_t>>& lists) {
  Interactions all;
  all.user_count = lists.size();
  all.item_count = items;
  for (const auto& list : lists) all.by_user.Append(list);
  return all;
}

}  // namespace usher::recsys
