#include "engine/model_folder.h"

#include <sys/stat.h>

#include <charconv>
#include <fstream>
#include <utility>
#include <vector>

#include "base/byte_source.h"
#include "columnar/ipc_file.h"
#include "engine/fit.h"
#include "engine/item_model.h"
#include "engine/model_arrays.h"
#include "engine/model_writer.h"
#include "json/json.h"
#include "recsys/blend/blend_model.h"
#include "recsys/popularity/popularity_model.h"

namespace usher::engine {
namespace {

constexpr std::size_t kMaxManifestBytes = 1 << 20;

Error BadManifest(std::string_view member) {
  return Corrupt("the model's manifest has no good member '" + std::string(member) + "'");
}

Result<std::string> TextMember(const Value& manifest, std::string_view name) {
  const Value* member = manifest.Find(name);
  if (member == nullptr || member->as_string() == nullptr) return BadManifest(name);
  return *member->as_string();
}

Result<std::uint64_t> CountMember(const Value& manifest, std::string_view name) {
  const Value* member = manifest.Find(name);
  if (member == nullptr || member->as_int() == nullptr || *member->as_int() < 0) {
    return BadManifest(name);
  }
  return static_cast<std::uint64_t>(*member->as_int());
}

Result<double> NumberMember(const Value& manifest, std::string_view name) {
  const Value* member = manifest.Find(name);
  if (member != nullptr && member->as_double() != nullptr) return *member->as_double();
  if (member != nullptr && member->as_int() != nullptr) {
    return static_cast<double>(*member->as_int());
  }
  return BadManifest(name);
}

Result<ValueMap> MapMember(const Value& manifest, std::string_view name) {
  const Value* member = manifest.Find(name);
  if (member == nullptr || member->as_map() == nullptr) return BadManifest(name);
  return *member->as_map();
}

// A map of texts into any map keyed by text.
template <typename Map>
Result<Map> TextMap(const Value& manifest, std::string_view name) {
  const auto members = MapMember(manifest, name);
  if (!members) return members.error();
  Map map;
  for (const auto& [key, value] : *members) {
    if (value.as_string() == nullptr) return BadManifest(name);
    map.emplace(key, *value.as_string());
  }
  return map;
}

Result<TuningSummary> ParseTuning(const Value& manifest) {
  const Value& tuning = *manifest.Find("tuning");
  const auto objective = TextMember(tuning, "objective");
  if (!objective) return objective.error();
  const auto trials = CountMember(tuning, "trials");
  if (!trials) return trials.error();
  const auto evaluations = CountMember(tuning, "evaluations");
  if (!evaluations) return evaluations.error();
  const Value* complete = tuning.Find("complete");
  if (complete == nullptr || complete->as_bool() == nullptr) return BadManifest("complete");
  return TuningSummary{*objective, *trials, *evaluations, *complete->as_bool()};
}

Result<UpdateSummary> ParseUpdate(const Value& manifest) {
  const Value& update = *manifest.Find("update");
  const auto parent = TextMember(update, "parentSha256");
  if (!parent) return parent.error();
  const auto updates = CountMember(update, "updates");
  if (!updates) return updates.error();
  const auto new_items = CountMember(update, "newItems");
  if (!new_items) return new_items.error();
  return UpdateSummary{*parent, *updates, *new_items};
}

// A whole number as text: JSON numbers end at 2^53.
template <typename Number>
Result<Number> WholeMember(const Value& manifest, std::string_view name) {
  const auto text = TextMember(manifest, name);
  if (!text) return text.error();
  Number number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc() || end != text->data() + text->size()) return BadManifest(name);
  return number;
}

Result<ModelInfo> ParseManifest(std::string_view text) {
  const auto parsed = json::Parse(text);
  if (!parsed) return Corrupt("the model's manifest is no JSON: " + parsed.error().message);
  const Value& manifest = *parsed;
  const auto version = CountMember(manifest, "formatVersion");
  if (!version) return version.error();
  if (*version != kModelFormatVersion) {
    return Unsupported("the model has format version " + std::to_string(*version) +
                       "; this build reads version " + std::to_string(kModelFormatVersion));
  }
  const auto recipe = TextMember(manifest, "recipe");
  if (!recipe) return recipe.error();
  auto hyperparameters = TextMap<Hyperparameters>(manifest, "hyperparameters");
  if (!hyperparameters) return hyperparameters.error();
  const auto seed = WholeMember<std::uint64_t>(manifest, "seed");
  if (!seed) return seed.error();
  const auto data_sha256 = TextMember(manifest, "dataSha256");
  if (!data_sha256) return data_sha256.error();
  const auto instruction_set = TextMember(manifest, "instructionSet");
  if (!instruction_set) return instruction_set.error();
  const auto temperature = NumberMember(manifest, "temperature");
  if (!temperature) return temperature.error();
  std::optional<Calibration> calibration;
  if (const Value* member = manifest.Find("calibration"); member != nullptr) {
    const auto error = NumberMember(*member, "error");
    const auto plain = NumberMember(*member, "plainSoftmaxError");
    if (!error || !plain) return BadManifest("calibration");
    calibration = {*error, *plain};
  }
  std::optional<recsys::BlendOptions> blend;
  if (const Value* member = manifest.Find("blend"); member != nullptr) {
    const auto options = ParseBlendOptions(*member);
    if (!options) return options.error();
    blend = *options;
  }
  const auto interactions = CountMember(manifest, "interactions");
  if (!interactions) return interactions.error();
  const auto users = CountMember(manifest, "users");
  if (!users) return users.error();
  const auto items = CountMember(manifest, "items");
  if (!items) return items.error();
  const auto metrics = MapMember(manifest, "metrics");
  if (!metrics) return metrics.error();
  auto files = TextMap<std::map<std::string, std::string>>(manifest, "files");
  if (!files) return files.error();

  ModelInfo info;
  info.recipe = *recipe;
  info.hyperparameters = *std::move(hyperparameters);
  info.seed = *seed;
  info.data_sha256 = *data_sha256;
  info.instruction_set = *instruction_set;
  info.temperature = *temperature;
  info.calibration = calibration;
  if (const Value* member = manifest.Find("events"); member != nullptr) {
    auto events = ParseEventRules(*member);
    if (!events) return events.error();
    info.events = *std::move(events);
  }
  if (manifest.Find("contextWeight") != nullptr) {
    const auto weight = NumberMember(manifest, "contextWeight");
    if (!weight || !(*weight >= 0)) return BadManifest("contextWeight");
    info.context_weight = *weight;
  }
  info.blend = blend;
  if (manifest.Find("tuning") != nullptr) {
    const auto tuning = ParseTuning(manifest);
    if (!tuning) return tuning.error();
    info.tuning = *tuning;
  }
  if (manifest.Find("update") != nullptr) {
    const auto update = ParseUpdate(manifest);
    if (!update) return update.error();
    info.update = *update;
  }
  if (manifest.Find("firstTimestamp") != nullptr) {
    const auto first = WholeMember<std::int64_t>(manifest, "firstTimestamp");
    if (!first) return first.error();
    info.first_timestamp = *first;
  }
  info.interactions = *interactions;
  info.users = *users;
  info.items = *items;
  for (const auto& [name, value] : *metrics) {
    const auto number = NumberMember(Value(*metrics), name);
    if (!number) return number.error();
    info.metrics.emplace(name, *number);
  }
  info.file_sha256 = *std::move(files);
  return info;
}

Result<recsys::ContextParts> ReadContext(const ArraysFile& file, const ModelInfo& info) {
  const auto columns = file->Strings("columns");
  if (!columns) return columns.error();
  const auto offsets = file->Int64s("offsets");
  if (!offsets) return offsets.error();
  const auto values = file->Strings("values");
  if (!values) return values.error();
  const auto lift = ReadFactors(file, "lift", values->size(), info.items);
  if (!lift) return lift.error();
  recsys::ContextParts context;
  bool good = offsets->size() == columns->size() + 1 && offsets->front() == 0 &&
              offsets->back() == static_cast<std::int64_t>(values->size());
  for (std::size_t c = 0; good && c < columns->size(); ++c) {
    good = (*offsets)[c] <= (*offsets)[c + 1];
    context.columns.emplace_back((*columns)[c]);
  }
  if (!good) return Corrupt("the model's context points out of range");
  for (std::size_t v = 0; v < values->size(); ++v) context.values.emplace_back((*values)[v]);
  context.offsets.assign(offsets->begin(), offsets->end());
  context.lift = *lift;
  context.weight = static_cast<float>(info.context_weight.value_or(0));
  return context;
}

}  // namespace

