#include <benchmark/benchmark.h>

#include <vector>

#include "base/random.h"
#include "linalg/cholesky.h"
#include "linalg/random_matrix.h"
#include "linalg/rank_update.h"

namespace usher::linalg {
namespace {

void BM_GatherRankUpdate(benchmark::State& state) {
  const auto rank = static_cast<std::size_t>(state.range(0));
  const auto count = static_cast<std::size_t>(state.range(1));
  const Matrix Y = RandomMatrix(60000, rank, 1);
  const std::size_t n = Y.stride();
  Random random(2);
  std::vector<std::uint32_t> rows(1 << 16);
  for (auto& row : rows) row = static_cast<std::uint32_t>(random.Below(Y.rows()));
  FloatVector base(n * n, 0.0F), A(n * n), b(n), panel(PanelSize(n));
  std::size_t at = 0;
  for (auto _ : state) {
    at = at + 2 * count > rows.size() ? 0 : at + count;
    GatherRankUpdate(Y.view(), std::span(rows).subspan(at, count), {}, base.data(), A.data(),
                     b.data(), panel.data());
    benchmark::DoNotOptimize(A.data());
  }
  state.SetItemsProcessed(state.iterations() * state.range(1));
  // Counted as the full triangle: count * n * (n + 1).
  state.counters["GFLOP/s"] = benchmark::Counter(
      static_cast<double>(state.iterations()) * static_cast<double>(count * n * (n + 1)) * 1e-9,
      benchmark::Counter::kIsRate);
}
BENCHMARK(BM_GatherRankUpdate)
    ->ArgNames({"rank", "n"})
    ->ArgsProduct({{64, 128, 256}, {10, 70, 1000}});

void BM_SolveCholesky(benchmark::State& state) {
  const auto n = static_cast<std::size_t>(state.range(0));
  const Matrix Y = RandomMatrix(2 * n, n, 1);
  FloatVector A(n * n);
  ThreadPool pool(1);
  Gram(Y.view(), pool, A.data());
  FloatVector work(n * n), x(n);
  for (auto _ : state) {
    work = A;
    std::fill(x.begin(), x.end(), 1.0F);
    SolveCholeskyInPlace(work.data(), n, x.data());
    benchmark::DoNotOptimize(x.data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_SolveCholesky)->ArgName("n")->Arg(32)->Arg(64)->Arg(128)->Arg(256);

}  // namespace
}  // namespace usher::linalg
