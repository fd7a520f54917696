// ItemIndex: the exact best k of a catalogue by inner product, with softmax scores over all of it,
// without looking at most of it.
//
// Search:  items lie in falling order of norm. By Cauchy-Schwarz u.v <= |u| |v|, so once |u| |v|
//          falls under the k-th best product no later item can enter. Where it does not, a first
//          pass over items in bytes rules nearly all of them out (linalg/quantised_rows.h); what is
//          left is multiplied in full. Exact, ties included.
// Scores:  exp(b u.v) / Z with b = 1 / temperature. The items looked at are summed, those that the
//          first pass ruled out by their quantised product (below); those after them by TailSums;
//          when no sample of the tail is sure enough, it is summed too.
//          What was ruled out is known up to an error d of its product, which changes Z by the sum
//          of w b d, w = exp(b u.v). The roundings of different items are independent, and d, the
//          part of a rounding along u, has the standard deviation |u| e / sqrt(rank), e its norm.
//          Three standard deviations of the sum must not exceed kFirstPassTolerance of Z; else Z
//          is summed once more in full.
// Cost:    O(rank) an item looked at; one pass over the catalogue at worst.
// Threads: safe to search from any number of threads, each with its own scratch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "linalg/matrix.h"
#include "linalg/packed_rows.h"
#include "linalg/quantised_rows.h"
#include "recsys/ranking/item_mask.h"
#include "recsys/ranking/scored_item.h"
#include "recsys/ranking/tail_sums.h"
#include "recsys/ranking/top_k.h"

namespace usher::recsys {

struct ItemQuery {
  const float* u = nullptr;                    // [stride], zeros after the rank
  std::span<const std::uint32_t> exclude;      // items left out, any order, repeats allowed
  std::span<const std::uint32_t> exclude_too;  // these as well
  const ItemMask* allowed = nullptr;           // others are left out, too; nullptr: none
  std::size_t k = 25;
  float inverse_temperature = 0;  // b; 0 gives plain products as scores
};

class ItemIndex {
 public:
  // Working memory for groups of queries.
  class Scratch;
  struct ScratchDeleter {
    void operator()(Scratch* scratch) const;
  };
  using ScratchPtr = std::unique_ptr<Scratch, ScratchDeleter>;

  // Queries searched together; more at once are cut into groups of this many.
  static constexpr std::size_t kGroup = 48;

  ItemIndex() = default;
  explicit ItemIndex(const linalg::MatrixView& items);

  [[nodiscard]] std::size_t size() const { return rows_.size(); }
  [[nodiscard]] std::size_t stride() const { return stride_; }
  [[nodiscard]] ScratchPtr NewScratch() const;

  // out[i] gets the answer to queries[i]: at most k items, best first, equal products by index.
  void Search(std::span<const ItemQuery> queries, Scratch& scratch,
              std::span<std::vector<ScoredItem>> out) const;

  // The same for a caller who goes on computing: scores are the plain products u.v, and
  // log_normalizers[i] gets log sum exp(b u.v) over the whole catalogue, items left out of the
  // answer included (relative error of the sum: kNormalizerTolerance). b must be over 0.
  void SearchProducts(std::span<const ItemQuery> queries, Scratch& scratch,
                      std::span<std::vector<ScoredItem>> out,
                      std::span<double> log_normalizers) const;

  // out[j] = u.v of items[j], with the same bits as in the answers of SearchProducts.
  // Cost: O(rank) an item, a few tens of nanoseconds at rank 64.
  void Products(const float* u, std::span<const std::uint32_t> items, std::span<float> out) const;

 private:
  struct State;  // of one query under way

  void Begin(const ItemQuery& query, State& state, Scratch& scratch) const;
  float LargestProduct(const float* u, float norm, Scratch& scratch) const;
  void SearchGroup(std::span<const ItemQuery> queries, Scratch& scratch) const;
  void ScanBlock(std::size_t block, std::span<State* const> states, Scratch& scratch) const;
  void ScanInFull(std::size_t block, std::span<State* const> states, Scratch& scratch) const;
  void ScanInBytes(std::size_t block, std::span<State* const> states, Scratch& scratch) const;
  void Offer(State& state, std::uint32_t position, float product) const;
  void ScanHead(std::span<State> states, Scratch& scratch) const;
  void SumTails(std::span<State> states, Scratch& scratch) const;
  void SumAgain(std::span<State> states, Scratch& scratch) const;
  [[nodiscard]] double FirstPassError(const State& state) const;
  [[nodiscard]] static double Normalizer(const State& state);  // divided by exp(shift)

  std::size_t stride_ = 0;
  linalg::PackedRows rows_;
  linalg::Matrix by_position_;           // the items once more, a row each
  linalg::QuantisedRows bytes_;          // and in bytes; empty where that does not pay
  float largest_error_ = 0;              // of an item's bytes
  std::vector<std::uint32_t> order_;     // item at each position
  std::vector<std::uint32_t> position_;  // position of each item
  std::vector<float> norms_;             // at each position, falling
  std::vector<std::size_t> blocks_;      // first tile of each block of tiles, then the tile count
  TailSums tails_;
};

}  // namespace usher::recsys
