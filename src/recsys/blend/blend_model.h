// A blend of an ALS model and item transitions as something to ask. Known users have their factors
// ready, others are folded in from their history; users without any history get what is popular.
//
// Search: transition scores are never negative, so an item that no recent event leads to can only
//         enter the answer from the best k by factors alone. The answer is merged from those
//         (ranking/item_index.h) and the items with a transition score, whose products are
//         computed. Exact, ties included.
// Scores: exp(b score) / Z over the whole catalogue, b = 1 / temperature. Z is the index's
//         normaliser of the factors alone, corrected at the items with a transition score.
// Context: a query with context is answered by scoring every item, with weight / b times the sum of
//         its lifts added; a user without history gets the logarithm of popularity for a score.
// Cost:   that of ItemIndex, and O(rank) for each item with a transition score.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "linalg/matrix.h"
#include "recsys/als/als.h"
#include "recsys/blend/blend_options.h"
#include "recsys/interactions/lists.h"
#include "recsys/model.h"
#include "recsys/sequence/weighted_lists.h"

namespace usher::recsys {

// What the model knows of situations. Value j of column c is row offsets[c] + j of the lift.
struct ContextParts {
  std::vector<std::string> columns;
  std::vector<std::size_t> offsets;  // one more than columns
  std::vector<std::string> values;   // of all columns, laid end to end
  linalg::MatrixView lift;           // [values x items], recsys/context/context_lift.h
  float weight = 0;                  // of a lift beside the logarithm of a probability

  [[nodiscard]] bool empty() const { return columns.empty(); }
};

struct BlendModelParts {
  Vocabulary users;
  Vocabulary items;
  ListsView histories;                   // of each user
  std::span<const std::uint32_t> times;  // of each event of the histories, or empty: all the same
  std::span<const float> weights = {};   // likewise: how much each counts
  linalg::MatrixView user_factors;       // folded in with options.factor_recency
  linalg::MatrixView item_factors;
  AlsOptions als;                 // as trained with
  WeightedListsView transitions;  // a row for each item, or empty when sequence_weight is 0
  BlendOptions options;
  float temperature = 0;              // over 0
  ContextParts context;               // empty when the training data had none
  std::shared_ptr<const void> owner;  // of whatever the views point into
};

// Builds the item index: O(items rank^2).
[[nodiscard]] std::shared_ptr<const Model> MakeBlendModel(BlendModelParts parts);

}  // namespace usher::recsys
