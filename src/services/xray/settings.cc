// Operations GetEncryptionConfig and GetInsightSummaries: what never changes here. Traces are kept
// like all other data, unencrypted; there is no detection of anomalies, so no insight.
#include "services/xray/operations.h"

namespace usher::xray {

Result<api::GetEncryptionConfigResult> GetEncryptionConfig(const api::GetEncryptionConfigRequest&,
                                                           Service&, wire::CallContext&) {
  return api::GetEncryptionConfigResult{
      .encryption_config = api::EncryptionConfig{.status = "ACTIVE", .type = "NONE"}};
}

Result<api::GetInsightSummariesResult> GetInsightSummaries(
    const api::GetInsightSummariesRequest& request, Service&, wire::CallContext&) {
  if (request.end_time < request.start_time) {
    return InvalidInput("EndTime must not be before StartTime");
  }
  return api::GetInsightSummariesResult{.insight_summaries = std::vector<api::InsightSummary>()};
}

}  // namespace usher::xray
