// Context: what the situation of a request says about the next item, learnt from context columns
// (recsys/context/context_lift.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "engine/fit.h"
#include "engine/interactions_file.h"
#include "recsys/interactions/split.h"

namespace usher::engine {

// Lifts take a float for each value and item; the rarest values of a column that do not fit are as
// if they were not there.
inline constexpr std::size_t kMaxLiftCells = std::size_t{1} << 24;

// The situation of each row, beside who met what.
struct ContextTable {
  std::vector<ContextColumn> columns;  // values by falling frequency
  std::vector<std::uint32_t> user;
  std::vector<std::uint32_t> item;

  [[nodiscard]] bool empty() const { return columns.empty(); }
};

// Copies what is needed of a table of `item_count` items; empty without context columns.
[[nodiscard]] ContextTable CopyContext(const InteractionTable& table, std::size_t item_count);

// Learns the lifts from the rows of all users but those of `except`. The weight stays 0.
[[nodiscard]] ContextModel FitContext(const ContextTable& table, std::size_t item_count,
                                      const std::vector<std::uint32_t>& except);

// The weight under which the held-out events of the split are likeliest, each in its own situation;
// 0 when context does not help. `fitted` has the lifts.
[[nodiscard]] float ChooseContextWeight(const Fitted& fitted, const recsys::Split& split,
                                        float temperature, const ContextTable& table,
                                        ThreadPool& pool);

}  // namespace usher::engine
