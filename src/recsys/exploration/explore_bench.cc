// One answer's exploration on a catalogue of the size of MovieLens-25M: scores of the candidates
// are given, so this is what exploring costs beside scoring up to 64 items more.
#include <benchmark/benchmark.h>

#include "recsys/exploration/explore.h"

namespace usher::recsys {
namespace {

constexpr std::uint32_t kItems = 60'000;

void BM_Explore(benchmark::State& state) {
  const auto n = static_cast<std::size_t>(state.range(0));
  const auto new_count = static_cast<std::uint32_t>(state.range(1));
  std::vector<std::int64_t> births(kItems, NewItems::kUnknownBirth);
  std::vector<std::uint32_t> counts(kItems, 3);
  Random random(1);
  for (std::uint32_t i = 0; i < new_count; ++i) {
    births[new_count == kItems ? i : random.Below(kItems)] = 0;
  }
  const NewItems items(births, counts, 0, 30);
  std::vector<ScoredItem> greedy;
  for (std::size_t j = 0; j < n; ++j) {
    greedy.push_back(
        {static_cast<std::uint32_t>(random.Below(kItems)), 0.01F / static_cast<float>(j + 1)});
  }
  std::vector<std::uint32_t> seen(150);
  for (std::uint32_t& item : seen) item = static_cast<std::uint32_t>(random.Below(kItems));
  CandidatePicker picker;
  ExploreScratch scratch;
  std::vector<Candidate> candidates;
  std::vector<ExploredItem> out;
  std::uint64_t seed = 0;
  for (auto _ : state) {
    Random answer(++seed);
    picker.Pick(items, greedy, seen, {}, answer, candidates);
    for (Candidate& candidate : candidates) {
      if (candidate.greedy_at == n) candidate.score = 1e-4F;
    }
    Explore(greedy, candidates, 0.3, answer, scratch, out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Explore)
    ->ArgNames({"n", "new"})
    ->Args({25, 2000})
    ->Args({25, 60'000})
    ->Args({100, 2000})
    ->Args({500, 2000});

}  // namespace
}  // namespace usher::recsys
