#include "engine/blend_report.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "json/json.h"

namespace usher::engine {
namespace {

// Trials that a report names; the choice looks at more.
constexpr std::size_t kTrialsReported = 20;

Value ToValue(const recsys::Recency& recency) {
  ValueMap map;
  map.Append("halfLifeEvents", double{recency.half_life});
  map.Append("timeScaleSeconds", double{recency.time_scale});
  return map;
}

Value ToValue(const recsys::TransitionOptions& options) {
  ValueMap map;
  map.Append("distanceHalfLifeEvents", double{options.distance_half_life});
  map.Append("windowEvents", static_cast<std::int64_t>(options.window));
  map.Append("backward", double{options.backward});
  map.Append("timeScaleSeconds", double{options.time_scale});
  map.Append("sourceExponent", double{options.source_exponent});
  map.Append("targetExponent", double{options.target_exponent});
  map.Append("shrinkEvents", double{options.shrink});
  map.Append("neighbours", static_cast<std::int64_t>(options.neighbours));
  return map;
}

// The best ones first.
Value BestTrials(const std::vector<recsys::Trial>& trials) {
  std::vector<const recsys::Trial*> order;
  for (const recsys::Trial& trial : trials) order.push_back(&trial);
  std::ranges::stable_sort(
      order, [](const auto* a, const auto* b) { return a->ndcg_at_10 > b->ndcg_at_10; });
  order.resize(std::min(order.size(), kTrialsReported));
  ValueList list;
  for (const recsys::Trial* trial : order) {
    ValueMap map;
    map.Append("ndcgAt10", trial->ndcg_at_10);
    map.Append("settings", engine::ToValue(trial->options));
    list.push_back(std::move(map));
  }
  return list;
}

// Reads numbers out of a map and remembers the first that is missing or out of range.
class Reader {
 public:
  explicit Reader(const Value* map) : map_(map) {}

  float Number(std::string_view name, double min, double max) {
    const Value* member = map_ == nullptr ? nullptr : map_->Find(name);
    double number = std::nan("");
    if (member != nullptr && member->as_double() != nullptr) number = *member->as_double();
    if (member != nullptr && member->as_int() != nullptr) {
      number = static_cast<double>(*member->as_int());
    }
    if (!(number >= min && number <= max) && bad_.empty()) bad_ = name;
    return static_cast<float>(number);
  }

  [[nodiscard]] Result<void> Check() const {
    if (bad_.empty()) return {};
    return Corrupt("the model's blend has no good member '" + bad_ + "'");
  }

 private:
  const Value* map_;
  std::string bad_;
};

constexpr double kLargest = 1e12;   // of anything that has no limit by its meaning
constexpr double kSmallest = 1e-6;  // of what must be over 0

Result<recsys::Recency> ParseRecency(const Value* value) {
  Reader read(value);
  const recsys::Recency recency{.half_life = read.Number("halfLifeEvents", 0, kLargest),
                                .time_scale = read.Number("timeScaleSeconds", 0, kLargest)};
  if (const auto checked = read.Check(); !checked) return checked.error();
  return recency;
}

Result<recsys::TransitionOptions> ParseTransitions(const Value* value) {
  Reader read(value);
  const recsys::TransitionOptions options{
      .distance_half_life = read.Number("distanceHalfLifeEvents", kSmallest, kLargest),
      .window = static_cast<std::uint32_t>(read.Number("windowEvents", 1, recsys::kMaxWindow)),
      .backward = read.Number("backward", 0, 1),
      .time_scale = read.Number("timeScaleSeconds", 0, kLargest),
      .source_exponent = read.Number("sourceExponent", 0, 10),
      .target_exponent = read.Number("targetExponent", 0, 10),
      .shrink = read.Number("shrinkEvents", kSmallest, kLargest),
      .neighbours = static_cast<std::uint32_t>(read.Number("neighbours", 1, 1e6)),
  };
  if (const auto checked = read.Check(); !checked) return checked.error();
  return options;
}

}  // namespace

Value ToValue(const recsys::BlendOptions& options) {
  ValueMap map;
  map.Append("sequenceWeight", double{options.sequence_weight});
  map.Append("factorRecency", ToValue(options.factor_recency));
  map.Append("sequenceRecency", ToValue(options.sequence_recency));
  map.Append("transitions", ToValue(options.transitions));
  return map;
}

Result<recsys::BlendOptions> ParseBlendOptions(const Value& value) {
  Reader read(&value);
  recsys::BlendOptions options;
  options.sequence_weight = read.Number("sequenceWeight", 0, kLargest);
  if (const auto checked = read.Check(); !checked) return checked.error();
  const auto factor_recency = ParseRecency(value.Find("factorRecency"));
  if (!factor_recency) return factor_recency.error();
  options.factor_recency = *factor_recency;
  const auto sequence_recency = ParseRecency(value.Find("sequenceRecency"));
  if (!sequence_recency) return sequence_recency.error();
  options.sequence_recency = *sequence_recency;
  const auto transitions = ParseTransitions(value.Find("transitions"));
  if (!transitions) return transitions.error();
  options.transitions = *transitions;
  return options;
}

std::string WriteBlendReport(const BlendReport& report) {
  ValueMap transitions;
  transitions.Append("cases", static_cast<std::int64_t>(report.transitions.cases));
  transitions.Append("trials", static_cast<std::int64_t>(report.transitions.trials.size()));
  transitions.Append("ndcgAt10", report.transitions.ndcg_at_10);
  transitions.Append("best", BestTrials(report.transitions.trials));
  ValueMap blend;
  blend.Append("cases", static_cast<std::int64_t>(report.blend.cases));
  blend.Append("trials", static_cast<std::int64_t>(report.blend.trials.size()));
  blend.Append("ndcgAt10", report.blend.ndcg_at_10);
  blend.Append("factorsNdcgAt10", report.blend.factors_ndcg_at_10);
  blend.Append("transitionsNdcgAt10", report.blend.transitions_ndcg_at_10);
  blend.Append("gainStandardError", report.blend.gain_standard_error);
  blend.Append("best", BestTrials(report.blend.trials));
  ValueMap map;
  map.Append("chosen", ToValue(report.blend.options));
  map.Append("transitions", std::move(transitions));
  map.Append("blend", std::move(blend));
  return json::Write(Value(std::move(map))) + "\n";
}

}  // namespace usher::engine
