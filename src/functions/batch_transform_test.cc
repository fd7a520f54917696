#include "functions/batch_transform.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/temp_folder.h"
#include "columnar/parquet_file.h"
#include "functions/movie_titles.h"
#include "functions/test_context.h"

namespace usher::functions {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kMovies =
    "movieId,title,genres\r\n"
    "1,Toy Story (1995),Adventure|Animation|Children\r\n"
    "2,\"American President, The (1995)\",Comedy|Drama\r\n"
    "3,\"The \"\"Best\"\" One (2000)\",Drama\r\n"
    "4,No Year,Horror\r\n"
    "5,Nothing Listed (2001),(no genres listed)";

std::string Line(const std::string& user, const std::string& items) {
  return R"({"input":{"userId":")" + user + R"("},"output":{"recommendedItems":[)" + items +
         R"(],"scores":[0.5]},"error":null})";
}

class BatchTransformTest : public testing::Test {
 protected:
  BatchTransformTest() {
    context_.environment["METADATA_KEY"] = "input/movies.csv";
    context_.objects[{"b", "input/movies.csv"}] = kMovies;
  }

  Result<std::string> Run(const std::string& text,
                          const std::string& key = "r/inference/users.json.out") {
    context_.objects[{"b", key}] = text;
    return context_.Invoke(BatchTransform, "b", key);
  }

  // The rows of the result, "user: recommendations".
  std::vector<std::string> Rows(const std::string& key = "r/inference/transformed.parquet") {
    const auto found = context_.objects.find({"b", key});
    if (found == context_.objects.end()) {
      ADD_FAILURE() << "nothing at " << key;
      return {};
    }
    const std::string path = folder_.path() + "/result.parquet";
    std::ofstream(path, std::ios::binary) << found->second;
    const auto reader = columnar::TableReader::Open(path);
    EXPECT_TRUE(reader);
    specs_ = (*reader)->specs();
    std::vector<std::string> rows;
    for (std::size_t group = 0; group < (*reader)->group_count(); ++group) {
      const auto batch = (*reader)->Read(group);
      for (std::size_t row = 0; row < batch->rows; ++row) {
        const columnar::Column& users = batch->columns[0];
        rows.push_back((specs_[0].type == columnar::ColumnType::kInt64
                            ? std::to_string(users.ints[row])
                            : "'" + std::string(users.Text(row)) + "'") +
                       ": " + std::string(batch->columns[1].Text(row)));
      }
    }
    return rows;
  }

  TestContext context_;
  TempFolder folder_;
  std::vector<columnar::ColumnSpec> specs_;
};

TEST_F(BatchTransformTest, JoinsUsersWithTitlesYearsAndFirstGenres) {
  const auto answer = Run(Line("15000", R"("1","2")") + "\n" + Line("7", R"("3")") + "\n");

  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(*answer, "null");
  EXPECT_THAT(
      Rows(),
      ElementsAre("15000: Toy Story (1995) (Adventure) | American President, The (1995) (Comedy)",
                  R"(7: The "Best" One (2000) (Drama))"));
  EXPECT_EQ(specs_[0].name, "userId");
  EXPECT_EQ(specs_[1].name, "Recommendations");
}

TEST_F(BatchTransformTest, AMissingYearOrGenreIsLeftAsItIs) {
  ASSERT_TRUE(Run(Line("1", R"("4","5")")));

  EXPECT_THAT(Rows(),
              ElementsAre("1: No Year (Horror) | Nothing Listed (2001) (no genres listed)"));
}

TEST_F(BatchTransformTest, ReadsAnyLineEndAndNoEmptyRecord) {
  ASSERT_TRUE(Run(Line("1", R"("1")") + "\r\n" + Line("2", R"("1")") + "\n\n"));
  EXPECT_EQ(Rows().size(), 2U);

  ASSERT_TRUE(Run(Line("1", R"("1")") + "\n" + Line("2", R"("1")")));
  EXPECT_EQ(Rows().size(), 2U);
}

TEST_F(BatchTransformTest, UnknownMoviesAreShownAsTheirIds) {
  ASSERT_TRUE(Run(Line("1", R"("999","1")")));

  EXPECT_THAT(Rows(), ElementsAre("1: 999 | Toy Story (1995) (Adventure)"));
  EXPECT_THAT(context_.lines, Contains(HasSubstr("1 recommended movies are not among the movies")));
}

TEST_F(BatchTransformTest, AnEmptyListIsAnEmptyText) {
  ASSERT_TRUE(Run(Line("1", "")));

  EXPECT_THAT(Rows(), ElementsAre("1: "));
}

TEST_F(BatchTransformTest, BadLinesAreToldAndLeftOut) {
  ASSERT_TRUE(Run(Line("1", R"("1")") + "\n{broken\n" +
                  R"({"input":{"userId":"2"},"output":null,"error":"no such user"})" + "\n" +
                  R"({"input":{"itemId":"2"},"output":{"usersList":["4"]},"error":null})" + "\n" +
                  R"({"input":{"userId":"2"},"output":{"recommendedItems":[3]},"error":null})" +
                  "\n\n" + Line("3", R"("1")") + "\n"));

  EXPECT_EQ(Rows().size(), 2U);
  EXPECT_THAT(context_.lines, Contains(HasSubstr("line 2 of s3://b/r/inference/users.json.out")));
  EXPECT_THAT(context_.lines, Contains(HasSubstr("line 3 of s3://b/r/inference/users.json.out is "
                                                 "left out: error: no such user")));
  EXPECT_THAT(context_.lines, Contains(HasSubstr("line 4")));
  EXPECT_THAT(context_.lines, Contains(HasSubstr("line 5")));
  EXPECT_THAT(context_.lines, Contains(HasSubstr("line 6")));
  EXPECT_THAT(context_.lines, Contains(HasSubstr("wrote 2 rows")));
}

TEST_F(BatchTransformTest, ManyBadLinesAreCounted) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "x\n";

