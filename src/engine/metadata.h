// Metadata: what is known of items and users beside their interactions.
//
// Source:  Amazon Personalize developer guide, "Schemas" and "Formatting your data": roles of
//          columns; values of a categorical column joined by '|'.
// Roles:   given by name, else found in the data: CREATION_TIMESTAMP is the time of creation; a
//          column of numbers is numeric; one of strings is text when its values are, on average,
//          met less than twice, else categorical.
// Rows:    of several with the same id the last stays, in the place of the first.
// Errors:  kInvalidInput, with the line of a bad CSV, or when a limit below is passed or the id
//          column is missing; kNotFound, kCorrupt, kInternal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "recsys/interactions/lists.h"

namespace usher::engine {

inline constexpr std::size_t kMaxMetadataColumns = 100;
inline constexpr std::size_t kMaxMetadataRows = 10'000'000;
inline constexpr std::size_t kMaxMetadataTextCharacters = 20'000;  // a cell is cut here
inline constexpr std::size_t kMaxValuesOfACell = 100;              // joined by '|'
inline constexpr std::string_view kCreationTimestamp = "CREATION_TIMESTAMP";

enum class MetadataRole { kCategorical, kNumeric, kText, kCreationTime, kIgnored };

// "categorical", "numeric", "text", "creation_time", "ignored". Errors: kInvalidInput.
Result<MetadataRole> ParseMetadataRole(std::string_view name);
[[nodiscard]] std::string_view NameOf(MetadataRole role);

struct MetadataColumn {
  std::string name;
  MetadataRole role = MetadataRole::kIgnored;
  std::vector<std::string> names;  // kCategorical: the values, in the order first seen
  recsys::Lists values;            // kCategorical: of each row, each once, as indices in names
  std::vector<double> numbers;     // kNumeric, kCreationTime: NaN where there is none
  std::vector<std::string> texts;  // kText
};

struct Metadata {
  std::vector<std::string> ids;
  std::vector<MetadataColumn> columns;

  // Nullptr when there is none. By exact name.
  [[nodiscard]] const MetadataColumn* Find(std::string_view name) const;
};

enum class MetadataOf { kItems, kUsers };

struct MetadataSource {
  std::string path;                           // CSV, or Parquet of an import; empty: no metadata
  std::map<std::string, MetadataRole> roles;  // by column; the others' are found in the data
};

// Id columns: ITEM_ID or movieId, USER_ID or userId. An empty path gives no rows.
Result<Metadata> LoadMetadata(const MetadataSource& source, MetadataOf of, int threads = 0);

// The rows in another order: row i of the answer describes `ids`[i], and is empty where the
// metadata does not know it. Ids of the metadata that are not in `ids` are left out.
[[nodiscard]] Metadata AlignMetadata(const Metadata& metadata, const std::vector<std::string>& ids);

}  // namespace usher::engine
