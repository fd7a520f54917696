// A trained ALS model as something to ask: known users by their factors, others by folding in their
// history, users without any history by popularity.
#pragma once

#include <memory>

#include "linalg/matrix.h"
#include "recsys/als/als.h"
#include "recsys/interactions/lists.h"
#include "recsys/model.h"

namespace usher::recsys {

struct AlsModelParts {
  Vocabulary users;
  Vocabulary items;
  ListsView histories;  // of each user
  linalg::MatrixView user_factors;
  linalg::MatrixView item_factors;
  AlsOptions options;  // as trained with
  float temperature = 0;
  std::shared_ptr<const void> owner;  // of whatever the views point into
};

// Builds the item index: O(items rank^2).
[[nodiscard]] std::shared_ptr<const Model> MakeAlsModel(AlsModelParts parts);

}  // namespace usher::recsys
