#include "engine/tune_checkpoint.h"

#include <optional>

#include "base/byte_source.h"
#include "base/log.h"
#include "columnar/output_file.h"
#include "json/json.h"

namespace usher::engine {
namespace {

constexpr std::size_t kMaxCheckpointBytes = 1 << 20;

std::optional<double> NumberOf(const Value& value, std::string_view name) {
  const Value* member = value.Find(name);
  if (member == nullptr) return std::nullopt;
  if (member->as_double() != nullptr) return *member->as_double();
  if (member->as_int() != nullptr) return static_cast<double>(*member->as_int());
  return std::nullopt;
}

}  // namespace

std::vector<TuningReport::Result> TuneCheckpoint::Read() const {
  if (path_.empty()) return {};
  const auto source = FileSource::Open(path_);
  if (!source) return {};  // there is none yet
  const auto text = ReadAll(**source, kMaxCheckpointBytes);
  const auto kept = text ? json::Parse(*text) : Result<Value>(text.error());
  const Value* fingerprint = kept ? kept->Find("fingerprint") : nullptr;
  const Value* list = kept ? kept->Find("results") : nullptr;
  std::vector<TuningReport::Result> results;
  bool good = fingerprint && fingerprint->as_string() && list && list->as_list();
  if (good && *fingerprint->as_string() != fingerprint_) return {};
  if (good) {
    for (const Value& entry : *list->as_list()) {
      const auto trial = NumberOf(entry, "trial");
      const auto rung = NumberOf(entry, "rung");
      const auto metric = NumberOf(entry, "metric");
      const auto seconds = NumberOf(entry, "seconds");
      good = good && trial && rung && metric && seconds && *trial >= 0 && *rung >= 0;
      if (!good) break;
      results.push_back({.trial = static_cast<std::size_t>(*trial),
                         .rung = static_cast<std::size_t>(*rung),
                         .metric = *metric,
                         .seconds = *seconds});
    }
  }
  if (good) return results;
  Log(LogLevel::kWarning, "checkpoint of a search not readable, it begins anew",
      {{"reason", text && kept ? "members are missing" : "no JSON"}});
  return {};
}

Result<void> TuneCheckpoint::Write(const std::vector<TuningReport::Result>& results) const {
  if (path_.empty()) return {};
  ValueMap kept;
  kept.Append("fingerprint", fingerprint_);
  kept.Append("results", ResultsOf(results));
  auto file = columnar::OutputFile::Create(path_);
  if (!file) return file.error();
  if (auto wrote = (*file)->Write(json::Write(std::move(kept))); !wrote) return wrote;
  return (*file)->Publish();
}

}  // namespace usher::engine
