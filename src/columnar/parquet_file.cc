#include "columnar/parquet_file.h"

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>
#include <parquet/exception.h>
#include <parquet/properties.h>
#include <sys/stat.h>

#include <limits>
#include <numeric>
#include <optional>
#include <utility>

#include "columnar/arrow_glue.h"

namespace usher::columnar {
namespace {

// A dictionary is worth its page when values come back at least this often on average.
constexpr std::size_t kDictionaryUse = 2;
constexpr std::size_t kMaxPlainBytes = std::size_t{1} << 30;         // Arrow's offsets have 31 bits
constexpr std::int64_t kMaxDictionaryBytes = std::int64_t{1} << 30;  // instead of 1 MiB

std::shared_ptr<arrow::DataType> ArrowType(ColumnType type) {
  switch (type) {
    case ColumnType::kString:
      return arrow::utf8();
    case ColumnType::kInt32:
      return arrow::int32();
    case ColumnType::kInt64:
      return arrow::int64();
    case ColumnType::kFloat:
      return arrow::float32();
    case ColumnType::kDouble:
      return arrow::float64();
    case ColumnType::kBool:
      return arrow::boolean();
  }
  return nullptr;
}

std::optional<ColumnType> TypeOf(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::STRING:
    case arrow::Type::DICTIONARY:
      return ColumnType::kString;
    case arrow::Type::INT32:
      return ColumnType::kInt32;
    case arrow::Type::INT64:
      return ColumnType::kInt64;
    case arrow::Type::FLOAT:
      return ColumnType::kFloat;
    case arrow::Type::DOUBLE:
      return ColumnType::kDouble;
    case arrow::Type::BOOL:
      return ColumnType::kBool;
    default:
      return std::nullopt;
  }
}

template <typename T>
std::shared_ptr<arrow::Buffer> Borrow(const std::vector<T>& values) {
  return std::make_shared<arrow::Buffer>(reinterpret_cast<const std::uint8_t*>(values.data()),
                                         static_cast<std::int64_t>(values.size() * sizeof(T)));
}

std::shared_ptr<arrow::Buffer> Bits(const auto& flags) {
  std::vector<std::uint8_t> bits((flags.size() + 7) / 8, 0);
  for (std::size_t i = 0; i < flags.size(); ++i) {
    if (flags[i] != 0) bits[i / 8] = static_cast<std::uint8_t>(bits[i / 8] | (1U << (i % 8)));
  }
  return arrow::Buffer::FromVector(std::move(bits));
}

arrow::Result<std::shared_ptr<arrow::Array>> Strings(const StringList& list) {
  arrow::StringBuilder builder;
  ARROW_RETURN_NOT_OK(builder.Reserve(static_cast<std::int64_t>(list.size())));
  ARROW_RETURN_NOT_OK(builder.ReserveData(static_cast<std::int64_t>(list.byte_count())));
  for (std::size_t i = 0; i < list.size(); ++i) ARROW_RETURN_NOT_OK(builder.Append(list[i]));
  return builder.Finish();
}

arrow::Result<std::shared_ptr<arrow::Array>> StringColumn(const Column& column, std::size_t rows,
                                                          std::shared_ptr<arrow::Buffer> valid) {
  std::size_t bytes = 0;  // of the values one after another
  for (const std::uint32_t code : column.codes) bytes += column.dictionary[code].size();
  if (column.dictionary.size() * kDictionaryUse <= rows || bytes > kMaxPlainBytes) {
    ARROW_ASSIGN_OR_RAISE(auto dictionary, Strings(column.dictionary));
    auto indices = std::make_shared<arrow::Int32Array>(static_cast<std::int64_t>(rows),
                                                       Borrow(column.codes), std::move(valid));
    return arrow::DictionaryArray::FromArrays(arrow::dictionary(arrow::int32(), arrow::utf8()),
                                              std::move(indices), std::move(dictionary));
  }
  arrow::StringBuilder builder;
  for (std::size_t row = 0; row < rows; ++row) {
    ARROW_RETURN_NOT_OK(column.IsNull(row) ? builder.AppendNull()
                                           : builder.Append(column.Text(row)));
  }
  return builder.Finish();
}

// Borrows the column's memory where the layouts agree.
arrow::Result<std::shared_ptr<arrow::Array>> ToArrow(const ColumnSpec& spec, const Column& column,
                                                     std::size_t rows) {
  const auto length = static_cast<std::int64_t>(rows);
  std::shared_ptr<arrow::Buffer> valid;
  if (!column.valid.empty()) valid = Bits(column.valid);
  switch (spec.type) {
    case ColumnType::kString:
      return StringColumn(column, rows, std::move(valid));
    case ColumnType::kInt32: {
      std::vector<std::int32_t> narrow(column.ints.begin(), column.ints.end());
      return std::make_shared<arrow::Int32Array>(
          length, arrow::Buffer::FromVector(std::move(narrow)), std::move(valid));
    }
    case ColumnType::kInt64:
      return std::make_shared<arrow::Int64Array>(length, Borrow(column.ints), std::move(valid));
    case ColumnType::kFloat: {
      std::vector<float> narrow(column.numbers.begin(), column.numbers.end());
      return std::make_shared<arrow::FloatArray>(
          length, arrow::Buffer::FromVector(std::move(narrow)), std::move(valid));
    }
    case ColumnType::kDouble:
      return std::make_shared<arrow::DoubleArray>(length, Borrow(column.numbers), std::move(valid));
    case ColumnType::kBool:
      return std::make_shared<arrow::BooleanArray>(length, Bits(column.ints), std::move(valid));
  }
  return arrow::Status::NotImplemented("column type");
}

class Writer final : public TableWriter {
 public:
  Writer(std::unique_ptr<OutputFile> file, std::vector<ColumnSpec> specs)
      : file_(std::move(file)),
        stream_(std::make_shared<OutputFileStream>(*file_)),
        specs_(std::move(specs)) {}

