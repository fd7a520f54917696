#include <benchmark/benchmark.h>

#include "linalg/matrix.h"
#include "linalg/random_matrix.h"
#include "linalg/spd_inverse.h"

namespace usher::linalg {
namespace {

void BM_InvertSpd(benchmark::State& state) {
  const std::size_t n = PaddedOrder(static_cast<std::size_t>(state.range(0)));
  ThreadPool pool(static_cast<std::size_t>(state.range(1)));
  // Diagonally dominant, hence positive definite.
  const Matrix noise = RandomMatrix(n, n, 1, 0.01);
  FloatVector A(n * n);
  const auto dominance = static_cast<float>(n);
  for (auto _ : state) {
    state.PauseTiming();
    for (std::size_t r = 0; r < n; ++r) {
      for (std::size_t c = r; c < n; ++c) A[r * n + c] = noise.Row(r)[c] + (r == c ? dominance : 0);
    }
    state.ResumeTiming();
    benchmark::DoNotOptimize(InvertSpdInPlace(A.data(), n, pool));
  }
  const auto order = static_cast<double>(n);
  state.counters["GFLOP/s"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * order * order * order * 1e-9,
                         benchmark::Counter::kIsRate);
}
BENCHMARK(BM_InvertSpd)
    ->ArgNames({"n", "threads"})
    ->ArgsProduct({{1000, 4000, 8000}, {1, 2}})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace usher::linalg
