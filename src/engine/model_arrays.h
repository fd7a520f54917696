// The arrays of a model folder, read through memory maps and checked before anything points into
// them.
//
// Errors: kCorrupt when an array is missing, has another size than the manifest says or points out
// of range.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "columnar/ipc_file.h"
#include "engine/model_folder.h"
#include "linalg/matrix.h"
#include "recsys/interactions/lists.h"
#include "recsys/sequence/weighted_lists.h"
#include "recsys/vocabulary/vocabulary.h"

namespace usher::engine {

using ArraysFile = std::shared_ptr<const columnar::ArrayFile>;

// The file of this name, whose checksum the manifest gives.
Result<ArraysFile> OpenArrays(const std::string& folder, std::string_view name,
                              const ModelInfo& info);

// `count` ids, which the vocabulary borrows from the file.
Result<recsys::Vocabulary> ReadVocabulary(const ArraysFile& file, std::string_view name,
                                          std::uint64_t count);

struct Histories {
  recsys::ListsView lists;
  std::span<const std::uint32_t> times;
  std::span<const float> weights;  // empty: all events count alike
};

// A list of items for each user. Weights are there when the manifest's events do not count alike.
Result<Histories> ReadHistories(const ArraysFile& file, const ModelInfo& info);

// A list of items, with weights, for each item.
Result<recsys::WeightedListsView> ReadTransitions(const ArraysFile& file, const ModelInfo& info);

Result<linalg::MatrixView> ReadFactors(const ArraysFile& file, std::string_view name,
                                       std::uint64_t rows, std::size_t rank);

// `list_count` lists of values below value_count.
Result<recsys::ListsView> ReadLists(const ArraysFile& file, std::string_view offsets_name,
                                    std::string_view values_name, std::uint64_t list_count,
                                    std::uint64_t value_count);

}  // namespace usher::engine
