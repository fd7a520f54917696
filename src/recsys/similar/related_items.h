// RelatedItems: a trained answer to "which items are like this one", immutable, read by any number
// of requests at once.
//
// Neighbours come first, best first; then, until there are enough, what is popular. An item that
// the model does not know or that has no neighbours gets popular items alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "recsys/interactions/lists.h"
#include "recsys/popularity/popularity.h"
#include "recsys/ranking/item_mask.h"
#include "recsys/vocabulary/vocabulary.h"

namespace usher::recsys {

class RelatedItems {
 public:
  // `neighbours` has a list for each item; `user_counts` says how popular each is. `owner` keeps
  // what the views point into.
  RelatedItems(Vocabulary items, ListsView neighbours, std::span<const std::uint32_t> user_counts,
               std::shared_ptr<const void> owner);

  [[nodiscard]] const Vocabulary& items() const { return items_; }

  // Overwrites `out` with the num_results items most like `item`, which is not among them; fewer
  // when the catalogue has no more. With `allowed`, others are left out. Cost: O(num_results^2)
  // when neighbours do not suffice; with `allowed`, O(catalogue) at worst.
  void Find(std::optional<std::uint32_t> item, std::size_t num_results,
            std::vector<std::uint32_t>& out, const ItemMask* allowed = nullptr) const;

 private:
  Vocabulary items_;
  ListsView neighbours_;
  PopularityRanking popularity_;
  std::shared_ptr<const void> owner_;
};

}  // namespace usher::recsys
