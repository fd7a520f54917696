#include "tracing/recorder.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>

namespace usher::tracing {
namespace {

Segment Named(std::string name) {
  Segment segment;
  segment.name = std::move(name);
  return segment;
}

TEST(Recorder, HandsOverInOrderFromAnyThread) {
  Recorder recorder;
  std::size_t seen = 0;
  recorder.AddSink([&](std::span<const Finished> batch) { seen += batch.size(); });
  recorder.Start();
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int k = 0; k < 1000; ++k) EXPECT_TRUE(recorder.Record(Named("a")));
      });
    }
  }
  recorder.Flush();
  EXPECT_EQ(seen, 4000U);
  EXPECT_EQ(recorder.stats().recorded, 4000U);
  EXPECT_EQ(recorder.stats().dropped, 0U);
}

TEST(Recorder, DropsAndCountsWhatTheSinkCannotTake) {
  Recorder recorder;
  std::latch go(1);
  std::latch in_sink(1);
  std::atomic<std::size_t> seen = 0;
  recorder.AddSink([&](std::span<const Finished> batch) {
    if (seen == 0) in_sink.count_down();
    go.wait();
    seen += batch.size();
  });
  recorder.Start();
  ASSERT_TRUE(recorder.Record(Named("first")));
  in_sink.wait();

  for (std::size_t i = 0; i < kMaxWaiting; ++i) ASSERT_TRUE(recorder.Record(Named("a")));
  EXPECT_FALSE(recorder.Record(Named("one too many")));
  EXPECT_EQ(recorder.stats().dropped, 1U);
  go.count_down();
  recorder.Flush();
  EXPECT_EQ(seen, kMaxWaiting + 1);
}

TEST(Recorder, StopHandsOverWhatWaits) {
  std::size_t seen = 0;
  {
    Recorder recorder;
    recorder.AddSink([&](std::span<const Finished> batch) { seen += batch.size(); });
    recorder.Start();
    recorder.Record(Named("a"));
    recorder.Record(Named("b"));
    recorder.Stop();
    EXPECT_FALSE(recorder.Record(Named("late")));
  }
  EXPECT_EQ(seen, 2U);
}

TEST(Recorder, FlushReturnsWhereNothingRuns) {
  Recorder recorder;
  recorder.Record(Named("a"));
  recorder.Flush();
  EXPECT_EQ(recorder.stats().waiting, 1U);
}

TEST(Recorder, TakesAllUnlessToldOtherwise) {
  Recorder recorder;
  EXPECT_TRUE(recorder.Sample({.service_name = "Personalize"}));
  recorder.SetSampler([](const SamplingRequest& request) { return request.service_name == "S3"; });
  EXPECT_FALSE(recorder.Sample({.service_name = "Personalize"}));
  EXPECT_TRUE(recorder.Sample({.service_name = "S3"}));
}

}  // namespace
}  // namespace usher::tracing
