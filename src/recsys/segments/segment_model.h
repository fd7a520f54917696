// SegmentModel: the users most likely to interact with an item or with any of several items.
//
// Source:  scores are the inner products of alternating least squares (recsys/als/als.h), an
//          estimate of whether user u meets item i: u.v_i, and for a set of items their expected
//          number, sum_i u.v_i = u.(sum_i v_i).
// Cost:    O(users rank) a query.
// Threads: safe for any number of queries at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "linalg/matrix.h"
#include "recsys/interactions/lists.h"
#include "recsys/ranking/item_mask.h"
#include "recsys/segments/attribute_index.h"
#include "recsys/vocabulary/vocabulary.h"

namespace usher::recsys {

struct SegmentModelParts {
  Vocabulary users;
  Vocabulary items;
  ListsView histories;  // items of each user
  linalg::MatrixView user_factors;
  linalg::MatrixView item_factors;
  AttributeIndex attributes;          // empty where the recipe knows none
  std::shared_ptr<const void> owner;  // of whatever the views point into
};

class SegmentModel {
 public:
  explicit SegmentModel(SegmentModelParts parts) : parts_(std::move(parts)) {}

  [[nodiscard]] const Vocabulary& users() const { return parts_.users; }
  [[nodiscard]] const Vocabulary& items() const { return parts_.items; }
  [[nodiscard]] const AttributeIndex& attributes() const { return parts_.attributes; }

  // Whether anything is known of one of the items: somebody met it, or its metadata says something.
  [[nodiscard]] bool Knows(std::span<const std::uint32_t> items) const;

  // Overwrites `out` with the num_results users of the highest score, best first, equal ones by
  // index. With exclude_seen, users who met all of `items` are left out; with `allowed`, a set of
  // users, all others.
  void FindUsers(std::span<const std::uint32_t> items, std::size_t num_results, bool exclude_seen,
                 std::vector<std::uint32_t>& out, const ItemMask* allowed = nullptr) const;

 private:
  SegmentModelParts parts_;
};

}  // namespace usher::recsys