  ASSERT_TRUE(Run(text + Line("1", R"("1")")));

  EXPECT_THAT(context_.lines, Contains("80 more lines are left out"));
  EXPECT_LT(context_.lines.size(), 30U);
}

TEST_F(BatchTransformTest, UsersAreStringsWhenOneIsNoNumber) {
  for (const char* id : {"anna", "007", "1.5", " 1", "99999999999999999999", "-0", "+1", ""}) {
    ASSERT_TRUE(Run(Line("1", R"("1")") + "\n" + Line(id, R"("1")"))) << id;
    EXPECT_THAT(Rows(), ElementsAre("'1': Toy Story (1995) (Adventure)",
                                    "'" + std::string(id) + "': Toy Story (1995) (Adventure)"));
  }
}

TEST_F(BatchTransformTest, TheLeastAndGreatestNumbersAreNumbers) {
  ASSERT_TRUE(Run(Line("-9223372036854775808", "") + "\n" + Line("9223372036854775807", "")));

  EXPECT_THAT(Rows(), ElementsAre("-9223372036854775808: ", "9223372036854775807: "));
}

TEST_F(BatchTransformTest, TheResultLiesBesideTheOutputWhateverTheKey) {
  ASSERT_TRUE(Run(Line("1", R"("1")"), "r//inference/users.json.out"));
  EXPECT_EQ(Rows("r//inference/transformed.parquet").size(), 1U);
  ASSERT_TRUE(Run(Line("1", R"("1")"), "top.out"));
  EXPECT_EQ(Rows("transformed.parquet").size(), 1U);
}

TEST_F(BatchTransformTest, SegmentsAndOtherFilesAreLeftAloneWithALine) {
  for (const char* key : {"r/segment/items.json.out", "r//segment/items.json.out",
                          "segment/items.json.out", "r/inference/users.json"}) {
    context_.lines.clear();
    const std::size_t before = context_.objects.size();
    ASSERT_TRUE(Run("x", key)) << key;
    EXPECT_THAT(context_.lines, ElementsAre(HasSubstr(key)));
    EXPECT_EQ(context_.objects.size(), before + 1) << key;
  }
}

TEST_F(BatchTransformTest, MissingMoviesAreNamed) {
  context_.objects.erase({"b", "input/movies.csv"});

  const auto answer = Run(Line("1", R"("1")"));

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().wire_name, "NoSuchKey");
  EXPECT_THAT(answer.error().message, HasSubstr("s3://b/input/movies.csv"));
  EXPECT_THAT(answer.error().message, HasSubstr("METADATA_KEY"));
}

TEST_F(BatchTransformTest, UnreadableMoviesAreRefusedWithTheReason) {
  const auto reason = [&](const std::string& csv) {
    context_.objects[{"b", "input/movies.csv"}] = csv;
    const auto answer = Run(Line("1", R"("1")"));
    EXPECT_FALSE(answer) << csv;
    EXPECT_EQ(answer.error().code, ErrorCode::kInvalidInput);
    return answer.error().message;
  };

  EXPECT_THAT(reason("id,title,genres\n1,a,b\n"), HasSubstr("no column movieId"));
  EXPECT_THAT(reason("movieId,title,genres\n1,a\n"), HasSubstr("line 2"));
  EXPECT_THAT(reason("movieId,title,genres\n1,\"a,b\n"), HasSubstr("line 2"));
  EXPECT_THAT(reason(""), HasSubstr("s3://b/input/movies.csv"));
  context_.environment.clear();
  EXPECT_THAT(reason(kMovies), HasSubstr("METADATA_KEY is missing"));
}

TEST_F(BatchTransformTest, OutputWithoutARowIsAnError) {
  for (const char* text : {"", "\n", "x\n"}) {
    const auto answer = Run(text);
    ASSERT_FALSE(answer) << text;
    EXPECT_EQ(answer.error().code, ErrorCode::kInvalidInput);
  }
  EXPECT_FALSE(context_.objects.contains({"b", "r/inference/transformed.parquet"}));
}

TEST_F(BatchTransformTest, StoresNothingOnceItsTimeIsOver) {
  context_.deadline = context_.clock.Now();

  EXPECT_EQ(Run(Line("1", R"("1")")).error().code, ErrorCode::kCancelled);
  EXPECT_FALSE(context_.objects.contains({"b", "r/inference/transformed.parquet"}));
}

TEST_F(BatchTransformTest, ManyRowsKeepTheirOrder) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += Line(std::to_string(i), R"("1")") + "\n";

  ASSERT_TRUE(Run(text));

  const auto rows = Rows();
  ASSERT_EQ(rows.size(), 20'000U);
  EXPECT_EQ(rows[19'999], "19999: Toy Story (1995) (Adventure)");
  EXPECT_EQ(rows[8192], "8192: Toy Story (1995) (Adventure)");
}

TEST(MovieTitles, FindsColumnsInAnyOrderAndTakesTheLaterOfTwo) {
  const auto titles = MovieTitles::Read(std::make_shared<StringSource>(
      "\xEF\xBB\xBFgenres,x,movieId,title\nA|B,,1,First\n,,2,Bare\nC,,1,Second\n"));

  ASSERT_TRUE(titles) << titles.error().message;
  EXPECT_EQ(titles->Shown("1"), "Second (C)");
  EXPECT_EQ(titles->Shown("2"), "Bare");
  EXPECT_EQ(titles->Shown("3"), "3");
  EXPECT_FALSE(titles->Knows("3"));
}

}  // namespace
}  // namespace usher::functions
