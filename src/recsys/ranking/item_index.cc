#include "recsys/ranking/item_index.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/check.h"
#include "linalg/exp_sums.h"
#include "linalg/rank_update.h"
#include "linalg/vector_ops.h"

namespace usher::recsys {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Tiles looked at before thresholds are renewed: few at first, where they rise fast.
constexpr std::size_t kFirstBlockTiles = 4;
constexpr std::size_t kLargestBlockTiles = 32;
constexpr std::size_t kTailCount = 16;

// Rounding may lift a computed product over the computed bound by this much, at ranks up to 512.
constexpr float kBoundSlack = 1.0F + 1e-4F;

// exp(70) times any catalogue fits a float.
constexpr float kLargestExponent = 70.0F;

// Expansions of exp are tried for arguments up to this size.
constexpr float kLargestTailArgument = 2.0F;

}  // namespace

struct ItemIndex::State {
  const float* u = nullptr;
  float norm = 0;
  float scale = 0;  // inverse temperature; 0 for none
  float shift = 0;
  double tail = 0;        // estimate of the sum over the blocks from cut on, shift included
  std::size_t cut = 0;    // first block that need not be summed
  bool searching = true;  // the top k may still change
  TopK top;
  alignas(64) float sums[linalg::kTileWidth] = {};
  std::vector<std::uint64_t> excluded;  // a bit for each position; all clear between queries
};

class ItemIndex::Scratch {
 public:
  std::vector<State> states;
  State probe;
  std::vector<State*> summing;
  std::vector<State*> scanning;
  std::vector<linalg::ScanVector> vectors;
  std::vector<linalg::Hit> hits;
  linalg::FloatVector panel;
};

void ItemIndex::ScratchDeleter::operator()(Scratch* scratch) const { delete scratch; }

ItemIndex::ScratchPtr ItemIndex::NewScratch() const {
  auto scratch = std::make_unique<Scratch>();
  scratch->states.resize(kGroup);
  for (State& state : scratch->states) state.excluded.assign(size() / 64 + 1, 0);
  scratch->probe.excluded.assign(size() / 64 + 1, 0);
  scratch->hits.resize(kGroup * kLargestBlockTiles * linalg::kTileWidth);
  scratch->panel.resize(linalg::ScanScratch(rows_.cols()));
  return ScratchPtr(scratch.release());
}

ItemIndex::ItemIndex(const linalg::MatrixView& items)
    : stride_(items.stride), order_(items.rows), position_(items.rows), norms_(items.rows) {
  std::vector<float> norm_of(items.rows);
  for (std::size_t item = 0; item < items.rows; ++item) {
    const std::span<const float> row(items.Row(item), items.stride);
    norm_of[item] = std::sqrt(linalg::Dot(row, row));
  }
  std::iota(order_.begin(), order_.end(), 0U);
  std::ranges::sort(order_, [&](std::uint32_t a, std::uint32_t b) {
    return norm_of[a] != norm_of[b] ? norm_of[a] > norm_of[b] : a < b;
  });
  for (std::size_t at = 0; at < order_.size(); ++at) {
    position_[order_[at]] = static_cast<std::uint32_t>(at);
    norms_[at] = norm_of[order_[at]];
  }
  rows_ = linalg::PackedRows(items, order_);
  std::size_t block_tiles = kFirstBlockTiles;
  for (std::size_t tile = 0; tile < rows_.tile_count();) {
    blocks_.push_back(tile);
    tile += block_tiles;
    if (blocks_.size() > 1) block_tiles = std::min(2 * block_tiles, kLargestBlockTiles);
  }
  blocks_.push_back(rows_.tile_count());
  BuildTails(items);
}

void ItemIndex::BuildTails(const linalg::MatrixView& items) {
  const std::size_t block_count = blocks_.size() - 1;
  // Cuts lie closer together near the head, where most of them fall.
  for (std::size_t j = 1; j <= kTailCount; ++j) {
    const double part = static_cast<double>(j) / (kTailCount + 1);
    const auto tile =
        static_cast<std::size_t>(static_cast<double>(rows_.tile_count()) * part * part);
    const auto block =
        static_cast<std::size_t>(std::ranges::lower_bound(blocks_, tile) - blocks_.begin());
    if (block == 0 || block >= block_count) continue;
    if (!tails_.empty() && tails_.back().block == block) continue;
    const std::size_t position = blocks_[block] * linalg::kTileWidth;
    tails_.push_back({.block = block,
                      .count = size() - position,
                      .largest_norm = norms_[position],
                      .first = {},
                      .second = {}});
  }
  const std::size_t n = stride_;
  linalg::FloatVector first(n, 0.0F);
  linalg::FloatVector second(n * n, 0.0F);
  linalg::FloatVector step(n);
  linalg::FloatVector panel(linalg::PanelSize(n));
  std::size_t end = size();
  for (std::size_t j = tails_.size(); j-- > 0;) {
    const std::size_t begin = blocks_[tails_[j].block] * linalg::kTileWidth;
    linalg::GatherRankUpdate(items, std::span(order_).subspan(begin, end - begin), {},
                             second.data(), second.data(), step.data(), panel.data());
    linalg::AddScaled(1.0F, step, first);
    for (std::size_t r = 0; r < n; ++r) {
      for (std::size_t c = 0; c < r; ++c) second[r * n + c] = second[c * n + r];
    }
    tails_[j].first = first;
    tails_[j].second = second;
    end = begin;
  }
}

float ItemIndex::LargestProduct(const float* u, float norm, Scratch& scratch) const {
  State& probe = scratch.probe;
  State* const one[] = {&probe};
  probe.u = u;
  probe.scale = 0;
  probe.searching = true;
  probe.top.Reset(1);
  for (std::size_t block = 0; block + 1 < blocks_.size(); ++block) {
    const float bound = norm * norms_[blocks_[block] * linalg::kTileWidth] * kBoundSlack;
    if (bound < probe.top.threshold()) break;
    ScanBlock(block, one, false, scratch);
  }
  return probe.top.threshold();
}

