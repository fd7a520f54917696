#include "engine/filter_expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace usher::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

FilterSchema Schema() {
  using Type = FilterField::Type;
  return {
      .interactions = {{{.name = "USER_ID"}, {.name = "EVENT_TYPE"}}},
      .items = {{{.name = "ITEM_ID"},
                 {.name = "GENRES", .categorical = true},
                 {.name = "PRICE", .type = Type::kNumber},
                 {.name = "ADULT", .type = Type::kBoolean},
                 {.name = "TITLE", .type = Type::kFreeText}}},
      .users = {{{.name = "USER_ID"}, {.name = "AGE", .type = Type::kNumber}, {.name = "TIER"}}}};
}

Result<FilterExpression> Bound(std::string_view text) {
  auto parsed = ParseFilter(text);
  if (!parsed) return std::move(parsed).error();
  return BindFilter(*std::move(parsed), Schema());
}
std::string Complaint(std::string_view text) {
  const auto bound = Bound(text);
  return bound ? "" : bound.error().message;
}

// The examples of the guide.
TEST(ParseFilter, TakesEveryFormOfTheGuide) {
  for (
      const std::string_view text : {
          R"(EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("click","stream"))",
          R"(EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*"))",
          R"(EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (*))",
          R"(INCLUDE ItemID WHERE Items.PRICE <= $PRICE)",
          R"(INCLUDE ItemID WHERE Items.PRICE > ($PRICE))",
          R"(EXCLUDE ItemID WHERE Items.GENRES IN ("shoe") AND Items.GENRES NOT IN ("boot"))",
          R"(INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE AND Items.GENRES IN CurrentItem.GENRES)",
          R"(EXCLUDE ItemID WHERE Items.GENRES IN ($GENRE) IF CurrentUser.AGE = $AGE)",
          R"(INCLUDE ItemID WHERE Items.GENRES IN ($GENRE) | EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("click"))",
          R"(INCLUDE UserID WHERE Users.TIER IN ($MEMBERSHIP))",
          R"(include itemid where ITEMS.genres in ('comedy') or Items.PRICE != 3.5 if CurrentUser.TIER = "gold" and CurrentUser.AGE >= -1)",
      }) {
    EXPECT_EQ(Complaint(text), "") << text;
  }
}

TEST(ParseFilter, AndBindsBeforeOr) {
  const auto filter = Bound(
      R"(INCLUDE ItemID WHERE Items.PRICE = 1 OR Items.PRICE > 2 AND Items.PRICE < 3 OR Items.PRICE = 4)");
  ASSERT_TRUE(filter);
  const auto& alternatives = filter->clauses.front().alternatives;
  ASSERT_EQ(alternatives.size(), 3U);
  EXPECT_EQ(alternatives[0].size(), 1U);
  EXPECT_EQ(alternatives[1].size(), 2U);
  EXPECT_EQ(alternatives[2].size(), 1U);
}

TEST(ParseFilter, StringsKeepCommasAndEscapedQuotes) {
  const auto filter = Bound(R"(INCLUDE ItemID WHERE Items.GENRES IN ("a, b", "say \"c\"", 'd"'))");
  ASSERT_TRUE(filter);
  std::vector<std::string> values;
  for (const auto& value : filter->clauses[0].alternatives[0][0].operand.values) {
    values.push_back(value.text);
  }
  EXPECT_THAT(values, ElementsAre("a, b", "say \"c\"", "d\""));
}

TEST(ParseFilter, SaysAtWhichCharacterItStopped) {
  constexpr std::string_view kStart = "Could not create filter. Invalid Expression";
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", "INCLUDE or EXCLUDE must stand at character 1, not the end"},
      {"EXCLUDE", "ItemID or UserID must stand at character 8"},
      {"EXCLUDE ItemID Items.PRICE = 1", "WHERE must stand at character 16, not 'Items'"},
      {"EXCLUDE ItemID WHERE Items.PRICE", "must stand at character 33, not the end"},
      {"EXCLUDE ItemID WHERE Items.PRICE = ", "a number, a string in quotes or a placeholder"},
      {"EXCLUDE ItemID WHERE Items.GENRES IN \"a\"", "'(' must stand at character 38"},
      {"EXCLUDE ItemID WHERE Items.GENRES IN (\"a\"", "')' must stand at character 42"},
      {"EXCLUDE ItemID WHERE Items.GENRES IN (\"a", "the string that begins at character 39"},
      {"EXCLUDE ItemID WHERE Items.GENRES IN (\"ä\") %", "'%' at character 44 has no meaning"},
      {"EXCLUDE ItemID WHERE Items.PRICE = 1.2.3", "'1.2.3' at character 36 is no number"},
      {"EXCLUDE ItemID WHERE Items.PRICE = $", "a name must follow '$' at character 36"},
      {"EXCLUDE ItemID WHERE Items.PRICE = 1 Items.PRICE = 2", "AND, OR, IF, '|' or the end"},
      {"EXCLUDE ItemID WHERE Items.PRICE = 1 AND Interactions.EVENT_TYPE IN (\"a\")",
       "character 42 is on another dataset"},
      {"EXCLUDE ItemID WHERE CurrentUser.AGE = 1", "may only stand after IF"},
      {"EXCLUDE ItemID WHERE Items.PRICE = 1 IF Users.AGE = 1", "CurrentUser must stand"},
      {"EXCLUDE ActionID WHERE Actions.VALUE > 1", "actions are not supported"},
      {"INCLUDE UserID WHERE Users.AGE = 1 | EXCLUDE ItemID WHERE Items.PRICE = 1",
       "all about UserID"},
  };
  for (const auto& [text, complaint] : cases) {
    EXPECT_THAT(Complaint(text), StartsWith(kStart)) << text;
    EXPECT_THAT(Complaint(text), HasSubstr(complaint)) << text;
  }
}

