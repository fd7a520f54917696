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

// A tail with fewer items is summed: the sample would be too small.
constexpr std::size_t kSmallestTail = 1024;

double Total(const float (&lanes)[linalg::kTileWidth]) {
  double total = 0;
  for (const float lane : lanes) total += lane;
  return total;
}

}  // namespace

struct ItemIndex::State {
  const float* u = nullptr;
  float norm = 0;
  float scale = 0;  // inverse temperature; 0 for none
  float shift = 0;
  bool searching = true;              // the top k may still change
  std::size_t cut = 0;                // first block that need not be summed
  const TailMoments* tail = nullptr;  // from the cut on, when it is estimated
  double tail_sum = 0;                // the estimate
  TopK top;
  alignas(64) float sums[linalg::kTileWidth] = {};
  alignas(64) float sample_sums[linalg::kTileWidth] = {};
  alignas(64) float sample_squares[linalg::kTileWidth] = {};
  std::vector<std::uint64_t> excluded;  // a bit for each position; all clear between queries
};

class ItemIndex::Scratch {
 public:
  std::vector<State> states;
  State probe;
  std::vector<State*> active;
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
  by_position_ = linalg::Matrix(items.rows, items.cols);
  for (std::size_t at = 0; at < order_.size(); ++at) {
    std::copy_n(items.Row(order_[at]), items.stride, by_position_.Row(at));
  }
  std::size_t block_tiles = kFirstBlockTiles;
  for (std::size_t tile = 0; tile < rows_.tile_count();) {
    blocks_.push_back(tile);
    tile += block_tiles;
    if (blocks_.size() > 1) block_tiles = std::min(2 * block_tiles, kLargestBlockTiles);
  }
  blocks_.push_back(rows_.tile_count());
  BuildSample(items);
  BuildTails(items);
}

