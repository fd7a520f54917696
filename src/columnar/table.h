// Batch: some rows of a table as typed columns. What CSV is parsed into and Parquet is written
// from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace usher::columnar {

enum class ColumnType { kString, kInt32, kInt64, kFloat, kDouble, kBool };

struct ColumnSpec {
  std::string name;
  ColumnType type = ColumnType::kString;
  bool nullable = false;
  bool operator==(const ColumnSpec&) const = default;
};

// Strings that lie one after another in one buffer: far fewer allocations than a vector of strings.
class StringList {
 public:
  [[nodiscard]] std::size_t size() const { return ends_.size(); }
  [[nodiscard]] bool empty() const { return ends_.empty(); }
  [[nodiscard]] std::string_view operator[](std::size_t index) const {
    const std::uint64_t begin = index == 0 ? 0 : ends_[index - 1];
    return std::string_view(bytes_).substr(begin, ends_[index] - begin);
  }
  void Add(std::string_view text) {
    bytes_.append(text);
    ends_.push_back(bytes_.size());
  }
  void Clear() {
    bytes_.clear();
    ends_.clear();
  }
  [[nodiscard]] std::size_t byte_count() const { return bytes_.size(); }
  bool operator==(const StringList&) const = default;

 private:
  std::string bytes_;
  std::vector<std::uint64_t> ends_;
};

// One column of a batch. Which member holds the values follows from the type; where a row is null,
// the value is 0 and means nothing.
struct Column {
  std::vector<std::uint32_t> codes;  // kString: index in dictionary
  StringList dictionary;             // kString: distinct values
  std::vector<std::int64_t> ints;    // kInt32, kInt64, kBool (0 or 1)
  std::vector<double> numbers;       // kFloat, kDouble
  std::vector<std::uint8_t> valid;   // 1 where there is a value; empty when there is one everywhere

  [[nodiscard]] bool IsNull(std::size_t row) const { return !valid.empty() && valid[row] == 0; }
  [[nodiscard]] std::string_view Text(std::size_t row) const { return dictionary[codes[row]]; }
};

struct Batch {
  std::size_t rows = 0;
  std::vector<Column> columns;  // in the order of the table's specs
};

}  // namespace usher::columnar
