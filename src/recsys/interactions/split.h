// Splits of interactions into what a model may learn from and what it is judged by.
//
// Where a cut falls among events of one time, which of them are held out has nothing to do with the
// order of their rows: rows of a basket often lie in the order of a shelf, which would make the
// rest of it look easy to foresee.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "recsys/interactions/interactions.h"

namespace usher::recsys {

struct Split {
  Interactions train;
  std::vector<std::uint32_t> users;        // those with held-out items, ascending
  Lists input;                             // of users[j]: what the model is given at scoring
  std::vector<std::uint32_t> input_times;  // of each entry of input.values, as Interactions has it
  Lists held_out;  // of users[j]: what it should have recommended, oldest first
  // How much each entry of input.values and of held_out.values counts, as Interactions has it.
  std::vector<float> input_weights;
  std::vector<float> held_out_weights;

  [[nodiscard]] std::span<const std::uint32_t> InputTimes(std::size_t j) const {
    if (input_times.empty()) return {};
    return ListsView{input.offsets, input_times}[j];
  }
  [[nodiscard]] std::span<const float> InputWeights(std::size_t j) const {
    return WeightsOfList(input.view(), input_weights, j);
  }
  [[nodiscard]] std::span<const float> HeldOutWeights(std::size_t j) const {
    return WeightsOfList(held_out.view(), held_out_weights, j);
  }
};

// The newest tenth, rounded down but at least 1, of a history of n >= 2; 0 of a shorter one.
[[nodiscard]] constexpr std::size_t NewestTenth(std::size_t n) {
  return n < 2 ? 0 : (n < 20 ? 1 : n / 10);
}

// Every user's newest tenth is held out; input is the rest, which the model also learns from.
[[nodiscard]] Split SplitNewestOfEachUser(const Interactions& all);

// The same for `count` users, chosen by the seed; the others are learned from whole. All of those
// with two interactions or more when there are no more than `count`.
[[nodiscard]] Split SplitNewestOfSomeUsers(const Interactions& all, std::size_t count,
                                           std::uint64_t seed);

// A tenth of the users (at least 1 of those with two interactions or more; chosen by the seed) is
// held out whole: nothing of theirs is in train. Input is all but their newest tenth.
// With fewer than two such users nothing is held out.
// Source: Amazon Personalize's description of its offline metrics.
[[nodiscard]] Split SplitUsers(const Interactions& all, std::uint64_t seed);

}  // namespace usher::recsys
