#include "engine/interactions_file.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>
#include <utility>

#include "base/check.h"
#include "columnar/csv_plain.h"
#include "columnar/csv_table.h"
#include "columnar/parquet_file.h"
#include "columnar/string_codes.h"
#include "engine/event_filter.h"

namespace usher::engine {
namespace {

using columnar::Batch;
using columnar::Column;
using columnar::ColumnSpec;
using columnar::ColumnType;
using columnar::CsvColumn;
using columnar::StringCodes;

constexpr std::size_t kMaxIdCharacters = 256;
constexpr std::uint32_t kUnknown = std::numeric_limits<std::uint32_t>::max();

// What a file calls the columns that training knows; an empty name where there is none.
struct ColumnNames {
  std::string user;
  std::string item;
  std::string timestamp;
  std::string value;
  std::string event;
};
const std::array<ColumnNames, 2>& KnownNames() {
  static const std::array<ColumnNames, 2> names{
      {{"USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_VALUE", "EVENT_TYPE"},
       {"userId", "movieId", "timestamp", "rating", ""}}};
  return names;
}

// Columns of a batch, as the table takes them.
struct BatchView {
  const Batch& batch;
  const Column& user;
  const Column& item;
  const Column& timestamp;
  const Column* value;
  const Column* event;
  std::span<const std::size_t> context;  // positions in the batch
};

std::vector<std::string> ToVector(const columnar::StringList& list) {
  std::vector<std::string> strings;
  strings.reserve(list.size());
  for (std::size_t i = 0; i < list.size(); ++i) strings.emplace_back(list[i]);
  return strings;
}

// Numbers of a batch's dictionary in the whole table, given when a row first needs them.
class Numbering {
 public:
  Numbering(StringCodes& codes, const Column& column)
      : codes_(codes), column_(column), numbers_(column.dictionary.size(), kUnknown) {}
  std::uint32_t Of(std::size_t row) {
    const std::uint32_t local = column_.codes[row];
    if (numbers_[local] == kUnknown) numbers_[local] = codes_.CodeOf(column_.dictionary[local]);
    return numbers_[local];
  }

 private:
  StringCodes& codes_;
  const Column& column_;
  std::vector<std::uint32_t> numbers_;
};

class TableBuilder {
 public:
  TableBuilder(const LoadOptions& options, EventFilter& filter)
      : filter_(filter), contexts_(options.context_columns.size()) {
    for (const std::string& name : options.context_columns)
      table_.context.push_back({name, {}, {}});
  }

  // What the next file has beside ids and times. Errors: kInvalidInput when an earlier one differs.
  Result<void> Begin(bool has_event, bool has_value) {
    const std::pair columns(has_event, has_value);
    if (columns_ && *columns_ != columns) {
      return InvalidInput("the files of interactions differ in EVENT_TYPE or EVENT_VALUE");
    }
    columns_ = columns;
    return {};
  }

  void Reserve(std::uint64_t rows) {
    table_.user.reserve(table_.size() + rows);
    table_.item.reserve(table_.size() + rows);
    table_.timestamp.reserve(table_.timestamp.size() + rows);
  }

  void Add(const BatchView& view) {
    Numbering users(users_, view.user);
    Numbering items(items_, view.item);
    std::vector<float> weights;  // empty: all rows are kept
    if (!filter_.keeps_all()) weights = filter_.Weigh(view.batch.rows, view.event, view.value);
    const auto for_each_kept = [&](auto&& visit) {
      for (std::size_t row = 0; row < view.batch.rows; ++row) {
        if (weights.empty() || weights[row] > 0) visit(row);
      }
    };
    if (filter_.weighs()) {
      for_each_kept([&](std::size_t row) { table_.weight.push_back(weights[row]); });
    }
    for_each_kept([&](std::size_t row) { table_.user.push_back(users.Of(row)); });
    for_each_kept([&](std::size_t row) { table_.item.push_back(items.Of(row)); });
    for_each_kept([&](std::size_t row) { table_.timestamp.push_back(view.timestamp.ints[row]); });
    if (view.value != nullptr) {
      for_each_kept([&](std::size_t row) {
        table_.value.push_back(view.value->IsNull(row)
                                   ? std::numeric_limits<float>::quiet_NaN()
                                   : static_cast<float>(view.value->numbers[row]));
      });
    }
    if (view.event != nullptr) {
      Numbering events(events_, *view.event);
      for_each_kept([&](std::size_t row) { table_.event.push_back(events.Of(row)); });
    }
    for (std::size_t c = 0; c < view.context.size(); ++c) {
      const Column& column = view.batch.columns[view.context[c]];
      Numbering values(contexts_[c], column);
      for_each_kept([&](std::size_t row) {
        table_.context[c].codes.push_back(column.IsNull(row) ? kNoContext : values.Of(row));
      });
    }
  }

