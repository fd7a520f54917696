#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <filesystem>

#include "storage/document_store.h"

namespace usher::storage {
namespace {

std::string MakeFolder() {
  std::string name = std::filesystem::temp_directory_path() / "document_store_bench_XXXXXX";
  return mkdtemp(name.data());
}

// Commits of one document each; with more threads, one fsync serves several of them.
void BM_Commit(benchmark::State& state) {
  static std::string folder;
  static std::unique_ptr<DocumentStore> store;
  if (state.thread_index() == 0) {
    folder = MakeFolder();
    store = std::move(*OpenSqliteStore(folder));
  }
  const std::string prefix = std::to_string(state.thread_index()) + "-";
  std::int64_t i = 0;
  for (auto _ : state) {
    Batch batch;
    batch.Create("k", prefix + std::to_string(i++), "group", std::string(500, 'x'));
    benchmark::DoNotOptimize(store->Commit(batch).has_value());
  }
  state.SetItemsProcessed(state.iterations());
  if (state.thread_index() == 0) {
    store.reset();
    std::filesystem::remove_all(folder);
  }
}
BENCHMARK(BM_Commit)->Threads(1)->Threads(8)->Threads(32)->UseRealTime();

void BM_Get(benchmark::State& state) {
  const std::string folder = MakeFolder();
  {
    const auto store = std::move(*OpenSqliteStore(folder));
    Batch batch;
    for (int i = 0; i < 10'000; ++i) {
      batch.Create("k", "id" + std::to_string(i), "group", std::string(500, 'x'));
    }
    benchmark::DoNotOptimize(store->Commit(batch).has_value());
    int i = 0;
    for (auto _ : state) {
      benchmark::DoNotOptimize(store->Get("k", "id" + std::to_string(i++ % 10'000)).has_value());
    }
    state.SetItemsProcessed(state.iterations());
  }
  std::filesystem::remove_all(folder);
}
BENCHMARK(BM_Get);

}  // namespace
}  // namespace usher::storage
