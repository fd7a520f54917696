#include "engine/segment_metrics.h"

#include <algorithm>

namespace usher::engine {
namespace {

constexpr std::size_t kQueriesPerChunk = 4;

// Users who met each item in the held-out part, ascending.
recsys::Lists HeldOutUsers(const recsys::Split& split) {
  recsys::Lists by_user;  // of all users
  std::size_t next = 0;
  for (std::uint32_t user = 0; user < split.train.user_count; ++user) {
    if (next < split.users.size() && split.users[next] == user) {
      by_user.Append(split.held_out[next++]);
    } else {
      by_user.Append({});
    }
  }
  return recsys::Transpose(by_user.view(), split.train.item_count);
}

}  // namespace

recsys::Split SplitNewestFifth(const recsys::Interactions& all) {
  recsys::Split split;
  split.train.user_count = all.user_count;
  split.train.item_count = all.item_count;
  for (std::uint32_t user = 0; user < all.user_count; ++user) {
    const auto history = all.by_user[user];
    const std::size_t kept = history.size() - history.size() / 5;
    split.train.by_user.Append(history.first(kept));
    const auto times = all.TimesOf(user);
    if (!times.empty()) {
      split.train.times.insert(split.train.times.end(), times.begin(),
                               times.begin() + static_cast<std::ptrdiff_t>(kept));
    }
    if (kept == history.size()) continue;
    split.users.push_back(user);
    split.input.Append(history.first(kept));
    split.held_out.Append(history.subspan(kept));
  }
  return split;
}

std::vector<SegmentQuery> ItemQueries(const recsys::Split& split) {
  const recsys::Lists users = HeldOutUsers(split);
  std::vector<SegmentQuery> queries;
  for (std::uint32_t item = 0; item < users.size(); ++item) {
    const auto actual = users[item];
    if (!actual.empty()) queries.push_back({{item}, {actual.begin(), actual.end()}});
  }
  return queries;
}

std::vector<SegmentQuery> AttributeQueries(const recsys::Split& split,
                                           const recsys::AttributeIndex& index) {
  const recsys::Lists users = HeldOutUsers(split);
  std::vector<SegmentQuery> queries;
  for (const recsys::AttributeIndex::Column& column : index.columns()) {
    if (column.is_number) continue;
    for (std::size_t value = 0; value < column.values.size(); ++value) {
      const auto items = column.items[value];
      SegmentQuery query{.items = {items.begin(), items.end()}, .actual = {}};
      for (const std::uint32_t item : items) {
        query.actual.insert(query.actual.end(), users[item].begin(), users[item].end());
      }
      std::ranges::sort(query.actual);
      const auto repeated = std::ranges::unique(query.actual);
      query.actual.erase(repeated.begin(), repeated.end());
      if (!query.actual.empty()) queries.push_back(std::move(query));
    }
  }
  return queries;
}

Metrics SegmentMetrics(const recsys::SegmentModel& model, const std::vector<SegmentQuery>& queries,
                       ThreadPool& pool) {
  if (queries.empty()) return {};
  const std::size_t user_count = model.users().size();
  const std::size_t top = std::max<std::size_t>(1, user_count / 100);
  const std::size_t asked = std::min(queries.size(), kMaxSegmentQueries);
  std::vector<std::vector<std::uint32_t>> lists(asked);
  const auto query = [&](std::size_t j) -> const SegmentQuery& {
    return queries[j * queries.size() / asked];
  };
  pool.ParallelFor(asked, kQueriesPerChunk, [&](const ChunkRange& range) {
    for (std::size_t j = range.begin; j < range.end; ++j) {
      model.FindUsers(query(j).items, top, true, lists[j]);
    }
  });
  std::vector<bool> covered(user_count, false);
  double hits = 0;
  double recall = 0;
  for (std::size_t j = 0; j < asked; ++j) {
    const std::vector<std::uint32_t>& actual = query(j).actual;
    double found = 0;
    for (const std::uint32_t user : lists[j]) {
      covered[user] = true;
      found += std::ranges::binary_search(actual, user) ? 1 : 0;
    }
    hits += found;
    recall += found / static_cast<double>(actual.size());
  }
  const auto count = static_cast<double>(asked);
  return {{"hits_at_1_percent", Round4(hits / count)},
          {"recall_at_1_percent", Round4(recall / count)},
          {"coverage", Round4(static_cast<double>(std::ranges::count(covered, true)) /
                              static_cast<double>(user_count))}};
}

}  // namespace usher::engine
