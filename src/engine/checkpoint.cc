#include "engine/checkpoint.h"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "base/log.h"
#include "columnar/ipc_file.h"
#include "engine/sha256.h"

namespace usher::engine {

Checkpoint::Checkpoint(const std::string& folder, const std::string& name, std::string fingerprint)
    : path_(folder.empty() ? "" : folder + "/" + name + ".arrow"),
      fingerprint_(std::move(fingerprint)) {}

std::optional<recsys::AlsHooks::Start> Checkpoint::Read(std::size_t items, std::size_t rank) const {
  if (path_.empty()) return std::nullopt;
  const auto file = columnar::ArrayFile::Open(path_);
  if (!file) {
    if (file.error().code != ErrorCode::kNotFound) {
      Log(LogLevel::kWarning, "checkpoint not readable, training begins anew",
          {{"reason", file.error().message}});
    }
    return std::nullopt;
  }
  const auto fingerprint = (*file)->Strings("fingerprint");
  const auto sweeps = (*file)->Int64s("sweeps_done");
  const auto factors = (*file)->FloatMatrix("item_factors");
  if (!fingerprint || !sweeps || !factors) return std::nullopt;
  if (fingerprint->size() != 1 || (*fingerprint)[0] != fingerprint_) return std::nullopt;
  recsys::AlsHooks::Start start{.sweeps_done = 0, .items = linalg::Matrix(items, rank)};
  if (sweeps->size() != 1 || sweeps->front() < 0 || factors->rows != items ||
      factors->cols != start.items.stride()) {
    return std::nullopt;
  }
  start.sweeps_done = static_cast<std::size_t>(sweeps->front());
  std::ranges::copy(factors->values, start.items.values().begin());
  return start;
}

Result<void> Checkpoint::Write(std::size_t sweeps_done, const linalg::Matrix& items) const {
  if (path_.empty()) return {};
  auto writer = columnar::ArrayFileWriter::Create(path_);
  if (!writer) return writer.error();
  const std::vector<std::string> fingerprint{fingerprint_};
  const std::vector<std::int64_t> sweeps{static_cast<std::int64_t>(sweeps_done)};
  (*writer)->AddStrings("fingerprint", fingerprint);
  (*writer)->Add("sweeps_done", std::span<const std::int64_t>(sweeps));
  (*writer)->AddMatrix("item_factors", items.values(), items.rows(), items.stride());
  const auto written = (*writer)->Finish();
  return written ? Result<void>() : Result<void>(written.error());
}

std::string FingerprintOf(const ModelInfo& info, std::string_view phase) {
  Sha256 hash;
  for (const std::string_view text :
       {std::string_view(info.recipe), std::string_view(info.data_sha256),
        std::string_view(info.instruction_set), phase}) {
    hash.AddText(text);
  }
  for (const auto& [name, value] : info.hyperparameters) {
    hash.AddText(name);
    hash.AddText(value);
  }
  hash.AddNumbers(std::span(&info.seed, 1));
  if (info.update) hash.AddText(info.update->parent_sha256);
  return hash.Finish();
}

}  // namespace usher::engine
