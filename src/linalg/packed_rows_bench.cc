#include <benchmark/benchmark.h>

#include <limits>
#include <numeric>
#include <vector>

#include "linalg/packed_rows.h"
#include "linalg/quantised_rows.h"
#include "linalg/random_matrix.h"

namespace usher::linalg {
namespace {

// The products of a catalogue with some vectors, none of them a hit; with or without the sums of
// exponentials.
void BM_Scan(benchmark::State& state) {
  const auto rank = static_cast<std::size_t>(state.range(0));
  const auto count = static_cast<std::size_t>(state.range(1));
  const bool with_sums = state.range(2) != 0;
  constexpr std::size_t kItems = 60000;
  const Matrix V = RandomMatrix(kItems, rank, 1, 0.1);
  const Matrix U = RandomMatrix(count, rank, 2, 0.1);
  std::vector<std::uint32_t> order(kItems);
  std::iota(order.begin(), order.end(), 0);
  const PackedRows rows(V.view(), order);
  FloatVector sums(count * kTileWidth);
  FloatVector scratch(ScanScratch(rank));
  std::vector<ScanVector> vectors;
  for (std::size_t r = 0; r < count; ++r) {
    vectors.push_back({.u = U.Row(r),
                       .threshold = std::numeric_limits<float>::infinity(),
                       .sums = with_sums ? sums.data() + r * kTileWidth : nullptr,
                       .scale = 1.0F});
  }
  for (auto _ : state) {
    Scan(rows, 0, rows.tile_count(), vectors, scratch.data());
    benchmark::DoNotOptimize(sums.data());
  }
  state.counters["GFLOP/s"] = benchmark::Counter(
      static_cast<double>(state.iterations()) * 2e-9 * static_cast<double>(kItems * rank * count),
      benchmark::Counter::kIsRate);
}
BENCHMARK(BM_Scan)
    ->ArgNames({"rank", "vectors", "sums"})
    ->ArgsProduct({{64, 128}, {1, 48}, {0, 1}})
    ->Unit(benchmark::kMicrosecond);

// The same of the rows in bytes.
void BM_ScanQuantised(benchmark::State& state) {
  const auto rank = static_cast<std::size_t>(state.range(0));
  const auto count = static_cast<std::size_t>(state.range(1));
  const bool with_sums = state.range(2) != 0;
  constexpr std::size_t kItems = 60000;
  const Matrix V = RandomMatrix(kItems, rank, 1, 0.1);
  const Matrix U = RandomMatrix(count, rank, 2, 0.1);
  std::vector<std::uint32_t> order(kItems);
  std::iota(order.begin(), order.end(), 0);
  const QuantisedRows rows(V.view(), order);
  FloatVector sums(count * kTileWidth);
  FloatVector doubts(count * kTileWidth);
  std::vector<std::int32_t> scratch(QuantisedScratch(rank));
  std::vector<QuantisedVector> quantised(count);
  std::vector<QuantisedScanVector> vectors;
  for (std::size_t r = 0; r < count; ++r) {
    if (!rows.Quantise({U.Row(r), U.stride()}, quantised[r]))
      return state.SkipWithError("no scale");
    vectors.push_back({.u = &quantised[r],
                       .threshold = std::numeric_limits<float>::infinity(),
                       .sums = with_sums ? sums.data() + r * kTileWidth : nullptr,
                       .doubts = doubts.data() + r * kTileWidth,
                       .scale = 1.0F});
  }
  for (auto _ : state) {
    ScanQuantised(rows, 0, rows.tile_count(), vectors, scratch.data());
    benchmark::DoNotOptimize(sums.data());
  }
  state.counters["GFLOP/s"] = benchmark::Counter(
      static_cast<double>(state.iterations()) * 2e-9 * static_cast<double>(kItems * rank * count),
      benchmark::Counter::kIsRate);
}
BENCHMARK(BM_ScanQuantised)
    ->ArgNames({"rank", "vectors", "sums"})
    ->ArgsProduct({{64, 128}, {1, 48}, {0, 1}})
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace usher::linalg
