#include "recsys/popularity/popularity_model.h"

#include <algorithm>
#include <utility>

namespace usher::recsys {
namespace {

constexpr std::size_t kQueriesPerChunk = 64;

class PopularityModel final : public Model {
 public:
  explicit PopularityModel(PopularityModelParts parts)
      : parts_(std::move(parts)), ranking_(CountUsers(parts_.histories, parts_.items.size())) {}

  const Vocabulary& users() const override { return parts_.users; }
  const Vocabulary& items() const override { return parts_.items; }
  std::span<const std::uint32_t> History(std::uint32_t user) const override {
    return parts_.histories[user];
  }
  bool has_scores() const override { return false; }

  void Recommend(const UserQuery& query, std::vector<ScoredItem>& out) const override {
    std::span<const std::uint32_t> seen;
    if (query.exclude_seen) seen = query.user ? History(*query.user) : query.history;
    RecommendByPopularity(ranking_, seen, query.exclude, query.allowed, query.num_results, out);
  }

  void RecommendMany(std::span<const UserQuery> queries, ThreadPool& pool,
                     std::vector<std::vector<ScoredItem>>& out) const override {
    out.resize(queries.size());
    pool.ParallelFor(queries.size(), kQueriesPerChunk, [&](const ChunkRange& range) {
      for (std::size_t j = range.begin; j < range.end; ++j) Recommend(queries[j], out[j]);
    });
  }

  std::optional<Explanation> Explain(const UserQuery& query, std::uint32_t item) const override {
    std::span<const std::uint32_t> seen;
    if (query.exclude_seen) seen = query.user ? History(*query.user) : query.history;
    return ExplainByPopularity(ranking_, seen, query.exclude, item);
  }

  void Rank(const UserQuery&, std::span<const std::uint32_t> list,
            std::vector<ScoredItem>& out) const override {
    RankByPopularity(ranking_, list, out);
  }

 private:
  PopularityModelParts parts_;
  PopularityRanking ranking_;
};

}  // namespace

std::shared_ptr<const Model> MakePopularityModel(PopularityModelParts parts) {
  return std::make_shared<const PopularityModel>(std::move(parts));
}

void RecommendByPopularity(const PopularityRanking& ranking, std::span<const std::uint32_t> exclude,
                           std::span<const std::uint32_t> exclude_too, const ItemMask* allowed,
                           std::size_t num_results, std::vector<ScoredItem>& out) {
  std::vector<std::uint32_t> excluded(exclude.begin(), exclude.end());
  excluded.insert(excluded.end(), exclude_too.begin(), exclude_too.end());
  std::ranges::sort(excluded);
  out.clear();
  for (const std::uint32_t item : ranking.order()) {
    if (out.size() >= num_results) break;
    if (allowed != nullptr && !allowed->Has(item)) continue;
    if (std::ranges::binary_search(excluded, item)) continue;
    out.push_back({item, ranking.Share(item)});
  }
}

Explanation ExplainByPopularity(const PopularityRanking& ranking,
                                std::span<const std::uint32_t> exclude,
                                std::span<const std::uint32_t> exclude_too, std::uint32_t item) {
  std::vector<std::uint32_t> excluded(exclude.begin(), exclude.end());
  excluded.insert(excluded.end(), exclude_too.begin(), exclude_too.end());
  std::ranges::sort(excluded);
  Explanation why{
      .basis = Explanation::Basis::kPopularity, .score = double{ranking.Share(item)}, .rank = 1};
  for (const std::uint32_t other : ranking.order()) {
    if (other == item) break;
    if (!std::ranges::binary_search(excluded, other)) ++why.rank;
  }
  return why;
}

void RankByPopularity(const PopularityRanking& ranking, std::span<const std::uint32_t> list,
                      std::vector<ScoredItem>& out) {
  double total = 0;
  for (const std::uint32_t item : list) total += ranking.Share(item);
  out.clear();
  for (std::uint32_t place = 0; place < list.size(); ++place) {
    const double share =
        total > 0 ? ranking.Share(list[place]) / total : 1.0 / static_cast<double>(list.size());
    out.push_back({place, static_cast<float>(share)});
  }
  SortPlaces(list, out);
}

}  // namespace usher::recsys
