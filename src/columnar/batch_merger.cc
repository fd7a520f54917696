#include <limits>
#include <numeric>
#include <utility>

#include "base/check.h"
#include "columnar/parquet_file.h"
#include "columnar/string_codes.h"

namespace usher::columnar {
namespace {

constexpr std::uint32_t kUnknown = std::numeric_limits<std::uint32_t>::max();

template <typename T, typename Rows>
void AppendSome(std::vector<T>& to, const std::vector<T>& from, const Rows& rows) {
  // resize grows by doubling, reserve would not.
  std::size_t at = to.size();
  to.resize(at + rows.count);
  rows.ForEach([&](std::size_t row) { to[at++] = from[row]; });
}

struct AllRows {
  std::size_t count;
  template <typename Visit>
  void ForEach(Visit visit) const {
    for (std::size_t row = 0; row < count; ++row) visit(row);
  }
};

struct KeptRows {
  const std::vector<std::uint8_t>& keep;
  std::size_t count;
  template <typename Visit>
  void ForEach(Visit visit) const {
    for (std::size_t row = 0; row < keep.size(); ++row) {
      if (keep[row] != 0) visit(row);
    }
  }
};

}  // namespace

struct BatchMerger::Codes {
  std::vector<StringCodes> of_column;
};

BatchMerger::BatchMerger(std::vector<ColumnSpec> specs)
    : specs_(std::move(specs)), codes_(std::make_unique<Codes>()) {
  merged_.columns.resize(specs_.size());
  codes_->of_column.resize(specs_.size());
}

BatchMerger::~BatchMerger() = default;

void BatchMerger::Add(const Batch& batch) { AddRows(batch, AllRows{batch.rows}); }

void BatchMerger::Add(const Batch& batch, const std::vector<std::uint8_t>& keep) {
  Check(keep.size() == batch.rows, "each row is kept or not");
  std::size_t count = 0;
  for (const std::uint8_t flag : keep) count += flag != 0 ? 1 : 0;
  if (count == batch.rows) return Add(batch);
  AddRows(batch, KeptRows{keep, count});
}

template <typename Rows>
void BatchMerger::AddRows(const Batch& batch, const Rows& rows) {
  Check(batch.columns.size() == specs_.size(), "the batch has the table's columns");
  for (std::size_t i = 0; i < specs_.size(); ++i) {
    const Column& from = batch.columns[i];
    Column& to = merged_.columns[i];
    if (specs_[i].type == ColumnType::kString) {
      // A dictionary entry gets its number when the first row that has it comes by.
      StringCodes& codes = codes_->of_column[i];
      std::vector<std::uint32_t> number(from.dictionary.size(), kUnknown);
      std::size_t at = to.codes.size();
      to.codes.resize(at + rows.count);
      rows.ForEach([&](std::size_t row) {
        std::uint32_t& code = number[from.codes[row]];
        if (code == kUnknown) code = codes.CodeOf(from.dictionary[from.codes[row]]);
        to.codes[at++] = code;
      });
    } else if (!from.ints.empty()) {
      AppendSome(to.ints, from.ints, rows);
    } else if (!from.numbers.empty()) {
      AppendSome(to.numbers, from.numbers, rows);
    }
    if (from.valid.empty() && to.valid.empty()) continue;
    to.valid.resize(merged_.rows, 1);
    if (from.valid.empty()) {
      to.valid.resize(merged_.rows + rows.count, 1);
    } else {
      AppendSome(to.valid, from.valid, rows);
    }
  }
  merged_.rows += rows.count;
}

bool BatchMerger::full() const {
  if (merged_.rows >= kRowGroupRows) return true;
  std::size_t bytes = 0;
  for (const StringCodes& codes : codes_->of_column) bytes += codes.strings().byte_count();
  return bytes >= kRowGroupStringBytes;
}

Batch BatchMerger::Take() {
  Batch batch = std::exchange(merged_, {});
  merged_.columns.resize(specs_.size());
  for (std::size_t i = 0; i < specs_.size(); ++i) {
    batch.columns[i].dictionary = codes_->of_column[i].Take();
  }
  return batch;
}

}  // namespace usher::columnar
