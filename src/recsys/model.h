// Model: a trained recommender, immutable, read by any number of requests at once.
//
// A request names items by index (items().Find gives it) and gets items by index back. What the
// user did comes as a history of item indices: of a known user from History, of one who did
// something since then or is unknown from the caller.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/parallel.h"
#include "recsys/ranking/item_mask.h"
#include "recsys/ranking/scored_item.h"
#include "recsys/vocabulary/vocabulary.h"

namespace usher::recsys {

// What one event of the user's history adds to the score of an item.
struct Contribution {
  std::uint32_t item = 0;  // of the event
  double factors = 0;      // by the factors: what it says of the user's taste
  double transitions = 0;  // by the transitions: how often it is followed by the item

  [[nodiscard]] double total() const { return factors + transitions; }
};

// Where a score comes from.
struct Explanation {
  enum class Basis {
    kHistory,     // the contributions
    kMetadata,    // what is known of a user without history
    kPopularity,  // the history says nothing: the score is the item's share of all interactions
  };
  Basis basis = Basis::kHistory;
  double score = 0;      // by which Recommend orders, before the softmax
  std::size_t rank = 0;  // 1 is the best of the items that are not left out; `item` itself counts
                         // as not left out
  std::vector<Contribution> contributions;  // one for each event that counts, oldest first
  // What each value of the query's context adds. Contributions and context sum to the score up to
  // rounding; by popularity the context adds to the logarithm of the share, in the score's units.
  std::vector<double> context;
};

struct UserQuery {
  // Index of a user whose interactions since training are none: their vector is ready. Without it
  // the vector is folded in from `history`.
  std::optional<std::uint32_t> user;
  std::span<const std::uint32_t> history;  // items, each at most once, oldest first; read only
                                           // without `user`
  std::span<const std::uint32_t> times;    // of each event of `history`, in the seconds of Times;
                                           // empty: all the same
  std::span<const float> weights = {};     // how much each event of `history` counts, about 1;
                                           // empty: all the same
  std::span<const std::uint32_t> exclude;  // beside the seen ones; any order
  std::span<const std::uint32_t> context;  // of FindContext: the situation of the request
  const ItemMask* allowed = nullptr;       // of the catalogue; others are left out. nullptr: all
  bool exclude_seen = true;                // leave out the history (that of `user` when given)
  std::size_t num_results = 25;
};

class Model {
 public:
  virtual ~Model() = default;

  [[nodiscard]] virtual const Vocabulary& users() const = 0;
  [[nodiscard]] virtual const Vocabulary& items() const = 0;
  // What user `user` did in the training data: each item once, oldest first.
  [[nodiscard]] virtual std::span<const std::uint32_t> History(std::uint32_t user) const = 0;
  // When each of them happened, in seconds since the earliest interaction of all; empty when the
  // model does not know.
  [[nodiscard]] virtual std::span<const std::uint32_t> Times(std::uint32_t /*user*/) const {
    return {};
  }
  // How much each of them counts, about 1; empty: all alike.
  [[nodiscard]] virtual std::span<const float> Weights(std::uint32_t /*user*/) const { return {}; }
  // The number of a value of a context column, for UserQuery.context; nothing when the training
  // data did not have it.
  [[nodiscard]] virtual std::optional<std::uint32_t> FindContext(std::string_view /*column*/,
                                                                 std::string_view /*value*/) const {
    return std::nullopt;
  }
  // Names of the context columns that the model knows.
  [[nodiscard]] virtual std::vector<std::string> ContextColumns() const { return {}; }
  // Whether the scores of Recommend mean anything to a client. They are calibrated probabilities of
  // the next item and sum to 1 over the catalogue.
  [[nodiscard]] virtual bool has_scores() const = 0;

  // Overwrites `out` with the best items, best first; equal scores in order of item index. Fewer
  // than num_results when the catalogue has no more. A user without history gets what is popular.
  // Allocates nothing but the capacity of `out` once a thread is warm.
  virtual void Recommend(const UserQuery& query, std::vector<ScoredItem>& out) const = 0;

  // Many users at once, on all threads of the pool; out[i] answers queries[i]. The answers are
  // those of Recommend, much faster.
  virtual void RecommendMany(std::span<const UserQuery> queries, ThreadPool& pool,
                             std::vector<std::vector<ScoredItem>>& out) const = 0;

  // Why `item` has the score that it has; nullopt from a model that cannot say. num_results and
  // allowed are not looked at. Cost: a score for every item of the catalogue.
  [[nodiscard]] virtual std::optional<Explanation> Explain(const UserQuery& /*query*/,
                                                           std::uint32_t /*item*/) const {
    return std::nullopt;
  }

  // Orders `list`: overwrites `out` with its items, best first, scores summing to 1 over the list.
  // num_results, exclude, exclude_seen and allowed are not looked at. Equal scores keep the order
  // of the list.
  virtual void Rank(const UserQuery& query, std::span<const std::uint32_t> list,
                    std::vector<ScoredItem>& out) const = 0;
};

}  // namespace usher::recsys
