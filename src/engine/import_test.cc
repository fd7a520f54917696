#include "engine/import.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "base/random.h"
#include "base/temp_folder.h"
#include "columnar/parquet_file.h"
#include "engine/row_hash.h"

namespace usher::engine {
namespace {

using columnar::ColumnType;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<ImportField> kInteractionFields{{"USER_ID"},
                                                  {"ITEM_ID"},
                                                  {"TIMESTAMP", ColumnType::kInt64},
                                                  {"EVENT_VALUE", ColumnType::kFloat, true}};
const std::vector<ImportField> kItemFields{{"ITEM_ID"},
                                           {"GENRES", ColumnType::kString, true},
                                           {"CREATION_TIMESTAMP", ColumnType::kInt64, true},
                                           {"DESCRIPTION", ColumnType::kString, true, true}};

class ImportTest : public ::testing::Test {
 protected:
  columnar::CsvInput File(const std::string& name, const std::string& text) {
    std::string path = folder_.path() + "/" + name;
    std::ofstream(path, std::ios::binary) << text;
    return {.name = name, .path = std::move(path)};
  }

  static std::string InteractionsCsv(const std::vector<std::string>& rows) {
    std::string text = "USER_ID,ITEM_ID,TIMESTAMP,EVENT_VALUE\n";
    for (const std::string& row : rows) text += row + "\n";
    return text;
  }

  std::vector<std::string> RandomRows(std::size_t count, Random& random) {
    std::vector<std::string> rows;
    for (std::size_t i = 0; i < count; ++i) {
      rows.push_back("u" + std::to_string(random.Below(20)) + ",i" +
                     std::to_string(random.Below(20)) + "," + std::to_string(random.Below(10)) +
                     "," + (random.Below(4) == 0 ? "" : "0.3"));
    }
    return rows;
  }

  // Rows of a published file as CSV text.
  static std::vector<std::string> Published(const std::string& path) {
    std::vector<std::string> rows;
    auto reader = columnar::TableReader::Open(path);
    EXPECT_TRUE(reader);
    if (!reader) return rows;
    for (std::size_t group = 0; group < (*reader)->group_count(); ++group) {
      const auto batch = (*reader)->Read(group);
      EXPECT_TRUE(batch);
      for (std::size_t row = 0; row < batch->rows; ++row) {
        std::string text;
        for (std::size_t i = 0; i < batch->columns.size(); ++i) {
          const columnar::Column& column = batch->columns[i];
          if (i > 0) text += ",";
          if (column.IsNull(row)) continue;
          switch ((*reader)->specs()[i].type) {
            case ColumnType::kString:
              text += column.Text(row);
              break;
            case ColumnType::kFloat:
              text += column.numbers[row] == 0.3F ? "0.3" : std::to_string(column.numbers[row]);
              break;
            default:
              text += std::to_string(column.ints[row]);
          }
        }
        rows.push_back(std::move(text));
      }
    }
    return rows;
  }

  ImportRequest Request(std::vector<columnar::CsvInput> inputs) const {
    return {.fields = kInteractionFields, .inputs = std::move(inputs), .output_path = output_};
  }
  ImportRequest ItemsRequest(std::vector<columnar::CsvInput> inputs) const {
    return {.dataset = ImportDataset::kItems,
            .fields = kItemFields,
            .inputs = std::move(inputs),
            .output_path = output_};
  }

  std::string ErrorOf(const ImportRequest& request) {
    const auto result = Import(request);
    EXPECT_FALSE(result);
    EXPECT_FALSE(std::filesystem::exists(output_));
    EXPECT_FALSE(std::filesystem::exists(output_ + ".part"));
    return result ? "" : result.error().message;
  }

