// Listing, reading and storing in a bucket of 100,000 objects.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "base/check.h"
#include "storage/object_documents.h"
#include "storage/object_store.h"

namespace usher::storage {
namespace {

constexpr int kObjects = 100'000;
constexpr int kFolders = 1'000;

// The documents of the objects, without their files: what a listing reads.
struct Crowd {
  Crowd() {
    std::string name = "/tmp/object_store_bench_XXXXXX";
    folder = mkdtemp(name.data());
    auto opened = OpenSqliteStore(folder);
    Check(opened.has_value(), "document store opens");
    documents = std::move(*opened);
    auto store = ObjectStore::Open(folder + "/objects", *documents, clock);
    Check(store.has_value(), "object store opens");
    objects = std::move(*store);
    Check(objects->CreateBucket("b", "us-east-1").has_value(), "bucket is made");
    for (int at = 0; at < kObjects;) {
      Batch batch;
      for (const int end = at + 5'000; at < end; ++at) {
        char key[32];
        std::snprintf(key, sizeof key, "%03d/%06d", at % kFolders, at);
        const StoredObject object{.info = {.key = key,
                                           .size = 100,
                                           .etag = std::string(32, 'e'),
                                           .attributes = {.system = {{"content-type", "text/csv"}}},
                                           .data_id = "x"},
                                  .file = DataFile{.name = "x",
                                                   .size = 100,
                                                   .md5 = std::string(32, 'e'),
                                                   .sha256 = std::string(64, 'f')}};
        batch.Create(std::string(kObjectKind), ObjectId("b", key), "", EncodeObject(object));
      }
      Check(documents->Commit(batch).has_value(), "documents are stored");
    }
  }
  ~Crowd() {
    objects.reset();
    documents.reset();
    std::filesystem::remove_all(folder);
  }

  SystemClock clock;
  std::string folder;
  std::unique_ptr<DocumentStore> documents;
  std::unique_ptr<ObjectStore> objects;
};

Crowd& TheCrowd() {
  static Crowd crowd;
  return crowd;
}

// One page of 1000 keys from the middle.
void BM_ListKeys(benchmark::State& state) {
  const Crowd& crowd = TheCrowd();
  for (auto _ : state) {
    const auto page = crowd.objects->ListObjects("b", {.from = "500/"});
    benchmark::DoNotOptimize(page->entries.size());
  }
  state.SetItemsProcessed(state.iterations() * 1000);
}
BENCHMARK(BM_ListKeys)->Unit(benchmark::kMillisecond);

// The 1000 folders of the bucket, each with 100 keys.
void BM_ListFolders(benchmark::State& state) {
  const Crowd& crowd = TheCrowd();
  for (auto _ : state) {
    const auto page = crowd.objects->ListObjects("b", {.delimiter = "/"});
    benchmark::DoNotOptimize(page->entries.size());
  }
  state.SetItemsProcessed(state.iterations() * kFolders);
}
BENCHMARK(BM_ListFolders)->Unit(benchmark::kMillisecond);

void BM_PutSmallObject(benchmark::State& state) {
  Crowd& crowd = TheCrowd();
  int number = 0;
  for (auto _ : state) {
    const std::string key = "new/" + std::to_string(number++);
    StringSource source(std::string(1024, 'x'));
    auto staged = crowd.objects->Stage(source, "b", key, 1U << 20);
    Check(staged.has_value(), "staging works");
    Check(crowd.objects->PutObject("b", key, std::move(*staged), {}).has_value(), "put works");
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_PutSmallObject)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace usher::storage
