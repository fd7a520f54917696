#include "engine/import.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "columnar/parquet_file.h"
#include "columnar/string_codes.h"
#include "engine/row_hash.h"

namespace usher::engine {
namespace {

using columnar::Batch;
using columnar::BatchMerger;
using columnar::ColumnSpec;
using columnar::ColumnType;
using columnar::CsvColumn;
using columnar::CsvTableReader;
using columnar::TableReader;
using columnar::TableWriter;

constexpr std::array<std::string_view, 2> kIdFields{"USER_ID", "ITEM_ID"};
constexpr std::array<std::string_view, 2> kTimeFields{"TIMESTAMP", "CREATION_TIMESTAMP"};

bool IsOneOf(std::string_view name, const auto& names) {
  return std::ranges::find(names, name) != names.end();
}

CsvColumn ColumnOf(const ImportField& field) {
  CsvColumn column{.spec = {field.name, field.type, field.nullable}};
  if (field.type == ColumnType::kString) {
    if (IsOneOf(field.name, kIdFields)) {
      column.max_characters = kMaxImportIdCharacters;
    } else if (field.textual) {
      column.keep_characters = kMaxImportTextCharacters;
    } else {
      column.max_characters = kMaxImportStringCharacters;
    }
  }
  column.epoch_seconds = field.type == ColumnType::kInt64 && IsOneOf(field.name, kTimeFields);
  return column;
}

Result<void> CheckSize(const ImportRequest& request) {
  std::uint64_t bytes = 0;
  for (const columnar::CsvInput& input : request.inputs) {
    std::error_code error;
    bytes += input.size ? *input.size : std::filesystem::file_size(input.path, error);
    if (error) return Internal(input.name + ": the file cannot be read");
  }
  const bool is_full = request.mode == ImportMode::kFull;
  const std::uint64_t limit = is_full ? kMaxFullImportBytes : kMaxIncrementalImportBytes;
  if (bytes > limit) {
    return InvalidInput("The input has " + std::to_string(bytes) + " bytes; " +
                        (is_full ? "a FULL" : "an INCREMENTAL") + " import takes at most " +
                        std::to_string(limit) +
                        (is_full ? "." : ". Split it, or import everything with FULL."));
  }
  return {};
}

// Gathers rows into row groups of the output.
class Publisher {
 public:
  Publisher(std::unique_ptr<TableWriter> writer, const std::vector<ColumnSpec>& specs)
      : writer_(std::move(writer)), merger_(specs) {}

  Result<void> Add(const Batch& batch, const std::vector<std::uint8_t>& keep) {
    rows_ += static_cast<std::uint64_t>(std::ranges::count_if(keep, [](auto k) { return k != 0; }));
    merger_.Add(batch, keep);
    return Flush(false);
  }
  Result<void> Add(const Batch& batch) {
    rows_ += batch.rows;
    merger_.Add(batch);
    return Flush(false);
  }
  Result<void> Finish(ImportResult& result) {
    if (const auto flushed = Flush(true); !flushed) return flushed;
    const auto bytes = writer_->Finish();
    if (!bytes) return bytes.error();
    result.rows_published = rows_;
    result.bytes_published = *bytes;
    return {};
  }

 private:
  Result<void> Flush(bool all) {
    if (merger_.rows() == 0 || (!all && !merger_.full())) return {};
    return writer_->Write(merger_.Take());
  }

  std::unique_ptr<TableWriter> writer_;
  BatchMerger merger_;
  std::uint64_t rows_ = 0;
};

class Importer {
 public:
  explicit Importer(const ImportRequest& request) : request_(request) {
    for (const ImportField& field : request.fields) {
      columns_.push_back(ColumnOf(field));
      specs_.push_back(columns_.back().spec);
    }
  }

  Result<ImportResult> Run() {
    Check(!request_.inputs.empty() && !specs_.empty(), "an import has files and a schema");
    Check(request_.output_path != request_.existing_path, "an import does not overwrite its input");
    if (const auto fits = CheckSize(request_); !fits) return fits.error();
    if (request_.mode == ImportMode::kIncremental && !request_.existing_path.empty()) {
      if (const auto opened = OpenExisting(); !opened) return opened.error();
    }
    auto writer = TableWriter::Create(request_.output_path, specs_);
    if (!writer) return writer.error();
    Publisher publisher(*std::move(writer), specs_);

    const bool is_interactions = request_.dataset == ImportDataset::kInteractions;
    auto done = !is_interactions       ? PublishLastOfEachId(publisher)
                : existing_ != nullptr ? PublishNewInteractions(publisher)
                                       : PublishAll(publisher);
    if (!done) return done.error();
    if (const auto enough = CheckRowCount(); !enough) return enough.error();
    if (const auto finished = publisher.Finish(result_); !finished) return finished.error();
    Report(1.0);
    return result_;
  }

 private:
  Result<void> OpenExisting() {
    auto opened = TableReader::Open(request_.existing_path);
    if (!opened) return opened.error();
    existing_ = *std::move(opened);
    if (existing_->specs() != specs_) {
      return InvalidInput(
          "The data that is there was imported with another schema. Import "
          "everything again with importMode FULL.");
    }
    return {};
  }

