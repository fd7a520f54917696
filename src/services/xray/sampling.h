// SamplingRules: which traces that begin here are recorded. The rules of users in the order of
// their priority, then the rule "Default", which takes everything unless it is changed.
//
// A rule that fits takes up to its reservoir of traces in each second, and of the others the share
// that its fixed rate says.
// Source:  AWS X-Ray Developer Guide, "Configuring sampling rules".
// Cost:    Takes: one atomic load as long as only the unchanged default rule is there.
// Threads: safe from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "storage/document_store.h"
#include "tracing/recorder.h"
#include "wire/xray.h"

namespace usher::xray {

namespace api = usher::api::xray;

inline constexpr std::string_view kDefaultRule = "Default";
inline constexpr std::size_t kMaxSamplingRules = 25;  // beside the default one

// '*' any characters, '?' one; letters in any case.
[[nodiscard]] bool FitsWildcard(std::string_view pattern, std::string_view text);

class SamplingRules {
 public:
  // `store` and `clock` outlive it; the same seed takes the same traces.
  SamplingRules(storage::DocumentStore& store, const Clock& clock, std::uint64_t seed);

  // Reads the stored rules; once, before anything else. Errors: corrupt; internal.
  Result<void> Load();

  [[nodiscard]] bool Takes(const tracing::SamplingRequest& request);

  // In the order in which they are tried.
  [[nodiscard]] std::vector<api::SamplingRuleRecord> List() const;
  // Errors: invalid input; already exists; limit exceeded; internal.
  Result<api::SamplingRuleRecord> Create(api::SamplingRule rule, std::string_view region);
  // By name or ARN. Errors: invalid input; not found; internal.
  Result<api::SamplingRuleRecord> Update(const api::SamplingRuleUpdate& update);
  Result<api::SamplingRuleRecord> Delete(const std::optional<std::string>& name,
                                         const std::optional<std::string>& arn);

  // What clients report of their own sampling, and what they may take: by rule.
  api::GetSamplingTargetsResult Targets(const api::GetSamplingTargetsRequest& request);
  [[nodiscard]] std::vector<api::SamplingStatisticSummary> Statistics() const;

 private:
  struct Rule {
    api::SamplingRuleRecord record;
    std::int64_t second = 0;  // that `taken` counts in
    std::int64_t taken = 0;
    std::int64_t requests = 0;
    std::int64_t sampled = 0;
    std::int64_t borrowed = 0;
  };

  [[nodiscard]] Rule* Find(const std::optional<std::string>& name,
                           const std::optional<std::string>& arn);
  void Arrange();
  Result<void> Save(const api::SamplingRuleRecord& record);

  storage::DocumentStore& store_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  Random random_;
  std::vector<Rule> rules_;  // the default one last
  std::atomic<bool> takes_all_ = true;
  Time modified_;
};

}  // namespace usher::xray
