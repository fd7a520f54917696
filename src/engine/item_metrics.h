// Offline metrics of the models of engine/item_model.h, by the API's keys, rounded to 4 decimals.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "recsys/interactions/split.h"
#include "recsys/similar/related_items.h"

namespace usher::engine {

using Metrics = std::map<std::string, double>;

// The best 25 items like the newest one of each input, without those of the input.
[[nodiscard]] std::vector<std::vector<std::uint32_t>> RelatedLists(
    const recsys::RelatedItems& related, const recsys::Split& split, ThreadPool& pool);

// From the newest item of each input to the held-out items, among items not in the input; coverage
// is the share of the catalogue in the top 25 of any item. Empty when nothing is held out.
[[nodiscard]] Metrics RelatedItemsMetrics(const recsys::RelatedItems& related,
                                          const recsys::Split& split, ThreadPool& pool);

// trend_prediction_accuracy: increase over the first 25 of `order` divided by that over the 25
// items that grew most, between 0 and 1; coverage of those 25.
[[nodiscard]] Metrics TrendingMetrics(std::span<const std::uint32_t> order,
                                      std::span<const std::int64_t> increase);

// Rounds to the 4 decimals that the API gives.
[[nodiscard]] double Round4(double value);

}  // namespace usher::engine
