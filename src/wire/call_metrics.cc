#include "wire/call_metrics.h"

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "wire/error_names.h"

namespace usher::wire {
namespace {

constexpr std::string_view kNamespace = "AWS/Personalize";
constexpr int kFirstServerStatus = 500;

// Members that say for whom a call is, and the dimensions that they become.
constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kDimensions{
    {{"campaignArn", "CampaignArn"},
     {"recommenderArn", "RecommenderArn"},
     {"trackingId", "EventTrackerTrackingId"}}};

}  // namespace

bool IsMeasured(const Operation& operation) {
  const std::string_view service = operation.service->id;
  return service == "personalize-runtime" || service == "personalize-events";
}

void Measure(const Operation& operation, const Value& request, const Error* error,
             std::chrono::steady_clock::duration time, metrics::Registry& metrics) {
  const auto add = [&](std::string_view suffix, double value, std::string_view unit) {
    std::string name(operation.name);
    name += suffix;
    for (const auto& [member, dimension] : kDimensions) {
      const Value* is = request.Find(member);
      if (is == nullptr || is->as_string() == nullptr) continue;
      metrics.Add(kNamespace, name, {{dimension, *is->as_string()}}, value, unit);
      return;
    }
    metrics.Add(kNamespace, name, {}, value, unit);
  };
  if (error == nullptr) {
    add("", 1, metrics::kCount);
    add("Latency", std::chrono::duration<double, std::milli>(time).count(), metrics::kMilliseconds);
    return;
  }
  // A name that does not exist is the client's: it must not become one of ours.
  const ErrorAnswer answer = NameError(*operation.service, &operation, *error);
  const bool is_ours = answer.status >= kFirstServerStatus;
  std::string name(operation.name);
  name += is_ours ? "5xxErrors" : "4xxErrors";
  if (error->code == ErrorCode::kNotFound || error->code == ErrorCode::kInvalidInput) {
    metrics.Count(kNamespace, name, {});
  } else {
    add(is_ours ? "5xxErrors" : "4xxErrors", 1, metrics::kCount);
  }
}

}  // namespace usher::wire
