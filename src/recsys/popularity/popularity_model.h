// Popularity as something to ask: the same list for everybody, less what they have seen.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "recsys/interactions/lists.h"
#include "recsys/model.h"
#include "recsys/popularity/popularity.h"

namespace usher::recsys {

struct PopularityModelParts {
  Vocabulary users;
  Vocabulary items;
  ListsView histories;                // of each user
  std::shared_ptr<const void> owner;  // of whatever the views point into
};

[[nodiscard]] std::shared_ptr<const Model> MakePopularityModel(PopularityModelParts parts);

// The most popular items without those in `exclude` and `exclude_too`, with `allowed` of those
// alone, scored by their share.
void RecommendByPopularity(const PopularityRanking& ranking, std::span<const std::uint32_t> exclude,
                           std::span<const std::uint32_t> exclude_too, const ItemMask* allowed,
                           std::size_t num_results, std::vector<ScoredItem>& out);

// The item's share, and its rank among the items that are not left out.
[[nodiscard]] Explanation ExplainByPopularity(const PopularityRanking& ranking,
                                              std::span<const std::uint32_t> exclude,
                                              std::span<const std::uint32_t> exclude_too,
                                              std::uint32_t item);

// `list` by popularity; scores are shares within the list.
void RankByPopularity(const PopularityRanking& ranking, std::span<const std::uint32_t> list,
                      std::vector<ScoredItem>& out);

}  // namespace usher::recsys