  InteractionTable Finish() {
    table_.user_ids = ToVector(users_.Take());
    table_.item_ids = ToVector(items_.Take());
    table_.event_types = ToVector(events_.Take());
    for (std::size_t c = 0; c < contexts_.size(); ++c) {
      table_.context[c].values = ToVector(contexts_[c].Take());
    }
    return std::move(table_);
  }

 private:
  EventFilter& filter_;
  std::optional<std::pair<bool, bool>> columns_;  // whether the files have events and values
  InteractionTable table_;
  StringCodes users_;
  StringCodes items_;
  StringCodes events_;
  std::vector<StringCodes> contexts_;  // of each context column
};

Error NoContextColumn(const std::string& name) {
  return InvalidInput("the interactions have no column " + name +
                      " of strings, which was given as a context column");
}

void Report(const LoadOptions& options, double fraction) {
  if (options.progress) options.progress(fraction);
}

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return !name.empty() && std::ranges::find(names, name) != names.end();
}

// Where the fields of `names` stand; nullopt when one is missing or named twice.
std::optional<columnar::PlainCsvFields> PlainFieldsOf(const std::vector<std::string>& header,
                                                      const ColumnNames& names) {
  bool found_once = true;
  const auto position = [&](const std::string& name) {
    found_once = found_once && std::ranges::count(header, name) == 1;
    return static_cast<std::size_t>(std::ranges::find(header, name) - header.begin());
  };
  columnar::PlainCsvFields fields{.count = header.size(),
                                  .keys = {position(names.user), position(names.item)},
                                  .epoch = position(names.timestamp),
                                  .number = {}};
  if (Contains(header, names.value)) fields.number = position(names.value);
  if (Contains(header, names.event)) fields.keys.push_back(position(names.event));
  if (!found_once) return std::nullopt;
  return fields;
}

InteractionTable TableOf(columnar::PlainCsvTable plain) {
  InteractionTable table;
  table.user = std::move(plain.codes[0]);
  table.item = std::move(plain.codes[1]);
  table.user_ids = ToVector(plain.names[0]);
  table.item_ids = ToVector(plain.names[1]);
  if (plain.codes.size() > 2) {
    table.event = std::move(plain.codes[2]);
    table.event_types = ToVector(plain.names[2]);
  }
  table.timestamp = std::move(plain.epochs);
  table.value = std::move(plain.numbers);
  return table;
}

Result<InteractionTable> LoadCsv(const std::string& path, const LoadOptions& options) {
  const columnar::CsvInput input{
      .name = options.name.empty() ? std::filesystem::path(path).filename().string() : options.name,
      .path = path};
  const auto header = columnar::ReadCsvHeader(input);
  if (!header) return header.error();
  const auto& known = KnownNames();
  const auto names = std::ranges::find_if(
      known, [&](const ColumnNames& form) { return Contains(*header, form.user); });
  if (names == known.end()) {
    return InvalidInput(input.name +
                        ": line 1: the header must name the columns USER_ID, ITEM_ID, TIMESTAMP or "
                        "userId, movieId, timestamp");
  }

  EventFilter filter(options.events, options.event_value_threshold);
  if (filter.keeps_all() && options.context_columns.empty()) {
    if (const auto fields = PlainFieldsOf(*header, *names)) {
      auto plain = columnar::ReadPlainCsv(
          path, *fields, {.threads = options.threads, .progress = options.progress});
      if (!plain) return plain.error();
      if (*plain) return TableOf(**std::move(plain));
    }
  }

  std::vector<CsvColumn> columns{
      {.spec = {names->user, ColumnType::kString}, .max_characters = kMaxIdCharacters},
      {.spec = {names->item, ColumnType::kString}, .max_characters = kMaxIdCharacters},
      {.spec = {names->timestamp, ColumnType::kInt64}, .epoch_seconds = true}};
  std::size_t value = 0;  // position in columns, 0 when there is none
  std::size_t event = 0;
  if (Contains(*header, names->value)) {
    value = columns.size();
    columns.push_back({.spec = {names->value, ColumnType::kFloat, true}});
  }
  if (Contains(*header, names->event)) {
    event = columns.size();
    columns.push_back({.spec = {names->event, ColumnType::kString, true}});
  }
  std::vector<std::size_t> context;
  for (const std::string& name : options.context_columns) {
    if (!Contains(*header, name)) return NoContextColumn(name);
    context.push_back(columns.size());
    columns.push_back({.spec = {name, ColumnType::kString, true}});
  }
  if (const auto fits = filter.CheckColumns(event != 0, value != 0); !fits) return fits.error();

  const auto reader =
      columnar::CsvTableReader::Open({input}, columns, {.threads = options.threads});
  if (!reader) return reader.error();
  TableBuilder builder(options, filter);
  Batch batch;
  while (true) {
    const auto more = (*reader)->Next(batch);
    if (!more) return more.error();
    if (!*more) break;
    builder.Add({batch, batch.columns[0], batch.columns[1], batch.columns[2],
                 value != 0 ? &batch.columns[value] : nullptr,
                 event != 0 ? &batch.columns[event] : nullptr, context});
    Report(options, (*reader)->fraction());
  }
  if (const auto met = filter.CheckTypesMet(); !met) return met.error();
  return builder.Finish();
}

// Adds the rows of one file; the share [begin, end] of the work is reported.
Result<void> AddParquet(const std::string& path, const LoadOptions& options, EventFilter& filter,
                        TableBuilder& builder, double begin, double end) {
  auto reader = columnar::TableReader::Open(path);
  if (!reader) return reader.error();
  const ColumnNames& names = KnownNames().front();
  const std::vector<ColumnSpec>& specs = (*reader)->specs();
  const auto find = [&](const std::string& name, ColumnType type) {
    return std::ranges::find_if(specs, [&](const ColumnSpec& spec) {
      return spec.name == name && (spec.type == type || (type == ColumnType::kFloat &&
                                                         spec.type == ColumnType::kDouble));
    });
  };
  std::vector<std::size_t> columns;
  for (const auto& [name, type] :
       {std::pair{names.user, ColumnType::kString}, std::pair{names.item, ColumnType::kString},
        std::pair{names.timestamp, ColumnType::kInt64}}) {
    const auto found = find(name, type);
    if (found == specs.end()) {
      return InvalidInput("the Parquet file has no column " + name + " of the right type");
    }
    columns.push_back(static_cast<std::size_t>(found - specs.begin()));
  }
  std::size_t value = 0;
  std::size_t event = 0;
  if (const auto found = find(names.value, ColumnType::kFloat); found != specs.end()) {
    value = columns.size();
    columns.push_back(static_cast<std::size_t>(found - specs.begin()));
  }
  if (const auto found = find(names.event, ColumnType::kString); found != specs.end()) {
    event = columns.size();
    columns.push_back(static_cast<std::size_t>(found - specs.begin()));
  }
  std::vector<std::size_t> context;
  for (const std::string& name : options.context_columns) {
    const auto found = find(name, ColumnType::kString);
    if (found == specs.end()) return NoContextColumn(name);
    context.push_back(columns.size());
    columns.push_back(static_cast<std::size_t>(found - specs.begin()));
  }
  if (const auto fits = filter.CheckColumns(event != 0, value != 0); !fits) return fits.error();
  if (const auto same = builder.Begin(event != 0, value != 0); !same) return same;

  if (filter.keeps_all()) builder.Reserve((*reader)->rows());
  const std::size_t groups = (*reader)->group_count();
  for (std::size_t group = 0; group < groups; ++group) {
    const auto batch = (*reader)->Read(group, columns);
    if (!batch) return batch.error();
    builder.Add({*batch, batch->columns[0], batch->columns[1], batch->columns[2],
                 value != 0 ? &batch->columns[value] : nullptr,
                 event != 0 ? &batch->columns[event] : nullptr, context});
    Report(options,
           begin + (end - begin) * static_cast<double>(group + 1) / static_cast<double>(groups));
  }
  return {};
}

Result<InteractionTable> LoadParquet(const std::string& path, const LoadOptions& options) {
  EventFilter filter(options.events, options.event_value_threshold);
  TableBuilder builder(options, filter);
  const double share = 1.0 / static_cast<double>(1 + options.more.size());
  if (auto added = AddParquet(path, options, filter, builder, 0, share); !added) {
    return added.error();
  }
  for (std::size_t i = 0; i < options.more.size(); ++i) {
    const double begin = share * static_cast<double>(i + 1);
    auto added = AddParquet(options.more[i], options, filter, builder, begin, begin + share);
    if (!added) return added.error();
  }
  if (const auto met = filter.CheckTypesMet(); !met) return met.error();
  return builder.Finish();
}

}  // namespace

Result<InteractionTable> LoadInteractions(const std::string& path, const LoadOptions& options) {
  std::array<char, 4> magic{};
  std::ifstream file(path, std::ios::binary);
  if (!file) return NotFound("the interactions file cannot be opened");
  if (options.context_columns.size() > kMaxContextColumns) {
    return InvalidInput("there may be at most " + std::to_string(kMaxContextColumns) +
                        " context columns, got " + std::to_string(options.context_columns.size()));
  }
  file.read(magic.data(), magic.size());
  const bool is_parquet = std::string_view(magic.data(), magic.size()) == "PAR1";
  if (is_parquet) return LoadParquet(path, options);
  Check(options.more.empty(), "only Parquet is followed by more files");
  return LoadCsv(path, options);
}

}  // namespace usher::engine
