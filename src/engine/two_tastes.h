// TwoTastes: interactions for tests in which half of the users choose even items and half odd ones.
#pragma once

#include <cstdint>
#include <string>

#include "base/random.h"
#include "engine/interactions_file.h"

namespace usher::engine {

// User u meets items of u's parity, each with probability `density`, in random order of time.
[[nodiscard]] inline InteractionTable TwoTastes(std::uint32_t users, std::uint32_t items,
                                                double density, std::uint64_t seed = 1) {
  InteractionTable table;
  Random random(seed);
  for (std::uint32_t u = 0; u < users; ++u) table.user_ids.push_back("u" + std::to_string(u));
  for (std::uint32_t i = 0; i < items; ++i) table.item_ids.push_back("i" + std::to_string(i));
  for (std::uint32_t u = 0; u < users; ++u) {
    for (std::uint32_t i = u % 2; i < items; i += 2) {
      if (random.Uniform() >= density) continue;
      table.user.push_back(u);
      table.item.push_back(i);
      table.timestamp.push_back(static_cast<std::int64_t>(random.Below(1'000'000)));
    }
  }
  return table;
}

}  // namespace usher::engine
