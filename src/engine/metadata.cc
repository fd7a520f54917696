#include "engine/metadata.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/text.h"
#include "columnar/csv_table.h"
#include "columnar/parquet_file.h"

namespace usher::engine {
namespace {

using columnar::Batch;
using columnar::Column;
using columnar::ColumnSpec;
using columnar::ColumnType;

constexpr std::size_t kMaxIdCharacters = 256;
constexpr double kNoNumber = std::numeric_limits<double>::quiet_NaN();

constexpr std::array<std::pair<MetadataRole, std::string_view>, 5> kRoleNames{{
    {MetadataRole::kCategorical, "categorical"},
    {MetadataRole::kNumeric, "numeric"},
    {MetadataRole::kText, "text"},
    {MetadataRole::kCreationTime, "creation_time"},
    {MetadataRole::kIgnored, "ignored"},
}};

// A column as it lies in the file: a text or a number for each row.
struct RawColumn {
  std::string name;
  bool is_number = false;
  bool is_bool = false;
  std::vector<std::string> texts;
  std::vector<double> numbers;
};

struct RawTable {
  std::vector<std::string> ids;
  std::vector<RawColumn> columns;
  std::unordered_map<std::string, std::size_t> row_of;

  // Copies the batch's rows; column `id` holds the ids, the others go to `columns` in order.
  Result<void> Add(const Batch& batch, std::size_t id, const std::vector<ColumnSpec>& specs) {
    for (std::size_t row = 0; row < batch.rows; ++row) {
      const std::string name(batch.columns[id].Text(row));
      const auto [found, is_new] = row_of.try_emplace(name, ids.size());
      if (is_new) {
        if (ids.size() == kMaxMetadataRows) {
          return InvalidInput("the metadata has more than " + std::to_string(kMaxMetadataRows) +
                              " ids");
        }
        ids.push_back(name);
      }
      std::size_t at = 0;
      for (std::size_t j = 0; j < batch.columns.size(); ++j) {
        if (j != id) Put(columns[at++], found->second, batch.columns[j], row, specs[j].type);
      }
    }
    return {};
  }

