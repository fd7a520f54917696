#include "recsys/als/als_model.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "linalg/vector_ops.h"
#include "recsys/popularity/popularity.h"
#include "recsys/popularity/popularity_model.h"
#include "recsys/ranking/item_index.h"
#include "recsys/ranking/scratch_pool.h"

namespace usher::recsys {
namespace {

struct CallScratch {
  CallScratch(const ItemIndex& index, std::size_t stride)
      : search(index.NewScratch()), fold_in(stride), vectors(ItemIndex::kGroup, stride) {}

  ItemIndex::ScratchPtr search;
  AlsSide::Scratch fold_in;
  linalg::Matrix vectors;  // folded in, one for each query of a group
  std::vector<ItemQuery> queries;
  std::vector<std::size_t> asked;  // which query each of them came from
  std::vector<std::vector<ScoredItem>> answers;
};

class AlsModel final : public Model {
 public:
  explicit AlsModel(AlsModelParts parts)
      : parts_(std::move(parts)),
        counts_(CountUsers(parts_.histories, parts_.items.size())),
        popularity_(counts_),
        index_(parts_.item_factors),
        inverse_temperature_(parts_.temperature > 0 ? 1.0F / parts_.temperature : 0.0F),
        side_(MakeSide()) {}

  const Vocabulary& users() const override { return parts_.users; }
  const Vocabulary& items() const override { return parts_.items; }
  std::span<const std::uint32_t> History(std::uint32_t user) const override {
    return parts_.histories[user];
  }
  bool has_scores() const override { return true; }

  void Recommend(const UserQuery& query, std::vector<ScoredItem>& out) const override {
    auto scratch = TakeScratch();
    RecommendGroup({&query, 1}, *scratch, {&out, 1});
  }

  void RecommendMany(std::span<const UserQuery> queries, ThreadPool& pool,
                     std::vector<std::vector<ScoredItem>>& out) const override {
    out.resize(queries.size());
    pool.ParallelFor(queries.size(), ItemIndex::kGroup, [&](const ChunkRange& range) {
      auto scratch = TakeScratch();
      const std::size_t count = range.end - range.begin;
      RecommendGroup(queries.subspan(range.begin, count), *scratch,
                     std::span(out).subspan(range.begin, count));
    });
  }

  void Rank(const UserQuery& query, std::span<const std::uint32_t> list,
            std::vector<ScoredItem>& out) const override {
    auto scratch = TakeScratch();
    const float* u = UserVector(query, *scratch, 0);
    if (u == nullptr) {
      RankByPopularity(popularity_, list, out);
      return;
    }
    out.clear();
    float largest = -std::numeric_limits<float>::infinity();
    const std::size_t stride = parts_.item_factors.stride;
    for (std::uint32_t place = 0; place < list.size(); ++place) {
      const float product =
          linalg::Dot({parts_.item_factors.Row(list[place]), stride}, {u, stride});
      out.push_back({place, product});
      largest = std::max(largest, product);
    }
    double total = 0;
    for (ScoredItem& item : out) {
      item.score = std::exp(inverse_temperature_ * (item.score - largest));
      total += item.score;
    }
    for (ScoredItem& item : out) item.score = static_cast<float>(item.score / total);
    SortPlaces(list, out);
  }

 private:
  AlsSide MakeSide() const {
    ThreadPool pool(1);
    const auto met = static_cast<std::size_t>(
        std::ranges::count_if(counts_, [](std::uint32_t count) { return count > 0; }));
    return {parts_.item_factors, met, parts_.options, pool};
  }

  ScratchPool<CallScratch>::Lease TakeScratch() const {
    return scratches_.Take(
        [this] { return std::make_unique<CallScratch>(index_, parts_.item_factors.stride); });
  }

  // The user's vector, in the scratch's row `slot` when folded in; nullptr for a user of whom the
  // model knows nothing.
  const float* UserVector(const UserQuery& query, CallScratch& scratch, std::size_t slot) const {
    const float* u = nullptr;
    if (query.user) {
      u = parts_.user_factors.Row(*query.user);
    } else {
      side_.Solve(query.history, {}, scratch.fold_in, scratch.vectors.Row(slot));
      u = scratch.vectors.Row(slot);
    }
    const bool knows_nothing =
        std::all_of(u, u + parts_.item_factors.cols, [](float value) { return value == 0.0F; });
    return knows_nothing ? nullptr : u;
  }

  // At most ItemIndex::kGroup queries.
  void RecommendGroup(std::span<const UserQuery> queries, CallScratch& scratch,
                      std::span<std::vector<ScoredItem>> out) const {
    scratch.queries.clear();
    scratch.asked.clear();
    for (std::size_t j = 0; j < queries.size(); ++j) {
      const UserQuery& query = queries[j];
      std::span<const std::uint32_t> seen;
      if (query.exclude_seen) seen = query.user ? History(*query.user) : query.history;
      const float* u = UserVector(query, scratch, j);
      if (u == nullptr) {
        RecommendByPopularity(popularity_, seen, query.exclude, query.num_results, out[j]);
        continue;
      }
      scratch.queries.push_back({.u = u,
                                 .exclude = seen,
                                 .exclude_too = query.exclude,
                                 .k = query.num_results,
                                 .inverse_temperature = inverse_temperature_});
      scratch.asked.push_back(j);
    }
    const std::size_t count = scratch.queries.size();
    if (scratch.answers.size() < count) scratch.answers.resize(count);
    for (std::size_t j = 0; j < count; ++j) scratch.answers[j].swap(out[scratch.asked[j]]);
    index_.Search(scratch.queries, *scratch.search, std::span(scratch.answers).first(count));
    for (std::size_t j = 0; j < count; ++j) scratch.answers[j].swap(out[scratch.asked[j]]);
  }

  AlsModelParts parts_;
  std::vector<std::uint32_t> counts_;
  PopularityRanking popularity_;
  ItemIndex index_;
  float inverse_temperature_;
  AlsSide side_;
  mutable ScratchPool<CallScratch> scratches_;
};

}  // namespace

std::shared_ptr<const Model> MakeAlsModel(AlsModelParts parts) {
  return std::make_shared<const AlsModel>(std::move(parts));
}

}  // namespace usher::recsys