  // Every batch of the CSV files, in order; the share [begin, end] of the work is reported.
  template <typename Visit>
  Result<void> ForEachNewBatch(double begin, double end, Visit visit) {
    const auto reader =
        CsvTableReader::Open(request_.inputs, columns_, {.threads = request_.threads});
    if (!reader) return reader.error();
    Batch batch;
    while (true) {
      if (request_.stop.stop_requested()) return Cancelled("the import was stopped");
      const auto more = (*reader)->Next(batch);
      if (!more) return more.error();
      if (!*more) return {};
      if (const Result<void> done = visit(std::as_const(batch)); !done) return done;
      Report(begin + (end - begin) * (*reader)->fraction());
    }
  }

  template <typename Visit>
  Result<void> ForEachExistingBatch(double begin, double end, Visit visit) {
    if (existing_ == nullptr) return {};
    const std::size_t groups = existing_->group_count();
    for (std::size_t group = 0; group < groups; ++group) {
      if (request_.stop.stop_requested()) return Cancelled("the import was stopped");
      const auto batch = existing_->Read(group);
      if (!batch) return batch.error();
      if (const Result<void> done = visit(*batch); !done) return done;
      Report(begin + (end - begin) * static_cast<double>(group + 1) / static_cast<double>(groups));
    }
    return {};
  }

  Result<void> PublishAll(Publisher& publisher) {
    return ForEachNewBatch(0.0, 1.0, [&](const Batch& batch) {
      result_.rows_read += batch.rows;
      return publisher.Add(batch);
    });
  }

  // The new rows fit in memory as hashes, the earlier ones may not: so the new are read first, then
  // the earlier ones say which of them are there already, then the new are read again.
  Result<void> PublishNewInteractions(Publisher& publisher) {
    RowHashSet fresh;
    auto done = ForEachNewBatch(0.0, 0.3, [&](const Batch& batch) -> Result<void> {
      result_.rows_read += batch.rows;
      for (const RowHash& hash : HashRows(batch, specs_)) fresh.Add(hash);
      return {};
    });
    if (!done) return done;
    done = ForEachExistingBatch(0.3, 0.6, [&](const Batch& batch) {
      for (const RowHash& hash : HashRows(batch, specs_)) fresh.Mark(hash);
      return publisher.Add(batch);
    });
    if (!done) return done;
    return ForEachNewBatch(0.6, 1.0, [&](const Batch& batch) {
      std::vector<std::uint8_t> keep;
      keep.reserve(batch.rows);
      for (const RowHash& hash : HashRows(batch, specs_)) {
        keep.push_back(fresh.MarkFirst(hash) ? 1 : 0);
        result_.duplicates += keep.back() != 0 ? 0 : 1;
      }
      return publisher.Add(batch, keep);
    });
  }

  // Users and items: one row for each id, the last.
  Result<void> PublishLastOfEachId(Publisher& publisher) {
    const std::string_view id = request_.dataset == ImportDataset::kUsers ? "USER_ID" : "ITEM_ID";
    const auto found =
        std::ranges::find_if(specs_, [&](const ColumnSpec& spec) { return spec.name == id; });
    Check(found != specs_.end(), "the schema has the dataset's id");
    const auto column = static_cast<std::size_t>(found - specs_.begin());

    columnar::StringCodes ids;
    std::vector<std::uint64_t> last_row;  // of each id
    auto done = ForEachNewBatch(0.0, 0.4, [&](const Batch& batch) -> Result<void> {
      for (std::size_t row = 0; row < batch.rows; ++row, ++result_.rows_read) {
        const std::uint32_t code = ids.CodeOf(batch.columns[column].Text(row));
        if (code == last_row.size()) last_row.push_back(0);
        last_row[code] = result_.rows_read;
      }
      return {};
    });
    if (!done) return done;

    done = ForEachExistingBatch(0.4, 0.6, [&](const Batch& batch) {
      std::vector<std::uint8_t> keep;
      keep.reserve(batch.rows);
      for (std::size_t row = 0; row < batch.rows; ++row) {
        keep.push_back(ids.Find(batch.columns[column].Text(row)) ? 0 : 1);
        result_.replaced += keep.back() != 0 ? 0 : 1;
      }
      return publisher.Add(batch, keep);
    });
    if (!done) return done;

    std::uint64_t at = 0;
    return ForEachNewBatch(0.6, 1.0, [&](const Batch& batch) {
      std::vector<std::uint8_t> keep;
      keep.reserve(batch.rows);
      for (std::size_t row = 0; row < batch.rows; ++row, ++at) {
        const auto code = ids.Find(batch.columns[column].Text(row));
        keep.push_back(code && last_row[*code] == at ? 1 : 0);
        result_.replaced += keep.back() != 0 ? 0 : 1;
      }
      return publisher.Add(batch, keep);
    });
  }

  [[nodiscard]] Result<void> CheckRowCount() const {
    const std::string rows = std::to_string(result_.rows_read);
    if (request_.dataset != ImportDataset::kInteractions) {
      if (result_.rows_read > 0) return {};
      return InvalidInput("The input has no rows after its header.");
    }
    if (result_.rows_read >= kMinImportInteractions) return {};
    return InvalidInput("Dataset has fewer than " + std::to_string(kMinImportInteractions) +
                        " interactions: the input has " + rows +
                        ". An import of interactions needs at least " +
                        std::to_string(kMinImportInteractions) + " rows.");
  }

  void Report(double fraction) const {
    if (request_.progress) request_.progress(fraction);
  }

  const ImportRequest& request_;
  std::vector<CsvColumn> columns_;
  std::vector<ColumnSpec> specs_;
  std::unique_ptr<TableReader> existing_;
  ImportResult result_;
};

}  // namespace

Result<ImportResult> Import(const ImportRequest& request) { return Importer(request).Run(); }

}  // namespace usher::engine
