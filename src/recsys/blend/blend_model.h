// A blend of an ALS model and item transitions as something to ask. Known users have their factors
// ready, others are folded in from their history; users without any history get what is popular.
//
// Search: transition scores are never negative, so an item that no recent event leads to can only
//         enter the answer from the best k by factors alone. The answer is merged from those
//         (ranking/item_index.h) and the items with a transition score, whose products are
//         computed. Exact, ties included.
// Scores: exp(b score) / Z over the whole catalogue, b = 1 / temperature. Z is the index's
//         normaliser of the factors alone, corrected at the items with a transition score.
// Cost:   that of ItemIndex, and O(rank) for each item with a transition score.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "linalg/matrix.h"
#include "recsys/als/als.h"
#include "recsys/blend/blend_options.h"
#include "recsys/interactions/lists.h"
#include "recsys/model.h"
#include "recsys/sequence/weighted_lists.h"

namespace usher::recsys {

struct BlendModelParts {
  Vocabulary users;
  Vocabulary items;
  ListsView histories;                   // of each user
  std::span<const std::uint32_t> times;  // of each event of the histories, or empty: all the same
  linalg::MatrixView user_factors;       // folded in with options.factor_recency
  linalg::MatrixView item_factors;
  AlsOptions als;                 // as trained with
  WeightedListsView transitions;  // a row for each item, or empty when sequence_weight is 0
  BlendOptions options;
  float temperature = 0;              // over 0
  std::shared_ptr<const void> owner;  // of whatever the views point into
};

// Builds the item index: O(items rank^2).
[[nodiscard]] std::shared_ptr<const Model> MakeBlendModel(BlendModelParts parts);

}  // namespace usher::recsys
