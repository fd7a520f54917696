#include "services/xray/sampling.h"

#include <algorithm>

#include "json/json.h"
#include "wire/dispatcher.h"
#include "wire/json_body.h"

namespace usher::xray {
namespace {

constexpr std::string_view kKind = "xray/sampling-rule";
constexpr std::int64_t kDefaultPriority = 10'000;
constexpr std::int64_t kMaxPriority = 9'999;
constexpr std::int64_t kTargetSeconds = 10;  // for which clients may use what they are told

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool Fits(const api::SamplingRule& rule, const tracing::SamplingRequest& request) {
  // Rules on attributes are for clients that have some; calls of operations have none.
  return (!rule.attributes || rule.attributes->empty()) &&
         FitsWildcard(rule.service_name, request.service_name) &&
         FitsWildcard(rule.service_type, request.service_type) &&
         FitsWildcard(rule.host, request.host) && FitsWildcard(rule.http_method, request.method) &&
         FitsWildcard(rule.url_path, request.url_path) &&
         FitsWildcard(rule.resource_arn, request.resource_arn);
}

std::string RuleArn(std::string_view region, std::string_view name) {
  return "arn:aws:xray:" + std::string(region) + ":" + std::string(wire::kAccountId) +
         ":sampling-rule/" + std::string(name);
}

api::SamplingRuleRecord DefaultRule() {
  api::SamplingRuleRecord record;
  api::SamplingRule rule;
  rule.rule_name = std::string(kDefaultRule);
  rule.rule_arn = RuleArn(wire::kDefaultRegion, kDefaultRule);
  rule.priority = kDefaultPriority;
  rule.fixed_rate = 1;
  rule.reservoir_size = 1;
  rule.version = 1;
  rule.resource_arn = rule.service_name = rule.service_type = rule.host = rule.http_method =
      rule.url_path = "*";
  record.sampling_rule = std::move(rule);
  record.created_at = record.modified_at = Time{};
  return record;
}

Result<void> Check(const api::SamplingRule& rule) {
  const bool is_default = rule.rule_name == kDefaultRule;
  if (!is_default && (rule.priority < 1 || rule.priority > kMaxPriority)) {
    return InvalidInput("Priority must be from 1 to 9999, not " + std::to_string(rule.priority));
  }
  if (!(rule.fixed_rate >= 0 && rule.fixed_rate <= 1)) {
    return InvalidInput("FixedRate must be from 0 to 1");
  }
  if (rule.reservoir_size < 0) return InvalidInput("ReservoirSize must not be negative");
  if (rule.version != 1) return InvalidInput("Version must be 1, the one that there is");
  return {};
}

}  // namespace

bool FitsWildcard(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;  // of the pattern, to go back to
  std::size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || Lower(pattern[p]) == Lower(text[t]))) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

SamplingRules::SamplingRules(storage::DocumentStore& store, const Clock& clock, std::uint64_t seed)
    : store_(store), clock_(clock), random_(seed) {
  rules_.push_back({.record = DefaultRule()});
}

Result<void> SamplingRules::Load() {
  std::int64_t after = 0;
  const std::lock_guard lock(mutex_);
  while (true) {
    const auto page = store_.List(kKind, std::nullopt, after, 100);
    if (!page) return page.error();
    for (const storage::Document& document : page->documents) {
      // By the model, which knows what is a time.
      const auto value = wire::DecodeJsonBody(*api::CreateSamplingRule::operation().output,
                                              document.body, wire::BodyMembers::kAll);
      if (!value) return Corrupt("the sampling rule " + document.id + " is damaged");
      auto record = api::CreateSamplingRuleResult::FromValue(*value).sampling_rule_record.value_or(
          api::SamplingRuleRecord());
      if (!record.sampling_rule) return Corrupt("the sampling rule " + document.id + " is damaged");
      if (record.sampling_rule->rule_name == kDefaultRule) {
        rules_.back().record = std::move(record);
      } else {
        rules_.insert(rules_.begin(), {.record = std::move(record)});
      }
    }
    if (!page->next_after) break;
    after = *page->next_after;
  }
  Arrange();
  return {};
}

void SamplingRules::Arrange() {
  std::ranges::stable_sort(rules_.begin(), rules_.end() - 1, {}, [](const Rule& rule) {
    return std::pair(rule.record.sampling_rule->priority, *rule.record.sampling_rule->rule_name);
  });
  takes_all_ = rules_.size() == 1 && rules_[0].record.sampling_rule->fixed_rate >= 1;
  modified_ = clock_.Now();
}

bool SamplingRules::Takes(const tracing::SamplingRequest& request) {
  if (takes_all_.load(std::memory_order_relaxed)) return true;
  const std::int64_t second = EpochMillis(clock_.Now()) / 1000;
  const std::lock_guard lock(mutex_);
  for (Rule& rule : rules_) {
    const api::SamplingRule& is = *rule.record.sampling_rule;
    if (&rule != &rules_.back() && !Fits(is, request)) continue;
    ++rule.requests;
    if (rule.second != second) {
      rule.second = second;
      rule.taken = 0;
    }
    if (rule.taken < is.reservoir_size) {
      ++rule.taken;
      ++rule.sampled;
      return true;
    }
    const bool taken = random_.Uniform() < is.fixed_rate;
    if (taken) ++rule.sampled;
    return taken;
  }
  return true;  // never reached: the default rule fits
}

std::vector<api::SamplingRuleRecord> SamplingRules::List() const {
  const std::lock_guard lock(mutex_);
  std::vector<api::SamplingRuleRecord> records;
  for (const Rule& rule : rules_) records.push_back(rule.record);
  return records;
}