  Result<void> Open() {
    arrow::FieldVector fields;
    parquet::WriterProperties::Builder properties;
    properties.compression(arrow::Compression::SNAPPY)
        ->enable_page_checksum()
        ->dictionary_pagesize_limit(kMaxDictionaryBytes)
        ->max_row_group_length(std::numeric_limits<std::int32_t>::max());
    for (const ColumnSpec& spec : specs_) {
      fields.push_back(arrow::field(spec.name, ArrowType(spec.type), spec.nullable));
      if (spec.type == ColumnType::kInt32 || spec.type == ColumnType::kInt64) {
        properties.disable_dictionary(spec.name);
        properties.encoding(spec.name, parquet::Encoding::DELTA_BINARY_PACKED);
      } else if (spec.type == ColumnType::kString) {
        properties.disable_statistics(spec.name);  // the least and greatest id tell nobody anything
      }
    }
    schema_ = arrow::schema(std::move(fields));
    parquet::ArrowWriterProperties::Builder arrow_properties;
    arrow_properties.set_use_threads(true);
    auto opened = parquet::arrow::FileWriter::Open(*schema_, arrow::default_memory_pool(), stream_,
                                                   properties.build(), arrow_properties.build());
    if (!opened.ok()) return Failed(opened.status());
    writer_ = *std::move(opened);
    return {};
  }

  Result<void> Write(const Batch& batch) override {
    if (batch.rows == 0) return {};
    if (const auto status = WriteGroup(batch); !status.ok()) return Failed(status);
    return {};
  }

  Result<std::uint64_t> Finish() override {
    if (const auto status = writer_->Close(); !status.ok()) return Failed(status);
    if (const auto published = file_->Publish(); !published) return published.error();
    return file_->bytes_written();
  }

 private:
  [[nodiscard]] Error Failed(const arrow::Status& status) const {
    if (stream_->failure()) return *stream_->failure();
    return Internal("writing a Parquet file: " + status.message());
  }

  arrow::Status WriteGroup(const Batch& batch) {
    arrow::ArrayVector columns;
    arrow::FieldVector fields;
    for (std::size_t i = 0; i < specs_.size(); ++i) {
      ARROW_ASSIGN_OR_RAISE(auto column, ToArrow(specs_[i], batch.columns[i], batch.rows));
      fields.push_back(schema_->field(static_cast<int>(i))->WithType(column->type()));
      columns.push_back(std::move(column));
    }
    const auto rows =
        arrow::RecordBatch::Make(arrow::schema(std::move(fields)),
                                 static_cast<std::int64_t>(batch.rows), std::move(columns));
    ARROW_RETURN_NOT_OK(writer_->NewBufferedRowGroup());
    return writer_->WriteRecordBatch(*rows);
  }