TEST(ParseFilter, HasTheServicesWordsForAPlaceholderWithNotIn) {
  EXPECT_EQ(Complaint("EXCLUDE ItemID WHERE Items.GENRES NOT IN ($G)"),
            "Could not create filter. Invalid input symbol: $G. Placeholders are not allowed with "
            "NOT_IN operator.");
}

TEST(BindFilter, RefusesWhatTheSchemaDoesNotAllow) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"EXCLUDE ItemID WHERE Items.COLOUR IN (\"red\")", "ITEMS.COLOUR is no field"},
      {"EXCLUDE ItemID WHERE Items.ADULT IN (\"true\")", "a boolean field"},
      {"EXCLUDE ItemID WHERE Items.TITLE IN (\"x\")", "a textual field"},
      {"EXCLUDE ItemID WHERE Items.GENRES < 3", "a field of strings"},
      {"EXCLUDE ItemID WHERE Items.PRICE IN (\"cheap\")", "a field of numbers"},
      {"EXCLUDE ItemID WHERE Items.GENRES IN (*)", "for INTERACTIONS.EVENT_TYPE alone"},
      {"EXCLUDE ItemID WHERE Interactions.TIMESTAMP > 3", "only EVENT_TYPE"},
      {"EXCLUDE ItemID WHERE Interactions.EVENT_TYPE > 3", "a field of strings"},
      {"EXCLUDE ItemID WHERE Users.AGE = 3", "stands after IF, as CurrentUser"},
      {"EXCLUDE UserID WHERE Items.PRICE = 3", "conditions on Interactions or Users"},
      {"EXCLUDE ItemID WHERE Items.PRICE < CurrentItem.GENRES", "of different types"},
      {"EXCLUDE ItemID WHERE Items.PRICE < 1 IF CurrentUser.SHOE = 3", "USERS.SHOE is no field"},
  };
  for (const auto& [text, complaint] : cases) {
    EXPECT_THAT(Complaint(text), HasSubstr(complaint)) << text;
  }
  auto parsed = ParseFilter("EXCLUDE ItemID WHERE Items.PRICE = 1");
  const auto bound = BindFilter(*std::move(parsed), FilterSchema{});
  ASSERT_FALSE(bound);
  EXPECT_THAT(bound.error().message, HasSubstr("has no such dataset"));
}

TEST(FilterExpression, TellsWhatItNeeds) {
  const auto filter =
      Bound(R"(INCLUDE ItemID WHERE Items.GENRES IN ($G) OR Items.PRICE < CurrentItem.PRICE | )"
            R"(INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ($E) IF CurrentUser.AGE = $G)");
  ASSERT_TRUE(filter) << filter.error().message;
  EXPECT_THAT(filter->Placeholders(), ElementsAre("G", "E"));
  EXPECT_THAT(filter->Fields(),
              ElementsAre("ITEMS.GENRES", "ITEMS.PRICE", "INTERACTIONS.EVENT_TYPE", "USERS.AGE"));
  EXPECT_TRUE(filter->UsesCurrentItem());
  EXPECT_TRUE(filter->UsesCurrentUser());
  EXPECT_TRUE(filter->IncludesByInteractions());
}

TEST(ParseFilterValues, TakesQuotedTextsAndBareNumbers) {
  const auto texts = ParseFilterValues(R"("comedy", "a, \"b\"",'c')");
  ASSERT_TRUE(texts);
  ASSERT_EQ(texts->size(), 3U);
  EXPECT_EQ((*texts)[1].text, "a, \"b\"");
  EXPECT_FALSE((*texts)[0].number);
  const auto number = ParseFilterValues(" 30 ");
  ASSERT_TRUE(number);
  EXPECT_EQ((*number)[0].number, 30);
  for (const std::string_view bad : {"", "1,", "\"a", "\"a\" \"b\"", ",1"}) {
    EXPECT_FALSE(ParseFilterValues(bad)) << bad;
  }
}

}  // namespace
}  // namespace usher::engine
