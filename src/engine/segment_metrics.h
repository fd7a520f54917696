// Offline metrics of the affinity recipes, and the hold-out that they are made on.
//
// Source: Amazon Personalize developer guide, "Metrics": hits_at_1_percent is the mean number of
//         users in the top 1 % of a query who did interact, recall_at_1_percent the mean share of
//         those who did that the top 1 % holds; coverage is the share of users in any of the lists.
#pragma once

#include <cstdint>
#include <vector>

#include "base/parallel.h"
#include "engine/item_metrics.h"
#include "recsys/interactions/interactions.h"
#include "recsys/interactions/split.h"
#include "recsys/segments/segment_model.h"

namespace usher::engine {

// A segment to find: of one item or of all items that have a value.
struct SegmentQuery {
  std::vector<std::uint32_t> items;
  std::vector<std::uint32_t> actual;  // users who met one of them in the held-out part, ascending
};

// Everybody's newest fifth, rounded down, is held out. Histories of one time are cut in their
// order.
[[nodiscard]] recsys::Split SplitNewestFifth(const recsys::Interactions& all);

// One for each item that somebody met in the held-out part.
[[nodiscard]] std::vector<SegmentQuery> ItemQueries(const recsys::Split& split);

// One for each value of each column of strings, of which some item was met in the held-out part.
[[nodiscard]] std::vector<SegmentQuery> AttributeQueries(const recsys::Split& split,
                                                         const recsys::AttributeIndex& index);

// Over at most kMaxSegmentQueries of the queries, spread evenly. Empty without queries.
inline constexpr std::size_t kMaxSegmentQueries = 2000;
[[nodiscard]] Metrics SegmentMetrics(const recsys::SegmentModel& model,
                                     const std::vector<SegmentQuery>& queries, ThreadPool& pool);

}  // namespace usher::engine
