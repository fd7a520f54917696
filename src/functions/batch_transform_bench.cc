// The output of a batch job for 162,541 users, 25 movies each, as a Parquet file.
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <atomic>
#include <fstream>

#include "base/check.h"
#include "base/random.h"
#include "base/temp_folder.h"
#include "functions/batch_transform.h"
#include "wire/s3.h"

namespace usher::functions {
namespace {

constexpr int kMovies = 59'047;
constexpr int kItems = 25;

void WriteMovies(const std::string& path) {
  std::ofstream file(path);
  file << "movieId,title,genres\n";
  for (int movie = 0; movie < kMovies; ++movie) {
    file << movie << ",\"Some Title of a Movie, The " << movie << " (1995)\",Drama|Comedy\n";
  }
}

void WriteOutput(const std::string& path, int users) {
  Random random(1);
  std::ofstream file(path);
  for (int user = 1; user <= users; ++user) {
    file << R"({"input":{"userId":")" << user << R"("},"output":{"recommendedItems":[)";
    for (int i = 0; i < kItems; ++i) file << (i ? "," : "") << '"' << random.Below(kMovies) << '"';
    file << R"(],"scores":[)";
    for (int i = 0; i < kItems; ++i) file << (i ? "," : "") << random.Uniform() / 40;
    file << "]},\"error\":null}\n";
  }
}

void BM_BatchTransform(benchmark::State& state) {
  const TempFolder folder;
  WriteMovies(folder.path() + "/movies.csv");
  WriteOutput(folder.path() + "/users.json.out", static_cast<int>(state.range(0)));
  wire::Dispatcher dispatcher;
  dispatcher.Handle<api::s3::GetObject>(
      [&](const api::s3::GetObjectRequest& request,
          wire::CallContext& /*context*/) -> Result<api::s3::GetObjectOutput> {
        auto file = FileSource::Open(folder.path() + "/" + request.key);
        if (!file) return file.error();
        api::s3::GetObjectOutput response;
        response.body = *std::move(file);
        return response;
      });
  std::uint64_t stored = 0;
  dispatcher.Handle<api::s3::PutObject>(
      [&](const api::s3::PutObjectRequest& request,
          wire::CallContext& /*context*/) -> Result<api::s3::PutObjectOutput> {
        stored = request.body->size().value_or(0);
        return api::s3::PutObjectOutput{};
      });
  const std::map<std::string, std::string> environment = {{"METADATA_KEY", "movies.csv"}};
  const SystemClock clock;
  const std::atomic<bool> cancelled = false;
  wire::CallContext call;
  for (auto _ : state) {
    FunctionContext context{.environment = environment,
                            .deadline = clock.Now() + std::chrono::minutes(10),
                            .clock = clock,
                            .cancelled = cancelled,
                            .dispatcher = dispatcher,
                            .call = call,
                            .log = [](std::string_view) {}};
    const auto done = BatchTransform(
        R"({"Records":[{"s3":{"bucket":{"name":"b"},"object":{"key":"users.json.out"}}}]})",
        context);
    Check(done.has_value(), "the transform succeeds");
  }
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  state.counters["users/s"] = benchmark::Counter(
      static_cast<double>(state.iterations() * state.range(0)), benchmark::Counter::kIsRate);
  state.counters["peak_MB"] = static_cast<double>(usage.ru_maxrss) / 1024;
  state.counters["file_MB"] = static_cast<double>(stored) / 1e6;
}
BENCHMARK(BM_BatchTransform)->Arg(162'541)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace usher::functions
