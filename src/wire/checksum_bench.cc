#include <benchmark/benchmark.h>

#include <string>

#include "wire/checksum.h"

namespace usher::wire {
namespace {

void BM_Checksum(benchmark::State& state) {
  const auto algorithm = static_cast<ChecksumAlgorithm>(state.range(0));
  const std::string bytes(static_cast<std::size_t>(state.range(1)), 'u');
  for (auto _ : state) {
    Checksum checksum(algorithm);
    checksum.Update(bytes);
    benchmark::DoNotOptimize(checksum.Finish());
  }
  state.SetBytesProcessed(state.iterations() * state.range(1));
  state.SetLabel(std::string(ChecksumName(algorithm)));
}
BENCHMARK(BM_Checksum)->ArgNames({"algorithm", "bytes"})->ArgsProduct({{0, 1, 2, 3, 4}, {65536}});

}  // namespace
}  // namespace usher::wire
