// Traces for tests.
#pragma once

#include <string>
#include <vector>

#include "base/random.h"
#include "tracing/segment.h"

namespace usher::xray {

inline constexpr std::int64_t kTestSeconds = 1'700'000'000;  // of kTestTrace
inline const std::string kTestTrace = "1-6553f100-000000000000000000000001";

// Times in microseconds from kTestSeconds on.
inline tracing::Segment MakeSegment(tracing::SegmentId id, tracing::SegmentId parent,
                                    std::string_view name, std::string_view origin,
                                    std::int64_t begin, std::int64_t end) {
  tracing::Segment segment;
  segment.id = id;
  segment.parent_id = parent;
  segment.name = name;
  segment.origin = origin;
  segment.trace_id = kTestTrace;
  segment.start_us = kTestSeconds * 1'000'000 + begin;
  segment.end_us = kTestSeconds * 1'000'000 + end;
  return segment;
}

inline tracing::Segment MakeCall(tracing::SegmentId id, std::string_view name, std::int64_t begin,
                                 std::int64_t end, std::string_view name_space = "aws") {
  tracing::Segment call = MakeSegment(id, 0, name, "", begin, end);
  call.trace_id.clear();
  call.name_space = name_space;
  return call;
}

// client -> stage -> AWS::Lambda -> function -> Personalize, three times S3, example.com; the stage
// failed.
inline std::vector<tracing::Segment> ApiTrace() {
  tracing::Segment stage = MakeSegment(1, 0, "Movies/dev", tracing::kApiGatewayStage, 0, 10'000);
  stage.fault = true;
  stage.http = tracing::HttpInfo{.method = "GET",
                                 .url = "http://localhost/dev?user_id=5",
                                 .user_agent = "curl/7",
                                 .client_ip = "127.0.0.1",
                                 .status = 500};
  stage.subsegments.push_back(MakeCall(2, "Lambda", 1'000, 9'000));
  tracing::Segment service = MakeSegment(3, 2, "Recommend", tracing::kLambda, 1'500, 8'500);
  service.error = true;
  tracing::Segment function =
      MakeSegment(4, 3, "Recommend", tracing::kLambdaFunction, 2'000, 8'000);
  tracing::Segment invocation = MakeCall(5, "Invocation", 2'000, 7'900, "");
  invocation.error = true;
  invocation.exceptions = {{.id = "", .type = "KeyError", .message = "'user_id'"}};
  invocation.annotations.Append("device", "phone");
  invocation.annotations.Append("age", 7);
  invocation.user = "ann";
  invocation.subsegments.push_back(MakeCall(6, "personalize-runtime", 2'500, 3'500));
  for (tracing::SegmentId id = 7; id <= 9; ++id) {
    invocation.subsegments.push_back(MakeCall(id, "s3", 4'000, 5'000));
  }
  invocation.subsegments.back().throttle = invocation.subsegments.back().error = true;
  invocation.subsegments.push_back(MakeCall(10, "example.com", 6'000, 7'000, "remote"));
  function.subsegments.push_back(invocation);
  return {stage, service, function};
}

inline std::vector<tracing::Segment> RandomTrace(Random& random) {
  std::vector<tracing::Segment> segments;
  std::vector<tracing::SegmentId> ids{0};
  const std::uint64_t count = 1 + random.Below(4);
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto begin = static_cast<std::int64_t>(random.Below(1'000'000));
    tracing::Segment segment =
        MakeSegment(random.Next() | 1, ids[random.Below(ids.size())],
                    "service" + std::to_string(random.Below(5)), tracing::kLambda, begin,
                    begin + static_cast<std::int64_t>(random.Below(1'000'000)));
    segment.fault = random.Below(5) == 0;
    const std::uint64_t calls = random.Below(3);
    for (std::uint64_t k = 0; k < calls; ++k) {
      segment.subsegments.push_back(MakeCall(random.Next() | 1, k == 0 ? "s3" : "sns", begin,
                                             begin + 1 + static_cast<std::int64_t>(k)));
      ids.push_back(segment.subsegments.back().id);
    }
    ids.push_back(segment.id);
    segments.push_back(std::move(segment));
  }
  return segments;
}

}  // namespace usher::xray
