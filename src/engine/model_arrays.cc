#include "engine/model_arrays.h"

#include <algorithm>
#include <span>
#include <utility>

namespace usher::engine {
namespace {

// Whether these are `list_count` lists, laid end to end, of values below value_count.
bool AreLists(std::span<const std::int64_t> offsets, std::span<const std::uint32_t> values,
              std::uint64_t list_count, std::uint64_t value_count) {
  return offsets.size() == list_count + 1 && offsets.front() == 0 &&
         offsets.back() == static_cast<std::int64_t>(values.size()) &&
         std::ranges::is_sorted(offsets) &&
         std::ranges::all_of(values, [&](std::uint32_t value) { return value < value_count; });
}

}  // namespace

Result<ArraysFile> OpenArrays(const std::string& folder, std::string_view name,
                              const ModelInfo& info) {
  const auto sha256 = info.file_sha256.find(std::string(name));
  if (sha256 == info.file_sha256.end()) {
    return Corrupt("the model's manifest does not name " + std::string(name));
  }
  auto file = columnar::ArrayFile::Open(folder + "/" + std::string(name), sha256->second);
  if (!file && file.error().code == ErrorCode::kNotFound) {
    return Corrupt("the model's file " + std::string(name) + " is missing");
  }
  return file;
}

Result<recsys::Vocabulary> ReadVocabulary(const ArraysFile& file, std::string_view name,
                                          std::uint64_t count) {
  const auto strings = file->Strings(name);
  if (!strings) return strings.error();
  if (strings->size() != count) return Corrupt("the model's vocabulary has another size");
  return recsys::Vocabulary(strings->offsets(), strings->bytes(), file);
}

Result<Histories> ReadHistories(const ArraysFile& file, const ModelInfo& info) {
  const auto offsets = file->Int64s("offsets");
  if (!offsets) return offsets.error();
  const auto items = file->UInt32s("items");
  if (!items) return items.error();
  const auto times = file->UInt32s("times");
  if (!times) return times.error();
  const bool good = AreLists(*offsets, *items, info.users, info.items) &&
                    (times->empty() || times->size() == items->size());
  if (!good) return Corrupt("the model's histories point out of range");
  Histories histories{{*offsets, *items}, *times, {}};
  if (CountAlike(info.events)) return histories;
  const auto weights = file->Floats("weights");
  if (!weights) return weights.error();
  if (weights->size() != items->size() ||
      !std::ranges::all_of(*weights, [](float weight) { return weight > 0; })) {
    return Corrupt("the model's weights of events have another size or are not over 0");
  }
  histories.weights = *weights;
  return histories;
}

Result<recsys::WeightedListsView> ReadTransitions(const ArraysFile& file, const ModelInfo& info) {
  const auto offsets = file->Int64s("offsets");
  if (!offsets) return offsets.error();
  const auto items = file->UInt32s("items");
  if (!items) return items.error();
  const auto weights = file->Floats("weights");
  if (!weights) return weights.error();
  const bool good = AreLists(*offsets, *items, info.items, info.items) &&
                    weights->size() == items->size() &&
                    std::ranges::all_of(*weights, [](float weight) { return weight >= 0; });
  if (!good) return Corrupt("the model's transitions point out of range");
  return recsys::WeightedListsView{*offsets, *items, *weights};
}

Result<linalg::MatrixView> ReadFactors(const ArraysFile& file, std::string_view name,
                                       std::uint64_t rows, std::size_t rank) {
  const auto matrix = file->FloatMatrix(name);
  if (!matrix) return matrix.error();
  if (matrix->rows != rows || matrix->cols != linalg::PaddedColumns(rank)) {
    return Corrupt("the model's factors have another shape");
  }
  return linalg::MatrixView{matrix->values.data(), matrix->rows, rank, matrix->cols};
}

Result<recsys::ListsView> ReadLists(const ArraysFile& file, std::string_view offsets_name,
                                    std::string_view values_name, std::uint64_t list_count,
                                    std::uint64_t value_count) {
  const auto offsets = file->Int64s(offsets_name);
  if (!offsets) return offsets.error();
  const auto values = file->UInt32s(values_name);
  if (!values) return values.error();
  if (!AreLists(*offsets, *values, list_count, value_count)) {
    return Corrupt("the model's lists '" + std::string(values_name) + "' point out of range");
  }
  return recsys::ListsView{*offsets, *values};
}

}  // namespace usher::engine
