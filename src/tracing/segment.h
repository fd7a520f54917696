// Segment: one piece of work in a trace, with the pieces that it is made of: what X-Ray calls a
// segment, or a subsegment when it lies in another one.
//
// Source: AWS X-Ray Developer Guide, "AWS X-Ray segment documents".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/value.h"
#include "tracing/ids.h"

namespace usher::tracing {

inline constexpr std::size_t kMaxDocumentBytes = 64U << 10;  // of one document
inline constexpr int kMaxSegmentDepth = 32;                  // of subsegments in subsegments

// The origins of segments that Usher makes, which are the types of their nodes in a service map.
inline constexpr std::string_view kApiGatewayStage = "AWS::ApiGateway::Stage";
inline constexpr std::string_view kLambda = "AWS::Lambda";
inline constexpr std::string_view kLambdaFunction = "AWS::Lambda::Function";
inline constexpr std::string_view kStateMachine = "AWS::StepFunctions::StateMachine";
// The namespace of a call to a service of AWS.
inline constexpr std::string_view kAwsNamespace = "aws";

struct HttpInfo {
  std::string method;
  std::string url;
  std::string user_agent;
  std::string client_ip;
  int status = 0;  // 0: not known
  bool operator==(const HttpInfo&) const = default;
};

struct TraceException {
  std::string id;  // 16 hex digits
  std::string type;
  std::string message;
  bool remote = false;  // it came from the service that was called
  bool operator==(const TraceException&) const = default;
};

struct Segment {
  std::string name;  // up to 200 characters
  SegmentId id = 0;
  SegmentId parent_id = 0;    // of the segment or subsegment that led to this one; 0 for none
  std::string trace_id;       // empty in a subsegment, which has that of its segment
  std::int64_t start_us = 0;  // microseconds since 1970
  std::int64_t end_us = 0;    // 0: in progress
  std::string origin;         // "AWS::Lambda::Function"
  std::string name_space;     // of a subsegment: "aws", "remote" or empty
  // A subsegment that is sent by itself; parent_id says where it belongs.
  bool independent = false;

  bool error = false;     // the caller's fault (4xx)
  bool fault = false;     // ours (5xx)
  bool throttle = false;  // too many requests (429); an error too
  std::vector<TraceException> exceptions;

  std::optional<HttpInfo> http;
  ValueMap aws;          // "operation", "region", "request_id", "resource_names" …
  ValueMap annotations;  // text, numbers and truth values; searched for by GetTraceSummaries
  ValueMap metadata;
  std::string user;
  std::vector<Segment> subsegments;
  std::int64_t subsegments_left_out = 0;  // beyond the limit of a scope

  // Sets error, fault and throttle by an HTTP status.
  void SetStatus(int status);
  // fault (or error, when it is the caller's) with one exception.
  void AddException(std::string_view type, std::string_view message, bool is_callers);

  bool operator==(const Segment&) const = default;
};

// The segment as X-Ray's JSON. Cost: about 6 ns a byte.
void AppendDocument(std::string& out, const Segment& segment);
[[nodiscard]] std::string WriteDocument(const Segment& segment);

// What another tracer has sent. Members that a Segment does not have are passed over: who wants
// them keeps the text. Errors: invalid input, naming the member, for what is no segment document.
Result<Segment> ParseDocument(std::string_view json);

}  // namespace usher::tracing
