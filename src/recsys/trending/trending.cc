#include "recsys/trending/trending.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace usher::recsys {
namespace {

constexpr std::size_t kQueriesPerChunk = 64;

class FixedOrderModel final : public Model {
 public:
  FixedOrderModel(Vocabulary items, std::span<const std::uint32_t> order,
                  std::shared_ptr<const void> owner)
      : items_(std::move(items)), order_(order), place_(order.size()), owner_(std::move(owner)) {
    for (std::uint32_t place = 0; place < order.size(); ++place) place_[order[place]] = place;
  }

  const Vocabulary& users() const override { return users_; }
  const Vocabulary& items() const override { return items_; }
  std::span<const std::uint32_t> History(std::uint32_t) const override { return {}; }
  bool has_scores() const override { return false; }

  void Recommend(const UserQuery& query, std::vector<ScoredItem>& out) const override {
    std::vector<std::uint32_t> excluded(query.exclude.begin(), query.exclude.end());
    if (query.exclude_seen && !query.user) {
      excluded.insert(excluded.end(), query.history.begin(), query.history.end());
    }
    std::ranges::sort(excluded);
    out.clear();
    for (const std::uint32_t item : order_) {
      if (out.size() >= query.num_results) break;
      if (query.allowed != nullptr && !query.allowed->Has(item)) continue;
      if (!std::ranges::binary_search(excluded, item)) out.push_back({item, 0});
    }
  }

  void RecommendMany(std::span<const UserQuery> queries, ThreadPool& pool,
                     std::vector<std::vector<ScoredItem>>& out) const override {
    out.resize(queries.size());
    pool.ParallelFor(queries.size(), kQueriesPerChunk, [&](const ChunkRange& range) {
      for (std::size_t j = range.begin; j < range.end; ++j) Recommend(queries[j], out[j]);
    });
  }

  void Rank(const UserQuery&, std::span<const std::uint32_t> list,
            std::vector<ScoredItem>& out) const override {
    out.clear();
    const auto share = list.empty() ? 0.0F : 1.0F / static_cast<float>(list.size());
    for (const std::uint32_t item : list) out.push_back({item, share});
    std::ranges::stable_sort(out, {}, [&](const ScoredItem& entry) { return place_[entry.item]; });
  }

 private:
  Vocabulary users_;
  Vocabulary items_;
  std::span<const std::uint32_t> order_;
  std::vector<std::uint32_t> place_;  // of each item in order_
  std::shared_ptr<const void> owner_;
};

}  // namespace

std::vector<std::int64_t> CountIncrease(std::size_t item_count, std::span<const std::uint32_t> item,
                                        std::span<const std::int64_t> timestamp,
                                        std::int64_t interval_seconds) {
  std::vector<std::int64_t> increase(item_count, 0);
  if (timestamp.empty()) return increase;
  const std::int64_t latest = std::ranges::max(timestamp);
  for (std::size_t row = 0; row < item.size(); ++row) {
    const std::int64_t age = latest - timestamp[row];
    if (age < interval_seconds) {
      ++increase[item[row]];
    } else if (age < 2 * interval_seconds) {
      --increase[item[row]];
    }
  }
  return increase;
}

std::vector<std::uint32_t> OrderByIncrease(std::span<const std::int64_t> increase,
                                           std::span<const std::uint32_t> user_counts) {
  std::vector<std::uint32_t> order(increase.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, [&](std::uint32_t a, std::uint32_t b) {
    const std::int64_t grows_a = std::max<std::int64_t>(increase[a], 0);
    const std::int64_t grows_b = std::max<std::int64_t>(increase[b], 0);
    if (grows_a != grows_b) return grows_a > grows_b;
    if (user_counts[a] != user_counts[b]) return user_counts[a] > user_counts[b];
    return a < b;
  });
  return order;
}

std::shared_ptr<const Model> MakeFixedOrderModel(Vocabulary items,
                                                 std::span<const std::uint32_t> order,
                                                 std::shared_ptr<const void> owner) {
  return std::make_shared<const FixedOrderModel>(std::move(items), order, std::move(owner));
}

}  // namespace usher::recsys