void ItemIndex::BuildSample(const linalg::MatrixView& items) {
  std::vector<std::uint32_t> sampled;
  for (std::size_t tile = 0; tile < rows_.tile_count(); tile += kSampleEvery) {
    const std::size_t begin = tile * linalg::kTileWidth;
    const std::size_t end = std::min(size(), begin + linalg::kTileWidth);
    sampled.insert(sampled.end(), order_.begin() + static_cast<std::ptrdiff_t>(begin),
                   order_.begin() + static_cast<std::ptrdiff_t>(end));
  }
  sample_ = linalg::PackedRows(items, sampled);
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
    if (size() - position < kSmallestTail) continue;
    tails_.push_back({.block = block,
                      .count = size() - position,
                      .sample_tile = (blocks_[block] + kSampleEvery - 1) / kSampleEvery,
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
    ScanBlock(block, one, scratch);
  }
  return probe.top.threshold();
}

void ItemIndex::Begin(const ItemQuery& query, State& state, Scratch& scratch) const {
  const std::span<const float> u(query.u, rows_.cols());
  state.u = query.u;
  state.norm = std::sqrt(linalg::Dot(u, u));
  state.scale = query.inverse_temperature;
  state.shift = 0;
  state.searching = query.k > 0;
  state.cut = state.scale > 0 ? blocks_.size() - 1 : 0;
  state.tail = nullptr;
  state.tail_sum = 0;
  state.top.Reset(query.k);
  for (auto* lanes : {&state.sums, &state.sample_sums, &state.sample_squares}) {
    std::ranges::fill(*lanes, 0.0F);
  }
  for (const auto list : {query.exclude, query.exclude_too}) {
    for (const std::uint32_t item : list) {
      state.excluded[position_[item] / 64] |= std::uint64_t{1} << (position_[item] % 64);
    }
  }
  // Exponents are kept where a float holds the sum: by the largest when the bound on it is too far.
  if (size() > 0 && state.scale * state.norm * norms_[0] > kLargestExponent) {
    state.shift = state.scale * LargestProduct(state.u, state.norm, scratch);
  }
}

void ItemIndex::ScanBlock(std::size_t block, std::span<State* const> states,
                          Scratch& scratch) const {
  const std::size_t begin = blocks_[block];
  const std::size_t end = blocks_[block + 1];
  const std::size_t room = (end - begin) * linalg::kTileWidth;
  scratch.vectors.clear();
  for (std::size_t j = 0; j < states.size(); ++j) {
    State& state = *states[j];
    scratch.vectors.push_back({.u = state.u,
                               .threshold = state.searching ? state.top.threshold() : kInfinity,
                               .sums = state.scale > 0 ? state.sums : nullptr,
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

void ItemIndex::EstimateTails(std::span<State> states, Scratch& scratch) const {
  // The sample is read from cut to cut with the states whose tail has begun.
  for (std::size_t j = 0; j < tails_.size(); ++j) {
    const std::size_t begin = tails_[j].sample_tile;
    const std::size_t end =
        j + 1 < tails_.size() ? tails_[j + 1].sample_tile : sample_.tile_count();
    scratch.vectors.clear();
    for (State& state : states) {
      if (state.tail == nullptr || state.tail->block > tails_[j].block) continue;
      scratch.vectors.push_back({.u = state.u,
                                 .threshold = kInfinity,
                                 .sums = state.sample_sums,
                                 .squares = state.sample_squares,
                                 .scale = state.scale});
    }
    linalg::Scan(sample_, begin, end, scratch.vectors, scratch.panel.data());
  }
}

bool ItemIndex::TailIsSure(State& state) const {
  const TailMoments& tail = *state.tail;
  const std::span<const float> u(state.u, stride_);
  const double b = state.scale;
  const auto n = static_cast<double>(tail.count);
  const auto sampled = static_cast<double>(sample_.size() - tail.sample_tile * linalg::kTileWidth);
  const double rest = Total(state.sample_sums) / sampled;
  const double variance =
      std::max(0.0, Total(state.sample_squares) / sampled - rest * rest) * (1 - sampled / n);
  state.tail_sum = n + b * linalg::Dot(tail.first, u) +
                   b * b * linalg::QuadraticForm(tail.second.data(), u) / 2 + n * rest;
  const double error = n * std::sqrt(variance / sampled);
  return 3 * error <= kNormalizerTolerance * (Total(state.sums) + state.tail_sum);
}

double ItemIndex::Normalizer(const State& state) { return Total(state.sums) + state.tail_sum; }

void ItemIndex::SearchGroup(std::span<const ItemQuery> queries, Scratch& scratch) const {
  for (std::size_t j = 0; j < queries.size(); ++j) Begin(queries[j], scratch.states[j], scratch);
  const std::span<State> states = std::span(scratch.states).first(queries.size());
  const std::size_t block_count = blocks_.size() - 1;
  for (std::size_t block = 0; block < block_count; ++block) {
    const float block_norm = norms_[blocks_[block] * linalg::kTileWidth];
    scratch.active.clear();
    for (State& state : states) {
      const float bound = state.norm * block_norm * kBoundSlack;
      if (state.searching && bound < state.top.threshold()) state.searching = false;
      if (!state.searching && state.cut == block_count && state.shift == 0) {
        // Nothing more to find: from the next cut on, the sum is estimated.
        const auto tail = std::ranges::lower_bound(tails_, block, {}, &TailMoments::block);
        if (tail != tails_.end()) {
          state.tail = &*tail;
          state.cut = tail->block;
        }
      }
      if (state.searching || block < state.cut) scratch.active.push_back(&state);
    }
    if (scratch.active.empty()) break;
    ScanBlock(block, scratch.active, scratch);
  }

  EstimateTails(states, scratch);
  std::size_t first_cut = block_count;
  for (State& state : states) {
    if (state.tail == nullptr || TailIsSure(state)) {
      state.cut = block_count;  // nothing left to sum
    } else {
      state.tail_sum = 0;
      first_cut = std::min(first_cut, state.cut);
    }
  }
  for (std::size_t block = first_cut; block < block_count; ++block) {
    scratch.active.clear();
    for (State& state : states) {
      if (block >= state.cut) scratch.active.push_back(&state);
    }
    ScanBlock(block, scratch.active, scratch);
  }

  for (std::size_t j = 0; j < queries.size(); ++j) {
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
    SearchGroup(queries.subspan(begin, count), scratch);
    for (std::size_t j = 0; j < count; ++j) {
      State& state = scratch.states[j];
      state.top.Take(out[begin + j]);
      if (state.scale <= 0) continue;
      const double z = Normalizer(state);
      for (ScoredItem& item : out[begin + j]) {
        const double weight = std::exp(double{state.scale} * item.score - state.shift);
        item.score = static_cast<float>(std::min(1.0, weight / z));
      }
    }
  }
}

void ItemIndex::SearchProducts(std::span<const ItemQuery> queries, Scratch& scratch,
                               std::span<std::vector<ScoredItem>> out,
                               std::span<double> log_normalizers) const {
  Check(queries.size() == out.size() && queries.size() == log_normalizers.size(),
        "one answer for each query");
  for (std::size_t begin = 0; begin < queries.size(); begin += kGroup) {
    const std::size_t count = std::min(kGroup, queries.size() - begin);
    SearchGroup(queries.subspan(begin, count), scratch);
    for (std::size_t j = 0; j < count; ++j) {
      State& state = scratch.states[j];
      Check(state.scale > 0, "a normaliser needs a temperature");
      state.top.Take(out[begin + j]);
      log_normalizers[begin + j] = state.shift + std::log(Normalizer(state));
    }
  }
}

void ItemIndex::Products(const float* u, std::span<const std::uint32_t> items,
                         std::span<float> out) const {
  Check(items.size() == out.size(), "one product for each item");
  constexpr std::size_t kPositions = 64;
  std::uint32_t positions[kPositions];
  for (std::size_t begin = 0; begin < items.size(); begin += kPositions) {
    const std::size_t count = std::min(kPositions, items.size() - begin);
    for (std::size_t j = 0; j < count; ++j) positions[j] = position_[items[begin + j]];
    linalg::ChainProducts(by_position_.view(), u, {positions, count}, out.data() + begin);
  }
}

}  // namespace usher::recsys
