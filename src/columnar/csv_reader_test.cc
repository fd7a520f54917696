#include "columnar/csv_reader.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <optional>

#include "base/random.h"
#include "columnar/csv_scan.h"

namespace usher::columnar {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Record = std::vector<std::string>;

struct Parsed {
  std::vector<Record> records;  // the header first
  std::vector<std::uint64_t> lines;
  std::optional<std::string> error;
  bool operator==(const Parsed&) const = default;
};

// Gives at most `piece` bytes a read.
class DripSource final : public ByteSource {
 public:
  DripSource(std::string bytes, std::size_t piece) : bytes_(std::move(bytes)), piece_(piece) {}
  Result<std::size_t> Read(std::span<char> buffer) override {
    const std::size_t count = std::min({piece_, buffer.size(), bytes_.size() - at_});
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(at_), count, buffer.begin());
    at_ += count;
    return count;
  }

 private:
  std::string bytes_;
  std::size_t piece_;
  std::size_t at_ = 0;
};

Parsed Read(const std::string& text, CsvLimits limits = {}, std::size_t piece = 1 << 20) {
  Parsed parsed;
  auto reader = CsvReader::Open(std::make_shared<DripSource>(text, piece), limits);
  if (!reader) {
    parsed.error = reader.error().message;
    return parsed;
  }
  const std::size_t fields = (*reader)->header().size();
  parsed.records.push_back((*reader)->header());
  parsed.lines.push_back(0);
  CsvCursor cursor(fields, limits.max_record_bytes);
  CsvBlock block;
  while (true) {
    const auto more = (*reader)->NextBlock(block);
    if (!more) {
      parsed.error = more.error().message;
      return parsed;
    }
    if (!*more) return parsed;
    cursor.Begin(block);
    while (cursor.Next()) {
      Record record;
      for (std::size_t i = 0; i < fields; ++i) {
        std::string_view field;
        if (!cursor.Field(i, field)) {
          parsed.error = "line " + std::to_string(cursor.line()) + ": text after a quote";
          return parsed;
        }
        record.emplace_back(field);
      }
      parsed.records.push_back(std::move(record));
      parsed.lines.push_back(cursor.line());
    }
    if (cursor.error()) {
      parsed.error = cursor.error()->message;
      return parsed;
    }
  }
}

// The rules one character at a time, for a text whose header is plain.
Parsed ReadSlowly(const std::string& text) {
  Parsed parsed;
  std::size_t at = 0;
  std::uint64_t line = 1;
  while (at < text.size()) {
    Record record;
    const std::uint64_t record_line = line;
    bool quoted_any = false;
    bool more_fields = true;
    while (more_fields) {
      std::string field;
      if (at < text.size() && text[at] == '"') {
        quoted_any = true;
        ++at;
        bool closed = false;
        while (at < text.size() && !closed) {
          const char next = at + 1 < text.size() ? text[at + 1] : '\0';
          if (text[at] == '\\' && (next == '\\' || next == '"')) {
            field += next;
            at += 2;
          } else if (text[at] == '"' && next == '"') {
            field += '"';
            at += 2;
          } else if (text[at] == '"') {
            closed = true;
            ++at;
          } else {
            if (text[at] == '\n') ++line;
            field += text[at++];
          }
        }
        if (!closed) {
          parsed.error = "open";
          return parsed;
        }
        if (at < text.size() && text[at] == '\r' &&
            (at + 1 == text.size() || text[at + 1] == '\n')) {
          ++at;
        }
        if (at < text.size() && text[at] != ',' && text[at] != '\n') {
          parsed.error = "after";
          return parsed;
        }
      } else {
        while (at < text.size() && text[at] != ',' && text[at] != '\n') field += text[at++];
        const bool ends_line = at == text.size() || text[at] == '\n';
        if (ends_line && field.ends_with('\r')) field.pop_back();
      }
      record.push_back(field);
      more_fields = at < text.size() && text[at] == ',';
      if (at < text.size()) ++at;
    }
    ++line;
    if (record.size() == 1 && record[0].empty() && !quoted_any) continue;
    if (!parsed.records.empty() && record.size() != parsed.records[0].size()) {
      parsed.error = "fields";
      return parsed;
    }
    parsed.lines.push_back(parsed.records.empty() ? 0 : record_line);
    parsed.records.push_back(std::move(record));
  }
  return parsed;
}

TEST(CsvReader, ReadsTheOrdinaryForm) {
  const Parsed parsed = Read("userId,movieId\n1,10\n2,20\n");

  EXPECT_FALSE(parsed.error);
  EXPECT_THAT(parsed.records,
              ElementsAre(Record{"userId", "movieId"}, Record{"1", "10"}, Record{"2", "20"}));
  EXPECT_THAT(parsed.lines, ElementsAre(0, 2, 3));
}

