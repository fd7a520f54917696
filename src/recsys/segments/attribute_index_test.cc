#include "recsys/segments/attribute_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace usher::recsys {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(ParseAttributes, ReadsTermsJoinedByAnd) {
  const auto terms = ParseAttributes(
      R"(ITEMS.genres = "Comedy" AND items.YEAR=1995.0 and ITEMS.x_1 = "a \"b\" \\")");
  ASSERT_TRUE(terms) << terms.error().message;
  EXPECT_THAT(*terms, ElementsAre(AttributeTerm{"genres", "Comedy", false},
                                  AttributeTerm{"YEAR", "1995", true},
                                  AttributeTerm{"x_1", "a \"b\" \\", false}));
}

TEST(ParseAttributes, SaysWhatItExpectedAndWhere) {
  for (const auto& [text, expected] : std::vector<std::pair<std::string, std::string>>{
           {"", "expected ITEMS. and a column at character 1"},
           {"genres = \"x\"", "ITEMS. and a column at character 1"},
           {"ITEMS. = \"x\"", "a column at character 7"},
           {"ITEMS.g \"x\"", "expected = at character 9"},
           {"ITEMS.g != \"x\"", "expected = at character 9"},
           {"ITEMS.g = x", "a value in double quotes or a number at character 11"},
           {"ITEMS.g = nan", "a value in double quotes or a number"},
           {"ITEMS.g = 1e999", "a value in double quotes or a number"},
           {"ITEMS.g = 12x", "a value in double quotes or a number"},
           {"ITEMS.g = \"x", "\" at the end of the value"},
           {"ITEMS.g = \"x\\", "\" at the end of the value"},
           {"ITEMS.g = \"x\" OR ITEMS.g = \"y\"", "AND or the end at character 15"},
           {"ITEMS.g = \"x\" AND", "ITEMS. and a column at character 18"},
           {"ITEMS.g IN (\"x\")", "expected = at character 9"}}) {
    const auto terms = ParseAttributes(text);
    ASSERT_FALSE(terms) << text;
    EXPECT_EQ(terms.error().code, ErrorCode::kInvalidInput);
    EXPECT_THAT(terms.error().message, HasSubstr(expected)) << text;
  }
}

TEST(ParseAttributes, HoldsItsLimits) {
  std::string many = "ITEMS.g = 1";
  for (std::size_t j = 1; j < kMaxExpressionTerms; ++j) many += " AND ITEMS.g = 1";
  EXPECT_TRUE(ParseAttributes(many));
  EXPECT_THAT(ParseAttributes(many + " AND ITEMS.g = 1").error().message, HasSubstr("100 terms"));
  const std::string value(kMaxExpressionBytes, 'x');
  EXPECT_THAT(ParseAttributes("ITEMS.g = \"" + value + "\"").error().message,
              HasSubstr("20000 bytes"));
  EXPECT_FALSE(ParseAttributes("ITEMS." + std::string(kMaxColumnNameBytes + 1, 'x') + " = 1"));
}

// genre: a in 0, 1, 2; b in 1, 3. year: 1995 in 1, 2.
class AttributeIndexTest : public testing::Test {
 protected:
  AttributeIndexTest() {
    genres_.Append(std::vector<std::uint32_t>{0, 1, 2});
    genres_.Append(std::vector<std::uint32_t>{1, 3});
    years_.Append(std::vector<std::uint32_t>{1, 2});
    index_.AddColumn("genre", false, {"a", "b"}, genres_.view());
    index_.AddColumn("year", true, {NumberKey(1995)}, years_.view());
  }
  Result<std::vector<std::uint32_t>> Find(std::string_view expression) {
    const auto terms = ParseAttributes(expression);
    if (!terms) return terms.error();
    return index_.Find(*terms);
  }

  Lists genres_;
  Lists years_;
  AttributeIndex index_;
};

TEST_F(AttributeIndexTest, FindsItemsThatMeetAllTerms) {
  EXPECT_THAT(*Find("ITEMS.genre = \"a\""), ElementsAre(0, 1, 2));
  EXPECT_THAT(*Find("ITEMS.genre = \"a\" AND ITEMS.genre = \"b\""), ElementsAre(1));
  EXPECT_THAT(*Find("ITEMS.genre = \"a\" AND ITEMS.year = 1.995e3"), ElementsAre(1, 2));
}

TEST_F(AttributeIndexTest, FindsNothingForAValueThatNoItemHas) {
  EXPECT_THAT(*Find("ITEMS.genre = \"c\""), IsEmpty());
  EXPECT_THAT(*Find("ITEMS.genre = \"b\" AND ITEMS.year = 1990"), IsEmpty());
}

TEST_F(AttributeIndexTest, NamesTheColumnsWhenOneIsMissingOrOfAnotherType) {
  EXPECT_THAT(Find("ITEMS.mood = \"a\"").error().message, HasSubstr("genre, year"));
  EXPECT_THAT(Find("ITEMS.year = \"1995\"").error().message, HasSubstr("without quotes"));
  EXPECT_THAT(Find("ITEMS.genre = 1").error().message, HasSubstr("in double quotes"));
}

}  // namespace
}  // namespace usher::recsys
