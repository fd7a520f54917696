#include "engine/update.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <system_error>

#include "base/byte_source.h"
#include "engine/blend_report.h"
#include "engine/fit.h"
#include "engine/model_arrays.h"
#include "engine/model_writer.h"
#include "engine/sha256.h"
#include "engine/tune.h"

namespace usher::engine {
namespace {

constexpr std::size_t kMaxManifestBytes = 1 << 20;

Result<std::string> HashOfManifest(const std::string& folder) {
  const auto source = FileSource::Open(folder + "/" + std::string(kManifestFile));
  if (!source) return source.error();
  const auto text = ReadAll(**source, kMaxManifestBytes);
  if (!text) return text.error();
  Sha256 hash;
  hash.Add(*text);
  return hash.Finish();
}

}  // namespace

recsys::AlsHooks::Start UpdateBase::StartOf(std::size_t sweeps) const {
  return {.sweeps_done = sweeps - std::min(sweeps, kUpdateSweeps), .items = item_factors};
}

ModelInfo UpdateBase::NewInfo() const {
  ModelInfo next = info;
  next.format_version = kModelFormatVersion;
  next.update = UpdateSummary{.parent_sha256 = manifest_sha256,
                              .updates = info.update ? info.update->updates + 1 : 1,
                              .new_items = new_items};
  next.file_sha256.clear();
  return next;
}

bool CanUpdate(RecipeKind kind) {
  return kind == RecipeKind::kUserPersonalization || kind == RecipeKind::kPersonalizedRanking;
}

Result<UpdateBase> ReadUpdateBase(const std::string& folder,
                                  std::span<const std::string> item_ids) {
  auto info = ReadModelInfo(folder);
  if (!info) return info.error();
  const auto recipe = FindRecipe(info->recipe);
  if (!recipe) return recipe.error();
  if (!CanUpdate((*recipe)->kind)) {
    return Unsupported("a model of recipe " + info->recipe +
                       " cannot be updated: train it anew, which takes no longer");
  }
  auto sha256 = HashOfManifest(folder);
  if (!sha256) return sha256.error();
  const auto complete = CompleteHyperparameters(**recipe, info->hyperparameters);
  if (!complete) return Corrupt("the model's hyperparameters: " + complete.error().message);
  const std::size_t rank = AlsOptionsOf({(*recipe)->kind, *complete, info->seed, {}}).rank;

  const auto vocabulary = OpenArrays(folder, kVocabularyFile, *info);
  if (!vocabulary) return vocabulary.error();
  const auto items = ReadVocabulary(*vocabulary, "item_ids", info->items);
  if (!items) return items.error();
  const auto factors_file = OpenArrays(folder, kFactorsFile, *info);
  if (!factors_file) return factors_file.error();
  const auto factors = ReadFactors(*factors_file, "item_factors", info->items, rank);
  if (!factors) return factors.error();

  UpdateBase base{.info = *std::move(info),
                  .manifest_sha256 = *std::move(sha256),
                  .item_factors = linalg::Matrix(item_ids.size(), rank)};
  for (std::size_t item = 0; item < item_ids.size(); ++item) {
    if (const auto known = items->Find(item_ids[item])) {
      std::copy_n(factors->Row(*known), factors->stride, base.item_factors.Row(item));
    } else {
      ++base.new_items;
    }
  }
  return base;
}

Result<void> CopyReports(const std::string& from, const std::string& to) {
  namespace fs = std::filesystem;
  for (const std::string_view name : {kBlendReportFile, kTuningReportFile}) {
    const fs::path source = fs::path(from) / name;
    std::error_code error;
    if (!fs::exists(source, error)) continue;
    fs::copy_file(source, fs::path(to) / name, error);
    if (error) return Internal("cannot copy " + std::string(name) + ": " + error.message());
  }
  return {};
}

}  // namespace usher::engine
