// Trending: the items whose interactions grow fastest.
//
// Source:  Amazon Personalize developer guide, "Trending-Now recipe": the items with the largest
//          increase of interactions between the two latest intervals.
// The latest interval ends with the latest interaction: (T - L, T] and before it (T - 2 L, T - L],
// L its length in seconds. Every row counts, also a user's second one with the same item.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "recsys/model.h"

namespace usher::recsys {

// Interactions with each item in the latest interval less those in the one before. `item` and
// `timestamp` have an entry for each row; zeros when there are no rows.
[[nodiscard]] std::vector<std::int64_t> CountIncrease(std::size_t item_count,
                                                      std::span<const std::uint32_t> item,
                                                      std::span<const std::int64_t> timestamp,
                                                      std::int64_t interval_seconds);

// All items: those that grow, fastest first, then the others; equal ones and the others by
// user_counts, then by index.
[[nodiscard]] std::vector<std::uint32_t> OrderByIncrease(
    std::span<const std::int64_t> increase, std::span<const std::uint32_t> user_counts);

// A model that gives everybody the same items in this order, without scores; it knows no users.
// `order` has each item once; `owner` keeps it.
[[nodiscard]] std::shared_ptr<const Model> MakeFixedOrderModel(Vocabulary items,
                                                               std::span<const std::uint32_t> order,
                                                               std::shared_ptr<const void> owner);

}  // namespace usher::recsys
