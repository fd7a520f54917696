#include "services/personalize/impressions.h"

#include <cstdio>

#include "base/log.h"
#include "json/json.h"

namespace usher::personalize {
namespace {

constexpr std::size_t kSegments = 16;

// {"campaign":…,"solutionVersion":…,"user":…,"time":…,"items":[["id",0.25],["new",0.01,true],…]}
std::string TextOf(const Impression& impression) {
  std::string text = "{\"campaign\":";
  json::AppendString(text, impression.campaign_arn);
  text += ",\"solutionVersion\":";
  json::AppendString(text, impression.solution_version_arn);
  text += ",\"user\":";
  json::AppendString(text, impression.user_id);
  text += ",\"time\":" + std::to_string(EpochMillis(impression.time)) + ",\"items\":[";
  for (const Impression::Item& item : impression.items) {
    if (text.back() != '[') text += ',';
    text += '[';
    json::AppendString(text, item.id);
    char number[32];
    std::snprintf(number, sizeof number, ",%.9g", item.propensity);
    text += number;
    text += item.explored ? ",true]" : "]";
  }
  return text + "]}";
}

Result<Impression> Parse(std::string_view text) {
  const auto value = json::Parse(text);
  const Error bad = Corrupt("the record of an answer has not the form that it should have");
  if (!value) return bad;
  Impression impression;
  for (const auto& [name, target] :
       {std::pair<std::string_view, std::string*>{"campaign", &impression.campaign_arn},
        {"solutionVersion", &impression.solution_version_arn},
        {"user", &impression.user_id}}) {
    const Value* member = value->Find(name);
    if (!member || !member->as_string()) return bad;
    *target = *member->as_string();
  }
  const Value* time = value->Find("time");
  const Value* items = value->Find("items");
  if (!time || !time->as_int() || !items || !items->as_list()) return bad;
  impression.time = FromEpochMillis(*time->as_int());
  for (const Value& entry : *items->as_list()) {
    const ValueList* item = entry.as_list();
    if (!item || item->size() < 2 || !(*item)[0].as_string()) return bad;
    const Value& propensity = (*item)[1];
    if (!propensity.as_double() && !propensity.as_int()) return bad;
    impression.items.push_back({.id = *(*item)[0].as_string(),
                                .propensity = propensity.as_double()
                                                  ? *propensity.as_double()
                                                  : static_cast<double>(*propensity.as_int()),
                                .explored = item->size() > 2});
  }
  return impression;
}

}  // namespace

Result<storage::BoundedLog*> Impressions::Open() {
  const std::lock_guard lock(mutex_);
  if (!log_) {
    auto log = storage::BoundedLog::Open(
        folder_, {.segment_bytes = kMaxImpressionBytes / kSegments, .segments = kSegments});
    if (!log) return log.error();
    log_ = *std::move(log);
  }
  return log_.get();
}

void Impressions::Record(std::string_view recommendation_id, const Impression& impression) {
  const auto log = Open();
  const auto appended =
      log ? (*log)->Append(recommendation_id, TextOf(impression)) : Result<void>(log.error());
  const bool failed = !appended;
  if (failed == failing_.exchange(failed)) return;
  if (failed) {
    Log(LogLevel::kError, "answers that explore are not recorded",
        {{"reason", appended.error().message}});
  } else {
    Log(LogLevel::kInfo, "answers that explore are recorded again", {});
  }
}

Result<std::optional<Impression>> Impressions::Find(std::string_view recommendation_id) {
  const auto log = Open();
  if (!log) return log.error();
  const auto text = (*log)->Find(recommendation_id);
  if (!text) return text.error();
  if (!*text) return std::optional<Impression>();
  auto impression = Parse(**text);
  if (!impression) return impression.error();
  return std::optional(*std::move(impression));
}

}  // namespace usher::personalize
