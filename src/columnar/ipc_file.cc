#include "columnar/ipc_file.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/io/file.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <openssl/evp.h>
#include <sys/stat.h>

#include <array>
#include <map>
#include <optional>
#include <utility>

#include "base/encoding.h"
#include "columnar/arrow_glue.h"

namespace usher::columnar {
namespace {

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    Check(context_ != nullptr && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1,
          "SHA-256 is there");
  }
  void Update(std::string_view bytes) {
    Check(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1, "SHA-256 takes bytes");
  }
  std::string Finish() {
    std::string digest(32, '\0');
    Check(EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(digest.data()),
                             nullptr) == 1,
          "SHA-256 ends");
    return HexEncode(digest);
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

template <typename T>
struct ArrowTypeOf;
template <>
struct ArrowTypeOf<float> : std::type_identity<arrow::FloatType> {};
template <>
struct ArrowTypeOf<double> : std::type_identity<arrow::DoubleType> {};
template <>
struct ArrowTypeOf<std::int8_t> : std::type_identity<arrow::Int8Type> {};
template <>
struct ArrowTypeOf<std::int32_t> : std::type_identity<arrow::Int32Type> {};
template <>
struct ArrowTypeOf<std::uint32_t> : std::type_identity<arrow::UInt32Type> {};
template <>
struct ArrowTypeOf<std::int64_t> : std::type_identity<arrow::Int64Type> {};

// Borrows the caller's memory; an empty span may have no address, but a buffer must.
template <typename T>
std::shared_ptr<arrow::Array> Borrow(std::span<const T> values) {
  using Type = typename ArrowTypeOf<T>::type;
  static constexpr std::array<std::uint8_t, 8> kNothing{};
  const auto* bytes =
      values.empty() ? kNothing.data() : reinterpret_cast<const std::uint8_t*>(values.data());
  auto buffer =
      std::make_shared<arrow::Buffer>(bytes, static_cast<std::int64_t>(values.size_bytes()));
  return std::make_shared<arrow::NumericArray<Type>>(static_cast<std::int64_t>(values.size()),
                                                     std::move(buffer));
}

// A list column of one row that holds all of `values`.
std::shared_ptr<arrow::Array> OneRow(const std::shared_ptr<arrow::Array>& values) {
  const std::array<std::int64_t, 2> offsets{0, values->length()};
  auto buffer = arrow::Buffer::FromString(
      std::string(reinterpret_cast<const char*>(offsets.data()), sizeof(offsets)));
  return std::make_shared<arrow::LargeListArray>(arrow::large_list(values->type()), 1,
                                                 std::move(buffer), values);
}

class Writer final : public ArrayFileWriter {
 public:
  explicit Writer(std::unique_ptr<OutputFile> file) : file_(std::move(file)) {}

  void Add(std::string_view name, std::span<const float> values) override { Put(name, values); }
  void Add(std::string_view name, std::span<const double> values) override { Put(name, values); }
  void Add(std::string_view name, std::span<const std::int8_t> values) override {
    Put(name, values);
  }
  void Add(std::string_view name, std::span<const std::int32_t> values) override {
    Put(name, values);
  }
  void Add(std::string_view name, std::span<const std::uint32_t> values) override {
    Put(name, values);
  }
  void Add(std::string_view name, std::span<const std::int64_t> values) override {
    Put(name, values);
  }
  void AddMatrix(std::string_view name, std::span<const float> values, std::size_t rows,
                 std::size_t cols) override {
    PutMatrix(name, values, rows, cols);
  }
  void AddMatrix(std::string_view name, std::span<const std::int8_t> values, std::size_t rows,
                 std::size_t cols) override {
    PutMatrix(name, values, rows, cols);
  }

  void AddStrings(std::string_view name, std::span<const std::string> values) override {
    std::string bytes;
    std::vector<std::int64_t> offsets{0};
    offsets.reserve(values.size() + 1);
    for (const std::string& value : values) {
      bytes += value;
      offsets.push_back(static_cast<std::int64_t>(bytes.size()));
    }
    auto offset_buffer = arrow::Buffer::FromVector(std::move(offsets));
    auto byte_buffer = arrow::Buffer::FromString(std::move(bytes));
    Put(name, std::make_shared<arrow::LargeStringArray>(static_cast<std::int64_t>(values.size()),
                                                        std::move(offset_buffer),
                                                        std::move(byte_buffer)));
  }