void ItemIndex::Begin(const ItemQuery& query, State& state, Scratch& scratch) const {
  const std::span<const float> u(query.u, rows_.cols());
  state.u = query.u;
  state.norm = std::sqrt(linalg::Dot(u, u));
  state.scale = query.inverse_temperature;
  state.shift = 0;
  state.tail = 0;
  state.cut = 0;
  state.searching = query.k > 0;
  state.top.Reset(query.k);
  std::ranges::fill(state.sums, 0.0F);
  for (const auto list : {query.exclude, query.exclude_too}) {
    for (const std::uint32_t item : list) {
      state.excluded[position_[item] / 64] |= std::uint64_t{1} << (position_[item] % 64);
    }
  }
  if (state.scale <= 0 || size() == 0) return;
  // Exponents are kept where a float holds the sum: by the largest when the bound on it is too far.
  if (state.scale * state.norm * norms_[0] > kLargestExponent) {
    state.shift = state.scale * LargestProduct(state.u, state.norm, scratch);
  }
  ChooseCut(state);
}

void ItemIndex::ChooseCut(State& state) const {
  const std::span<const float> u(state.u, stride_);
  state.cut = blocks_.size() - 1;
  for (const TailMoments& tail : tails_) {
    const double m = state.scale * state.norm * tail.largest_norm;
    if (m > kLargestTailArgument) continue;
    const double squares = std::max(
        0.0, double{state.scale} * state.scale * linalg::QuadraticForm(tail.second.data(), u));
    const double sum = static_cast<double>(tail.count) +
                       double{state.scale} * linalg::Dot(tail.first, u) + squares / 2;
    const double error = m * std::exp(m) / 6 * squares;
    // The head only adds to Z, so the tail alone is a safe measure.
    if (error > kNormalizerTolerance * (sum - error)) continue;
    state.tail = sum * std::exp(-double{state.shift});
    state.cut = tail.block;
    return;
  }
}

void ItemIndex::ScanBlock(std::size_t block, std::span<State* const> states, bool summing,
                          Scratch& scratch) const {
  const std::size_t begin = blocks_[block];
  const std::size_t end = blocks_[block + 1];
  const std::size_t room = (end - begin) * linalg::kTileWidth;
  scratch.vectors.clear();
  for (std::size_t j = 0; j < states.size(); ++j) {
    State& state = *states[j];
    scratch.vectors.push_back({.u = state.u,
                               .threshold = state.searching ? state.top.threshold() : kInfinity,
                               .sums = summing ? state.sums : nullptr,
                               .scale = state.scale,
                               .shift = state.shift,
                               .hits = scratch.hits.data() + j * room});
  }
  linalg::Scan(rows_, begin, end, scratch.vectors, scratch.panel.data());
  for (std::size_t j = 0; j < states.size(); ++j) {
    State& state = *states[j];
    const linalg::ScanVector& vector = scratch.vectors[j];
    for (const linalg::Hit& hit : std::span(vector.hits, vector.hit_count)) {
      if (hit.position >= size()) continue;
      if ((state.excluded[hit.position / 64] >> (hit.position % 64) & 1) != 0) continue;
      state.top.Offer({order_[hit.position], hit.product});
    }
  }
}

void ItemIndex::Finish(State& state, std::vector<ScoredItem>& out) const {
  state.top.Take(out);
  if (state.scale <= 0) return;
  double z = state.tail;
  for (const float sum : state.sums) z += sum;
  for (ScoredItem& item : out) {
    const double weight = std::exp(double{state.scale} * item.score - state.shift);
    item.score = static_cast<float>(std::min(1.0, weight / z));
  }
}

void ItemIndex::SearchGroup(std::span<const ItemQuery> queries, Scratch& scratch,
                            std::span<std::vector<ScoredItem>> out) const {
  for (std::size_t j = 0; j < queries.size(); ++j) Begin(queries[j], scratch.states[j], scratch);
  const std::span<State> states = std::span(scratch.states).first(queries.size());
  for (std::size_t block = 0; block + 1 < blocks_.size(); ++block) {
    const float block_norm = norms_[blocks_[block] * linalg::kTileWidth];
    scratch.summing.clear();
    scratch.scanning.clear();
    for (State& state : states) {
      const float bound = state.norm * block_norm * kBoundSlack;
      if (state.searching && bound < state.top.threshold()) state.searching = false;
      if (block < state.cut) {
        scratch.summing.push_back(&state);
      } else if (state.searching) {
        scratch.scanning.push_back(&state);
      }
    }
    if (scratch.summing.empty() && scratch.scanning.empty()) break;
    ScanBlock(block, scratch.summing, true, scratch);
    ScanBlock(block, scratch.scanning, false, scratch);
  }
  for (std::size_t j = 0; j < queries.size(); ++j) {
    Finish(states[j], out[j]);
    for (const auto list : {queries[j].exclude, queries[j].exclude_too}) {
      for (const std::uint32_t item : list) states[j].excluded[position_[item] / 64] = 0;
    }
  }
}

void ItemIndex::Search(std::span<const ItemQuery> queries, Scratch& scratch,
                       std::span<std::vector<ScoredItem>> out) const {
  Check(queries.size() == out.size(), "one answer for each query");
  for (std::size_t begin = 0; begin < queries.size(); begin += kGroup) {
    const std::size_t count = std::min(kGroup, queries.size() - begin);
    SearchGroup(queries.subspan(begin, count), scratch, out.subspan(begin, count));
  }
}

}  // namespace usher::recsys
