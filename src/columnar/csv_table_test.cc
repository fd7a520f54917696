#include "columnar/csv_table.h"

#include <gmock/gmock.h>

#include <fstream>

#include "base/random.h"
#include "base/temp_folder.h"
#include "columnar/string_codes.h"

namespace usher::columnar {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::vector<CsvColumn> kInteractions{
    {.spec = {"USER_ID", ColumnType::kString}, .max_characters = 256},
    {.spec = {"TIMESTAMP", ColumnType::kInt64}, .epoch_seconds = true}};

class CsvTableTest : public ::testing::Test {
 protected:
  CsvInput File(const std::string& name, const std::string& text) {
    const std::string path = folder_.path() + "/" + name;
    std::ofstream(path, std::ios::binary) << text;
    return {.name = name, .path = path};
  }

  // All rows as text, "~" for null.
  std::vector<std::vector<std::string>> Rows(const std::vector<CsvInput>& inputs,
                                             const std::vector<CsvColumn>& columns,
                                             CsvTableOptions options = {}) {
    std::vector<std::vector<std::string>> rows;
    error_.clear();
    auto reader = CsvTableReader::Open(inputs, columns, options);
    if (!reader) {
      error_ = reader.error().message;
      return rows;
    }
    Batch batch;
    while (true) {
      const auto more = (*reader)->Next(batch);
      if (!more) {
        error_ = more.error().message;
        return rows;
      }
      if (!*more) break;
      for (std::size_t row = 0; row < batch.rows; ++row) {
        std::vector<std::string> cells;
        for (std::size_t i = 0; i < columns.size(); ++i) {
          const Column& column = batch.columns[i];
          const ColumnType type = columns[i].spec.type;
          if (column.IsNull(row)) {
            cells.emplace_back("~");
          } else if (type == ColumnType::kString) {
            cells.emplace_back(column.Text(row));
          } else if (type == ColumnType::kFloat || type == ColumnType::kDouble) {
            cells.push_back(std::to_string(column.numbers[row]));
          } else {
            cells.push_back(std::to_string(column.ints[row]));
          }
        }
        rows.push_back(std::move(cells));
      }
    }
    EXPECT_EQ((*reader)->fraction(), 1.0);
    return rows;
  }

  std::string ErrorOf(const std::string& text, const std::vector<CsvColumn>& columns) {
    Rows({File("f.csv", text)}, columns);
    return error_;
  }

