#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/random.h"
#include "recsys/linear/ease.h"
#include "recsys/linear/sequence_regression.h"

namespace usher::recsys {
namespace {

// Histories of about the same length, of items whose popularity falls like 1 / rank.
Interactions SkewedHistories(std::size_t users, std::size_t items, std::size_t length) {
  Random random(1);
  Interactions all;
  all.user_count = users;
  all.item_count = items;
  for (std::size_t user = 0; user < users; ++user) {
    std::vector<std::uint32_t> list;
    for (std::size_t j = 0; j < length; ++j) {
      const double rank = std::pow(static_cast<double>(items), random.Uniform());
      const auto item = static_cast<std::uint32_t>(rank) - 1;
      if (std::ranges::find(list, item) == list.end()) list.push_back(item);
    }
    all.by_user.Append(list);
  }
  return all;
}

void BM_TrainEase(benchmark::State& state) {
  const Interactions all = SkewedHistories(static_cast<std::size_t>(state.range(0)),
                                           static_cast<std::size_t>(state.range(1)), 150);
  ThreadPool pool;
  for (auto _ : state) benchmark::DoNotOptimize(TrainEase(all, {}, pool));
  state.counters["rows/s"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * static_cast<double>(all.size()),
                         benchmark::Counter::kIsRate);
}
BENCHMARK(BM_TrainEase)
    ->ArgNames({"users", "items"})
    ->Args({600, 10000})   // over users
    ->Args({6000, 4000})   // over items
    ->Args({60000, 8000})  // likewise
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

void BM_TrainSequenceRegression(benchmark::State& state) {
  const Interactions all = SkewedHistories(static_cast<std::size_t>(state.range(0)),
                                           static_cast<std::size_t>(state.range(1)), 150);
  SequenceRegressionOptions options;
  options.sources = static_cast<std::uint32_t>(state.range(2));
  ThreadPool pool;
  for (auto _ : state) benchmark::DoNotOptimize(TrainSequenceRegression(all, options, pool));
  state.counters["multiply-adds/s"] = benchmark::Counter(
      static_cast<double>(state.iterations()) * SequenceRegressionCost(all, options).multiply_adds,
      benchmark::Counter::kIsRate);
}
BENCHMARK(BM_TrainSequenceRegression)
    ->ArgNames({"users", "items", "sources"})
    ->Args({600, 10000, 1000})
    ->Args({600, 10000, 4000})
    ->Args({6000, 4000, 4000})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace usher::recsys