  Result<ArrayFileInfo> Finish() override {
    Sha256 digest;
    OutputFileStream stream(
        *file_, [](void* to, std::string_view piece) { static_cast<Sha256*>(to)->Update(piece); },
        &digest);
    if (const auto status = WriteTo(stream); !status.ok()) {
      if (stream.failure()) return *stream.failure();
      return FromArrow(status, "writing an array file");
    }
    if (const auto published = file_->Publish(); !published) return published.error();
    return ArrayFileInfo{.bytes = file_->bytes_written(), .sha256 = digest.Finish()};
  }

 private:
  void Put(std::string_view name, const std::shared_ptr<arrow::Array>& values) {
    for (const auto& field : fields_) Check(field->name() != name, "array names are unique");
    columns_.push_back(OneRow(values));
    fields_.push_back(arrow::field(std::string(name), columns_.back()->type(), false));
  }
  template <typename T>
  void Put(std::string_view name, std::span<const T> values) {
    Put(name, Borrow(values));
  }
  template <typename T>
  void PutMatrix(std::string_view name, std::span<const T> values, std::size_t rows,
                 std::size_t cols) {
    Check(cols > 0 && values.size() == rows * cols, "matrix has rows times cols values");
    const auto flat = Borrow(values);
    const auto type = arrow::fixed_size_list(flat->type(), static_cast<std::int32_t>(cols));
    Put(name,
        std::make_shared<arrow::FixedSizeListArray>(type, static_cast<std::int64_t>(rows), flat));
  }

  arrow::Status WriteTo(OutputFileStream& stream) {
    const auto schema = arrow::schema(fields_);
    auto options = arrow::ipc::IpcWriteOptions::Defaults();
    options.use_threads = false;
    ARROW_ASSIGN_OR_RAISE(auto writer, arrow::ipc::MakeFileWriter(&stream, schema, options));
    ARROW_RETURN_NOT_OK(writer->WriteRecordBatch(*arrow::RecordBatch::Make(schema, 1, columns_)));
    return writer->Close();
  }

  std::unique_ptr<OutputFile> file_;
  arrow::FieldVector fields_;
  arrow::ArrayVector columns_;
};

class MappedFile final : public ArrayFile {
 public:
  explicit MappedFile(std::shared_ptr<arrow::RecordBatch> batch) : batch_(std::move(batch)) {}

  std::vector<std::string> names() const override { return batch_->schema()->field_names(); }
  bool Has(std::string_view name) const override {
    return batch_->schema()->GetFieldIndex(std::string(name)) >= 0;
  }
  Result<std::span<const float>> Floats(std::string_view name) const override {
    return Values<float>(name);
  }
  Result<std::span<const double>> Doubles(std::string_view name) const override {
    return Values<double>(name);
  }
  Result<std::span<const std::int8_t>> Int8s(std::string_view name) const override {
    return Values<std::int8_t>(name);
  }
  Result<std::span<const std::int32_t>> Int32s(std::string_view name) const override {
    return Values<std::int32_t>(name);
  }
  Result<std::span<const std::uint32_t>> UInt32s(std::string_view name) const override {
    return Values<std::uint32_t>(name);
  }
  Result<std::span<const std::int64_t>> Int64s(std::string_view name) const override {
    return Values<std::int64_t>(name);
  }
  Result<MatrixView<float>> FloatMatrix(std::string_view name) const override {
    return Matrix<float>(name);
  }
  Result<MatrixView<std::int8_t>> Int8Matrix(std::string_view name) const override {
    return Matrix<std::int8_t>(name);
  }

  Result<StringsView> Strings(std::string_view name) const override {
    const auto array = Find(name);
    if (!array) return array.error();
    const auto* strings = dynamic_cast<const arrow::LargeStringArray*>(array->get());
    if (strings == nullptr) return OtherType(name, "strings");
    const char* bytes =
        strings->value_data() ? reinterpret_cast<const char*>(strings->value_data()->data()) : "";
    return StringsView(
        {strings->raw_value_offsets(), static_cast<std::size_t>(strings->length()) + 1}, bytes);
  }

 private:
  static Error OtherType(std::string_view name, std::string_view wanted) {
    return InvalidInput("array \"" + std::string(name) + "\" does not hold " + std::string(wanted));
  }