 private:
  static void Put(RawColumn& to, std::size_t at, const Column& from, std::size_t row,
                  ColumnType type) {
    if (!to.is_number) {
      to.texts.resize(std::max(to.texts.size(), at + 1));
      to.texts[at] = from.IsNull(row) ? std::string_view() : from.Text(row);
      return;
    }
    to.numbers.resize(std::max(to.numbers.size(), at + 1), kNoNumber);
    const bool is_real = type == ColumnType::kFloat || type == ColumnType::kDouble;
    to.numbers[at] = from.IsNull(row) ? kNoNumber
                     : is_real        ? from.numbers[row]
                                      : static_cast<double>(from.ints[row]);
  }
};

std::optional<double> ParseNumber(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool good =
      error == std::errc() && end == text.data() + text.size() && std::isfinite(number);
  return good ? std::optional(number) : std::nullopt;
}

// The values of a cell, each once, without spaces around them.
std::vector<std::string_view> ValuesOf(std::string_view cell) {
  std::vector<std::string_view> values;
  if (Trim(cell).empty()) return values;
  for (const std::string_view part : Split(cell, '|')) {
    const std::string_view value = Trim(part);
    if (value.empty() || std::ranges::find(values, value) != values.end()) continue;
    if (values.size() == kMaxValuesOfACell) break;
    values.push_back(value);
  }
  return values;
}

bool AllNumbers(const std::vector<std::string>& texts) {
  bool some = false;
  for (const std::string& text : texts) {
    if (Trim(text).empty()) continue;
    some = true;
    if (!ParseNumber(Trim(text))) return false;
  }
  return some;
}

bool MostlyOwnValues(const std::vector<std::string>& texts) {
  std::unordered_map<std::string_view, std::size_t> counts;
  std::size_t occurrences = 0;
  for (const std::string& text : texts) {
    for (const std::string_view value : ValuesOf(text)) {
      ++counts[value];
      ++occurrences;
    }
  }
  return 2 * counts.size() > occurrences;
}

MetadataRole FindRole(const RawColumn& raw) {
  if (raw.is_bool) return MetadataRole::kIgnored;
  if (raw.name == kCreationTimestamp) return MetadataRole::kCreationTime;
  if (raw.is_number || AllNumbers(raw.texts)) return MetadataRole::kNumeric;
  return MostlyOwnValues(raw.texts) ? MetadataRole::kText : MetadataRole::kCategorical;
}

// Joined values beyond the limit are an error rather than lost.
Result<void> CheckCells(const RawColumn& raw) {
  for (const std::string& text : raw.texts) {
    const auto bars = static_cast<std::size_t>(std::ranges::count(text, '|'));
    if (bars >= kMaxValuesOfACell) {
      return InvalidInput("column " + raw.name + " has a cell of more than " +
                          std::to_string(kMaxValuesOfACell) + " values joined by '|'");
    }
  }
  return {};
}

Result<MetadataColumn> Interpret(RawColumn raw, MetadataRole role, std::size_t rows) {
  MetadataColumn column{
      .name = raw.name, .role = role, .names = {}, .values = {}, .numbers = {}, .texts = {}};
  raw.texts.resize(raw.is_number ? 0 : rows);
  raw.numbers.resize(raw.is_number ? rows : 0, kNoNumber);
  switch (role) {
    case MetadataRole::kIgnored:
      break;
    case MetadataRole::kNumeric:
    case MetadataRole::kCreationTime:
      column.numbers = std::move(raw.numbers);
      for (const std::string& text : raw.texts) {
        const std::string_view cell = Trim(text);
        const auto number = ParseNumber(cell);
        if (!number && !cell.empty()) {
          return InvalidInput("column " + raw.name + " is numeric, but has a cell '" +
                              std::string(cell.substr(0, 64)) + "'");
        }
        column.numbers.push_back(number.value_or(kNoNumber));
      }
      break;
    case MetadataRole::kText:
      column.texts = std::move(raw.texts);
      column.texts.resize(rows);
      break;
    case MetadataRole::kCategorical: {
      if (raw.is_number) {
        return InvalidInput("column " + raw.name + " holds numbers and cannot be categorical");
      }
      if (const auto checked = CheckCells(raw); !checked) return checked.error();
      std::unordered_map<std::string_view, std::uint32_t> codes;
      std::vector<std::uint32_t> row;
      for (const std::string& text : raw.texts) {
        row.clear();
        for (const std::string_view value : ValuesOf(text)) {
          const auto next = static_cast<std::uint32_t>(codes.size());
          const auto [found, is_new] = codes.try_emplace(value, next);
          if (is_new) column.names.emplace_back(value);
          row.push_back(found->second);
        }
        column.values.Append(row);
      }
      break;
    }
  }
  return column;
}

Result<void> CheckColumnCount(std::size_t columns) {
  if (columns <= kMaxMetadataColumns + 1) return {};
  return InvalidInput("the metadata has " + std::to_string(columns - 1) +
                      " columns beside the id, more than " + std::to_string(kMaxMetadataColumns));
}

Result<RawTable> ReadCsv(const std::string& path, const std::array<std::string, 2>& id_names,
                         int threads) {
  const columnar::CsvInput input{.name = std::filesystem::path(path).filename().string(),
                                 .path = path};
  const auto header = columnar::ReadCsvHeader(input);
  if (!header) return header.error();
  const auto id = std::ranges::find_first_of(*header, id_names);
  if (id == header->end()) {
    return InvalidInput(input.name + ": line 1: the header must name the column " + id_names[0] +
                        " or " + id_names[1]);
  }
  if (const auto checked = CheckColumnCount(header->size()); !checked) return checked.error();
  RawTable table;
  std::vector<columnar::CsvColumn> columns;
  std::vector<ColumnSpec> specs;
  for (auto name = header->begin(); name != header->end(); ++name) {
    columnar::CsvColumn column{.spec = {*name, ColumnType::kString, name != id}};
    if (name == id) {
      column.max_characters = kMaxIdCharacters;
    } else {
      column.keep_characters = kMaxMetadataTextCharacters;
      table.columns.push_back({.name = *name, .texts = {}, .numbers = {}});
    }
    specs.push_back(column.spec);
    columns.push_back(std::move(column));
  }
  const auto reader = columnar::CsvTableReader::Open({input}, columns, {.threads = threads});
  if (!reader) return reader.error();
  Batch batch;
  while (true) {
    const auto more = (*reader)->Next(batch);
    if (!more) return more.error();
    if (!*more) return table;
    const auto added = table.Add(batch, static_cast<std::size_t>(id - header->begin()), specs);
    if (!added) return added.error();
  }
}

Result<RawTable> ReadParquet(const std::string& path, const std::string& id_name) {
  auto reader = columnar::TableReader::Open(path);
  if (!reader) return reader.error();
  const std::vector<ColumnSpec>& specs = (*reader)->specs();
  const auto id = std::ranges::find(specs, id_name, &ColumnSpec::name);
  if (id == specs.end() || id->type != ColumnType::kString) {
    return InvalidInput("the Parquet file has no column " + id_name + " of strings");
  }
  if (const auto checked = CheckColumnCount(specs.size()); !checked) return checked.error();
  RawTable table;
  for (auto spec = specs.begin(); spec != specs.end(); ++spec) {
    if (spec == id) continue;
    table.columns.push_back({.name = spec->name,
                             .is_number = spec->type != ColumnType::kString,
                             .is_bool = spec->type == ColumnType::kBool,
                             .texts = {},
                             .numbers = {}});
  }
  for (std::size_t group = 0; group < (*reader)->group_count(); ++group) {
    const auto batch = (*reader)->Read(group);
    if (!batch) return batch.error();
    const auto added = table.Add(*batch, static_cast<std::size_t>(id - specs.begin()), specs);
    if (!added) return added.error();
  }
  return table;
}

}  // namespace

Result<MetadataRole> ParseMetadataRole(std::string_view name) {
  for (const auto& [role, known] : kRoleNames) {
    if (known == name) return role;
  }
  return InvalidInput("'" + std::string(name) +
                      "' is no role of a column; roles are categorical, numeric, text, "
                      "creation_time, ignored");
}

std::string_view NameOf(MetadataRole role) {
  return std::ranges::find(kRoleNames, role, [](const auto& entry) { return entry.first; })->second;
}

const MetadataColumn* Metadata::Find(std::string_view name) const {
  const auto at = std::ranges::find(columns, name, &MetadataColumn::name);
  return at == columns.end() ? nullptr : &*at;
}

Result<Metadata> LoadMetadata(const MetadataSource& source, MetadataOf of, int threads) {
  if (source.path.empty()) return Metadata{};
  const std::array<std::string, 2> id_names = of == MetadataOf::kItems
                                                  ? std::array<std::string, 2>{"ITEM_ID", "movieId"}
                                                  : std::array<std::string, 2>{"USER_ID", "userId"};
  std::array<char, 4> magic{};
  std::ifstream file(source.path, std::ios::binary);
  if (!file) return NotFound("the metadata file " + source.path + " cannot be opened");
  file.read(magic.data(), magic.size());
  const bool is_parquet = std::string_view(magic.data(), magic.size()) == "PAR1";
  auto raw =
      is_parquet ? ReadParquet(source.path, id_names[0]) : ReadCsv(source.path, id_names, threads);
  if (!raw) return raw.error();
  for (const auto& [name, role] : source.roles) {
    if (std::ranges::find(raw->columns, name, &RawColumn::name) == raw->columns.end()) {
      return InvalidInput("the metadata has no column " + name);
    }
  }
  Metadata metadata{.ids = std::move(raw->ids), .columns = {}};
  for (RawColumn& column : raw->columns) {
    const auto given = source.roles.find(column.name);
    const MetadataRole role = given != source.roles.end() ? given->second : FindRole(column);
    auto interpreted = Interpret(std::move(column), role, metadata.ids.size());
    if (!interpreted) return interpreted.error();
    metadata.columns.push_back(*std::move(interpreted));
  }
  return metadata;
}

Metadata AlignMetadata(const Metadata& metadata, const std::vector<std::string>& ids) {
  std::unordered_map<std::string_view, std::size_t> row_of;
  for (std::size_t row = 0; row < metadata.ids.size(); ++row) row_of[metadata.ids[row]] = row;
  Metadata aligned{.ids = ids, .columns = {}};
  for (const MetadataColumn& column : metadata.columns) {
    MetadataColumn& to = aligned.columns.emplace_back(MetadataColumn{.name = column.name,
                                                                     .role = column.role,
                                                                     .names = column.names,
                                                                     .values = {},
                                                                     .numbers = {},
                                                                     .texts = {}});
    for (const std::string& id : ids) {
      const auto found = row_of.find(id);
      const bool known = found != row_of.end();
      switch (column.role) {
        case MetadataRole::kCategorical:
          if (known) {
            to.values.Append(column.values[found->second]);
          } else {
            to.values.Append({});
          }
          break;
        case MetadataRole::kNumeric:
        case MetadataRole::kCreationTime:
          to.numbers.push_back(known ? column.numbers[found->second] : kNoNumber);
          break;
        case MetadataRole::kText:
          to.texts.push_back(known ? column.texts[found->second] : std::string());
          break;
        case MetadataRole::kIgnored:
          break;
      }
    }
  }
  return aligned;
}

}  // namespace usher::engine
