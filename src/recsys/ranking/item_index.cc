#include "recsys/ranking/item_index.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/check.h"
#include "linalg/exp_sums.h"

namespace usher::recsys {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Tiles looked at before thresholds are renewed: few at first, where they rise fast.
constexpr std::size_t kFirstBlockTiles = 4;
constexpr std::size_t kLargestBlockTiles = 32;

// Rounding may lift a computed product over the computed bound by this much, at ranks up to 512.
constexpr float kBoundSlack = 1.0F + 1e-4F;

// Of a normaliser, at three standard errors, by what the first pass ruled out.
constexpr double kFirstPassTolerance = 0.004;

// Of the exponents, by the first pass: more is no longer a small change of a weight.
constexpr float kLargestExponentError = 0.5F;

// The first blocks, before there is a threshold, are scanned in full anyway, and few columns cost
// less than a second look.
constexpr std::size_t kFewestColumns = 32;
constexpr std::size_t kFewestItems = 1024;

// exp(70) times any catalogue fits a float.
constexpr float kLargestExponent = 70.0F;

// No product of vectors with these norms is computed larger.
float Bound(float u_norm, float v_norm) { return u_norm * v_norm * kBoundSlack + linalg::kTiniest; }

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
  bool searching = true;  // the top k may still change
  bool in_bytes = false;  // `quantised` may stand for u
  linalg::QuantisedVector quantised;
  std::size_t cut = 0;     // first block that need not be summed
  bool estimated = false;  // from the cut on, `tail` stands for the sum
  TailSums::Sum tail;
  TopK top;
  alignas(64) float sums[linalg::kTileWidth] = {};
  alignas(64) float doubts[linalg::kTileWidth] = {};
  double second_look = 0;  // sum of exp over the items that the first pass did not rule out
  const ItemMask* allowed = nullptr;
  std::vector<std::uint64_t> excluded;  // a bit for each position; all clear between queries
};

class ItemIndex::Scratch {
 public:
  std::vector<State> states;
  State probe;
  std::vector<State*> active;
  std::vector<State*> in_full;
  std::vector<State*> in_bytes;
  std::vector<linalg::ScanVector> vectors;
  std::vector<linalg::QuantisedScanVector> quantised;
  std::vector<std::int32_t> quantised_panel;
  std::vector<std::uint32_t> positions;
  std::vector<float> products;
  std::vector<linalg::Hit> hits;
  linalg::FloatVector panel;
  std::vector<TailSums::Sum*> tails;
  TailSums::Scratch tail_scratch;
};

void ItemIndex::ScratchDeleter::operator()(Scratch* scratch) const { delete scratch; }

ItemIndex::ScratchPtr ItemIndex::NewScratch() const {
  auto scratch = std::make_unique<Scratch>();
  scratch->states.resize(kGroup);
  for (State& state : scratch->states) state.excluded.assign(size() / 64 + 1, 0);
  scratch->probe.excluded.assign(size() / 64 + 1, 0);
  scratch->hits.resize(kGroup * kLargestBlockTiles * linalg::kTileWidth);
  scratch->positions.resize(scratch->hits.size());
  scratch->panel.resize(linalg::ScanScratch(rows_.cols()));
  scratch->quantised_panel.resize(linalg::QuantisedScratch(rows_.cols()));
  scratch->tail_scratch = tails_.NewScratch();
  return ScratchPtr(scratch.release());
}

