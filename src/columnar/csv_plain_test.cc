#include "columnar/csv_plain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "base/random.h"
#include "base/temp_folder.h"
#include "columnar/csv_table.h"
#include "columnar/string_codes.h"

namespace usher::columnar {
namespace {

using testing::ElementsAre;

class ReadPlainCsvTest : public testing::Test {
 protected:
  // nullopt when the text is not plain. Fields: user, item, rating, time.
  std::optional<PlainCsvTable> Read(const std::string& text, PlainCsvOptions options = {}) {
    std::ofstream(path_, std::ios::binary) << text;
    auto read = ReadPlainCsv(path_, {.count = 4, .keys = {0, 1}, .epoch = 3, .number = 2}, options);
    EXPECT_TRUE(read);
    return read ? *std::move(read) : std::nullopt;
  }

  TempFolder folder_;
  const std::string path_ = folder_.path() + "/ratings.csv";
  const std::string header_ = "user,item,rating,time\n";
};

TEST_F(ReadPlainCsvTest, NumbersIdsInTheOrderFirstSeen) {
  const auto got = Read(header_ + "7,b,3.5,10\n07,a,4,20\n7,a,,30\n");
  ASSERT_TRUE(got);
  EXPECT_THAT(got->codes[0], ElementsAre(0, 1, 0));
  EXPECT_THAT(got->codes[1], ElementsAre(0, 1, 1));
  EXPECT_EQ(got->names[0][0], "7");
  EXPECT_EQ(got->names[0][1], "07");
  EXPECT_EQ(got->names[1][1], "a");
  EXPECT_THAT(got->epochs, ElementsAre(10, 20, 30));
  EXPECT_EQ(got->numbers[0], 3.5F);
  EXPECT_EQ(got->numbers[1], 4.0F);
  EXPECT_TRUE(std::isnan(got->numbers[2]));
}

TEST_F(ReadPlainCsvTest, TakesEndingsOfLinesAsTheyCome) {
  for (const std::string text :
       {"u,i,1,5\nv,i,2,6\n", "u,i,1,5\nv,i,2,6", "u,i,1,5\r\nv,i,2,6\r\n"}) {
    const auto got = Read(header_ + text);
    ASSERT_TRUE(got) << text;
    EXPECT_THAT(got->epochs, ElementsAre(5, 6));
  }
  const auto marked = Read("\xEF\xBB\xBF" + header_ + "u,i,1,5\n");
  ASSERT_TRUE(marked);
  EXPECT_EQ(marked->names[0][0], "u");
  const auto empty = Read(header_);
  ASSERT_TRUE(empty);
  EXPECT_TRUE(empty->epochs.empty());
}

TEST_F(ReadPlainCsvTest, LeavesAloneWhatIsNotPlain) {
  for (const std::string line : {"\"u\",i,1,5",
                                 "u,i,1",
                                 "u,i,1,5,6",
                                 "",
                                 ",i,1,5",
                                 "u,,1,5",
                                 "u,i,1,",
                                 "u,i,1,-5",
                                 "u,i,1,5.0",
                                 "u,i,-1,5",
                                 "u,i,1e3,5",
                                 "u,i,1.,5",
                                 "u,i,.5,5",
                                 "u,i,1.2.3,5",
                                 "u,i,x,5",
                                 "u,i,1,100000000000",
                                 "u,i,1,1234567890123456789",
                                 "\xC3\xA4,i,1,5",
                                 "12345678901234567,i,1,5",
                                 "u,i,0.1234567890123456,5"}) {
    EXPECT_FALSE(Read(header_ + "a,b,1,2\n" + line + "\nc,d,1,2\n")) << line;
  }
  EXPECT_FALSE(Read(header_ + std::string("a\0b,i,1,5\n", 10)));
  EXPECT_FALSE(Read("user,item,\"rating\",time\nu,i,1,5\n"));
  EXPECT_FALSE(Read("user,item,time\nu,i,5\n"));
  EXPECT_FALSE(Read("no newline"));
  EXPECT_FALSE(Read(header_ + std::string(10000, 'x') + ",i,1,5\n"));
}

TEST_F(ReadPlainCsvTest, SaysThatAFileIsMissing) {
  const auto read = ReadPlainCsv(folder_.path() + "/none", {.count = 1, .keys = {0}});
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kNotFound);
}

// Ids of every length and form, numbers of every form that is plain.
std::string RandomText(std::size_t rows, Random& random) {
  const auto id = [&] {
    std::string text;
    switch (random.Below(4)) {
      case 0:
        return std::to_string(random.Below(3000000));
      case 1:
        return "0" + std::to_string(random.Below(30));
      case 2:
        return std::to_string(random.Below(12));
      default:
        for (std::size_t left = 1 + random.Below(16); left > 0; --left) {
          text += static_cast<char>('a' + random.Below(3));
        }
        return text;
    }
  };
  const auto number = [&] {
    std::string text = random.Below(8) == 0 ? "" : std::to_string(random.Below(100000));
    if (!text.empty() && random.Below(2) == 0) text += "." + std::to_string(random.Below(1000000));
    return random.Below(3) == 0 ? std::string("3.5") : text;
  };
  std::string text;
  for (std::size_t row = 0; row < rows; ++row) {
    text += id() + "," + id() + "," + number() + "," +
            std::to_string(random.Below(99'999'999'999)) + "\n";
  }
  return text;
}

TEST_F(ReadPlainCsvTest, ReadsWhatTheTableReaderReadsWhateverTheBlocksAndThreads) {
  Random random(11);
  for (const std::size_t rows : {1, 100, 3000}) {
    const std::string text = header_ + RandomText(rows, random);
    std::ofstream(path_, std::ios::binary) << text;
    auto reader = CsvTableReader::Open({{.name = "r", .path = path_}},
                                       {{.spec = {"user", ColumnType::kString}},
                                        {.spec = {"item", ColumnType::kString}},
                                        {.spec = {"rating", ColumnType::kFloat, true}},
                                        {.spec = {"time", ColumnType::kInt64}}});
    ASSERT_TRUE(reader);
    StringCodes users;
    StringCodes items;
    PlainCsvTable expected{.codes = {{}, {}}, .names = {}, .epochs = {}, .numbers = {}};
    Batch batch;
    while (*(*reader)->Next(batch)) {
      for (std::size_t row = 0; row < batch.rows; ++row) {
        expected.codes[0].push_back(users.CodeOf(batch.columns[0].Text(row)));
        expected.codes[1].push_back(items.CodeOf(batch.columns[1].Text(row)));
        expected.numbers.push_back(batch.columns[2].IsNull(row)
                                       ? -1.0F
                                       : static_cast<float>(batch.columns[2].numbers[row]));
        expected.epochs.push_back(batch.columns[3].ints[row]);
      }
    }
    for (const std::size_t block_bytes : {1, 10000, 1 << 20}) {
      for (const int threads : {1, 2, 7}) {
        auto got = Read(text, {.threads = threads, .block_bytes = block_bytes, .progress = {}});
        ASSERT_TRUE(got);
        EXPECT_EQ(got->codes, expected.codes);
        EXPECT_EQ(got->names[0], users.strings());
        EXPECT_EQ(got->names[1], items.strings());
        EXPECT_EQ(got->epochs, expected.epochs);
        for (float& number : got->numbers) number = std::isnan(number) ? -1.0F : number;
        EXPECT_EQ(got->numbers, expected.numbers);
      }
    }
  }
}

}  // namespace
}  // namespace usher::columnar
