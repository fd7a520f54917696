#include "recsys/ranking/tail_sums.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "linalg/exp_sums.h"
#include "linalg/rank_update.h"
#include "linalg/vector_ops.h"

namespace usher::recsys {
namespace {

constexpr std::size_t kSmallestTail = 1024;  // items; fewer are summed as fast
constexpr std::size_t kSmallestSample = 64;  // items of a stratum; fewer say little of its variance

// The standard deviation of exp(x) - 1 - x - x^2 / 2, about x^3 / 6, over the cube of the root mean
// square of x: sqrt(15) / 6 = 0.65 were x normal; where items are alike, tails are heavier.
constexpr double kRestDeviation = 2;

// The level whose sample a tile belongs to first; kLevels for none. Not the first tile of each
// group: norms fall, so that it would stand for larger ones than its group has.
std::size_t LevelOf(std::size_t tile) {
  if (tile % 64 == 32) return 0;
  if (tile % 16 == 0) return 1;
  if (tile % 4 == 0) return 2;
  return TailSums::kLevels;
}

double Total(const float (&lanes)[linalg::kTileWidth]) {
  double total = 0;
  for (const float lane : lanes) total += lane;
  return total;
}

}  // namespace

TailSums::TailSums(const linalg::MatrixView& items, std::span<const std::uint32_t> order,
                   std::span<const std::size_t> tiles)
    : stride_(items.stride) {
  PlaceCuts(order.size(), tiles);
  BuildMoments(items, order);
  BuildSamples(items, order);
}

TailSums::Scratch TailSums::NewScratch() const {
  Scratch scratch;
  scratch.panel.resize(linalg::ScanScratch(stride_));
  return scratch;
}

void TailSums::PlaceCuts(std::size_t item_count, std::span<const std::size_t> tiles) {
  const double tile_count = static_cast<double>(item_count) / linalg::kTileWidth;
  // Closer together near the head, where most of them fall.
  for (std::size_t j = 1; j <= kStrata; ++j) {
    const double part = static_cast<double>(j) / (kStrata + 1);
    const auto wanted = static_cast<std::size_t>(tile_count * part * part);
    const auto tile = std::ranges::lower_bound(tiles, std::max<std::size_t>(wanted, 1));
    if (tile == tiles.end() || *tile * linalg::kTileWidth + kSmallestTail > item_count) break;
    if (cut_tiles_.empty() || cut_tiles_.back() != *tile) cut_tiles_.push_back(*tile);
  }
}

void TailSums::BuildMoments(const linalg::MatrixView& items, std::span<const std::uint32_t> order) {
  const std::size_t n = stride_;
  tails_.resize(cut_tiles_.size());
  strata_.resize(cut_tiles_.size());
  linalg::FloatVector first(n, 0.0F);
  linalg::FloatVector second(n * n, 0.0F);  // upper triangle
  linalg::FloatVector step(n);
  linalg::FloatVector panel(linalg::PanelSize(n));
  std::size_t end = order.size();
  double square_norms = 0;
  for (std::size_t j = tails_.size(); j-- > 0;) {
    const std::size_t begin = cut_tiles_[j] * linalg::kTileWidth;
    const auto members = order.subspan(begin, end - begin);
    linalg::GatherRankUpdate(items, members, {}, second.data(), second.data(), step.data(),
                             panel.data());
    linalg::AddScaled(1.0F, step, first);
    for (std::size_t r = 0; r < n; ++r) {
      for (std::size_t c = 0; c < r; ++c) second[r * n + c] = second[c * n + r];
    }
    double trace = 0;
    for (std::size_t r = 0; r < n; ++r) trace += double{second[r * n + r]};
    strata_[j] = {.count = end - begin,
                  .square_norms = std::max(0.0, trace - square_norms),
                  .begin = {},
                  .end = {},
                  .item_count = {}};
    tails_[j] = {
        .count = order.size() - begin, .first = first, .second = second, .cube_factors = {}};
    const double mean = trace / static_cast<double>(tails_[j].count);
    for (std::size_t part = j; part < strata_.size() && mean > 0; ++part) {
      const double own = strata_[part].square_norms / static_cast<double>(strata_[part].count);
      tails_[j].cube_factors[part] = std::pow(own / mean, 1.5);
    }
    square_norms = trace;
    end = begin;
  }
}

void TailSums::BuildSamples(const linalg::MatrixView& items, std::span<const std::uint32_t> order) {
  if (tails_.empty()) return;
  std::array<std::vector<std::size_t>, kLevels> tiles;
  // Whole tiles from the first cut on: less than a tile may be missing at the end.
  for (std::size_t tile = cut_tiles_.front(); (tile + 1) * linalg::kTileWidth <= order.size();
       ++tile) {
    if (LevelOf(tile) < kLevels) tiles[LevelOf(tile)].push_back(tile);
  }
  for (std::size_t level = 0; level < kLevels; ++level) {
    std::vector<std::uint32_t> sampled;
    for (const std::size_t tile : tiles[level]) {
      const auto members = order.subspan(tile * linalg::kTileWidth, linalg::kTileWidth);
      sampled.insert(sampled.end(), members.begin(), members.end());
    }
    samples_[level] = linalg::PackedRows(items, sampled);
    std::size_t end = tiles[level].size();
    for (std::size_t j = strata_.size(); j-- > 0;) {
      const auto begin = static_cast<std::size_t>(
          std::ranges::lower_bound(tiles[level], cut_tiles_[j]) - tiles[level].begin());
      strata_[j].begin[level] = begin;
      strata_[j].end[level] = end;
      strata_[j].item_count[level] =
          (level > 0 ? strata_[j].item_count[level - 1] : 0) + (end - begin) * linalg::kTileWidth;
      end = begin;
    }
  }
}

// Of exp(x) - 1 - x - x^2 / 2 in a stratum, as expected beforehand: x grows with the norm.
double TailSums::Deviation(const Sum& sum, std::size_t stratum) const {
  return kRestDeviation * sum.mean_square * std::sqrt(sum.mean_square) *
         tails_[sum.cut].cube_factors[stratum];
}

// Samples in proportion to the deviations, so large that the error is the allowed one. False when
// the largest sample of a stratum would be too small.
bool TailSums::ChooseLevels(double allowed_error, Sum& sum) const {
  double total = 0;
  for (std::size_t j = sum.cut; j < strata_.size(); ++j) {
    total += static_cast<double>(strata_[j].count) * Deviation(sum, j);
  }
  const double rate_of_deviation = total / (allowed_error * allowed_error);
  for (std::size_t j = sum.cut; j < strata_.size(); ++j) {
    const auto count = static_cast<double>(strata_[j].count);
    const double wanted = std::max(Deviation(sum, j) * rate_of_deviation * count,
                                   std::min(double{kSmallestSample}, count / 4));
    std::uint32_t level = 0;
    while (level < kLevels && static_cast<double>(strata_[j].item_count[level]) < wanted) ++level;
    if (level == kLevels) return false;
    sum.strata[j] = {.level = level};
  }
  return true;
}

bool TailSums::Begin(std::size_t cut, Sum& sum) const {
  const Tail& tail = tails_[cut];
  const std::span<const float> u(sum.u, stride_);
  const double b = sum.scale;
  const auto n = static_cast<double>(tail.count);
  const double linear = n + b * double{linalg::Dot(tail.first, u)};
  const double squares =
      std::max(0.0, b * b * double{linalg::QuadraticForm(tail.second.data(), u)});
  sum.cut = cut;
  sum.expansion = linear + squares / 2;
  sum.mean_square = squares / n;
  sum.sure = false;
  // exp(x) >= 1 + x, so the whole is at least this.
  const double least = sum.head + std::max(0.0, linear);
  return ChooseLevels(kNormalizerTolerance / 3 * least, sum);
}

void TailSums::Judge(Sum& sum) const {
  double rest = 0;
  double variance = 0;
  for (std::size_t j = sum.cut; j < strata_.size(); ++j) {
    const auto count = static_cast<double>(strata_[j].count);
    const auto sampled = static_cast<double>(strata_[j].item_count[sum.strata[j].level]);
    const double mean = sum.strata[j].sum / sampled;
    const double expected = Deviation(sum, j);
    const double spread =
        std::max(sum.strata[j].squares / sampled - mean * mean, expected * expected);
    rest += count * mean;
    variance += count * count / sampled * spread * (1 - std::min(1.0, sampled / count));
  }
  sum.total = sum.expansion + rest;
  sum.sure =
      sum.total > 0 && 3 * std::sqrt(variance) <= kNormalizerTolerance * (sum.head + sum.total);
}

// What a level adds to the sample of a stratum, for those who want it.
void TailSums::ScanStratum(std::size_t stratum, std::uint32_t level, std::span<Sum* const> sums,
                           Scratch& scratch) const {
  const Stratum& part = strata_[stratum];
  if (part.begin[level] == part.end[level]) return;
  scratch.active.clear();
  scratch.vectors.clear();
  for (Sum* sum : sums) {
    if (sum->sure || sum->cut > stratum) continue;
    const Sum::Stratum& own = sum->strata[stratum];
    if (level < own.taken || level > own.level) continue;
    std::ranges::fill(sum->lane_sums, 0.0F);
    std::ranges::fill(sum->lane_squares, 0.0F);
    scratch.active.push_back(sum);
    scratch.vectors.push_back({.u = sum->u,
                               .threshold = std::numeric_limits<float>::infinity(),
                               .sums = sum->lane_sums,
                               .squares = sum->lane_squares,
                               .scale = sum->scale});
  }
  linalg::Scan(samples_[level], part.begin[level], part.end[level], scratch.vectors,
               scratch.panel.data());
  for (Sum* sum : scratch.active) {
    sum->strata[stratum].sum += Total(sum->lane_sums);
    sum->strata[stratum].squares += Total(sum->lane_squares);
  }
}

void TailSums::Estimate(std::span<Sum* const> sums, Scratch& scratch) const {
  for (std::size_t round = 0; round < kLevels; ++round) {
    if (std::ranges::all_of(sums, [](const Sum* sum) { return sum->sure; })) return;
    for (std::size_t stratum = 0; stratum < strata_.size(); ++stratum) {
      for (std::uint32_t level = 0; level < kLevels; ++level) {
        ScanStratum(stratum, level, sums, scratch);
      }
    }
    for (Sum* sum : sums) {
      if (sum->sure) continue;
      Judge(*sum);
      for (Sum::Stratum& own : sum->strata) {
        own.taken = own.level + 1;
        own.level = std::min<std::uint32_t>(own.level + 1, kLevels - 1);
      }
    }
  }
}

}  // namespace usher::recsys
