// ContextLift: how much more likely an item is in a situation (a device, a time of day) than
// otherwise.
//
// Source:  pointwise mutual information with counts smoothed towards independence, as an item's
// bias
//          for each context value; the additive counterpart of the context features in Rendle,
//          "Factorization Machines", ICDM 2010, with the interactions of context and user left out.
// Symbols: n_iv events of item i with value v, n_i and n_v events of each, N all events,
//          e_iv = n_i n_v / N those to expect when the two have nothing to do with one another, k
//          kPriorEvents:  l_vi = log((n_iv + k) / (e_iv + k)).
// Cost:    O(events + values * items).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "linalg/matrix.h"

namespace usher::recsys {

inline constexpr double kPriorEvents = 10;

// [value_count x item_count], a row for each value. items[e] was met with value values[e]; an event
// whose value is not below value_count has none and does not count.
[[nodiscard]] linalg::Matrix FitContextLift(std::span<const std::uint32_t> items,
                                            std::span<const std::uint32_t> values,
                                            std::size_t item_count, std::size_t value_count);

}  // namespace usher::recsys
