#include "services/states/language/choice_rule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "json/json.h"
#include "services/states/language/failure.h"

namespace usher::states {
namespace {

using testing::HasSubstr;

std::string Matched(std::string_view rule, std::string_view input) {
  const auto parsed = ChoiceRule::Parse(*json::Parse(rule));
  if (!parsed) return "refused: " + parsed.error().message;
  const Value data = *json::Parse(input);
  const Value context = ValueMap();
  const auto matches = parsed->Matches({data, context});
  if (!matches) return matches.error().wire_name;
  return *matches ? "yes" : "no";
}

struct Ordered {
  const char* type;
  const char* less;  // as JSON, in order
  const char* equal;
  const char* greater;
  const char* other;  // of another kind
};

class OrderedComparators : public testing::TestWithParam<Ordered> {};

// By the meaning of the words: what `x COMPARATOR equal` says for an x below, at and above it.
TEST_P(OrderedComparators, CompareAsTheirNamesSay) {
  const Ordered& with = GetParam();
  const struct {
    const char* test;
    const char* below;
    const char* at;
    const char* above;
  } kTests[] = {{"Equals", "no", "yes", "no"},
                {"LessThan", "yes", "no", "no"},
                {"LessThanEquals", "yes", "yes", "no"},
                {"GreaterThan", "no", "no", "yes"},
                {"GreaterThanEquals", "no", "yes", "yes"}};
  for (const auto& [test, below, at, above] : kTests) {
    for (const bool by_path : {false, true}) {
      const std::string name = std::string(with.type) + test + (by_path ? "Path" : "");
      const std::string rule = R"({"Variable":"$.x",")" + name + R"(":)" +
                               (by_path ? R"("$.y")" : std::string(with.equal)) + "}";
      const auto input = [&](const char* x) {
        return R"({"x":)" + std::string(x) + R"(,"y":)" + with.equal + "}";
      };
      EXPECT_EQ(Matched(rule, input(with.less)), below) << name;
      EXPECT_EQ(Matched(rule, input(with.equal)), at) << name;
      EXPECT_EQ(Matched(rule, input(with.greater)), above) << name;
      EXPECT_EQ(Matched(rule, input(with.other)), "no") << name << " of another kind";
      EXPECT_EQ(Matched(rule, R"({"y":1})"), "States.Runtime") << name << " of nothing";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, OrderedComparators,
                         testing::Values(Ordered{"String", R"("a")", R"("b")", R"("c")", "1"},
                                         Ordered{"Numeric", "-1.5", "2", "2.5", R"("2")"},
                                         Ordered{"Timestamp", R"("2016-08-18T17:33:00Z")",
                                                 R"("2016-08-18T17:33:00.500Z")",
                                                 R"("2016-08-18T17:33:00-01:00")",
                                                 R"("yesterday")"}),
                         [](const auto& info) { return info.param.type; });

TEST(ChoiceRule, ComparesBooleans) {
  EXPECT_EQ(Matched(R"({"Variable":"$.x","BooleanEquals":true})", R"({"x":true})"), "yes");
  EXPECT_EQ(Matched(R"({"Variable":"$.x","BooleanEquals":true})", R"({"x":false})"), "no");
  EXPECT_EQ(Matched(R"({"Variable":"$.x","BooleanEquals":true})", R"({"x":"true"})"), "no");
  EXPECT_EQ(Matched(R"({"Variable":"$.x","BooleanEqualsPath":"$.y"})", R"({"x":false,"y":false})"),
            "yes");
}

TEST(ChoiceRule, MatchesPatterns) {
  const auto match = [](const std::string& pattern, const std::string& text) {
    return Matched(R"({"Variable":"$.x","StringMatches":)" + json::Write(Value(pattern)) + "}",
                   R"({"x":)" + json::Write(Value(text)) + "}");
  };
  EXPECT_EQ(match("log-*.txt", "log-1.txt"), "yes");
  EXPECT_EQ(match("log-*.txt", "log-.txt"), "yes");
  EXPECT_EQ(match("log-*.txt", "log-1.csv"), "no");
  EXPECT_EQ(match("*a*b*", "xxaxxbaxb"), "yes");
  EXPECT_EQ(match("a\\*b", "a*b"), "yes");
  EXPECT_EQ(match("a\\*b", "axb"), "no");
  EXPECT_EQ(match("", ""), "yes");
  EXPECT_EQ(match("*", ""), "yes");
}

TEST(ChoiceRule, TellsKinds) {
  const struct {
    const char* test;
    const char* is;
    const char* is_not;
  } kTests[] = {{"IsNull", "null", "0"},
                {"IsString", R"("1")", "1"},
                {"IsNumeric", "1.5", R"("1.5")"},
                {"IsBoolean", "false", "null"},
                {"IsTimestamp", R"("2016-08-18T17:33:00Z")", R"("2016-08-18")"}};
  for (const auto& [test, is, is_not] : kTests) {
    for (const bool wanted : {true, false}) {
      const std::string rule = R"({"Variable":"$.x",")" + std::string(test) + R"(":)" +
                               (wanted ? "true" : "false") + "}";
      EXPECT_EQ(Matched(rule, R"({"x":)" + std::string(is) + "}"), wanted ? "yes" : "no") << test;
      EXPECT_EQ(Matched(rule, R"({"x":)" + std::string(is_not) + "}"), wanted ? "no" : "yes")
          << test;
    }
  }
  EXPECT_EQ(Matched(R"({"Variable":"$.x","IsPresent":true})", R"({"x":null})"), "yes");
  EXPECT_EQ(Matched(R"({"Variable":"$.x","IsPresent":true})", "{}"), "no");
  EXPECT_EQ(Matched(R"({"Variable":"$.x","IsPresent":false})", "{}"), "yes");
}

TEST(ChoiceRule, JoinsOthers) {
  const std::string one = R"({"Variable":"$.x","NumericGreaterThan":0})";
  const std::string two = R"({"Variable":"$.x","NumericLessThan":10})";
  const std::string both = R"({"And":[)" + one + "," + two + R"(],"Next":"n"})";
  const std::string either = R"({"Or":[{"Not":)" + one + R"(},{"Not":)" + two + "}]}";
  for (const auto& [x, within] : {std::pair{"-1", false}, {"5", true}, {"11", false}}) {
    const std::string input = R"({"x":)" + std::string(x) + "}";
    EXPECT_EQ(Matched(both, input), within ? "yes" : "no");
    EXPECT_EQ(Matched(either, input), within ? "no" : "yes");
  }
  // And ends at the first that does not hold, so that later ones may ask for what is missing.
  EXPECT_EQ(Matched(R"({"And":[{"Variable":"$.x","IsPresent":true},)" + one + "]}", "{}"), "no");
}

TEST(ChoiceRule, HasEveryComparatorOfTheLanguage) {
  std::set<std::string> names;
  for (const std::string& name : ChoiceRule::Comparators()) names.insert(name);
  // 3 ordered types x 5 x 2, BooleanEquals x 2, StringMatches, 6 kinds.
  EXPECT_EQ(names.size(), 39U);
}

TEST(ChoiceRule, RefusesWhatIsNoRule) {
  EXPECT_THAT(Matched("[]", "{}"), HasSubstr("must be an object"));
  EXPECT_THAT(Matched(R"({"Variable":"$.x"})", "{}"), HasSubstr("one comparison"));
  EXPECT_THAT(Matched(R"({"StringEquals":"a"})", "{}"), HasSubstr("Variable is missing"));
  EXPECT_THAT(Matched(R"({"Variable":"$.x","StringEqual":"a"})", "{}"),
              HasSubstr("no comparison 'StringEqual'"));
  EXPECT_THAT(Matched(R"({"Variable":"$.x","NumericEquals":"1"})", "{}"),
              HasSubstr("of another kind"));
  EXPECT_THAT(Matched(R"({"Variable":"x","StringEquals":"1"})", "{}"), HasSubstr("JSONPath"));
  EXPECT_THAT(Matched(R"({"And":[]})", "{}"), HasSubstr("not empty"));
  EXPECT_THAT(Matched(R"({"Variable":"$.x","StringEquals":"a","StringLessThan":"b"})", "{}"),
              HasSubstr("has 2"));
  EXPECT_THAT(Matched(R"({"Not":{"Variable":"$.x","IsNull":true,"Next":"a"}})", "{}"),
              HasSubstr("outermost"));
  std::string deep = R"({"Variable":"$.x","IsNull":true})";
  for (int i = 0; i < 30; ++i) deep = R"({"Not":)" + deep + "}";
  EXPECT_THAT(Matched(deep, "{}"), HasSubstr("nested too deeply"));
}

TEST(ParseTimestamp, TakesTimesOfRfc3339) {
  const auto millis = ParseTimestamp("1970-01-01T00:00:01Z");
  EXPECT_EQ(millis, 1000);
  EXPECT_EQ(ParseTimestamp("1970-01-01T00:00:01.5Z"), 1500);
  EXPECT_EQ(ParseTimestamp("1970-01-01T00:00:01.123456789Z"), 1123);
  EXPECT_EQ(ParseTimestamp("1970-01-01T01:00:00+01:00"), 0);
  for (const char* bad :
       {"", "1970-01-01", "1970-01-01T00:00:01", "1970-01-01t00:00:01z", "1970-01-01T00:00:01.Z",
        "1970-01-01T00:00:01+1:00", "1970-13-01T00:00:01Z", "1970-01-01T00:00:01+24:00"}) {
    EXPECT_FALSE(ParseTimestamp(bad)) << bad;
  }
}

}  // namespace
}  // namespace usher::states
