#include "server/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace usher::server {
namespace {

using testing::HasSubstr;
using testing::Not;

Exchange Answered(std::string service, std::string operation, int status,
                  std::chrono::microseconds duration) {
  return {.service = std::move(service),
          .operation = std::move(operation),
          .status = status,
          .bytes_in = 10,
          .bytes_out = 100,
          .duration = duration};
}

TEST(Metrics, CountsByServiceOperationAndStatusClass) {
  Metrics metrics;
  metrics.Record(Answered("s3", "GetObject", 200, std::chrono::microseconds(50)));
  metrics.Record(Answered("s3", "GetObject", 206, std::chrono::microseconds(50)));
  metrics.Record(Answered("s3", "GetObject", 404, std::chrono::microseconds(50)));
  metrics.Record(Answered("s3", "PutObject", 0, std::chrono::microseconds(50)));

  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("# TYPE usher_requests_total counter\n"));
  EXPECT_THAT(text, HasSubstr("usher_requests_total{service=\"s3\",operation=\"GetObject\","
                              "status=\"2xx\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("usher_requests_total{service=\"s3\",operation=\"GetObject\","
                              "status=\"4xx\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("usher_requests_total{service=\"s3\",operation=\"PutObject\","
                              "status=\"none\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("5xx")));
  EXPECT_THAT(text,
              HasSubstr("usher_sent_bytes_total{service=\"s3\",operation=\"GetObject\"} 300"));
}

// 0.1 ms falls on a bound and belongs to it; 0.2 ms into the next; 200 s beyond all.
TEST(Metrics, TellsHowManyAnswersTookUpToEachBound) {
  Metrics metrics;
  for (const auto micros : {100, 200, 200'000'000}) {
    metrics.Record(Answered("s3", "GetObject", 200, std::chrono::microseconds(micros)));
  }

  const std::string text = metrics.Text();
  const std::string bucket =
      "usher_request_duration_seconds_bucket{service=\"s3\",operation=\"GetObject\",le=";
  EXPECT_THAT(text, HasSubstr(bucket + "\"0.0001\"} 1\n"));
  EXPECT_THAT(text, HasSubstr(bucket + "\"0.00025\"} 2\n"));
  EXPECT_THAT(text, HasSubstr(bucket + "\"120\"} 2\n"));
  EXPECT_THAT(text, HasSubstr(bucket + "\"+Inf\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("usher_request_duration_seconds_count{service=\"s3\","
                              "operation=\"GetObject\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("usher_request_duration_seconds_sum{service=\"s3\","
                              "operation=\"GetObject\"} 200.0003\n"));
}

TEST(AppendProcessMetrics, TellsMemoryAndStart) {
  std::string text;
  AppendProcessMetrics(text, FromEpochMillis(1'500));
  EXPECT_THAT(text, HasSubstr("process_start_time_seconds 1.5\n"));
  EXPECT_THAT(text, HasSubstr("process_resident_memory_bytes "));
}

}  // namespace
}  // namespace usher::server
