// Operations on sampling rules. Errors: invalid input (also for rules that are there or are not);
// limit exceeded.
#include "services/xray/operations.h"

namespace usher::xray {

Result<api::CreateSamplingRuleResult> CreateSamplingRule(
    const api::CreateSamplingRuleRequest& request, Service& service, wire::CallContext& context) {
  auto created = service.sampling.Create(request.sampling_rule, context.region);
  if (!created) return created.error();
  return api::CreateSamplingRuleResult{.sampling_rule_record = *std::move(created)};
}

Result<api::UpdateSamplingRuleResult> UpdateSamplingRule(
    const api::UpdateSamplingRuleRequest& request, Service& service, wire::CallContext&) {
  auto updated = service.sampling.Update(request.sampling_rule_update);
  if (!updated) return updated.error();
  return api::UpdateSamplingRuleResult{.sampling_rule_record = *std::move(updated)};
}

Result<api::DeleteSamplingRuleResult> DeleteSamplingRule(
    const api::DeleteSamplingRuleRequest& request, Service& service, wire::CallContext&) {
  auto removed = service.sampling.Delete(request.rule_name, request.rule_arn);
  if (!removed) return removed.error();
  return api::DeleteSamplingRuleResult{.sampling_rule_record = *std::move(removed)};
}

// All on one page: there are few.
Result<api::GetSamplingRulesResult> GetSamplingRules(const api::GetSamplingRulesRequest&,
                                                     Service& service, wire::CallContext&) {
  return api::GetSamplingRulesResult{.sampling_rule_records = service.sampling.List()};
}

Result<api::GetSamplingTargetsResult> GetSamplingTargets(
    const api::GetSamplingTargetsRequest& request, Service& service, wire::CallContext&) {
  return service.sampling.Targets(request);
}

Result<api::GetSamplingStatisticSummariesResult> GetSamplingStatisticSummaries(
    const api::GetSamplingStatisticSummariesRequest&, Service& service, wire::CallContext&) {
  return api::GetSamplingStatisticSummariesResult{.sampling_statistic_summaries =
                                                      service.sampling.Statistics()};
}

}  // namespace usher::xray
