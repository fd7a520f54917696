#include "columnar/parquet_file.h"

#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <optional>
#include <variant>

#include "base/random.h"
#include "base/temp_folder.h"
#include "columnar/string_codes.h"

namespace usher::columnar {
namespace {

using Cell = std::variant<std::monostate, std::string, std::int64_t, double>;
using Row = std::vector<Cell>;

const std::vector<ColumnSpec> kSpecs{
    {"USER_ID", ColumnType::kString, false}, {"TITLE", ColumnType::kString, true},
    {"YEAR", ColumnType::kInt32, true},      {"TIMESTAMP", ColumnType::kInt64, false},
    {"VALUE", ColumnType::kFloat, true},     {"PRICE", ColumnType::kDouble, true},
    {"SOLD", ColumnType::kBool, true}};

Row RandomRow(Random& random) {
  Row row;
  for (const ColumnSpec& spec : kSpecs) {
    if (spec.nullable && random.Below(4) == 0) {
      row.emplace_back();
      continue;
    }
    switch (spec.type) {
      case ColumnType::kString:
        row.emplace_back(spec.nullable ? "\xC3\xA9" + std::to_string(random.Next())
                                       : "u" + std::to_string(random.Below(5)));
        break;
      case ColumnType::kInt32:
        row.emplace_back(std::int64_t{static_cast<std::int32_t>(random.Next())});
        break;
      case ColumnType::kInt64:
        row.emplace_back(static_cast<std::int64_t>(random.Next()));
        break;
      case ColumnType::kFloat:
        row.emplace_back(static_cast<double>(static_cast<float>(random.Normal())));
        break;
      case ColumnType::kDouble:
        row.emplace_back(random.Normal());
        break;
      case ColumnType::kBool:
        row.emplace_back(static_cast<std::int64_t>(random.Below(2)));
        break;
    }
  }
  return row;
}

Batch ToBatch(const std::vector<Row>& rows) {
  Batch batch;
  batch.rows = rows.size();
  for (std::size_t i = 0; i < kSpecs.size(); ++i) {
    Column column;
    StringCodes codes;
    for (const Row& row : rows) {
      const bool is_null = std::holds_alternative<std::monostate>(row[i]);
      if (kSpecs[i].nullable) column.valid.push_back(is_null ? 0 : 1);
      switch (kSpecs[i].type) {
        case ColumnType::kString:
          column.codes.push_back(codes.CodeOf(is_null ? "" : std::get<std::string>(row[i])));
          break;
        case ColumnType::kFloat:
        case ColumnType::kDouble:
          column.numbers.push_back(is_null ? 0 : std::get<double>(row[i]));
          break;
        default:
          column.ints.push_back(is_null ? 0 : std::get<std::int64_t>(row[i]));
      }
    }
    column.dictionary = codes.Take();
    batch.columns.push_back(std::move(column));
  }
  return batch;
}

std::vector<Row> ToRows(const Batch& batch, const std::vector<ColumnSpec>& specs) {
  std::vector<Row> rows(batch.rows);
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const Column& column = batch.columns[i];
    for (std::size_t row = 0; row < batch.rows; ++row) {
      if (column.IsNull(row)) {
        rows[row].emplace_back();
      } else if (specs[i].type == ColumnType::kString) {
        rows[row].emplace_back(std::string(column.Text(row)));
      } else if (specs[i].type == ColumnType::kFloat || specs[i].type == ColumnType::kDouble) {
        rows[row].emplace_back(column.numbers[row]);
      } else {
        rows[row].emplace_back(column.ints[row]);
      }
    }
  }
  return rows;
}

class ParquetFileTest : public ::testing::Test {
 protected:
  std::vector<Row> RandomRows(std::size_t count) {
    std::vector<Row> rows;
    for (std::size_t i = 0; i < count; ++i) rows.push_back(RandomRow(random_));
    return rows;
  }

  void Write(const std::vector<std::vector<Row>>& groups) {
    auto writer = TableWriter::Create(path_, kSpecs);
    ASSERT_TRUE(writer);
    for (const auto& group : groups) {
      const auto written = (*writer)->Write(ToBatch(group));
      ASSERT_TRUE(written) << written.error().message;
    }
    const auto bytes = (*writer)->Finish();
    ASSERT_TRUE(bytes) << bytes.error().message;
    EXPECT_EQ(*bytes, std::filesystem::file_size(path_));
  }