TEST(CsvReader, ToleratesByteOrderMarkCrLfBlankLinesAndNoFinalNewline) {
  const Parsed parsed = Read("\xEF\xBB\xBF\r\na,b\r\n\r\n1,2\r\n\n3,4");

  EXPECT_FALSE(parsed.error);
  EXPECT_THAT(parsed.records, ElementsAre(Record{"a", "b"}, Record{"1", "2"}, Record{"3", "4"}));
  EXPECT_THAT(parsed.lines, ElementsAre(0, 4, 6));
}

TEST(CsvReader, UnescapesBothKindsOfQuotes) {
  const Parsed parsed =
      Read("id,title\n1,\"a \"\"b\"\" c\"\n2,\"a \\\"b\\\" \\\\ c\"\n3,\"x, y\nz\"\n4,5\" disc\n");

  EXPECT_FALSE(parsed.error);
  EXPECT_EQ(parsed.records[1][1], "a \"b\" c");
  EXPECT_EQ(parsed.records[2][1], "a \"b\" \\ c");
  EXPECT_EQ(parsed.records[3][1], "x, y\nz");
  EXPECT_EQ(parsed.records[4][1], "5\" disc");
  EXPECT_THAT(parsed.lines, ElementsAre(0, 2, 3, 4, 6));
}

TEST(CsvReader, KeepsOtherBackslashes) {
  EXPECT_EQ(Read("a,b\n1,\"C:\\temp\"\n").records[1][1], "C:\\temp");
  EXPECT_EQ(Read("a,b\n1,C:\\\"temp\n").records[1][1], "C:\\\"temp");
}

TEST(CsvReader, NamesTheLineWhereAnOpenQuoteBegins) {
  const Parsed parsed = Read("a,b\n1,2\n3,\"4\n5,6\n7,8\n");

  EXPECT_THAT(*parsed.error, HasSubstr("line 3: a quoted field begins here and is never closed"));
}

TEST(CsvReader, BoundsAnOpenQuoteByTheRecordLimit) {
  const CsvLimits limits{.block_bytes = 64, .max_record_bytes = 128};
  std::string text = "a,b\n1,2\n3,\"4\n";
  for (int i = 0; i < 1000; ++i) text += "5,6\n";

  EXPECT_THAT(*Read(text, limits).error, HasSubstr("line 3: a quoted field begins here and is not "
                                                   "closed within 128 bytes"));
}

TEST(CsvReader, NamesTheLineOfAnOverlongRecordWhereverBlocksEnd) {
  const std::string text = "a,b\n1,2\n3," + std::string(200, 'x') + "\n5,6\n";
  for (const std::size_t block_bytes : {1, 7, 64, 1000}) {
    const CsvLimits limits{.block_bytes = block_bytes, .max_record_bytes = 128};
    EXPECT_THAT(*Read(text, limits).error, HasSubstr("line 3: the record is longer than 128 bytes"))
        << block_bytes;
  }
}

TEST(CsvReader, NamesTheLineOfAWrongNumberOfFields) {
  EXPECT_THAT(*Read("a,b\n1,2\n3\n").error,
              HasSubstr("line 3: the record has 1 field, the header has 2"));
  EXPECT_THAT(*Read("a,b\n1,2\n3,\"x\n\",5\n").error,
              HasSubstr("line 3: the record has 3 fields, the header has 2"));
}

TEST(CsvReader, RefusesTextAfterAClosingQuote) {
  EXPECT_EQ(*Read("a,b\n1,\"x\"y\n").error, "line 2: text after a quote");
  EXPECT_THAT(*Read("\"a\"x,b\n").error, HasSubstr("column 1 of the header has text after"));
}

TEST(CsvReader, RefusesWhatIsNotCsv) {
  EXPECT_THAT(*Read("").error, HasSubstr("the file is empty"));
  EXPECT_THAT(*Read("\n\r\n").error, HasSubstr("the file is empty"));
  EXPECT_THAT(*Read(std::string("\xFF\xFE"
                                "a\0",
                                4))
                   .error,
              HasSubstr("UTF-16"));
  EXPECT_THAT(*Read("\x1F\x8B\x08").error, HasSubstr("gzip"));
  EXPECT_THAT(*Read("PK\x03\x04").error, HasSubstr("zip archive"));
  EXPECT_THAT(*Read("PAR1").error, HasSubstr("Parquet"));
  EXPECT_THAT(*Read("a\xFF,b\n").error, HasSubstr("the header is not UTF-8"));
  EXPECT_THAT(*Read("\"a,b\n1,2\n").error, HasSubstr("line 1: a quoted field is never closed"));
}

