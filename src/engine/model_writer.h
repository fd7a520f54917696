// WriteModel: publishes a trained model as a folder (the layout is model_folder.h's).
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "columnar/ipc_file.h"
#include "engine/fit.h"
#include "engine/model_folder.h"
#include "engine/tune.h"

namespace usher::engine {

// Names of the files in the folder.
inline constexpr std::string_view kManifestFile = "manifest.json";
inline constexpr std::string_view kVocabularyFile = "vocabulary.arrow";
inline constexpr std::string_view kHistoriesFile = "histories.arrow";
inline constexpr std::string_view kFactorsFile = "factors.arrow";
inline constexpr std::string_view kTransitionsFile = "transitions.arrow";
inline constexpr std::string_view kContextFile = "context.arrow";
inline constexpr std::string_view kBirthsFile = "births.arrow";

// One array file of the folder; `fill` adds the arrays. Notes the checksum in `info`.
Result<void> WriteArrays(const std::string& folder, std::string_view name, ModelInfo& info,
                         const std::function<void(columnar::ArrayFileWriter&)>& fill);

// The report of a search for hyperparameters, as kTuningReportFile. Errors: kInternal.
Result<void> WriteTuningReport(const std::string& folder, const TuningReport& report);

// Makes `folder`.part, has `write_files` fill it and complete `info` with the checksums, adds the
// manifest and renames it. Errors: kInvalidInput when `folder` exists; kInternal when the disk
// fails; what write_files says.
Result<void> PublishModel(
    const std::string& folder, ModelInfo info,
    const std::function<Result<void>(const std::string& part, ModelInfo& info)>& write_files);

// `report` goes into kBlendReportFile, `tuning` into kTuningReportFile; an update has neither and
// copies those of the model in `parent_folder`, which is empty otherwise. Writes everything into
// `folder`.part, then renames it. `info` is completed with the checksums. Errors: kInvalidInput
// when `folder` exists; kInternal when the disk fails.
Result<void> WriteModel(const std::string& folder, const Fitted& fitted,
                        std::span<const std::string> user_ids,
                        std::span<const std::string> item_ids,
                        const std::optional<BlendReport>& report,
                        const std::optional<TuningReport>& tuning, const std::string& parent_folder,
                        ModelInfo info);

}  // namespace usher::engine
