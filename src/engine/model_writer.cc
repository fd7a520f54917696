#include "engine/model_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <functional>
#include <utility>

#include "columnar/ipc_file.h"
#include "columnar/output_file.h"
#include "engine/update.h"
#include "json/json.h"

namespace usher::engine {
namespace {

namespace fs = std::filesystem;

// Makes a rename in this folder last through a power cut.
Result<void> SyncFolder(const std::string& folder) {
  const int fd = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return SystemError("cannot open the model's parent folder", errno);
  const int synced = ::fsync(fd);
  const int error = errno;
  ::close(fd);
  if (synced != 0) return SystemError("cannot sync the model's parent folder", error);
  return {};
}

}  // namespace

Result<void> WriteArrays(const std::string& folder, std::string_view name, ModelInfo& info,
                         const std::function<void(columnar::ArrayFileWriter&)>& fill) {
  auto writer = columnar::ArrayFileWriter::Create(folder + "/" + std::string(name));
  if (!writer) return writer.error();
  fill(**writer);
  const auto written = (*writer)->Finish();
  if (!written) return written.error();
  info.file_sha256[std::string(name)] = written->sha256;
  return {};
}

namespace {

Result<void> WriteText(const std::string& folder, std::string_view name, std::string_view text) {
  auto file = columnar::OutputFile::Create(folder + "/" + std::string(name));
  if (!file) return file.error();
  if (auto wrote = (*file)->Write(text); !wrote) return wrote;
  return (*file)->Publish();
}

template <typename V>
ValueMap ToValue(const std::map<std::string, V>& map) {
  ValueMap members;
  for (const auto& [name, value] : map) members.Append(name, value);
  return members;
}

Value ToValue(const ModelInfo& info) {
  ValueMap hyperparameters;
  for (const auto& [name, value] : info.hyperparameters) hyperparameters.Append(name, value);
  ValueMap manifest;
  manifest.Append("formatVersion", info.format_version);
  manifest.Append("recipe", info.recipe);
  manifest.Append("hyperparameters", std::move(hyperparameters));
  manifest.Append("seed", std::to_string(info.seed));  // as text: JSON numbers end at 2^53
  if (!info.events.empty()) manifest.Append("events", engine::ToValue(std::span(info.events)));
  manifest.Append("dataSha256", info.data_sha256);
  manifest.Append("instructionSet", info.instruction_set);
  manifest.Append("temperature", info.temperature);
  if (info.calibration) {
    ValueMap calibration;
    calibration.Append("error", info.calibration->error);
    calibration.Append("plainSoftmaxError", info.calibration->plain_softmax_error);
    manifest.Append("calibration", std::move(calibration));
  }
  if (info.context_weight) manifest.Append("contextWeight", *info.context_weight);
  if (info.blend) manifest.Append("blend", engine::ToValue(*info.blend));
  if (info.tuning) {
    ValueMap tuning;
    tuning.Append("objective", info.tuning->objective);
    tuning.Append("trials", static_cast<std::int64_t>(info.tuning->trials));
    tuning.Append("evaluations", static_cast<std::int64_t>(info.tuning->evaluations));
    tuning.Append("complete", info.tuning->complete);
    manifest.Append("tuning", std::move(tuning));
  }
  if (info.update) {
    ValueMap update;
    update.Append("parentSha256", info.update->parent_sha256);
    update.Append("updates", static_cast<std::int64_t>(info.update->updates));
    update.Append("newItems", static_cast<std::int64_t>(info.update->new_items));
    manifest.Append("update", std::move(update));
  }
  if (info.first_timestamp) {
    manifest.Append("firstTimestamp", std::to_string(*info.first_timestamp));  // as the seed
  }
  manifest.Append("interactions", static_cast<std::int64_t>(info.interactions));
  manifest.Append("users", static_cast<std::int64_t>(info.users));
  manifest.Append("items", static_cast<std::int64_t>(info.items));
  manifest.Append("metrics", ToValue(info.metrics));
  manifest.Append("files", ToValue(info.file_sha256));
  return manifest;
}

Result<void> WriteFiles(const std::string& folder, const Fitted& fitted,
                        std::span<const std::string> user_ids,
                        std::span<const std::string> item_ids,
                        const std::optional<BlendReport>& report,
                        const std::optional<TuningReport>& tuning, const std::string& parent_folder,
                        ModelInfo& info) {
  if (!parent_folder.empty()) {
    if (auto copied = CopyReports(parent_folder, folder); !copied) return copied;
  }
  auto written = WriteArrays(folder, kVocabularyFile, info, [&](columnar::ArrayFileWriter& file) {
    file.AddStrings("user_ids", user_ids);
    file.AddStrings("item_ids", item_ids);
  });
  if (!written) return written;
  written = WriteArrays(folder, kHistoriesFile, info, [&](columnar::ArrayFileWriter& file) {
    file.Add("offsets", std::span<const std::int64_t>(fitted.interactions.by_user.offsets));
    file.Add("items", std::span<const std::uint32_t>(fitted.interactions.by_user.values));
    file.Add("times", std::span<const std::uint32_t>(fitted.interactions.times));
    if (!fitted.interactions.weights.empty()) {
      file.Add("weights", std::span<const float>(fitted.interactions.weights));
    }
  });
  if (!written) return written;
  if (fitted.factors.items.rows() > 0) {
    const linalg::Matrix& users = fitted.factors.users;
    const linalg::Matrix& items = fitted.factors.items;
    written = WriteArrays(folder, kFactorsFile, info, [&](columnar::ArrayFileWriter& file) {
      file.AddMatrix("user_factors", users.values(), users.rows(), users.stride());
      file.AddMatrix("item_factors", items.values(), items.rows(), items.stride());
    });
    if (!written) return written;
  }
  if (fitted.transitions.size() > 0) {
    const recsys::WeightedLists& lists = fitted.transitions;
    written = WriteArrays(folder, kTransitionsFile, info, [&](columnar::ArrayFileWriter& file) {
      file.Add("offsets", std::span<const std::int64_t>(lists.offsets));
      file.Add("items", std::span<const std::uint32_t>(lists.items));
      file.Add("weights", std::span<const float>(lists.weights));
    });
    if (!written) return written;
  }
  if (!fitted.context.columns.empty()) {
    const ContextModel& context = fitted.context;
    const std::vector<std::int64_t> offsets(context.offsets.begin(), context.offsets.end());
    written = WriteArrays(folder, kContextFile, info, [&](columnar::ArrayFileWriter& file) {
      file.AddStrings("columns", context.columns);
      file.Add("offsets", std::span<const std::int64_t>(offsets));
      file.AddStrings("values", context.values);
      file.AddMatrix("lift", context.lift.values(), context.lift.rows(), context.lift.stride());
    });
    if (!written) return written;
  }
  if (!fitted.item_births.empty()) {
    written = WriteArrays(folder, kBirthsFile, info, [&](columnar::ArrayFileWriter& file) {
      file.Add("births", std::span<const std::int64_t>(fitted.item_births));
    });
    if (!written) return written;
  }
  if (report) {
    if (auto wrote = WriteText(folder, kBlendReportFile, WriteBlendReport(*report)); !wrote) {
      return wrote;
    }
  }
  return tuning ? WriteTuningReport(folder, *tuning) : Result<void>();
}

}  // namespace

Result<void> WriteTuningReport(const std::string& folder, const TuningReport& report) {
  return WriteText(folder, kTuningReportFile, json::Write(engine::ToValue(report)) + "\n");
}

Result<void> PublishModel(
    const std::string& folder, ModelInfo info,
    const std::function<Result<void>(const std::string& part, ModelInfo& info)>& write_files) {
  std::error_code error;
  if (fs::exists(folder, error)) return InvalidInput("the model folder exists already");
  const std::string part = folder + ".part";
  fs::remove_all(part, error);  // of a training that was killed
  if (error) return Internal("cannot remove an unfinished model folder: " + error.message());
  fs::create_directories(part, error);
  if (error) return Internal("cannot make the model folder: " + error.message());
  auto written = write_files(part, info);
  if (written) written = WriteText(part, kManifestFile, json::Write(ToValue(info)) + "\n");
  if (!written) {
    fs::remove_all(part, error);
    return written;
  }
  fs::rename(part, folder, error);
  if (error) return Internal("cannot publish the model folder: " + error.message());
  return SyncFolder(fs::path(folder).parent_path().string());
}

Result<void> WriteModel(const std::string& folder, const Fitted& fitted,
                        std::span<const std::string> user_ids,
                        std::span<const std::string> item_ids,
                        const std::optional<BlendReport>& report,
                        const std::optional<TuningReport>& tuning, const std::string& parent_folder,
                        ModelInfo info) {
  return PublishModel(folder, std::move(info), [&](const std::string& part, ModelInfo& noted) {
    return WriteFiles(part, fitted, user_ids, item_ids, report, tuning, parent_folder, noted);
  });
}

}  // namespace usher::engine