  std::unique_ptr<OutputFile> file_;
  std::shared_ptr<OutputFileStream> stream_;
  std::vector<ColumnSpec> specs_;
  std::shared_ptr<arrow::Schema> schema_;
  std::unique_ptr<parquet::arrow::FileWriter> writer_;
};

template <typename ArrowArray, typename T>
void CopyValues(const arrow::Array& array, std::vector<T>& to) {
  const auto& values = static_cast<const ArrowArray&>(array);
  for (std::int64_t row = 0; row < values.length(); ++row) {
    to.push_back(values.IsNull(row) ? T{} : static_cast<T>(values.Value(row)));
  }
}

// Appends one chunk of a string column; chunks have dictionaries of their own.
arrow::Status CopyStrings(const arrow::DictionaryArray& chunk, Column& column) {
  const auto& dictionary = static_cast<const arrow::StringArray&>(*chunk.dictionary());
  const auto& indices = static_cast<const arrow::Int32Array&>(*chunk.indices());
  const auto base = static_cast<std::uint32_t>(column.dictionary.size());
  for (std::int64_t i = 0; i < dictionary.length(); ++i) {
    column.dictionary.Add(dictionary.GetView(i));
  }
  std::optional<std::uint32_t> code_of_null;
  for (std::int64_t row = 0; row < indices.length(); ++row) {
    if (indices.IsNull(row)) {
      if (!code_of_null) {
        code_of_null = static_cast<std::uint32_t>(column.dictionary.size());
        column.dictionary.Add("");
      }
      column.codes.push_back(*code_of_null);
      continue;
    }
    const std::int32_t index = indices.Value(row);
    if (index < 0 || index >= dictionary.length()) {
      return arrow::Status::Invalid("a string's index is out of range");
    }
    column.codes.push_back(base + static_cast<std::uint32_t>(index));
  }
  return arrow::Status::OK();
}

arrow::Status FromArrowChunks(const ColumnSpec& spec, const arrow::ChunkedArray& chunks,
                              Column& column) {
  const auto rows = static_cast<std::size_t>(chunks.length());
  if (chunks.null_count() > 0) {
    column.valid.reserve(rows);
    for (const auto& chunk : chunks.chunks()) {
      for (std::int64_t row = 0; row < chunk->length(); ++row) {
        column.valid.push_back(chunk->IsNull(row) ? 0 : 1);
      }
    }
  }
  for (const auto& chunk : chunks.chunks()) {
    switch (spec.type) {
      case ColumnType::kString: {
        column.codes.reserve(rows);
        const auto* strings = dynamic_cast<const arrow::DictionaryArray*>(chunk.get());
        if (strings == nullptr) return arrow::Status::Invalid("a string column has no dictionary");
        ARROW_RETURN_NOT_OK(CopyStrings(*strings, column));
        break;
      }
      case ColumnType::kInt32:
        column.ints.reserve(rows);
        CopyValues<arrow::Int32Array>(*chunk, column.ints);
        break;
      case ColumnType::kInt64:
        column.ints.reserve(rows);
        CopyValues<arrow::Int64Array>(*chunk, column.ints);
        break;
      case ColumnType::kFloat:
        column.numbers.reserve(rows);
        CopyValues<arrow::FloatArray>(*chunk, column.numbers);
        break;
      case ColumnType::kDouble:
        column.numbers.reserve(rows);
        CopyValues<arrow::DoubleArray>(*chunk, column.numbers);
        break;
      case ColumnType::kBool:
        column.ints.reserve(rows);
        CopyValues<arrow::BooleanArray>(*chunk, column.ints);
        break;
    }
  }
  return arrow::Status::OK();
}

class Reader final : public TableReader {
 public:
  arrow::Status Open(const std::string& path) {
    ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::ReadableFile::Open(path));
    parquet::ReaderProperties checked = parquet::default_reader_properties();
    checked.set_page_checksum_verification(true);
    auto parquet_reader = parquet::ParquetFileReader::Open(std::move(file), checked);
    parquet::ArrowReaderProperties properties(/*use_threads=*/true);
    const parquet::SchemaDescriptor* layout = parquet_reader->metadata()->schema();
    for (int i = 0; i < layout->num_columns(); ++i) {
      // Both kinds of string pages come as dictionaries, which is the form of a Column.
      properties.set_read_dictionary(
          i, layout->Column(i)->physical_type() == parquet::Type::BYTE_ARRAY);
    }
    ARROW_ASSIGN_OR_RAISE(reader_,
                          parquet::arrow::FileReader::Make(arrow::default_memory_pool(),
                                                           std::move(parquet_reader), properties));
    std::shared_ptr<arrow::Schema> schema;
    ARROW_RETURN_NOT_OK(reader_->GetSchema(&schema));
    if (schema->num_fields() != layout->num_columns()) {
      return arrow::Status::Invalid("its columns are nested");
    }
    for (const auto& field : schema->fields()) {
      const auto type = TypeOf(*field->type());
      if (!type) return arrow::Status::Invalid("column ", field->name(), " has another type");
      specs_.push_back({field->name(), *type, field->nullable()});
    }
    return arrow::Status::OK();
  }

