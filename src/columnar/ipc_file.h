// ArrayFile: named arrays in one file, written once and then read through a memory map.
//
//   auto writer = ArrayFileWriter::Create(folder + "/factors.arrow");
//   (*writer)->AddMatrix("item_factors", factors, items, rank);   // spans must live until Finish
//   (*writer)->AddStrings("item_ids", ids);
//   auto info = (*writer)->Finish();                              // put info->sha256 in the
//   manifest
//
//   auto file = ArrayFile::Open(folder + "/factors.arrow", manifest_sha256);
//   auto factors = (*file)->FloatMatrix("item_factors");          // a view into the map
//
// Format:  an Arrow IPC file with one record batch of one row; each array is a column of type
//          large_list<T>, large_list<fixed_size_list<T>[cols]> or large_list<large_utf8>, so that
//          any Arrow reader can open it. Arrays begin at multiples of 8 bytes, no more.
// Errors:  kCorrupt when the bytes do not match the checksum or are not such a file; kNotFound when
//          there is no array of the name; kInvalidInput when it has another type; kInternal when
//          the disk fails.
// Threads: an ArrayFile may be read from any number of threads; a writer belongs to one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace usher::columnar {

struct ArrayFileInfo {
  std::uint64_t bytes = 0;
  std::string sha256;  // of the whole file, lower-case hex
};

class ArrayFileWriter {
 public:
  // Writes go to a temporary file beside `path`, which appears only by Finish.
  static Result<std::unique_ptr<ArrayFileWriter>> Create(std::string path);
  virtual ~ArrayFileWriter() = default;

  // The values are not copied: they must stay until Finish. A name may be used once.
  virtual void Add(std::string_view name, std::span<const float> values) = 0;
  virtual void Add(std::string_view name, std::span<const double> values) = 0;
  virtual void Add(std::string_view name, std::span<const std::int8_t> values) = 0;
  virtual void Add(std::string_view name, std::span<const std::int32_t> values) = 0;
  virtual void Add(std::string_view name, std::span<const std::uint32_t> values) = 0;
  virtual void Add(std::string_view name, std::span<const std::int64_t> values) = 0;
  // Row-major, values.size() == rows * cols, cols > 0.
  virtual void AddMatrix(std::string_view name, std::span<const float> values, std::size_t rows,
                         std::size_t cols) = 0;
  virtual void AddMatrix(std::string_view name, std::span<const std::int8_t> values,
                         std::size_t rows, std::size_t cols) = 0;
  virtual void AddStrings(std::string_view name, std::span<const std::string> values) = 0;

  // Writes, syncs and publishes the file. To be called once.
  virtual Result<ArrayFileInfo> Finish() = 0;
};

template <typename T>
struct MatrixView {
  std::span<const T> values;  // row-major
  std::size_t rows = 0;
  std::size_t cols = 0;

  [[nodiscard]] std::span<const T> Row(std::size_t row) const {
    return values.subspan(row * cols, cols);
  }
};

// Strings that lie one after another.
class StringsView {
 public:
  StringsView() = default;
  // offsets has size() + 1 entries.
  StringsView(std::span<const std::int64_t> offsets, const char* bytes)
      : offsets_(offsets), bytes_(bytes) {}

  [[nodiscard]] std::size_t size() const { return offsets_.empty() ? 0 : offsets_.size() - 1; }
  [[nodiscard]] std::string_view operator[](std::size_t index) const {
    return {bytes_ + offsets_[index],
            static_cast<std::size_t>(offsets_[index + 1] - offsets_[index])};
  }
  [[nodiscard]] std::vector<std::string> Copy() const;
  [[nodiscard]] std::span<const std::int64_t> offsets() const { return offsets_; }
  [[nodiscard]] const char* bytes() const { return bytes_; }

 private:
  std::span<const std::int64_t> offsets_;
  const char* bytes_ = nullptr;
};

class ArrayFile {
 public:
  // Maps the file; with `sha256` (not empty) reads it once to compare. Views live as long as the
  // ArrayFile.
  static Result<std::shared_ptr<const ArrayFile>> Open(const std::string& path,
                                                       std::string_view sha256 = {});
  virtual ~ArrayFile() = default;

  [[nodiscard]] virtual std::vector<std::string> names() const = 0;
  [[nodiscard]] virtual bool Has(std::string_view name) const = 0;
  virtual Result<std::span<const float>> Floats(std::string_view name) const = 0;
  virtual Result<std::span<const double>> Doubles(std::string_view name) const = 0;
  virtual Result<std::span<const std::int8_t>> Int8s(std::string_view name) const = 0;
  virtual Result<std::span<const std::int32_t>> Int32s(std::string_view name) const = 0;
  virtual Result<std::span<const std::uint32_t>> UInt32s(std::string_view name) const = 0;
  virtual Result<std::span<const std::int64_t>> Int64s(std::string_view name) const = 0;
  virtual Result<MatrixView<float>> FloatMatrix(std::string_view name) const = 0;
  virtual Result<MatrixView<std::int8_t>> Int8Matrix(std::string_view name) const = 0;
  virtual Result<StringsView> Strings(std::string_view name) const = 0;
};

}  // namespace usher::columnar