Result<ModelInfo> ReadModelInfo(const std::string& folder) {
  const std::string path = folder + "/" + std::string(kManifestFile);
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return NotFound("there is no model in this folder");
  const auto source = FileSource::Open(path);
  if (!source) return source.error();
  const auto text = ReadAll(**source, kMaxManifestBytes);
  if (!text) return text.error();
  return ParseManifest(*text);
}

Result<LoadedModel> LoadModel(const std::string& folder) {
  LoadedModel loaded;
  auto info = ReadModelInfo(folder);
  if (!info) return info.error();
  loaded.info = *std::move(info);
  const auto recipe = FindRecipe(loaded.info.recipe);
  if (!recipe) return recipe.error();
  loaded.kind = (*recipe)->kind;

  if (IsItemRecipe(loaded.kind)) return LoadItemModel(folder, std::move(loaded));

  const auto vocabulary = OpenArrays(folder, kVocabularyFile, loaded.info);
  if (!vocabulary) return vocabulary.error();
  auto users = ReadVocabulary(*vocabulary, "user_ids", loaded.info.users);
  if (!users) return users.error();
  auto items = ReadVocabulary(*vocabulary, "item_ids", loaded.info.items);
  if (!items) return items.error();
  const auto histories_file = OpenArrays(folder, kHistoriesFile, loaded.info);
  if (!histories_file) return histories_file.error();
  const auto histories = ReadHistories(*histories_file, loaded.info);
  if (!histories) return histories.error();

  if (loaded.kind == RecipeKind::kPopularity) {
    loaded.model = recsys::MakePopularityModel({.users = *std::move(users),
                                                .items = *std::move(items),
                                                .histories = histories->lists,
                                                .owner = *histories_file});
    return loaded;
  }
  const auto complete = CompleteHyperparameters(**recipe, loaded.info.hyperparameters);
  if (!complete) return Corrupt("the model's hyperparameters: " + complete.error().message);
  const recsys::AlsOptions als = AlsOptionsOf({loaded.kind, *complete, loaded.info.seed, {}});
  const auto factors_file = OpenArrays(folder, kFactorsFile, loaded.info);
  if (!factors_file) return factors_file.error();
  const auto user_factors = ReadFactors(*factors_file, "user_factors", loaded.info.users, als.rank);
  if (!user_factors) return user_factors.error();
  const auto item_factors = ReadFactors(*factors_file, "item_factors", loaded.info.items, als.rank);
  if (!item_factors) return item_factors.error();
  if (!loaded.info.blend) return BadManifest("blend");
  if (!(loaded.info.temperature > 0)) return BadManifest("temperature");
  std::vector<ArraysFile> owners{*histories_file, *factors_file};
  recsys::WeightedListsView transitions;
  if (loaded.info.blend->sequence_weight > 0) {
    const auto file = OpenArrays(folder, kTransitionsFile, loaded.info);
    if (!file) return file.error();
    const auto lists = ReadTransitions(*file, loaded.info);
    if (!lists) return lists.error();
    transitions = *lists;
    owners.push_back(*file);
  }
  recsys::ContextParts context;
  if (loaded.info.context_weight) {
    const auto file = OpenArrays(folder, kContextFile, loaded.info);
    if (!file) return file.error();
    auto parts = ReadContext(*file, loaded.info);
    if (!parts) return parts.error();
    context = *std::move(parts);
    owners.push_back(*file);
  }
  if (loaded.info.file_sha256.contains(std::string(kBirthsFile))) {
    const auto file = OpenArrays(folder, kBirthsFile, loaded.info);
    if (!file) return file.error();
    const auto births = (*file)->Int64s("births");
    if (!births) return births.error();
    if (births->size() != loaded.info.items) {
      return Corrupt("the model's times of creation have another size");
    }
    loaded.item_births = *births;
    loaded.births_owner = *file;
  }
  loaded.model = recsys::MakeBlendModel(
      {.users = *std::move(users),
       .items = *std::move(items),
       .histories = histories->lists,
       .times = histories->times,
       .weights = histories->weights,
       .user_factors = *user_factors,
       .item_factors = *item_factors,
       .als = als,
       .transitions = transitions,
       .options = *loaded.info.blend,
       .temperature = static_cast<float>(loaded.info.temperature),
       .context = std::move(context),
       .owner = std::make_shared<const std::vector<ArraysFile>>(std::move(owners))});
  return loaded;
}

}  // namespace usher::engine