  const std::vector<ColumnSpec>& specs() const override { return specs_; }
  std::uint64_t rows() const override {
    return static_cast<std::uint64_t>(reader_->parquet_reader()->metadata()->num_rows());
  }
  std::size_t group_count() const override {
    return static_cast<std::size_t>(reader_->num_row_groups());
  }

  Result<Batch> Read(std::size_t group) override {
    std::vector<std::size_t> all(specs_.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    return Read(group, all);
  }

  Result<Batch> Read(std::size_t group, const std::vector<std::size_t>& columns) override {
    try {
      auto batch = ReadGroup(static_cast<int>(group), columns);
      if (!batch.ok()) return FromArrow(batch.status(), "reading a Parquet file");
      return *std::move(batch);
    } catch (const parquet::ParquetException& exception) {
      return Corrupt(std::string("reading a Parquet file: ") + exception.what());
    }
  }

 private:
  arrow::Result<Batch> ReadGroup(int group, const std::vector<std::size_t>& columns) {
    std::vector<int> indices(columns.begin(), columns.end());
    ARROW_ASSIGN_OR_RAISE(const auto table, reader_->ReadRowGroup(group, indices));
    Batch batch;
    batch.rows = static_cast<std::size_t>(table->num_rows());
    batch.columns.resize(columns.size());
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const ColumnSpec& spec = specs_[columns[i]];
      const auto chunks = table->GetColumnByName(spec.name);
      if (chunks == nullptr) return arrow::Status::Invalid("column ", spec.name, " is not unique");
      ARROW_RETURN_NOT_OK(FromArrowChunks(spec, *chunks, batch.columns[i]));
    }
    return batch;
  }

  std::unique_ptr<parquet::arrow::FileReader> reader_;
  std::vector<ColumnSpec> specs_;
};

}  // namespace

Result<std::unique_ptr<TableWriter>> TableWriter::Create(std::string path,
                                                         std::vector<ColumnSpec> specs) {
  Check(!specs.empty(), "a table has a column");
  auto file = OutputFile::Create(std::move(path));
  if (!file) return file.error();
  auto writer = std::make_unique<Writer>(*std::move(file), std::move(specs));
  if (const auto opened = writer->Open(); !opened) return opened.error();
  return std::unique_ptr<TableWriter>(std::move(writer));
}

Result<std::unique_ptr<TableReader>> TableReader::Open(const std::string& path) {
  struct stat found{};
  if (::stat(path.c_str(), &found) != 0) return NotFound("there is no such Parquet file");
  auto reader = std::make_unique<Reader>();
  try {
    if (const auto status = reader->Open(path); !status.ok()) {
      return FromArrow(status, "reading a Parquet file");
    }
  } catch (const parquet::ParquetException& exception) {
    return Corrupt(std::string("reading a Parquet file: ") + exception.what());
  }
  return std::unique_ptr<TableReader>(std::move(reader));
}

}  // namespace usher::columnar
