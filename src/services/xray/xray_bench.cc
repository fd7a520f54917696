// GetServiceGraph over 100,000 traces of an API with its function (ten parts each), spread over an
// hour: cold, when no span's sum is kept, and warm; a filter over all of them; and what keeping a
// segment costs the recorder's thread.
#include <benchmark/benchmark.h>

#include "base/clock.h"
#include "base/temp_folder.h"
#include "services/xray/filter.h"
#include "services/xray/test_traces.h"
#include "services/xray/trace_index.h"
#include "services/xray/trace_store.h"

namespace usher::xray {
namespace {

constexpr std::int64_t kSeconds = 3'600;

std::vector<tracing::Segment> TraceNumber(int number) {
  std::vector<tracing::Segment> segments = ApiTrace();
  const std::string id =
      tracing::NewTraceId(FromEpochMillis((kTestSeconds + number % kSeconds) * 1000));
  for (tracing::Segment& segment : segments) {
    segment.trace_id = id;
    segment.start_us += number % kSeconds * 1'000'000;
    segment.end_us += number % kSeconds * 1'000'000;
  }
  return segments;
}

void Fill(TraceIndex& index, int traces) {
  for (int i = 0; i < traces; ++i) {
    for (const tracing::Segment& segment : TraceNumber(i)) {
      const tracing::Segment* one = &segment;
      index.Add(std::span(&one, 1));
    }
  }
}

void BM_ServiceGraphCold(benchmark::State& state) {
  for (auto _ : state) {
    state.PauseTiming();
    auto index = std::make_unique<TraceIndex>();
    Fill(*index, static_cast<int>(state.range(0)));
    state.ResumeTiming();
    benchmark::DoNotOptimize(index->MapOf(kTestSeconds, kTestSeconds + kSeconds));
    state.PauseTiming();
    state.counters["index_bytes_per_trace"] =
        static_cast<double>(index->bytes()) / static_cast<double>(state.range(0));
    index.reset();
    state.ResumeTiming();
  }
}
BENCHMARK(BM_ServiceGraphCold)->Arg(100'000)->Unit(benchmark::kMillisecond)->Iterations(3);

void BM_ServiceGraphWarm(benchmark::State& state) {
  TraceIndex index;
  Fill(index, static_cast<int>(state.range(0)));
  for (auto _ : state) {
    // Cut off within spans at both ends.
    benchmark::DoNotOptimize(index.MapOf(kTestSeconds + 3, kTestSeconds + kSeconds - 3));
  }
}
BENCHMARK(BM_ServiceGraphWarm)->Arg(100'000)->Unit(benchmark::kMillisecond);

void BM_FilterAll(benchmark::State& state) {
  TraceIndex index;
  Fill(index, static_cast<int>(state.range(0)));
  const auto filter =
      Filter::Parse("service(\"Recommend\") { error } AND annotation.device = \"tv\"");
  for (auto _ : state) {
    std::size_t found = 0;
    (void)index.Walk(kTestSeconds, {kTestSeconds + kSeconds, 0}, 1'000'000,
                     [&](const Trace& trace, const NodeTable& nodes) {
                       found += filter->Matches(trace, nodes) ? 1 : 0;
                       return true;
                     });
    benchmark::DoNotOptimize(found);
  }
}
BENCHMARK(BM_FilterAll)->Arg(100'000)->Unit(benchmark::kMillisecond);

void BM_KeepSegment(benchmark::State& state) {
  const TempFolder folder;
  FixedClock clock(FromEpochMillis(kTestSeconds * 1000));
  const auto store = TraceStore::Open(folder.path() + "/traces", clock);
  (*store)->WaitUntilRead();
  std::vector<tracing::Finished> batch;
  int number = 0;
  for (auto _ : state) {
    state.PauseTiming();
    batch.clear();
    for (int i = 0; i < 300; ++i) {
      tracing::Segment segment = MakeSegment(1, 0, "Personalize", "AWS::Personalize", 0, 200);
      segment.trace_id = tracing::NewTraceId(FromEpochMillis((kTestSeconds + number++) * 1000));
      segment.http = tracing::HttpInfo{.method = "POST",
                                       .url = "http://127.0.0.1:4566/recommendations",
                                       .user_agent = "Boto3/1.44.5 ua/2.1 os/linux#6 lang/python",
                                       .client_ip = "127.0.0.1",
                                       .status = 200};
      segment.aws.Append("operation", "GetRecommendations");
      segment.aws.Append("region", "us-east-1");
      segment.aws.Append("request_id", "00000000-0000-0000-0000-000000000000");
      batch.push_back({std::move(segment), ""});
    }
    state.ResumeTiming();
    (*store)->Keep(batch);
  }
  state.SetItemsProcessed(state.iterations() * 300);
}
BENCHMARK(BM_KeepSegment);

}  // namespace
}  // namespace usher::xray
