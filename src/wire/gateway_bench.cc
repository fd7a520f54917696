// What the gateway adds to a handler: routing, decoding, validation, encoding.
#include <benchmark/benchmark.h>

#include "tracing/recorder.h"
#include "wire/gateway.h"
#include "wire/personalize.h"
#include "wire/s3.h"

namespace usher::wire {
namespace {

class NoKeys final : public Credentials {
 public:
  [[nodiscard]] std::optional<Key> Find(std::string_view /*access_key_id*/) const override {
    return std::nullopt;
  }
};

struct Bench {
  Dispatcher dispatcher;
  NoKeys keys;
  SystemClock clock;

  void Run(benchmark::State& state, HttpRequest request, std::string_view body) {
    const Gateway gateway(dispatcher, keys, clock, {.verify_signatures = false});
    for (auto _ : state) {
      request.body = std::make_shared<StringSource>(std::string(body));
      Outcome outcome;
      const HttpResponse answer = gateway.Handle(request, outcome);
      if (answer.status != 200) state.SkipWithError(answer.body.c_str());
    }
  }
};

// With traced 1 each call makes a segment and hands it to a recorder, whose sink drops it: what
// tracing costs the request.
void BM_DescribeCampaign(benchmark::State& state) {
  Bench bench;
  tracing::Recorder recorder;
  if (state.range(0) == 1) {
    recorder.AddSink([](std::span<const tracing::Finished> /*batch*/) {});
    recorder.Start();
    bench.dispatcher.SetTelemetry(&recorder, nullptr);
  }
  bench.dispatcher.Handle<api::personalize::DescribeCampaign>(
      [](const auto& request,
         CallContext& /*context*/) -> Result<api::personalize::DescribeCampaignResponse> {
        api::personalize::DescribeCampaignResponse response;
        auto& campaign = response.campaign.emplace();
        campaign.name = "movies";
        campaign.campaign_arn = request.campaign_arn;
        campaign.status = "ACTIVE";
        return response;
      });
  HttpRequest request{.method = "POST", .target = "/"};
  request.headers.Add("Host", "127.0.0.1:4566");
  request.headers.Add("X-Amz-Target", "AmazonPersonalize.DescribeCampaign");
  request.headers.Add("Content-Type", "application/x-amz-json-1.1");
  bench.Run(state, request,
            R"({"campaignArn":"arn:aws:personalize:us-east-1:000000000000:campaign/movies"})");
}
BENCHMARK(BM_DescribeCampaign)->ArgName("traced")->Arg(0)->Arg(1);

void BM_HeadBucket(benchmark::State& state) {
  Bench bench;
  bench.dispatcher.Handle<api::s3::HeadBucket>(
      [](const auto& /*request*/, CallContext& /*context*/) -> Result<api::s3::HeadBucketOutput> {
        return api::s3::HeadBucketOutput{};
      });
  HttpRequest request{.method = "HEAD", .target = "/bucket"};
  request.headers.Add("Host", "127.0.0.1:4566");
  bench.Run(state, request, "");
}
BENCHMARK(BM_HeadBucket);

}  // namespace
}  // namespace usher::wire