  Random random_{11};
  TempFolder folder_;
  std::string path_ = folder_.path() + "/table.parquet";
};

TEST_F(ParquetFileTest, GivesBackEveryTypeWithItsNulls) {
  const std::vector<std::vector<Row>> groups{RandomRows(1000), RandomRows(1), RandomRows(37)};
  Write(groups);

  auto reader = TableReader::Open(path_);

  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_EQ((*reader)->specs(), kSpecs);
  EXPECT_EQ((*reader)->rows(), 1038U);
  ASSERT_EQ((*reader)->group_count(), 3U);
  for (std::size_t group = 0; group < groups.size(); ++group) {
    const auto batch = (*reader)->Read(group);
    ASSERT_TRUE(batch) << batch.error().message;
    EXPECT_EQ(ToRows(*batch, kSpecs), groups[group]);
  }
}

TEST_F(ParquetFileTest, ReadsSomeColumnsInTheOrderAskedFor) {
  const auto rows = RandomRows(20);
  Write({rows});
  auto reader = TableReader::Open(path_);
  ASSERT_TRUE(reader);

  const auto batch = (*reader)->Read(0, {3, 0});

  ASSERT_TRUE(batch);
  const auto read = ToRows(*batch, {kSpecs[3], kSpecs[0]});
  for (std::size_t row = 0; row < rows.size(); ++row) {
    EXPECT_EQ(read[row], (Row{rows[row][3], rows[row][0]}));
  }
}

TEST_F(ParquetFileTest, MayHoldNoRow) {
  Write({});
  auto reader = TableReader::Open(path_);
  ASSERT_TRUE(reader);
  EXPECT_EQ((*reader)->rows(), 0U);
  EXPECT_EQ((*reader)->specs(), kSpecs);
}

TEST_F(ParquetFileTest, AppearsOnlyWhenFinished) {
  {
    auto writer = TableWriter::Create(path_, kSpecs);
    ASSERT_TRUE(writer);
    ASSERT_TRUE((*writer)->Write(ToBatch(RandomRows(10))));
    EXPECT_FALSE(std::filesystem::exists(path_));
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(ParquetFileTest, NeverGivesChangedValues) {
  const auto rows = RandomRows(200);
  Write({rows});
  std::ifstream in(path_, std::ios::binary);
  const std::string good{std::istreambuf_iterator<char>(in), {}};
  int refused = 0;
  for (std::size_t at = 0; at < good.size() / 2; at += 11) {  // pages; the footer is at the end
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x20);
    std::ofstream(path_, std::ios::binary) << bad;
    auto reader = TableReader::Open(path_);
    const auto batch = reader ? (*reader)->Read(0) : Result<Batch>(reader.error());
    if (batch) {
      EXPECT_EQ(ToRows(*batch, kSpecs), rows) << at;
    } else {
      EXPECT_EQ(batch.error().code, ErrorCode::kCorrupt);
      ++refused;
    }
  }
  EXPECT_GT(refused, 100);
}

TEST_F(ParquetFileTest, RefusesWhatIsNotATable) {
  EXPECT_EQ(TableReader::Open(path_).error().code, ErrorCode::kNotFound);
  for (const std::string text : {"", "PAR1", "PAR1xxxxPAR1", "a,b\n1,2\n"}) {
    std::ofstream(path_, std::ios::binary) << text;
    EXPECT_EQ(TableReader::Open(path_).error().code, ErrorCode::kCorrupt) << text;
  }
}

TEST_F(ParquetFileTest, MergerKeepsRowsInOrder) {
  BatchMerger merger(kSpecs);
  std::vector<Row> expected;
  for (int i = 0; i < 20; ++i) {
    const auto rows = RandomRows(random_.Below(30));
    std::vector<std::uint8_t> keep;
    for (const Row& row : rows) {
      keep.push_back(static_cast<std::uint8_t>(i % 3 == 0 ? 1 : random_.Below(2)));
      if (keep.back() != 0) expected.push_back(row);
    }
    merger.Add(ToBatch(rows), keep);
  }

  EXPECT_EQ(merger.rows(), expected.size());
  EXPECT_FALSE(merger.full());
  EXPECT_EQ(ToRows(merger.Take(), kSpecs), expected);
  EXPECT_EQ(merger.rows(), 0U);
}

}  // namespace
}  // namespace usher::columnar