  TempFolder folder_;
  std::string error_;
};

TEST_F(CsvTableTest, FindsColumnsByNameInAnyOrderAndIgnoresOthers) {
  const auto rows =
      Rows({File("f.csv", "TIMESTAMP,x,USER_ID\n5,ignored,\"u,1\"\n6,,u2\n")}, kInteractions);

  EXPECT_EQ(error_, "");
  EXPECT_THAT(rows, ElementsAre(ElementsAre("u,1", "5"), ElementsAre("u2", "6")));
}

TEST_F(CsvTableTest, ReadsEveryType) {
  const std::vector<CsvColumn> columns{
      {.spec = {"s", ColumnType::kString, true}}, {.spec = {"i", ColumnType::kInt32, true}},
      {.spec = {"l", ColumnType::kInt64, true}},  {.spec = {"f", ColumnType::kFloat, true}},
      {.spec = {"d", ColumnType::kDouble, true}}, {.spec = {"b", ColumnType::kBool, true}}};
  const auto rows = Rows({File("f.csv",
                               "s,i,l,f,d,b\n"
                               "x,-5,-9223372036854775808,3.5,-1e-3,true\n"
                               ",,,,,\n"
                               "y,2147483647,9223372036854775807,42,.5,False\n")},
                         columns);

  EXPECT_EQ(error_, "");
  EXPECT_THAT(
      rows,
      ElementsAre(
          ElementsAre("x", "-5", "-9223372036854775808", "3.500000", "-0.001000", "1"),
          ElementsAre("~", "~", "~", "~", "~", "~"),
          ElementsAre("y", "2147483647", "9223372036854775807", "42.000000", "0.500000", "0")));
}

TEST_F(CsvTableTest, NamesAllMissingColumnsTogether) {
  const std::vector<CsvColumn> columns{{.spec = {"A"}}, {.spec = {"B"}}, {.spec = {"C"}}};
  EXPECT_THAT(ErrorOf("B,b\n1,2\n", columns),
              StartsWith("Input CSV is missing the following columns:[A, C]."));
}

TEST_F(CsvTableTest, RefusesAColumnGivenTwice) {
  EXPECT_THAT(ErrorOf("USER_ID,TIMESTAMP,USER_ID\n", kInteractions),
              HasSubstr("names the column USER_ID twice"));
}

TEST_F(CsvTableTest, NamesFileLineColumnAndValueOfABadCell) {
  const std::string head = "USER_ID,TIMESTAMP\nu1,1\n";
  EXPECT_EQ(ErrorOf(head + "u2,yesterday\n", kInteractions),
            "f.csv: line 3: TIMESTAMP \"yesterday\" is not a whole number of at most 64 bits");
  EXPECT_THAT(ErrorOf(head + "u2,12.5\n", kInteractions), HasSubstr("line 3: TIMESTAMP \"12.5\""));
  EXPECT_THAT(ErrorOf(head + "u2,-1\n", kInteractions),
              HasSubstr("\"-1\" is not a Unix time in seconds"));
  EXPECT_THAT(ErrorOf(head + "u2,1600000000000\n", kInteractions),
              HasSubstr("it looks like milliseconds, divide it by 1000"));
  EXPECT_THAT(ErrorOf(head + ",5\n", kInteractions), HasSubstr("line 3: USER_ID is empty"));
  EXPECT_THAT(ErrorOf(head + "\"u2\"x,5\n", kInteractions),
              HasSubstr("line 3: USER_ID has text after its closing quote"));
  EXPECT_THAT(ErrorOf(head + "u\xFF,5\n", kInteractions),
              HasSubstr("line 3: USER_ID is not UTF-8 text"));
  EXPECT_THAT(ErrorOf(head + "u2\n", kInteractions), HasSubstr("f.csv: line 3: the record has 1"));
  EXPECT_THAT(ErrorOf(head + "u2,\"5\n", kInteractions),
              HasSubstr("f.csv: line 3: a quoted field begins here"));

  const auto error_of = [&](ColumnType type, const std::string& value) {
    return ErrorOf("x,y\n" + value + ",0\n", {{.spec = {"x", type}}});
  };
  EXPECT_THAT(error_of(ColumnType::kInt32, "2147483648"), HasSubstr("not a whole number between"));
  EXPECT_THAT(error_of(ColumnType::kInt64, "9223372036854775808"), HasSubstr("at most 64 bits"));
  EXPECT_THAT(error_of(ColumnType::kFloat, "4.x"), HasSubstr("\"4.x\" is not a number"));
  EXPECT_THAT(error_of(ColumnType::kDouble, "nan"), HasSubstr("\"nan\" is not a number"));
  EXPECT_THAT(error_of(ColumnType::kDouble, "1e999"), HasSubstr("is not a number"));
  EXPECT_THAT(error_of(ColumnType::kBool, "yes"), HasSubstr("\"yes\" is not true or false"));
}

TEST_F(CsvTableTest, ShowsNoMoreThanTheBeginningOfABadValue) {
  const std::string error =
      ErrorOf("USER_ID,TIMESTAMP\nu1," + std::string(63, 'x') + "\xC3\xA9 and on\n", kInteractions);
  EXPECT_THAT(error, HasSubstr("\"" + std::string(63, 'x') + "…\""));
}

TEST_F(CsvTableTest, CountsTheLengthOfIdsInCharacters) {
  std::string accents;
  for (int i = 0; i < 256; ++i) accents += "\xC3\xA9";
  EXPECT_EQ(ErrorOf("USER_ID,TIMESTAMP\n" + accents + ",1\n", kInteractions), "");
  EXPECT_THAT(ErrorOf("USER_ID,TIMESTAMP\n" + accents + "e,1\n", kInteractions),
              StartsWith("f.csv: line 2: Length cannot be more than 256 characters for USER_ID. If "
                         "no values exceed the character limit, make sure your data follows the "
                         "formatting guidelines"));
}

TEST_F(CsvTableTest, CutsTextThatIsKeptInPart) {
  const std::vector<CsvColumn> columns{{.spec = {"t"}, .keep_characters = 3}};
  const auto rows =
      Rows({File("f.csv", "t,u\n\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9,1\nab,2\n")}, columns);
  EXPECT_THAT(rows, ElementsAre(ElementsAre("\xC3\xA9\xC3\xA9\xC3\xA9"), ElementsAre("ab")));
}

TEST_F(CsvTableTest, ReadsSeveralFilesInTheirOrder) {
  const auto rows =
      Rows({File("b.csv", "USER_ID,TIMESTAMP\nu1,1\n"), File("empty.csv", "USER_ID,TIMESTAMP\n"),
            File("a.csv", "USER_ID,TIMESTAMP\nu2,2")},
           kInteractions);
  EXPECT_EQ(error_, "");
  EXPECT_THAT(rows, ElementsAre(ElementsAre("u1", "1"), ElementsAre("u2", "2")));
}

TEST_F(CsvTableTest, RefusesASecondFileWithAnotherHeader) {
  Rows({File("a.csv", "USER_ID,TIMESTAMP\nu1,1\n"), File("b.csv", "TIMESTAMP,USER_ID\n1,u1\n")},
       kInteractions);
  EXPECT_THAT(error_, HasSubstr("b.csv: the header differs from that of a.csv"));
}

TEST_F(CsvTableTest, ReadsAPartOfAFile) {
  CsvInput input = File("f.csv", "garbageUSER_ID,TIMESTAMP\nu1,1\ngarbage");
  input.offset = 7;
  input.size = 23;
  EXPECT_THAT(Rows({input}, kInteractions), ElementsAre(ElementsAre("u1", "1")));
}

TEST_F(CsvTableTest, GivesTheSameRowsAtAnyNumberOfThreadsAndAnyBlockSize) {
  Random random(7);
  std::string text = "USER_ID,TIMESTAMP\n";
  std::vector<std::vector<std::string>> expected;
  for (int i = 0; i < 5000; ++i) {
    const std::string user = "u" + std::to_string(random.Below(300));
    const std::string time = std::to_string(random.Below(2'000'000'000));
    text += user + "," + time + "\n";
    expected.push_back({user, time});
  }
  const CsvInput input = File("f.csv", text);
  for (const int threads : {1, 2, 5}) {
    for (const std::size_t block_bytes : {100, 1000, 1 << 20}) {
      const CsvTableOptions options{.limits = {.block_bytes = block_bytes}, .threads = threads};
      EXPECT_EQ(Rows({input}, kInteractions, options), expected) << threads << " " << block_bytes;
    }
  }
}

TEST_F(CsvTableTest, TellsTheFirstOfSeveralErrorsAtAnyNumberOfThreads) {
  std::string text = "USER_ID,TIMESTAMP\n";
  for (int i = 2; i <= 3000; ++i) text += i % 1000 == 0 ? "u,bad\n" : "u,5\n";
  const CsvInput input = File("f.csv", text);
  for (const int threads : {1, 4}) {
    for (int round = 0; round < 20; ++round) {
      Rows({input}, kInteractions, {.limits = {.block_bytes = 200}, .threads = threads});
      ASSERT_THAT(error_, HasSubstr("line 1000: TIMESTAMP"));
    }
  }
}

TEST_F(CsvTableTest, MayBeGivenUpInTheMiddle) {
  std::string text = "USER_ID,TIMESTAMP\n";
  for (int i = 0; i < 10000; ++i) text += "u,5\n";
  auto reader = CsvTableReader::Open({File("f.csv", text)}, kInteractions,
                                     {.limits = {.block_bytes = 100}, .threads = 3});
  ASSERT_TRUE(reader);
  Batch batch;
  EXPECT_TRUE(*(*reader)->Next(batch));
  EXPECT_LT((*reader)->fraction(), 0.5);
}

TEST(StringCodes, NumbersStringsInFirstSeenOrder) {
  StringCodes codes;
  std::vector<std::string> seen;
  Random random(1);
  for (int i = 0; i < 20000; ++i) {
    const std::string text(random.Below(20), static_cast<char>('a' + random.Below(8)));
    const std::string id = text + std::to_string(random.Below(50));
    const std::uint32_t code = codes.CodeOf(id);
    if (code == seen.size()) seen.push_back(id);
    ASSERT_LT(code, seen.size());
    ASSERT_EQ(seen[code], id);
  }
  EXPECT_EQ(codes.size(), seen.size());
  for (std::uint32_t i = 0; i < seen.size(); ++i) ASSERT_EQ(codes.Find(seen[i]), i);
  EXPECT_EQ(codes.Find("never"), std::nullopt);
  EXPECT_GT(seen.size(), 2000U);
  EXPECT_EQ(codes.Take().size(), seen.size());
  EXPECT_EQ(codes.CodeOf("again"), 0U);
}

}  // namespace
}  // namespace usher::columnar
