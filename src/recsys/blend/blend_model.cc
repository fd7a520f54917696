#include "recsys/blend/blend_model.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "base/check.h"
#include "recsys/blend/explain.h"
#include "recsys/blend/fold_in.h"
#include "recsys/blend/sequence_scores.h"
#include "recsys/popularity/popularity.h"
#include "recsys/popularity/popularity_model.h"
#include "recsys/ranking/item_index.h"
#include "recsys/ranking/scratch_pool.h"
#include "recsys/ranking/top_k.h"

namespace usher::recsys {
namespace {

// Popularity of an item that nobody met.
constexpr float kSmallestShare = 1e-9F;

// A filter that lets at most one in so many items through is answered item by item.
constexpr std::size_t kFewItemsShare = 64;

// What the user did, wherever the query says it stands.
struct Events {
  std::span<const std::uint32_t> items;
  std::span<const std::uint32_t> times;
  std::span<const float> weights;
};

struct CallScratch {
  CallScratch(const ItemIndex& index, std::size_t stride)
      : search(index.NewScratch()),
        fold_in(stride),
        vectors(ItemIndex::kGroup, stride),
        sequence(index.size()),
        left_out(index.size(), false) {}

  ItemIndex::ScratchPtr search;
  FoldInScratch fold_in;
  linalg::Matrix vectors;  // folded in, one for each query of a group
  SequenceScores sequence;
  std::vector<float> products;  // of the items of `sequence`
  std::vector<std::uint32_t> allowed;
  std::vector<bool> left_out;  // all false between calls
  TopK best;
  std::vector<ItemQuery> queries;
  std::vector<std::size_t> asked;  // which query each of them came from
  std::vector<double> log_normalizers;
  std::vector<std::vector<ScoredItem>> answers;
};

class BlendModel final : public Model {
 public:
  explicit BlendModel(BlendModelParts parts)
      : parts_(std::move(parts)),
        counts_(CountUsers(parts_.histories, parts_.items.size())),
        popularity_(counts_),
        index_(parts_.item_factors),
        side_(MakeSide()),
        b_(1.0F / parts_.temperature) {
    Check(parts_.temperature > 0, "the temperature is over 0");
    if (!parts_.context.empty()) {
      all_items_.resize(parts_.items.size());
      std::iota(all_items_.begin(), all_items_.end(), 0U);
    }
    Check(!has_sequence() || parts_.transitions.size() == parts_.items.size(),
          "every item has its transitions");
  }

