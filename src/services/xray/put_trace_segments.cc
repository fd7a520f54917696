// Operations PutTraceSegments and PutTelemetryRecords. Documents that are none come back in the
// answer; the others are in the store before it.
#include "json/json.h"
#include "services/xray/documents.h"
#include "services/xray/operations.h"

namespace usher::xray {
namespace {

// The id that a document claims, for the answer about it.
std::optional<std::string> ClaimedId(std::string_view document) {
  if (document.size() > tracing::kMaxDocumentBytes) return std::nullopt;
  const auto value = json::Parse(document);
  const Value* id = value ? value->Find("id") : nullptr;
  if (id == nullptr || id->as_string() == nullptr) return std::nullopt;
  return id->as_string()->substr(0, 100);
}

}  // namespace

Result<void> TakeDocument(std::string document, tracing::Recorder& recorder) {
  auto segment = tracing::ParseDocument(document);
  if (!segment) return segment.error();
  if (!recorder.Record(*std::move(segment), std::move(document))) {
    return Error{ErrorCode::kThrottled,
                 "Too many segments wait to be stored: send it again later."};
  }
  return {};
}

Result<api::PutTraceSegmentsResult> PutTraceSegments(const api::PutTraceSegmentsRequest& request,
                                                     Service& service, wire::CallContext&) {
  api::PutTraceSegmentsResult result{.unprocessed_trace_segments =
                                         std::vector<api::UnprocessedTraceSegment>()};
  for (const std::string& document : request.trace_segment_documents) {
    const auto taken = TakeDocument(document, service.recorder);
    if (taken) continue;
    const bool is_busy = taken.error().code == ErrorCode::kThrottled;
    result.unprocessed_trace_segments->push_back(
        {.id = ClaimedId(document),
         .error_code = is_busy ? "ThrottledException" : "ParseError",
         .message = "Invalid segment. ErrorCode: " +
                    std::string(is_busy ? "ThrottledException: " : "ParseError: ") +
                    taken.error().message});
  }
  service.recorder.Flush();
  return result;
}

// What daemons tell of themselves; nothing here needs it.
Result<api::PutTelemetryRecordsResult> PutTelemetryRecords(const api::PutTelemetryRecordsRequest&,
                                                           Service&, wire::CallContext&) {
  return api::PutTelemetryRecordsResult{};
}

}  // namespace usher::xray