SamplingRules::Rule* SamplingRules::Find(const std::optional<std::string>& name,
                                         const std::optional<std::string>& arn) {
  const auto found = std::ranges::find_if(rules_, [&](const Rule& rule) {
    const api::SamplingRule& is = *rule.record.sampling_rule;
    return name ? is.rule_name == *name : is.rule_arn == arn;
  });
  return found == rules_.end() ? nullptr : &*found;
}

Result<void> SamplingRules::Save(const api::SamplingRuleRecord& record) {
  storage::Batch batch;
  batch.Put(std::string(kKind), *record.sampling_rule->rule_name, "",
            json::Write(api::CreateSamplingRuleResult{.sampling_rule_record = record}.ToValue()));
  return store_.Commit(batch);
}

Result<api::SamplingRuleRecord> SamplingRules::Create(api::SamplingRule rule,
                                                      std::string_view region) {
  if (!rule.rule_name || rule.rule_name->empty()) return InvalidInput("RuleName must be given");
  if (const auto valid = Check(rule); !valid) return valid.error();
  const std::lock_guard lock(mutex_);
  if (Find(rule.rule_name, std::nullopt) != nullptr) {
    return AlreadyExists("Sampling rule with name " + *rule.rule_name + " already exists.");
  }
  if (rules_.size() > kMaxSamplingRules) {
    return LimitExceeded("There can be no more than " + std::to_string(kMaxSamplingRules) +
                         " sampling rules beside the default one.");
  }
  rule.rule_arn = RuleArn(region, *rule.rule_name);
  api::SamplingRuleRecord record{
      .sampling_rule = std::move(rule), .created_at = clock_.Now(), .modified_at = clock_.Now()};
  if (const auto saved = Save(record); !saved) return saved.error();
  rules_.insert(rules_.begin(), {.record = record});
  Arrange();
  return record;
}

Result<api::SamplingRuleRecord> SamplingRules::Update(const api::SamplingRuleUpdate& update) {
  const std::lock_guard lock(mutex_);
  Rule* rule = Find(update.rule_name, update.rule_arn);
  if (rule == nullptr) return NotFound("Sampling rule does not exist.");
  api::SamplingRuleRecord changed = rule->record;
  api::SamplingRule& is = *changed.sampling_rule;
  const auto take = [](auto& member, const auto& given) {
    if (given) member = *given;
  };
  if (is.rule_name == kDefaultRule &&
      (update.resource_arn || update.priority || update.host || update.service_name ||
       update.service_type || update.http_method || update.url_path || update.attributes)) {
    return InvalidInput("Of the default rule only FixedRate and ReservoirSize can be changed.");
  }
  take(is.resource_arn, update.resource_arn);
  take(is.priority, update.priority);
  take(is.fixed_rate, update.fixed_rate);
  take(is.reservoir_size, update.reservoir_size);
  take(is.host, update.host);
  take(is.service_name, update.service_name);
  take(is.service_type, update.service_type);
  take(is.http_method, update.http_method);
  take(is.url_path, update.url_path);
  if (update.attributes) is.attributes = update.attributes;
  if (const auto valid = Check(is); !valid) return valid.error();
  changed.modified_at = clock_.Now();
  if (const auto saved = Save(changed); !saved) return saved.error();
  rule->record = changed;
  Arrange();
  return changed;
}

Result<api::SamplingRuleRecord> SamplingRules::Delete(const std::optional<std::string>& name,
                                                      const std::optional<std::string>& arn) {
  const std::lock_guard lock(mutex_);
  const Rule* rule = Find(name, arn);
  if (rule == nullptr) return NotFound("Sampling rule does not exist.");
  if (rule == &rules_.back()) return InvalidInput("The default rule cannot be deleted.");
  api::SamplingRuleRecord record = rule->record;
  storage::Batch batch;
  batch.Delete(std::string(kKind), *record.sampling_rule->rule_name);
  if (const auto removed = store_.Commit(batch); !removed) return removed.error();
  rules_.erase(rules_.begin() + (rule - rules_.data()));
  Arrange();
  return record;
}

api::GetSamplingTargetsResult SamplingRules::Targets(
    const api::GetSamplingTargetsRequest& request) {
  const std::lock_guard lock(mutex_);
  api::GetSamplingTargetsResult result;
  result.sampling_target_documents.emplace();
  result.unprocessed_statistics.emplace();
  result.last_rule_modification = modified_;
  for (const api::SamplingStatisticsDocument& report : request.sampling_statistics_documents) {
    Rule* rule = Find(report.rule_name, std::nullopt);
    if (rule == nullptr) {
      result.unprocessed_statistics->push_back(
          {.rule_name = report.rule_name, .error_code = "400", .message = "Unknown rule"});
      continue;
    }
    rule->requests += report.request_count;
    rule->sampled += report.sampled_count;
    rule->borrowed += report.borrow_count.value_or(0);
    const api::SamplingRule& is = *rule->record.sampling_rule;
    result.sampling_target_documents->push_back(
        {.rule_name = is.rule_name,
         .fixed_rate = is.fixed_rate,
         .reservoir_quota = is.reservoir_size,
         .reservoir_quota_ttl = clock_.Now() + std::chrono::seconds(kTargetSeconds),
         .interval = kTargetSeconds});
  }
  return result;
}

std::vector<api::SamplingStatisticSummary> SamplingRules::Statistics() const {
  const std::lock_guard lock(mutex_);
  std::vector<api::SamplingStatisticSummary> summaries;
  for (const Rule& rule : rules_) {
    if (rule.requests == 0) continue;
    summaries.push_back({.rule_name = rule.record.sampling_rule->rule_name,
                         .timestamp = clock_.Now(),
                         .request_count = rule.requests,
                         .borrow_count = rule.borrowed,
                         .sampled_count = rule.sampled});
  }
  return summaries;
}

}  // namespace usher::xray