TEST(CsvReader, BoundsTheHeader) {
  const CsvLimits limits{.block_bytes = 16, .max_record_bytes = 32, .max_columns = 3};
  EXPECT_THAT(*Read(std::string(100, 'a'), limits).error,
              HasSubstr("the header is longer than 32 bytes"));
  EXPECT_THAT(*Read("a,b,c,d\n", limits).error, HasSubstr("more than 3 columns"));
}

TEST(CsvReader, PassesOnTheErrorOfItsSource) {
  class BrokenSource final : public ByteSource {
   public:
    Result<std::size_t> Read(std::span<char>) override { return Corrupt("bad disk"); }
  };
  const auto reader = CsvReader::Open(std::make_shared<BrokenSource>());
  EXPECT_EQ(reader.error().message, "bad disk");
}

TEST(CsvReader, AgreesWithTheSlowReaderOnRandomTextAtAnyBlockSize) {
  const std::vector<std::string> pieces{"a",  "b",    ",",  ",", "\n",       "\n",   "\"",   "\"",
                                        "\\", "\r\n", "\r", " ", "\xC3\xA9", "\"\"", "x,y\n"};
  int good = 0;
  int bad = 0;
  for (std::uint64_t seed = 0; seed < 20000; ++seed) {
    Random random(seed);
    std::string text = "h,i\n";
    const std::uint64_t length = random.Below(60);
    for (std::uint64_t i = 0; i < length; ++i) text += pieces[random.Below(pieces.size())];
    const CsvLimits limits{.block_bytes = 1 + random.Below(40), .max_record_bytes = 10000};

    const Parsed fast = Read(text, limits, 1 + random.Below(50));
    const Parsed slow = ReadSlowly(text);

    ASSERT_EQ(fast.error.has_value(), slow.error.has_value())
        << seed << ": " << text << "\n"
        << fast.error.value_or("") << " / " << slow.error.value_or("");
    if (!slow.error) {
      ASSERT_EQ(fast.records, slow.records) << seed << ": " << text;
      ASSERT_EQ(fast.lines, slow.lines) << seed << ": " << text;
    }
    ++(slow.error ? bad : good);
  }
  EXPECT_GT(good, 1000);  // both kinds are really tried
  EXPECT_GT(bad, 1000);
}

TEST(CsvReader, AgreesWithTheSlowReaderOnWellFormedTables) {
  const std::vector<std::string> values{"",  "1",  "plain", "a,b", "two\nlines",         "\"q\"",
                                        "é", "\\", "tab\t", "x\"", std::string(150, 'z')};
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    Random random(seed);
    std::vector<Record> table{{"one", "two", "three"}};
    std::string text = "one,two,three\n";
    const std::uint64_t rows = random.Below(30);
    for (std::uint64_t row = 0; row < rows; ++row) {
      Record record;
      for (int column = 0; column < 3; ++column) {
        const std::string& value = values[random.Below(values.size())];
        record.push_back(value);
        std::string quoted = "\"";
        for (const char c : value) {
          if (c == '"' || c == '\\') quoted += random.Below(2) == 0 && c == '"' ? '"' : '\\';
          quoted += c;
        }
        quoted += '"';
        const bool is_plain = value.find_first_of(",\n\"\\") == std::string::npos;
        text += is_plain && random.Below(2) == 0 ? value : quoted;
        text += column < 2 ? "," : random.Below(2) == 0 ? "\n" : "\r\n";
      }
      table.push_back(record);
    }
    const CsvLimits limits{.block_bytes = 1 + random.Below(500), .max_record_bytes = 10000};

    const Parsed fast = Read(text, limits);

    ASSERT_FALSE(fast.error) << *fast.error;
    ASSERT_EQ(fast.records, table) << seed;
    ASSERT_EQ(ReadSlowly(text).records, table) << seed;
  }
}

TEST(ScanSeparators, FindsTheSameWithAndWithoutTheQuickWay) {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    Random random(seed);
    std::string text;
    const std::uint64_t length = random.Below(300);
    for (std::uint64_t i = 0; i < length; ++i) text += "ab,\n"[random.Below(4)];
    std::vector<std::uint32_t> quick(text.size());
    std::vector<std::uint32_t> general(text.size());
    std::vector<std::uint32_t> expected;
    for (std::uint32_t at = 0; at < text.size(); ++at) {
      if (text[at] == ',' || text[at] == '\n') expected.push_back(at);
    }

    quick.resize(ScanUnquotedSeparators(text, quick.data()));
    general.resize(ScanSeparators(text, general.data()).separators);

    ASSERT_EQ(quick, expected);
    ASSERT_EQ(general, expected);
  }
}

}  // namespace
}  // namespace usher::columnar