  const Vocabulary& users() const override { return parts_.users; }
  const Vocabulary& items() const override { return parts_.items; }
  std::span<const std::uint32_t> History(std::uint32_t user) const override {
    return parts_.histories[user];
  }
  std::span<const std::uint32_t> Times(std::uint32_t user) const override {
    if (parts_.times.empty()) return {};
    return ListsView{parts_.histories.offsets, parts_.times}[user];
  }
  std::span<const float> Weights(std::uint32_t user) const override {
    return WeightsOfList(parts_.histories, parts_.weights, user);
  }
  std::optional<std::uint32_t> FindContext(std::string_view column,
                                           std::string_view value) const override {
    const ContextParts& context = parts_.context;
    const auto found = std::ranges::find(context.columns, column);
    if (found == context.columns.end()) return std::nullopt;
    const auto c = static_cast<std::size_t>(found - context.columns.begin());
    for (std::size_t row = context.offsets[c]; row < context.offsets[c + 1]; ++row) {
      if (context.values[row] == value) return static_cast<std::uint32_t>(row);
    }
    return std::nullopt;
  }
  std::vector<std::string> ContextColumns() const override { return parts_.context.columns; }
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
      RecommendGroup(queries.subspan(range.begin, range.end - range.begin), *scratch,
                     std::span(out).subspan(range.begin, range.end - range.begin));
    });
  }

  std::optional<Explanation> Explain(const UserQuery& query, std::uint32_t item) const override {
    auto scratch = TakeScratch();
    const Events events = EventsOf(query);
    const std::span<const std::uint32_t> seen =
        query.exclude_seen ? events.items : std::span<const std::uint32_t>();
    const float* u = FactorsOf(query, events, *scratch, 0);
    const bool in_context = UsesContext(query);
    if (IsZero(u) && !in_context) {
      return ExplainByPopularity(popularity_, seen, query.exclude, item);
    }
    SumSequence(events, scratch->sequence);
    Explanation why{.basis = Explanation::Basis::kPopularity};
    if (!KnowsNothing(u, scratch->sequence)) {
      why = ExplainBlend({.side = side_,
                          .item_factors = parts_.item_factors,
                          .transitions = has_sequence() ? parts_.transitions : WeightedListsView(),
                          .options = parts_.options},
                         events.items, events.times, events.weights, item);
    }
    if (in_context) {
      for (const std::uint32_t value : query.context) {
        why.context.push_back(parts_.context.weight / b_ * parts_.context.lift.Row(value)[item]);
      }
    }
    // Every item's score, with the bits of Recommend.
    std::vector<std::uint32_t> all(index_.size());
    std::iota(all.begin(), all.end(), 0U);
    Score(query, u, all, *scratch);
    const std::vector<float>& scores = scratch->products;
    std::vector<bool> left_out(all.size(), false);
    MarkLeftOut({.exclude = seen, .exclude_too = query.exclude}, true, left_out);
    why.score = double{scores[item]};
    why.rank = 1;
    for (const std::uint32_t other : all) {
      const bool better =
          scores[other] > scores[item] || (scores[other] == scores[item] && other < item);
      if (better && !left_out[other]) ++why.rank;
    }
    return why;
  }

  void Rank(const UserQuery& query, std::span<const std::uint32_t> list,
            std::vector<ScoredItem>& out) const override {
    auto scratch = TakeScratch();
    const Events events = EventsOf(query);
    const float* u = FactorsOf(query, events, *scratch, 0);
    SumSequence(events, scratch->sequence);
    if (KnowsNothing(u, scratch->sequence) && !UsesContext(query)) {
      RankByPopularity(popularity_, list, out);
      return;
    }
    Score(query, u, list, *scratch);
    out.clear();
    float largest = -std::numeric_limits<float>::infinity();
    for (std::uint32_t place = 0; place < list.size(); ++place) {
      const float score = scratch->products[place];
      out.push_back({place, score});
      largest = std::max(largest, score);
    }
    double total = 0;
    for (ScoredItem& item : out) {
      item.score = std::exp(b_ * (item.score - largest));
      total += item.score;
    }
    for (ScoredItem& item : out) item.score = static_cast<float>(item.score / total);
    SortPlaces(list, out);
  }

 private:
  [[nodiscard]] bool has_sequence() const { return parts_.options.sequence_weight > 0; }

  AlsSide MakeSide() const {
    ThreadPool pool(1);
    const auto met = static_cast<std::size_t>(
        std::ranges::count_if(counts_, [](std::uint32_t count) { return count > 0; }));
    return {parts_.item_factors, met, parts_.als, pool};
  }

  ScratchPool<CallScratch>::Lease TakeScratch() const {
    return scratches_.Take(
        [this] { return std::make_unique<CallScratch>(index_, parts_.item_factors.stride); });
  }

  Events EventsOf(const UserQuery& query) const {
    if (!query.user) return {query.history, query.times, query.weights};
    return {History(*query.user), Times(*query.user), Weights(*query.user)};
  }

  // In the scratch's row `slot` when folded in.
  const float* FactorsOf(const UserQuery& query, const Events& events, CallScratch& scratch,
                         std::size_t slot) const {
    if (query.user) return parts_.user_factors.Row(*query.user);
    float* u = scratch.vectors.Row(slot);
    FoldIn(side_, events.items, events.times, parts_.options.factor_recency, scratch.fold_in, u,
           events.weights);
    return u;
  }

  void SumSequence(const Events& events, SequenceScores& sequence) const {
    if (!has_sequence()) return;
    sequence.Sum(parts_.transitions, events.items, events.times, parts_.options.sequence_recency,
                 parts_.options.sequence_weight);
  }

  [[nodiscard]] bool IsZero(const float* u) const {
    return std::all_of(u, u + parts_.item_factors.cols, [](float value) { return value == 0.0F; });
  }
  [[nodiscard]] bool KnowsNothing(const float* u, const SequenceScores& sequence) const {
    return IsZero(u) && sequence.items().empty();
  }

  [[nodiscard]] bool UsesContext(const UserQuery& query) const {
    return !query.context.empty() && parts_.context.weight > 0;
  }

  // Leaves the score of each of the items in scratch.products; scratch.sequence is summed.
  void Score(const UserQuery& query, const float* u, std::span<const std::uint32_t> items,
             CallScratch& scratch) const {
    scratch.products.resize(items.size());
    if (KnowsNothing(u, scratch.sequence)) {
      for (std::size_t k = 0; k < items.size(); ++k) {
        const float share = std::max(popularity_.Share(items[k]), kSmallestShare);
        scratch.products[k] = std::log(share) / b_;
      }
    } else {
      index_.Products(u, items, scratch.products);
      for (std::size_t k = 0; k < items.size(); ++k) {
        scratch.products[k] += scratch.sequence[items[k]];
      }
    }
    if (!UsesContext(query)) return;
    for (const std::uint32_t value : query.context) {
      const float* lift = parts_.context.lift.Row(value);
      for (std::size_t k = 0; k < items.size(); ++k) {
        scratch.products[k] += parts_.context.weight / b_ * lift[items[k]];
      }
    }
  }

  // Scores all items.
  void RecommendInContext(const UserQuery& query, const Events& events, const float* u,
                          CallScratch& scratch, std::vector<ScoredItem>& out) const {
    SumSequence(events, scratch.sequence);
    if (all_items_.empty()) return out.clear();
    Score(query, u, all_items_, scratch);
    const float largest = *std::ranges::max_element(scratch.products);
    double z = 0;
    for (const float score : scratch.products) z += std::exp(b_ * (score - largest));
    const ItemQuery left_out{
        .exclude = query.exclude_seen ? events.items : std::span<const std::uint32_t>(),
        .exclude_too = query.exclude};
    MarkLeftOut(left_out, true, scratch.left_out);
    scratch.best.Reset(query.num_results);
    for (const std::uint32_t item : all_items_) {
      if (scratch.left_out[item] || !MayEnter(query.allowed, item)) continue;
      scratch.best.Offer({item, scratch.products[item]});
    }
    MarkLeftOut(left_out, false, scratch.left_out);
    scratch.best.Take(out);
    for (ScoredItem& entry : out) {
      entry.score = static_cast<float>(std::exp(b_ * (entry.score - largest)) / z);
    }
  }

  // At most ItemIndex::kGroup queries.
  void RecommendGroup(std::span<const UserQuery> queries, CallScratch& scratch,
                      std::span<std::vector<ScoredItem>> out) const {
    scratch.queries.clear();
    scratch.asked.clear();
    for (std::size_t j = 0; j < queries.size(); ++j) {
      const UserQuery& query = queries[j];
      const Events events = EventsOf(query);
      const std::span<const std::uint32_t> seen =
          query.exclude_seen ? events.items : std::span<const std::uint32_t>();
      const float* u = FactorsOf(query, events, scratch, j);
      if (UsesContext(query)) {
        RecommendInContext(query, events, u, scratch, out[j]);
        continue;
      }
      // The factors of a history are zero only when nobody else met its items either, which leaves
      // transitions nothing to go by.
      if (IsZero(u)) {
        RecommendByPopularity(popularity_, seen, query.exclude, query.allowed, query.num_results,
                              out[j]);
        continue;
      }
      if (IsFewItems(query.allowed)) {
        RecommendAmong({.u = u,
                        .exclude = seen,
                        .exclude_too = query.exclude,
                        .allowed = query.allowed,
                        .k = query.num_results,
                        .inverse_temperature = b_},
                       events, scratch, out[j]);
        continue;
      }
      scratch.queries.push_back({.u = u,
                                 .exclude = seen,
                                 .exclude_too = query.exclude,
                                 .allowed = query.allowed,
                                 .k = query.num_results,
                                 .inverse_temperature = b_});
      scratch.asked.push_back(j);
    }
    const std::size_t count = scratch.queries.size();
    if (scratch.answers.size() < count) scratch.answers.resize(count);
    const auto answers = std::span(scratch.answers).first(count);
    for (std::size_t j = 0; j < count; ++j) answers[j].swap(out[scratch.asked[j]]);
    if (has_sequence()) {
      scratch.log_normalizers.resize(count);
      index_.SearchProducts(scratch.queries, *scratch.search, answers, scratch.log_normalizers);
      for (std::size_t j = 0; j < count; ++j) {
        SumSequence(EventsOf(queries[scratch.asked[j]]), scratch.sequence);
        Merge(scratch.queries[j], scratch.log_normalizers[j], scratch, answers[j]);
      }
    } else {
      index_.Search(scratch.queries, *scratch.search, answers);
    }
    for (std::size_t j = 0; j < count; ++j) answers[j].swap(out[scratch.asked[j]]);
  }

  // `answer` holds the best items by factors with their products, and gets the best by both with
  // their probabilities.
  void Merge(const ItemQuery& query, double log_normalizer, CallScratch& scratch,
             std::vector<ScoredItem>& answer) const {
    const SequenceScores& sequence = scratch.sequence;
    const std::span<const std::uint32_t> led_to = sequence.items();
    scratch.products.resize(led_to.size());
    index_.Products(query.u, led_to, scratch.products);
    scratch.best.Reset(query.k);
    for (const ScoredItem& entry : answer) {
      if (sequence[entry.item] == 0) scratch.best.Offer(entry);
    }
    MarkLeftOut(query, true, scratch.left_out);
    double gained = 0;  // of Z / exp(log_normalizer)
    for (std::size_t k = 0; k < led_to.size(); ++k) {
      const float product = scratch.products[k];
      const float score = product + sequence[led_to[k]];
      gained += std::exp(b_ * score - log_normalizer) - std::exp(b_ * product - log_normalizer);
      if (scratch.left_out[led_to[k]] || !MayEnter(query.allowed, led_to[k])) continue;
      scratch.best.Offer({led_to[k], score});
    }
    MarkLeftOut(query, false, scratch.left_out);
    scratch.best.Take(answer);
    const double log_z = log_normalizer + std::log1p(gained);
    for (ScoredItem& entry : answer) {
      entry.score = static_cast<float>(std::exp(b_ * entry.score - log_z));
    }
  }

  static bool MayEnter(const ItemMask* allowed, std::uint32_t item) {
    return allowed == nullptr || allowed->Has(item);
  }

  // Few enough that scoring each of them costs less than the search, whose threshold rises slowly
  // when most of what it finds may not enter.
  [[nodiscard]] bool IsFewItems(const ItemMask* allowed) const {
    return allowed != nullptr && allowed->Count() <= index_.size() / kFewItemsShare;
  }

  // The best of the allowed items, each of which is scored.
  void RecommendAmong(const ItemQuery& query, const Events& events, CallScratch& scratch,
                      std::vector<ScoredItem>& out) const {
    ItemQuery normalizer = query;
    normalizer.k = 0;
    double log_normalizer = 0;
    index_.SearchProducts({&normalizer, 1}, *scratch.search, {&out, 1}, {&log_normalizer, 1});
    SumSequence(events, scratch.sequence);
    scratch.allowed.clear();
    query.allowed->ForEach([&](std::uint32_t item) { scratch.allowed.push_back(item); });
    scratch.products.resize(scratch.allowed.size());
    index_.Products(query.u, scratch.allowed, scratch.products);
    MarkLeftOut(query, true, scratch.left_out);
    scratch.best.Reset(query.k);
    for (std::size_t j = 0; j < scratch.allowed.size(); ++j) {
      const std::uint32_t item = scratch.allowed[j];
      if (scratch.left_out[item]) continue;
      scratch.best.Offer({item, scratch.products[j] + scratch.sequence[item]});
    }
    MarkLeftOut(query, false, scratch.left_out);
    scratch.best.Take(out);
    const double log_z =
        log_normalizer + std::log1p(GainOfSequence(query, log_normalizer, scratch));
    for (ScoredItem& entry : out) {
      entry.score = static_cast<float>(std::min(1.0, std::exp(b_ * entry.score - log_z)));
    }
  }

  // What the items with a transition score add to Z, as a part of exp(log_normalizer).
  double GainOfSequence(const ItemQuery& query, double log_normalizer, CallScratch& scratch) const {
    const std::span<const std::uint32_t> led_to = scratch.sequence.items();
    scratch.products.resize(led_to.size());
    index_.Products(query.u, led_to, scratch.products);
    double gained = 0;
    for (std::size_t k = 0; k < led_to.size(); ++k) {
      const float product = scratch.products[k];
      const float score = product + scratch.sequence[led_to[k]];
      gained += std::exp(b_ * score - log_normalizer) - std::exp(b_ * product - log_normalizer);
    }
    return gained;
  }

  static void MarkLeftOut(const ItemQuery& query, bool mark, std::vector<bool>& left_out) {
    for (const std::uint32_t item : query.exclude) left_out[item] = mark;
    for (const std::uint32_t item : query.exclude_too) left_out[item] = mark;
  }

  BlendModelParts parts_;
  std::vector<std::uint32_t> counts_;
  PopularityRanking popularity_;
  ItemIndex index_;
  AlsSide side_;
  float b_;
  std::vector<std::uint32_t> all_items_;  // 0, 1, 2 …; empty without context
  mutable ScratchPool<CallScratch> scratches_;
};

}  // namespace

std::shared_ptr<const Model> MakeBlendModel(BlendModelParts parts) {
  return std::make_shared<const BlendModel>(std::move(parts));
}

}  // namespace usher::recsys