ItemIndex::ItemIndex(const linalg::MatrixView& items)
    : stride_(items.stride), order_(items.rows), position_(items.rows), norms_(items.rows) {
  std::vector<float> norm_of(items.rows);
  for (std::size_t item = 0; item < items.rows; ++item) {
    norm_of[item] = linalg::NormRoundedUp({items.Row(item), items.stride});
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
  if (items.rows >= kFewestItems && items.cols >= kFewestColumns &&
      items.cols <= linalg::kMostQuantisedColumns) {
    bytes_ = linalg::QuantisedRows(items, order_);
    largest_error_ = *std::ranges::max_element(bytes_.errors());
  }
  std::size_t block_tiles = kFirstBlockTiles;
  for (std::size_t tile = 0; tile < rows_.tile_count();) {
    blocks_.push_back(tile);
    tile += block_tiles;
    if (blocks_.size() > 1) block_tiles = std::min(2 * block_tiles, kLargestBlockTiles);
  }
  blocks_.push_back(rows_.tile_count());
  tails_ = TailSums(items, order_, std::span(blocks_).first(blocks_.size() - 1));
}

float ItemIndex::LargestProduct(const float* u, float norm, Scratch& scratch) const {
  State& probe = scratch.probe;
  State* const one[] = {&probe};
  probe.u = u;
  probe.scale = 0;
  probe.searching = true;
  probe.top.Reset(1);
  for (std::size_t block = 0; block + 1 < blocks_.size(); ++block) {
    const float bound = Bound(norm, norms_[blocks_[block] * linalg::kTileWidth]);
    if (bound < probe.top.threshold()) break;
    ScanBlock(block, one, scratch);
  }
  return probe.top.threshold();
}

void ItemIndex::Begin(const ItemQuery& query, State& state, Scratch& scratch) const {
  const std::span<const float> u(query.u, stride_);
  state.u = query.u;
  state.scale = query.inverse_temperature;
  state.shift = 0;
  state.searching = query.k > 0;
  state.allowed = query.allowed;
  state.cut = state.scale > 0 ? blocks_.size() - 1 : 0;
  state.estimated = false;
  state.top.Reset(query.k);
  std::ranges::fill(state.sums, 0.0F);
  std::ranges::fill(state.doubts, 0.0F);
  state.second_look = 0;
  state.in_bytes = bytes_.size() > 0 && bytes_.Quantise(u, state.quantised);
  state.norm = state.in_bytes ? state.quantised.norm : linalg::NormRoundedUp(u);
  if (state.scale * state.norm * largest_error_ > kLargestExponentError) state.in_bytes = false;
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

void ItemIndex::Offer(State& state, std::uint32_t position, float product) const {
  if (position >= size()) return;
  if ((state.excluded[position / 64] >> (position % 64) & 1) != 0) return;
  const std::uint32_t item = order_[position];
  if (state.allowed != nullptr && !state.allowed->Has(item)) return;
  state.top.Offer({item, product});
}

void ItemIndex::ScanInFull(std::size_t block, std::span<State* const> states,
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
    const linalg::ScanVector& vector = scratch.vectors[j];
    for (const linalg::Hit& hit : std::span(vector.hits, vector.hit_count)) {
      Offer(*states[j], hit.position, hit.product);
    }
  }
}

void ItemIndex::ScanInBytes(std::size_t block, std::span<State* const> states,
                            Scratch& scratch) const {
  const std::size_t begin = blocks_[block];
  const std::size_t end = blocks_[block + 1];
  const std::size_t room = (end - begin) * linalg::kTileWidth;
  scratch.quantised.clear();
  for (std::size_t j = 0; j < states.size(); ++j) {
    State& state = *states[j];
    scratch.quantised.push_back({.u = &state.quantised,
                                 .threshold = state.searching ? state.top.threshold() : kInfinity,
                                 .sums = state.scale > 0 ? state.sums : nullptr,
                                 .doubts = state.doubts,
                                 .scale = state.scale,
                                 .shift = state.shift,
                                 .hits = scratch.positions.data() + j * room});
  }
  linalg::ScanQuantised(bytes_, begin, end, scratch.quantised, scratch.quantised_panel.data());
  for (std::size_t j = 0; j < states.size(); ++j) {
    State& state = *states[j];
    const linalg::QuantisedScanVector& vector = scratch.quantised[j];
    std::span<const std::uint32_t> hits(vector.hits, vector.hit_count);
    while (!hits.empty() && hits.back() >= size()) hits = hits.first(hits.size() - 1);
    scratch.products.resize(hits.size());
    linalg::ChainProducts(by_position_.view(), state.u, hits, scratch.products.data());
    for (std::size_t hit = 0; hit < hits.size(); ++hit) {
      Offer(state, hits[hit], scratch.products[hit]);
    }
    if (state.scale <= 0) continue;
    state.second_look += linalg::SumExponentials(scratch.products, state.scale, state.shift).sum;
  }
}

void ItemIndex::ScanBlock(std::size_t block, std::span<State* const> states,
                          Scratch& scratch) const {
  scratch.in_full.clear();
  scratch.in_bytes.clear();
  for (State* state : states) {
    // Without a threshold nothing can be ruled out.
    (state->in_bytes && state->top.full() ? scratch.in_bytes : scratch.in_full).push_back(state);
  }
  if (!scratch.in_full.empty()) ScanInFull(block, scratch.in_full, scratch);
  if (!scratch.in_bytes.empty()) ScanInBytes(block, scratch.in_bytes, scratch);
}

double ItemIndex::Normalizer(const State& state) {
  return Total(state.sums) + state.second_look + (state.estimated ? state.tail.total : 0.0);
}

// Three standard errors of Z, by what was ruled out.
double ItemIndex::FirstPassError(const State& state) const {
  return 3 * double{state.scale} * state.norm *
         std::sqrt(Total(state.doubts) / static_cast<double>(rows_.cols()));
}

void ItemIndex::ScanHead(std::span<State> states, Scratch& scratch) const {
  const std::size_t block_count = blocks_.size() - 1;
  const std::span<const std::size_t> cuts = tails_.cuts();
  std::size_t next_cut = 0;
  for (std::size_t block = 0; block < block_count; ++block) {
    const float block_norm = norms_[blocks_[block] * linalg::kTileWidth];
    const bool may_cut = next_cut < cuts.size() && cuts[next_cut] == blocks_[block];
    scratch.active.clear();
    for (State& state : states) {
      const float bound = Bound(state.norm, block_norm);
      if (state.searching && bound < state.top.threshold()) state.searching = false;
      if (may_cut && !state.searching && state.cut == block_count && state.shift == 0) {
        // Nothing more to find here: the rest of the sum may be estimated.
        state.tail.u = state.u;
        state.tail.scale = state.scale;
        state.tail.head = Total(state.sums) + state.second_look;
        state.estimated = tails_.Begin(next_cut, state.tail);
        if (state.estimated) state.cut = block;
      }
      if (state.searching || block < state.cut) scratch.active.push_back(&state);
    }
    if (may_cut) ++next_cut;
    if (scratch.active.empty()) return;
    ScanBlock(block, scratch.active, scratch);
  }
}

void ItemIndex::SumTails(std::span<State> states, Scratch& scratch) const {
  scratch.tails.clear();
  for (State& state : states) {
    if (state.estimated) scratch.tails.push_back(&state.tail);
  }
  tails_.Estimate(scratch.tails, scratch.tail_scratch);

  // Those that stay unsure are summed after all.
  const std::size_t block_count = blocks_.size() - 1;
  std::size_t first = block_count;
  for (State& state : states) {
    if (!state.estimated || state.tail.sure) continue;
    state.estimated = false;
    first = std::min(first, state.cut);
  }
  for (std::size_t block = first; block < block_count; ++block) {
    scratch.active.clear();
    for (State& state : states) {
      if (!state.estimated && block >= state.cut) scratch.active.push_back(&state);
    }
    ScanBlock(block, scratch.active, scratch);
  }
}

void ItemIndex::SumAgain(std::span<State> states, Scratch& scratch) const {
  scratch.active.clear();
  const std::size_t block_count = blocks_.size() - 1;
  std::size_t last = 0;
  for (State& state : states) {
    if (state.scale <= 0 || FirstPassError(state) <= kFirstPassTolerance * Normalizer(state)) {
      continue;
    }
    state.in_bytes = false;
    state.searching = false;
    state.second_look = 0;
    std::ranges::fill(state.sums, 0.0F);
    if (!state.estimated) state.cut = block_count;
    last = std::max(last, state.cut);
    scratch.active.push_back(&state);
  }
  if (scratch.active.empty()) return;
  for (std::size_t block = 0; block < last; ++block) {
    std::erase_if(scratch.active, [&](const State* state) { return block >= state->cut; });
    ScanInFull(block, scratch.active, scratch);
  }
}

void ItemIndex::SearchGroup(std::span<const ItemQuery> queries, Scratch& scratch) const {
  const std::span<State> states = std::span(scratch.states).first(queries.size());
  for (std::size_t j = 0; j < queries.size(); ++j) Begin(queries[j], states[j], scratch);
  ScanHead(states, scratch);
  SumTails(states, scratch);
  SumAgain(states, scratch);
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
