#include "wire/call_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/dispatcher.h"
#include "wire/personalize_runtime.h"

namespace usher::wire {
namespace {

using api::personalize_runtime::GetRecommendations;
using ::testing::ElementsAre;

TEST(CallMetrics, CountsACampaignsCallsTheirTimeAndFailures) {
  FixedClock clock(FromEpochMillis(1'700'000'000'000));
  metrics::Registry registry(clock);
  Dispatcher dispatcher;
  dispatcher.SetTelemetry(nullptr, &registry);
  std::optional<Error> fails;
  dispatcher.Handle<GetRecommendations>(
      [&](const auto&, CallContext&) -> Result<GetRecommendations::Response> {
        if (fails) return *fails;
        return GetRecommendations::Response{};
      });
  CallContext context;
  const GetRecommendations::Request request{
      .campaign_arn = "arn:aws:personalize:us-east-1:000000000000:campaign/movies"};
  EXPECT_TRUE(dispatcher.Call<GetRecommendations>(request, context));
  EXPECT_TRUE(dispatcher.Call<GetRecommendations>(request, context));
  fails = Internal("broken");
  EXPECT_FALSE(dispatcher.Call<GetRecommendations>(request, context));
  fails = NotFound("no such campaign");
  EXPECT_FALSE(dispatcher.Call<GetRecommendations>(request, context));

  std::vector<std::string> names;
  std::vector<double> sums;
  std::vector<std::size_t> dimensions;
  registry.Visit({}, [&](const metrics::SeriesName& name, const metrics::Series& series) {
    EXPECT_EQ(name.name_space, "AWS/Personalize");
    names.push_back(name.name);
    dimensions.push_back(name.dimensions.size());
    sums.push_back(name.name.ends_with("Latency") ? series.total.count() : series.total.sum());
    return true;
  });
  EXPECT_THAT(names, ElementsAre("GetRecommendations", "GetRecommendations4xxErrors",
                                 "GetRecommendations5xxErrors", "GetRecommendationsLatency"));
  EXPECT_THAT(sums, ElementsAre(2, 1, 1, 2));
  // A campaign that does not exist makes no series of its own.
  EXPECT_THAT(dimensions, ElementsAre(1U, 0U, 1U, 1U));
}

}  // namespace
}  // namespace usher::wire
