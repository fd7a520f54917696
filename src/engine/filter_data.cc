#include "engine/filter_data.h"

#include <algorithm>
#include <utility>

#include "columnar/parquet_file.h"
#include "columnar/string_codes.h"
#include "engine/interactions_file.h"

namespace usher::engine {
namespace {

using columnar::ColumnSpec;
using columnar::ColumnType;

constexpr double kNoNumber = std::numeric_limits<double>::quiet_NaN();

// Adds a column of a row group.
void AddCells(const columnar::Column& from, ColumnType type, std::size_t rows,
              columnar::StringCodes& texts, RecordTable::Column& to) {
  if (type == ColumnType::kString) {
    std::vector<std::uint32_t> number(from.dictionary.size(), RecordTable::kNone);
    for (std::size_t row = 0; row < rows; ++row) {
      if (from.IsNull(row)) {
        to.codes.push_back(RecordTable::kNone);
        continue;
      }
      std::uint32_t& code = number[from.codes[row]];
      if (code == RecordTable::kNone) code = texts.CodeOf(from.dictionary[from.codes[row]]);
      to.codes.push_back(code);
    }
    return;
  }
  const bool whole = type == ColumnType::kInt32 || type == ColumnType::kInt64;
  for (std::size_t row = 0; row < rows; ++row) {
    const double number = whole ? static_cast<double>(from.ints[row]) : from.numbers[row];
    to.numbers.push_back(from.IsNull(row) ? kNoNumber : number);
  }
}

}  // namespace

Result<std::shared_ptr<const RecordTable>> RecordTable::Load(const std::string& path,
                                                             std::string_view id_column) {
  auto table = std::make_shared<RecordTable>();
  if (path.empty()) return std::shared_ptr<const RecordTable>(std::move(table));
  const auto reader = columnar::TableReader::Open(path);
  if (!reader) return reader.error();
  std::vector<std::size_t> wanted;
  std::vector<ColumnSpec> specs;
  std::optional<std::size_t> id_at;
  for (std::size_t i = 0; i < (*reader)->specs().size(); ++i) {
    const ColumnSpec& spec = (*reader)->specs()[i];
    if (spec.type == ColumnType::kBool) continue;
    if (spec.name == id_column) id_at = specs.size();
    wanted.push_back(i);
    specs.push_back(spec);
  }
  if (!id_at) return InvalidInput("the records have no column " + std::string(id_column));
  std::vector<std::string> ids;
  std::vector<columnar::StringCodes> texts(specs.size());
  table->columns_.resize(specs.size());
  for (std::size_t i = 0; i < specs.size(); ++i) {
    table->columns_[i].name = specs[i].name;
    table->columns_[i].is_number = specs[i].type != ColumnType::kString;
  }
  for (std::size_t group = 0; group < (*reader)->group_count(); ++group) {
    const auto batch = (*reader)->Read(group, wanted);
    if (!batch) return batch.error();
    for (std::size_t row = 0; row < batch->rows; ++row) {
      ids.emplace_back(batch->columns[*id_at].Text(row));
    }
    for (std::size_t i = 0; i < specs.size(); ++i) {
      if (i == *id_at) continue;
      AddCells(batch->columns[i], specs[i].type, batch->rows, texts[i], table->columns_[i]);
    }
  }
  for (std::size_t i = 0; i < specs.size(); ++i) table->columns_[i].texts = texts[i].Take();
  table->columns_.erase(table->columns_.begin() + static_cast<std::ptrdiff_t>(*id_at));
  table->ids_ = recsys::Vocabulary(ids);
  return std::shared_ptr<const RecordTable>(std::move(table));
}

const RecordTable::Column* RecordTable::FindColumn(std::string_view name) const {
  const auto found = std::ranges::find(columns_, name, &Column::name);
  return found == columns_.end() ? nullptr : &*found;
}

FilterCell RecordTable::CellOf(std::uint32_t row, std::string_view column) const {
  FilterCell cell;
  const Column* found = FindColumn(column);
  if (found == nullptr) return cell;
  if (found->is_number) {
    cell.number = found->numbers[row];
  } else if (found->codes[row] != kNone) {
    cell.text = found->texts[found->codes[row]];
  }
  return cell;
}

FilterCell CellOf(const ValueMap& columns, std::string_view column) {
  FilterCell cell;
  const Value* value = columns.Find(column);
  if (value == nullptr) return cell;
  if (value->as_string()) cell.text = *value->as_string();
  if (value->as_int()) cell.number = static_cast<double>(*value->as_int());
  if (value->as_double()) cell.number = *value->as_double();
  return cell;
}

Result<std::shared_ptr<const HistoryIndex>> HistoryIndex::Load(
    const std::vector<std::string>& paths) {
  auto index = std::make_shared<HistoryIndex>();
  if (paths.empty()) {
    index->offsets_.push_back(0);
    return std::shared_ptr<const HistoryIndex>(std::move(index));
  }
  LoadOptions options;
  options.more.assign(paths.begin() + 1, paths.end());
  const auto table = LoadInteractions(paths.front(), options);
  if (!table) return table.error();
  index->users_ = recsys::Vocabulary(table->user_ids);
  index->items_ = recsys::Vocabulary(table->item_ids);
  index->types_ = table->event_types;

  // By user, by counting; then each user's pairs once.
  std::vector<std::size_t> ends(table->user_ids.size() + 1, 0);
  for (const std::uint32_t user : table->user) ++ends[user + 1];
  for (std::size_t user = 1; user < ends.size(); ++user) ends[user] += ends[user - 1];
  std::vector<std::size_t> next(ends.begin(), ends.end());
  index->pairs_.resize(table->size());
  for (std::size_t row = 0; row < table->size(); ++row) {
    index->pairs_[next[table->user[row]]++] = {table->item[row],
                                               table->event.empty() ? kNoType : table->event[row]};
  }
  std::size_t kept = 0;
  index->offsets_.push_back(0);
  for (std::size_t user = 0; user + 1 < ends.size(); ++user) {
    const auto begin = index->pairs_.begin() + static_cast<std::ptrdiff_t>(ends[user]);
    const auto end = index->pairs_.begin() + static_cast<std::ptrdiff_t>(ends[user + 1]);
    std::sort(begin, end);
    const auto last = std::unique(begin, end);
    std::copy(begin, last, index->pairs_.begin() + static_cast<std::ptrdiff_t>(kept));
    kept += static_cast<std::size_t>(last - begin);
    index->offsets_.push_back(kept);
  }
  index->pairs_.resize(kept);
  index->pairs_.shrink_to_fit();
  return std::shared_ptr<const HistoryIndex>(std::move(index));
}

}  // namespace usher::engine
