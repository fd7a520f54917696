#include "engine/row_file.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/check.h"
#include "columnar/string_codes.h"

namespace usher::engine {
namespace {

using columnar::Batch;
using columnar::Column;
using columnar::ColumnSpec;
using columnar::ColumnType;

constexpr std::size_t kRowsAtOnce = std::size_t{1} << 16;

bool HoldsInts(ColumnType type) {
  return type == ColumnType::kInt32 || type == ColumnType::kInt64 || type == ColumnType::kBool;
}

// A column of `rows` nulls.
Column NullColumn(const ColumnSpec& spec, std::size_t rows) {
  Column column;
  column.valid.assign(rows, 0);
  if (spec.type == ColumnType::kString) {
    column.dictionary.Add("");
    column.codes.assign(rows, 0);
  } else if (HoldsInts(spec.type)) {
    column.ints.assign(rows, 0);
  } else {
    column.numbers.assign(rows, 0);
  }
  return column;
}

}  // namespace

// The rows that were added since the last flush.
class RowFile::Rows {
 public:
  explicit Rows(const std::vector<ColumnSpec>& specs)
      : specs_(specs), codes_(specs.size()), columns_(specs.size()) {}

  [[nodiscard]] std::size_t size() const { return count_; }

  void Add(std::span<const Value> row) {
    for (std::size_t i = 0; i < specs_.size(); ++i) AddCell(i, row[i]);
    ++count_;
  }

  Batch Take() {
    Batch batch{.rows = std::exchange(count_, 0), .columns = std::move(columns_)};
    for (std::size_t i = 0; i < specs_.size(); ++i) {
      batch.columns[i].dictionary = codes_[i].Take();
      auto& valid = batch.columns[i].valid;
      if (std::ranges::find(valid, 0) == valid.end()) valid.clear();
    }
    columns_.assign(specs_.size(), {});
    return batch;
  }

 private:
  void AddCell(std::size_t i, const Value& cell) {
    Column& column = columns_[i];
    Check(specs_[i].nullable || !cell.is_null(), "a column that may not be null has a value");
    column.valid.push_back(cell.is_null() ? 0 : 1);
    if (specs_[i].type == ColumnType::kString) {
      column.codes.push_back(codes_[i].CodeOf(cell.as_string() ? *cell.as_string() : ""));
    } else if (HoldsInts(specs_[i].type)) {
      std::int64_t number = 0;
      if (cell.as_int()) number = *cell.as_int();
      if (cell.as_bool()) number = *cell.as_bool() ? 1 : 0;
      column.ints.push_back(number);
    } else {
      double number = 0;
      if (cell.as_int()) number = static_cast<double>(*cell.as_int());
      if (cell.as_double()) number = *cell.as_double();
      column.numbers.push_back(number);
    }
  }

  const std::vector<ColumnSpec>& specs_;
  std::vector<columnar::StringCodes> codes_;
  std::vector<Column> columns_;
  std::size_t count_ = 0;
};

RowFile::RowFile(std::unique_ptr<columnar::TableWriter> writer, std::vector<ColumnSpec> specs)
    : writer_(std::move(writer)),
      specs_(std::move(specs)),
      merger_(specs_),
      rows_(std::make_unique<Rows>(specs_)) {}

RowFile::~RowFile() = default;

Result<std::unique_ptr<RowFile>> RowFile::Create(std::string path, std::vector<ColumnSpec> specs) {
  Check(!specs.empty(), "a file of rows has columns");
  auto writer = columnar::TableWriter::Create(std::move(path), specs);
  if (!writer) return writer.error();
  return std::unique_ptr<RowFile>(new RowFile(*std::move(writer), std::move(specs)));
}

Result<void> RowFile::Put(const Batch& batch, const std::vector<std::uint8_t>* keep) {
  const std::size_t before = merger_.rows();
  if (keep != nullptr) {
    merger_.Add(batch, *keep);
  } else {
    merger_.Add(batch);
  }
  count_ += merger_.rows() - before;
  if (!merger_.full()) return {};
  return writer_->Write(merger_.Take());
}

Result<void> RowFile::FlushRows() {
  if (rows_->size() == 0) return {};
  return Put(rows_->Take(), nullptr);
}

Result<void> RowFile::Add(std::span<const Value> row) {
  Check(row.size() == specs_.size(), "a row has a value for each column");
  rows_->Add(row);
  return rows_->size() < kRowsAtOnce ? Result<void>{} : FlushRows();
}

Result<void> RowFile::AddFile(const std::string& path, std::string_view id_column,
                              const std::vector<std::string>& ids) {
  if (auto flushed = FlushRows(); !flushed) return flushed;
  const auto reader = columnar::TableReader::Open(path);
  if (!reader) return reader.error();
  const std::vector<ColumnSpec>& theirs = (*reader)->specs();
  std::vector<std::optional<std::size_t>> sources;  // of each of our columns
  for (const ColumnSpec& spec : specs_) {
    const auto found = std::ranges::find(theirs, spec.name, &ColumnSpec::name);
    if (found == theirs.end() ? !spec.nullable : found->type != spec.type) {
      return Corrupt("the earlier rows have no column " + spec.name + " of the right type");
    }
    sources.push_back(found == theirs.end()
                          ? std::nullopt
                          : std::optional(static_cast<std::size_t>(found - theirs.begin())));
  }
  columnar::StringCodes left_out;
  for (const std::string& id : ids) left_out.CodeOf(id);
  std::optional<std::size_t> id_at;
  if (!ids.empty()) {
    const auto found = std::ranges::find(theirs, id_column, &ColumnSpec::name);
    Check(found != theirs.end(), "rows with ids have their column");
    id_at = static_cast<std::size_t>(found - theirs.begin());
  }
  for (std::size_t group = 0; group < (*reader)->group_count(); ++group) {
    auto read = (*reader)->Read(group);
    if (!read) return read.error();
    std::vector<std::uint8_t> keep;
    if (id_at) {
      keep.reserve(read->rows);
      for (std::size_t row = 0; row < read->rows; ++row) {
        keep.push_back(left_out.Find(read->columns[*id_at].Text(row)) ? 0 : 1);
      }
    }
    Batch batch{.rows = read->rows, .columns = {}};
    for (std::size_t i = 0; i < specs_.size(); ++i) {
      batch.columns.push_back(sources[i] ? std::move(read->columns[*sources[i]])
                                         : NullColumn(specs_[i], read->rows));
    }
    if (auto put = Put(batch, id_at ? &keep : nullptr); !put) return put;
  }
  return {};
}

Result<std::uint64_t> RowFile::Finish() {
  if (auto flushed = FlushRows(); !flushed) return flushed.error();
  if (merger_.rows() > 0) {
    if (auto written = writer_->Write(merger_.Take()); !written) return written.error();
  }
  if (const auto finished = writer_->Finish(); !finished) return finished.error();
  return count_;
}

}  // namespace usher::engine
