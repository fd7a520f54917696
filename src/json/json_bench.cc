#include <benchmark/benchmark.h>

#include "json/json.h"

namespace usher::json {
namespace {

// A request as clients of the control plane send it, about 270 bytes.
constexpr std::string_view kRequest =
    R"({"name":"movies-campaign","solutionVersionArn":"arn:aws:personalize:us-east-1:000000000000:solution/movies/0123abcd","minProvisionedTPS":1,"campaignConfig":{"itemExplorationConfig":{"explorationWeight":"0.3","explorationItemAgeCutOff":"30"}},"tags":[{"tagKey":"a","tagValue":"b"}]})";

void BM_ParseRequest(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(Parse(kRequest));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kRequest.size()));
}
BENCHMARK(BM_ParseRequest);

// A list of 25 recommendations.
void BM_WriteItemList(benchmark::State& state) {
  ValueList items;
  for (int i = 0; i < 25; ++i) {
    ValueMap item;
    item.Set("itemId", std::to_string(i * 7919));
    item.Set("score", 0.0123456789 / (i + 1));
    items.emplace_back(std::move(item));
  }
  ValueMap answer;
  answer.Set("itemList", std::move(items));
  const Value value(std::move(answer));
  for (auto _ : state) benchmark::DoNotOptimize(Write(value));
}
BENCHMARK(BM_WriteItemList);

// JSON as a text in JSON, as a function's answer to API Gateway carries it.
void BM_WriteTextWithQuotes(benchmark::State& state) {
  const std::string body(kRequest);
  for (auto _ : state) {
    std::string out;
    AppendString(out, body);
    benchmark::DoNotOptimize(out);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(body.size()));
}
BENCHMARK(BM_WriteTextWithQuotes);

}  // namespace
}  // namespace usher::json