  TempFolder folder_;
  std::string output_ = folder_.path() + "/new.parquet";
  std::string existing_ = folder_.path() + "/old.parquet";
};

TEST_F(ImportTest, FullPublishesEveryInteraction) {
  Random random(1);
  const auto first = RandomRows(700, random);
  const auto second = RandomRows(600, random);
  std::vector<double> seen;
  ImportRequest request =
      Request({File("a.csv", InteractionsCsv(first)), File("b.csv", InteractionsCsv(second))});
  request.progress = [&](double fraction) { seen.push_back(fraction); };

  const auto result = Import(request);

  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->rows_read, 1300U);
  EXPECT_EQ(result->rows_published, 1300U);
  EXPECT_EQ(result->bytes_published, std::filesystem::file_size(output_));
  auto expected = first;
  expected.insert(expected.end(), second.begin(), second.end());
  EXPECT_EQ(Published(output_), expected);
  EXPECT_TRUE(std::ranges::is_sorted(seen));
  EXPECT_EQ(seen.back(), 1.0);
}

TEST_F(ImportTest, FullReplacesAndLeavesTheOldFileAlone) {
  Random random(2);
  const auto old_rows = RandomRows(1000, random);
  ImportRequest request = Request({File("a.csv", InteractionsCsv(old_rows))});
  request.output_path = existing_;
  ASSERT_TRUE(Import(request));

  const auto rows = RandomRows(1000, random);
  request = Request({File("b.csv", InteractionsCsv(rows))});
  request.existing_path = existing_;
  ASSERT_TRUE(Import(request));

  EXPECT_EQ(Published(output_), rows);
  EXPECT_EQ(Published(existing_), old_rows);
}

TEST_F(ImportTest, IncrementalAddsOnlyRowsThatAreNotThere) {
  Random random(3);
  const auto old_rows = RandomRows(1500, random);
  ImportRequest request = Request({File("a.csv", InteractionsCsv(old_rows))});
  request.output_path = existing_;
  ASSERT_TRUE(Import(request));
  const auto new_rows = RandomRows(1500, random);
  request = Request({File("b.csv", InteractionsCsv(new_rows))});
  request.mode = ImportMode::kIncremental;
  request.existing_path = existing_;

  const auto result = Import(request);

  ASSERT_TRUE(result) << result.error().message;
  std::vector<std::string> expected = old_rows;
  std::set<std::string> there(old_rows.begin(), old_rows.end());
  for (const std::string& row : new_rows) {
    if (there.insert(row).second) expected.push_back(row);
  }
  EXPECT_EQ(Published(output_), expected);
  EXPECT_EQ(result->rows_read, 1500U);
  EXPECT_EQ(result->rows_published, expected.size());
  EXPECT_EQ(result->duplicates, 3000 - expected.size());
  EXPECT_GT(result->duplicates, 0U);
}

TEST_F(ImportTest, IncrementalWithoutEarlierDataTakesEverything) {
  Random random(4);
  const auto rows = RandomRows(1000, random);
  ImportRequest request = Request({File("a.csv", InteractionsCsv(rows))});
  request.mode = ImportMode::kIncremental;
  ASSERT_TRUE(Import(request));
  EXPECT_EQ(Published(output_), rows);
}

TEST_F(ImportTest, KeepsTheLastRowOfEachItem) {
  const auto result = Import(
      ItemsRequest({File("a.csv",
                         "ITEM_ID,GENRES,CREATION_TIMESTAMP,DESCRIPTION\n"
                         "i1,Drama,5,one\ni2,,,\ni1,\"Comedy|Drama\",6,two\n"),
                    File("b.csv", "ITEM_ID,GENRES,CREATION_TIMESTAMP,DESCRIPTION\ni3,War,7,\n")}));

  ASSERT_TRUE(result) << result.error().message;
  EXPECT_THAT(Published(output_), ElementsAre("i2,,,", "i1,Comedy|Drama,6,two", "i3,War,7,"));
  EXPECT_EQ(result->rows_read, 4U);
  EXPECT_EQ(result->replaced, 1U);
}

TEST_F(ImportTest, IncrementalReplacesItemsWithTheSameId) {
  const std::string head = "ITEM_ID,GENRES,CREATION_TIMESTAMP,DESCRIPTION\n";
  ImportRequest request = ItemsRequest({File("a.csv", head + "i1,A,1,\ni2,B,2,\ni3,C,3,\n")});
  request.output_path = existing_;
  ASSERT_TRUE(Import(request));
  request = ItemsRequest({File("b.csv", head + "i4,D,4,\ni2,E,5,\n")});
  request.mode = ImportMode::kIncremental;
  request.existing_path = existing_;

  const auto result = Import(request);

  ASSERT_TRUE(result) << result.error().message;
  EXPECT_THAT(Published(output_), ElementsAre("i1,A,1,", "i3,C,3,", "i4,D,4,", "i2,E,5,"));
  EXPECT_EQ(result->replaced, 1U);
}

TEST_F(ImportTest, CutsLongDescriptionsOnly) {
  const std::string head = "ITEM_ID,GENRES,CREATION_TIMESTAMP,DESCRIPTION\n";
  ASSERT_TRUE(
      Import(ItemsRequest({File("a.csv", head + "i1,G,1," + std::string(20001, 'x') + "\n")})));
  EXPECT_THAT(Published(output_), ElementsAre("i1,G,1," + std::string(20000, 'x')));
  std::filesystem::remove(output_);

  EXPECT_THAT(
      ErrorOf(ItemsRequest({File("b.csv", head + "i1," + std::string(1001, 'x') + ",1,\n")})),
      HasSubstr("b.csv: line 2: Length cannot be more than 1000 characters for GENRES"));
  EXPECT_THAT(ErrorOf(ItemsRequest({File("c.csv", head + std::string(257, 'x') + ",G,1,\n")})),
              HasSubstr("Length cannot be more than 256 characters for ITEM_ID"));
}

TEST_F(ImportTest, NeedsAThousandInteractions) {
  Random random(5);
  EXPECT_THAT(ErrorOf(Request({File("a.csv", InteractionsCsv(RandomRows(999, random)))})),
              HasSubstr("Dataset has fewer than 1000 interactions: the input has 999."));
}

TEST_F(ImportTest, NeedsAnItem) {
  EXPECT_THAT(
      ErrorOf(ItemsRequest({File("a.csv", "ITEM_ID,GENRES,CREATION_TIMESTAMP,DESCRIPTION\n")})),
      HasSubstr("no rows"));
}

TEST_F(ImportTest, NamesMissingColumnsAndBadLines) {
  EXPECT_THAT(ErrorOf(Request({File("a.csv", "USER_ID,EVENT_VALUE\n")})),
              HasSubstr("Input CSV is missing the following columns:[ITEM_ID, TIMESTAMP]."));
  EXPECT_THAT(ErrorOf(Request({File("a.csv", InteractionsCsv({"u,i,1,2", "u,i,soon,2"}))})),
              HasSubstr("a.csv: line 3: TIMESTAMP \"soon\""));
  EXPECT_THAT(ErrorOf(Request({File("a.csv", InteractionsCsv({"u,,1,2"}))})),
              HasSubstr("line 2: ITEM_ID is empty"));
  EXPECT_THAT(ErrorOf(Request({File("a.csv", InteractionsCsv({"u,i,1600000000000,2"}))})),
              HasSubstr("divide it by 1000"));
  EXPECT_THAT(ErrorOf(ItemsRequest(
                  {File("a.csv", "ITEM_ID,GENRES,CREATION_TIMESTAMP,DESCRIPTION\ni,,-5,\n")})),
              HasSubstr("CREATION_TIMESTAMP \"-5\" is not a Unix time in seconds"));
}

TEST_F(ImportTest, RefusesEarlierDataOfAnotherSchema) {
  const std::string head = "ITEM_ID,GENRES,CREATION_TIMESTAMP,DESCRIPTION\n";
  ImportRequest request = ItemsRequest({File("a.csv", head + "i1,A,1,\n")});
  request.output_path = existing_;
  ASSERT_TRUE(Import(request));
  request = ItemsRequest({File("b.csv", head + "i2,B,2,\n")});
  request.fields.pop_back();
  request.mode = ImportMode::kIncremental;
  request.existing_path = existing_;
  EXPECT_THAT(ErrorOf(request), HasSubstr("another schema"));
}

TEST_F(ImportTest, BoundsTheSizeOfAnIncrement) {
  const auto input = File("a.csv", "");
  std::filesystem::resize_file(input.path, kMaxIncrementalImportBytes + 1);
  ImportRequest request = Request({input});
  request.mode = ImportMode::kIncremental;
  EXPECT_THAT(ErrorOf(request), HasSubstr("an INCREMENTAL import takes at most 1073741824"));
}

TEST_F(ImportTest, StopsWhenAsked) {
  std::stop_source stop;
  stop.request_stop();
  Random random(6);
  ImportRequest request = Request({File("a.csv", InteractionsCsv(RandomRows(1000, random)))});
  request.stop = stop.get_token();
  const auto result = Import(request);
  EXPECT_EQ(result.error().code, ErrorCode::kCancelled);
  EXPECT_FALSE(std::filesystem::exists(output_));
}

TEST_F(ImportTest, PublishesTheSameBytesAtAnyNumberOfThreads) {
  Random random(7);
  const auto input = File("a.csv", InteractionsCsv(RandomRows(200'000, random)));
  std::string first;
  for (const int threads : {1, 2, 4}) {
    ImportRequest request = Request({input});
    request.threads = threads;
    ASSERT_TRUE(Import(request));
    std::ifstream in(output_, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    if (first.empty()) first = bytes;
    EXPECT_TRUE(bytes == first) << threads;
  }
}

TEST(HashRows, TellsApartRowsThatDifferInOneCell) {
  const std::vector<columnar::ColumnSpec> specs{{"a", ColumnType::kString, true},
                                                {"b", ColumnType::kString, true},
                                                {"c", ColumnType::kInt64, true}};
  columnar::Batch batch;
  batch.rows = 6;
  columnar::StringList words;
  for (const char* word : {"", "x", "xx"}) words.Add(word);
  // (xx, "", 0) ("", xx, 0) (x, x, 0) (null, xx, 0) ("", xx, null) and the first again.
  batch.columns = {{.codes = {2, 0, 1, 0, 0, 2}, .dictionary = words, .valid = {1, 1, 1, 0, 1, 1}},
                   {.codes = {0, 2, 1, 2, 2, 0}, .dictionary = words},
                   {.ints = {0, 0, 0, 0, 0, 0}, .valid = {1, 1, 1, 1, 0, 1}}};

  const auto hashes = HashRows(batch, specs);

  EXPECT_EQ(hashes[0], hashes[5]);
  RowHashSet set;
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(set.Add(hashes[static_cast<std::size_t>(i)])) << i;
  EXPECT_FALSE(set.Add(hashes[5]));
}

TEST(RowHashSet, KeepsMarksWhileGrowing) {
  Random random(8);
  RowHashSet set;
  std::map<std::uint64_t, bool> expected;  // low word: marked
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t low = 1 + random.Below(8000);
    const RowHash hash{low, low * 2};
    if (random.Below(3) == 0) {
      set.Mark(hash);
      if (expected.contains(low)) expected[low] = true;
    } else if (random.Below(2) == 0) {
      EXPECT_EQ(set.Add(hash), expected.emplace(low, false).second);
    } else {
      EXPECT_EQ(set.MarkFirst(hash), !std::exchange(expected[low], true));
    }
  }
  EXPECT_EQ(set.size(), expected.size());
}

}  // namespace
}  // namespace usher::engine
