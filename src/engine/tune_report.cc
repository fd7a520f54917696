#include "engine/tune_report.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <vector>

#include "base/byte_source.h"
#include "engine/blend_report.h"
#include "engine/model_folder.h"
#include "engine/tune.h"
#include "json/json.h"

namespace usher::engine {
namespace {

constexpr std::size_t kMaxReportBytes = 4 << 20;

Error BadReport(std::string_view member) {
  return Corrupt("the tuning report has no good member '" + std::string(member) + "'");
}

std::optional<double> NumberOf(const Value& value, std::string_view name) {
  const Value* member = value.Find(name);
  if (member == nullptr) return std::nullopt;
  if (member->as_double() != nullptr) return *member->as_double();
  if (member->as_int() != nullptr) return static_cast<double>(*member->as_int());
  return std::nullopt;
}

template <typename... Values>
std::string Format(const char* format, Values... values) {
  char line[256];
  std::snprintf(line, sizeof line, format, values...);
  return line;
}

ValueMap ToValueMap(const recsys::Assignment& assignment) {
  ValueMap members;
  for (const auto& [name, value] : assignment) members.Append(name, value);
  return members;
}

ValueMap ToValueMap(const recsys::ParameterRange& range) {
  using Kind = recsys::ParameterRange::Kind;
  ValueMap members;
  members.Append("name", range.name);
  if (range.kind == Kind::kCategorical) {
    ValueList values;
    for (const std::string& value : range.values) values.emplace_back(value);
    members.Append("values", std::move(values));
    return members;
  }
  members.Append("kind", range.kind == Kind::kInteger ? "integer" : "continuous");
  members.Append("min", range.min);
  members.Append("max", range.max);
  members.Append("logarithmic", range.logarithmic);
  return members;
}

// "hidden_dimension=96 als_regularization=0.004".
std::string Line(const Value& hyperparameters) {
  std::string line;
  if (hyperparameters.as_map() == nullptr) return line;
  for (const auto& [name, value] : *hyperparameters.as_map()) {
    if (value.as_string() == nullptr) continue;
    line += (line.empty() ? "" : " ") + name + "=" + *value.as_string();
  }
  return line;
}

Result<std::optional<Value>> ReadJson(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return std::optional<Value>();
  const auto source = FileSource::Open(path);
  if (!source) return source.error();
  const auto text = ReadAll(**source, kMaxReportBytes);
  if (!text) return text.error();
  auto value = json::Parse(*text);
  if (!value) return Corrupt("a report is no JSON: " + value.error().message);
  return std::optional<Value>(*std::move(value));
}

// Any JSON as indented lines; long lists are cut.
void AppendTree(const Value& value, std::size_t indent, std::string& out) {
  constexpr std::size_t kShown = 12;
  const std::string space(indent, ' ');
  if (const ValueMap* map = value.as_map()) {
    for (const auto& [name, member] : *map) {
      const bool deep =
          member.as_map() != nullptr || (member.as_list() != nullptr && !member.as_list()->empty());
      out += space + name + (deep ? ":\n" : ": ");
      if (deep) {
        AppendTree(member, indent + 2, out);
      } else {
        out += (member.as_string() ? *member.as_string() : json::Write(member)) + "\n";
      }
    }
  } else if (const ValueList* list = value.as_list()) {
    for (std::size_t i = 0; i < std::min(list->size(), kShown); ++i) {
      out += space + json::Write((*list)[i]) + "\n";
    }
    if (list->size() > kShown) {
      out += space + "and " + std::to_string(list->size() - kShown) + " more\n";
    }
  } else {
    out += space + json::Write(value) + "\n";
  }
}

}  // namespace

ValueList ResultsOf(const std::vector<TuningReport::Result>& results) {
  ValueList list;
  for (const TuningReport::Result& result : results) {
    ValueMap entry;
    entry.Append("trial", static_cast<std::int64_t>(result.trial));
    entry.Append("rung", static_cast<std::int64_t>(result.rung));
    entry.Append("metric", result.metric);
    entry.Append("seconds", result.seconds);
    list.emplace_back(std::move(entry));
  }
  return list;
}

Value ToValue(const TuningReport& report) {
  ValueList ranges;
  for (const recsys::ParameterRange& range : report.ranges) ranges.emplace_back(ToValueMap(range));
  ValueList rungs;
  for (const TuningReport::RungRows& rung : report.rungs) {
    ValueMap entry;
    entry.Append("trials", static_cast<std::int64_t>(rung.rung.trials));
    entry.Append("share", rung.rung.share);
    entry.Append("users", static_cast<std::int64_t>(rung.users));
    entry.Append("rows", static_cast<std::int64_t>(rung.rows));
    rungs.emplace_back(std::move(entry));
  }
  ValueList trials;
  for (const recsys::Assignment& trial : report.trials) trials.emplace_back(ToValueMap(trial));
  ValueMap winner;
  winner.Append("trial", static_cast<std::int64_t>(report.winner));
  winner.Append("rung", static_cast<std::int64_t>(report.rung));
  winner.Append("metric", report.metric);
  winner.Append("defaultMetric", report.default_metric);
  winner.Append("hyperparameters", ToValueMap(report.trials[report.winner]));

  ValueMap members;
  members.Append("objective", report.objective);
  members.Append("maximize", report.maximize);
  members.Append("seed", std::to_string(report.seed));
  members.Append("cases", static_cast<std::int64_t>(report.cases));
  members.Append("complete", report.complete);
  members.Append("evaluations", static_cast<std::int64_t>(report.results.size()));
  members.Append("winner", std::move(winner));
  members.Append("ranges", std::move(ranges));
  members.Append("rungs", std::move(rungs));
  members.Append("trials", std::move(trials));
  members.Append("results", ResultsOf(report.results));
  return members;
}

Result<std::string> FormatTuningReport(const Value& report) {
  const Value* objective = report.Find("objective");
  const Value* complete = report.Find("complete");
  const Value* winner = report.Find("winner");
  const Value* rungs = report.Find("rungs");
  const Value* trials = report.Find("trials");
  const Value* results = report.Find("results");
  if (!objective || !objective->as_string()) return BadReport("objective");
  if (!complete || !complete->as_bool()) return BadReport("complete");
  if (!winner || !winner->as_map()) return BadReport("winner");
  if (!rungs || !rungs->as_list()) return BadReport("rungs");
  if (!trials || !trials->as_list()) return BadReport("trials");
  if (!results || !results->as_list()) return BadReport("results");

  std::string text = "hyperparameters: " + *objective->as_string() + " on " +
                     Format("%.0f", NumberOf(report, "cases").value_or(0)) + " users, " +
                     std::to_string(trials->as_list()->size()) + " trials, " +
                     std::to_string(results->as_list()->size()) + " evaluations" +
                     (*complete->as_bool() ? "" : ", ended early by a limit") + "\n";
  text += Format("%5s %5s %10s %9s %9s  %s\n", "rung", "trial", "rows", "metric", "seconds",
                 "hyperparameters");
  for (const Value& result : *results->as_list()) {
    const auto trial = NumberOf(result, "trial");
    const auto rung = NumberOf(result, "rung");
    const auto metric = NumberOf(result, "metric");
    const auto seconds = NumberOf(result, "seconds");
    const bool known = trial && rung && *trial >= 0 && *rung >= 0 &&
                       *trial < static_cast<double>(trials->as_list()->size()) &&
                       *rung < static_cast<double>(rungs->as_list()->size());
    if (!known || !metric || !seconds) return BadReport("results");
    const auto t = static_cast<std::size_t>(*trial);
    const auto r = static_cast<std::size_t>(*rung);
    text += Format("%5zu %5zu %10.0f %9.5f %9.2f  ", r, t,
                   NumberOf((*rungs->as_list())[r], "rows").value_or(0), *metric, *seconds) +
            Line((*trials->as_list())[t]) + (t == 0 ? "  (default)" : "") + "\n";
  }
  const auto winner_trial = NumberOf(*winner, "trial");
  const auto metric = NumberOf(*winner, "metric");
  const auto default_metric = NumberOf(*winner, "defaultMetric");
  const Value* hyperparameters = winner->Find("hyperparameters");
  if (!winner_trial || !metric || !default_metric || !hyperparameters) return BadReport("winner");
  text += Format("winner: trial %.0f with %.5f, default %.5f:  ", *winner_trial, *metric,
                 *default_metric) +
          Line(*hyperparameters) + "\n";
  return text;
}

Result<std::string> ExplainModel(const std::string& folder) {
  const auto info = ReadModelInfo(folder);
  if (!info) return info.error();
  std::string text = info->recipe + ", seed " + std::to_string(info->seed) + ", " +
                     std::to_string(info->interactions) + " interactions of " +
                     std::to_string(info->users) + " users with " + std::to_string(info->items) +
                     " items\n";
  for (const auto& [name, value] : info->hyperparameters) text += "  " + name + ": " + value + "\n";
  if (info->update) {
    text += "an update, number " + std::to_string(info->update->updates) +
            " since a training from the beginning, of the model " + info->update->parent_sha256 +
            "; the metrics are from that training\n";
  }
  for (const auto& [name, value] : info->metrics) {
    text += Format("  %-50s %.4f\n", name.c_str(), value);
  }
  const auto tuning = ReadJson(folder + "/" + std::string(kTuningReportFile));
  if (!tuning) return tuning.error();
  if (*tuning) {
    const auto table = FormatTuningReport(**tuning);
    if (!table) return table.error();
    text += *table;
  } else {
    text += "hyperparameters: not tuned (usher train --hpo does)\n";
  }
  const auto blend = ReadJson(folder + "/" + std::string(kBlendReportFile));
  if (!blend) return blend.error();
  if (*blend) {
    text += "blend:\n";
    AppendTree(**blend, 2, text);
  }
  return text;
}

}  // namespace usher::engine