  // The values of the one row.
  Result<std::shared_ptr<arrow::Array>> Find(std::string_view name) const {
    const auto column = batch_->GetColumnByName(std::string(name));
    if (column == nullptr) return NotFound("there is no array \"" + std::string(name) + "\"");
    const auto* list = dynamic_cast<const arrow::LargeListArray*>(column.get());
    if (list == nullptr) return OtherType(name, "a list");
    return list->value_slice(0);
  }

  template <typename T>
  static std::optional<std::span<const T>> Flat(const arrow::Array& array) {
    const auto* numbers =
        dynamic_cast<const arrow::NumericArray<typename ArrowTypeOf<T>::type>*>(&array);
    if (numbers == nullptr) return std::nullopt;
    return std::span<const T>(numbers->raw_values(), static_cast<std::size_t>(numbers->length()));
  }

  template <typename T>
  Result<std::span<const T>> Values(std::string_view name) const {
    const auto array = Find(name);
    if (!array) return array.error();
    const auto values = Flat<T>(**array);
    if (!values) return OtherType(name, ArrowTypeOf<T>::type::type_name());
    return *values;
  }

  template <typename T>
  Result<MatrixView<T>> Matrix(std::string_view name) const {
    const auto array = Find(name);
    if (!array) return array.error();
    const auto* rows = dynamic_cast<const arrow::FixedSizeListArray*>(array->get());
    if (rows == nullptr) return OtherType(name, "a matrix");
    const auto flat = rows->Flatten();
    if (!flat.ok()) return FromArrow(flat.status(), "reading a matrix");
    const auto values = Flat<T>(**flat);
    if (!values) return OtherType(name, ArrowTypeOf<T>::type::type_name());
    return MatrixView<T>{*values, static_cast<std::size_t>(rows->length()),
                         static_cast<std::size_t>(rows->list_type()->list_size())};
  }

  std::shared_ptr<arrow::RecordBatch> batch_;
};

arrow::Result<std::shared_ptr<arrow::RecordBatch>> ReadOnlyBatch(
    const std::shared_ptr<arrow::io::MemoryMappedFile>& map) {
  ARROW_ASSIGN_OR_RAISE(auto reader, arrow::ipc::RecordBatchFileReader::Open(map));
  if (reader->num_record_batches() != 1) {
    return arrow::Status::Invalid("an array file holds one record batch");
  }
  ARROW_ASSIGN_OR_RAISE(auto batch, reader->ReadRecordBatch(0));
  ARROW_RETURN_NOT_OK(batch->ValidateFull());
  if (batch->num_rows() != 1) return arrow::Status::Invalid("an array file holds one row");
  for (const auto& column : batch->columns()) {
    if (column->null_count() != 0) return arrow::Status::Invalid("an array is null");
  }
  return batch;
}

}  // namespace

std::vector<std::string> StringsView::Copy() const {
  std::vector<std::string> copy;
  copy.reserve(size());
  for (std::size_t i = 0; i < size(); ++i) copy.emplace_back((*this)[i]);
  return copy;
}

Result<std::unique_ptr<ArrayFileWriter>> ArrayFileWriter::Create(std::string path) {
  auto file = OutputFile::Create(std::move(path));
  if (!file) return file.error();
  return std::unique_ptr<ArrayFileWriter>(std::make_unique<Writer>(*std::move(file)));
}

Result<std::shared_ptr<const ArrayFile>> ArrayFile::Open(const std::string& path,
                                                         std::string_view sha256) {
  struct stat found{};
  if (::stat(path.c_str(), &found) != 0) return NotFound("there is no such array file");
  // A map of no bytes is an error of another kind.
  if (found.st_size == 0) return Corrupt("reading an array file: it is empty");
  const auto map = arrow::io::MemoryMappedFile::Open(path, arrow::io::FileMode::READ);
  if (!map.ok()) return Internal("an array file cannot be opened");

  if (!sha256.empty()) {
    const auto all = (*map)->ReadAt(0, found.st_size);
    if (!all.ok()) return FromArrow(all.status(), "reading an array file");
    Sha256 digest;
    digest.Update(
        {reinterpret_cast<const char*>((*all)->data()), static_cast<std::size_t>((*all)->size())});
    if (digest.Finish() != sha256) {
      return Corrupt("reading an array file: its bytes do not match the recorded checksum");
    }
  }
  auto batch = ReadOnlyBatch(*map);
  if (!batch.ok()) return FromArrow(batch.status(), "reading an array file");
  return std::shared_ptr<const ArrayFile>(std::make_shared<const MappedFile>(*std::move(batch)));
}

}  // namespace usher::columnar
