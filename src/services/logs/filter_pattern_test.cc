#include "services/logs/filter_pattern.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "services/logs/condition.h"

namespace usher::logs {
namespace {

bool Matches(std::string_view pattern, std::string_view message) {
  const auto parsed = FilterPattern::Parse(pattern);
  EXPECT_TRUE(parsed) << pattern << ": " << (parsed ? "" : parsed.error().message);
  return parsed && parsed->Matches(message);
}

struct Case {
  std::string pattern;
  std::string message;
  bool matches;
};

void Expect(const std::vector<Case>& cases) {
  for (const auto& [pattern, message, matches] : cases) {
    EXPECT_EQ(Matches(pattern, message), matches) << pattern << "  on  " << message;
  }
}

TEST(FilterPattern, NothingMatchesEverything) {
  EXPECT_TRUE(FilterPattern::Parse("")->matches_all());
  EXPECT_TRUE(FilterPattern::Parse("  ")->matches_all());
  EXPECT_TRUE(Matches("", "anything"));
}

TEST(FilterPattern, TermsMustAllBeThere) {
  Expect({{"ERROR", "[ERROR 400] BAD REQUEST", true},
          {"ERROR", "[Error 400]", false},
          {"ERROR REQUEST", "[ERROR 400] BAD REQUEST", true},
          {"ERROR UNAUTHORIZED", "[ERROR 400] BAD REQUEST", false}});
}

TEST(FilterPattern, APhraseIsFoundAsAWhole) {
  Expect({{"\"BAD REQUEST\"", "[ERROR 400] BAD REQUEST", true},
          {"\"REQUEST BAD\"", "[ERROR 400] BAD REQUEST", false},
          {R"("say \"hi\"")", R"(they say "hi")", true},
          {"\"BAD REQUEST\" ERROR", "ERROR: BAD REQUEST", true}});
}

TEST(FilterPattern, TermsWithAMinusMustNotBeThere) {
  Expect({{"ERROR -EXITING", "ERROR here", true},
          {"ERROR -EXITING", "ERROR EXITING", false},
          {"ERROR -\"not so bad\"", "ERROR not so bad", false},
          {"-a", "b", true}});
}

TEST(FilterPattern, OneOfTheTermsWithAQuestionMarkMustBeThere) {
  Expect({{"?ERROR ?WARN", "WARN x", true},
          {"?ERROR ?WARN", "ERROR x", true},
          {"?ERROR ?WARN", "INFO x", false},
          {"?\"a b\" ?c", "a b", true}});
}

TEST(FilterPattern, TermsWithAQuestionMarkAreNotLookedAtBesideOthers) {
  Expect({{"?ERROR INFO", "INFO x", true}, {"?ERROR INFO", "ERROR x", false}});
}

TEST(FilterPattern, JsonMembersAreCompared) {
  const std::string message =
      R"({"level":"ERROR","ms":120.5,"user":{"name":"bob","ids":[3,4]},"ok":true,"no":null,"a b":1})";
  Expect({{R"({ $.level = "ERROR" })", message, true},
          {R"({ $.level = ERROR })", message, true},
          {R"({$.level="WARN"})", message, false},
          {R"({ $.level != "WARN" })", message, true},
          {R"({ $.ms > 120 && $.ms <= 120.5 })", message, true},
          {R"({ $.ms > 120.5 })", message, false},
          {R"({ $.ms = 1.205e2 })", message, true},
          {R"({ $.user.name = "b*" })", message, true},
          {R"({ $.user.ids[1] = 4 })", message, true},
          {R"({ $.user.ids[2] = 4 })", message, false},
          {R"({ $["a b"] = 1 })", message, true},
          {R"({ $.ok IS TRUE })", message, true},
          {R"({ $.ok IS FALSE })", message, false},
          {R"({ $.no IS NULL })", message, true},
          {R"({ $.none IS NULL })", message, false},
          {R"({ $.none NOT EXISTS })", message, true},
          {R"({ $.ok EXISTS })", message, true},
          {R"({ $.none != "x" })", message, false},
          {R"({ $.level = "WARN" || $.ms >= 100 && $.ok IS TRUE })", message, true},
          {R"({ ($.level = "WARN" || $.ms >= 100) && $.ok IS FALSE })", message, false},
          {R"({ (($.level = "ERROR")) })", message, true}});
}

TEST(FilterPattern, RegularExpressionsAreSearchedFor) {
  Expect({{"%4[0-9]{2}%", "status 404", true},
          {"%4[0-9]{2}%", "status 4", false},
          {"%^a% b", "a b", true},
          {"%^a% c", "a b", false},
          {R"({ $.ip = %10\.0% })", R"({"ip":"10.0.0.1"})", true},
          {R"({ $.ip != %10\.0% })", R"({"ip":"10.0.0.1"})", false},
          {"[a = %^x%, b]", "xy z", true}});
}

TEST(FilterPattern, ARegularExpressionThatNeedsTooManyStepsIsNotFound) {
  EXPECT_FALSE(Matches("%^(a+)+$%", std::string(100, 'a') + "b"));
}

TEST(FilterPattern, WhatIsNotJsonHasNoMembers) {
  Expect({{R"({ $.a = 1 })", R"(x {"a":1})", false},
          {R"({ $.a NOT EXISTS })", "plain text", false},
          {R"({ $.a = 1 })", R"( {"a":1}
)",
           true}});
}

TEST(FilterPattern, ColumnsAreCompared) {
  const std::string line =
      R"(127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534)";
  Expect(
      {{"[ip, id, user, time, request, status, bytes]", line, true},
       {"[ip, id, user, time, request, status_code=404, bytes]", line, true},
       {"[ip, id, user, time, request, status_code = 4*, bytes > 1000]", line, true},
       {"[ip, id, user, time, request, status_code = 5*, bytes]", line, false},
       {"[ip, id, user, time, request = *html*, status = 404 || status = 410, bytes]", line, true},
       {"[ip, id, user, time, request != \"GET*\", status, bytes]", line, false},
       {"[ip, user]", line, false},
       {"[..., status = 404, bytes]", line, true},
       {"[ip = 127*, ..., bytes < 2000]", line, true},
       {"[ip, ...]", line, true},
       {"[a, b, c, d, e, f, g, h, ...]", line, false}});
}

TEST(FilterPattern, RefusesWhatItCannotRead) {
  for (const char* bad : {"\"open",
                          "ERROR -",
                          "{ $.a = 1",
                          "{ }",
                          "{ a = 1 }",
                          "{ $ = 1 }",
                          "{ $.a }",
                          "{ $.a = }",
                          "{ $.a = 1 && }",
                          "{ ($.a = 1 }",
                          "{ $.a = 1) }",
                          "{ $.a > x }",
                          "{ $.a[x] = 1 }",
                          "{ $.a IS ODD }",
                          "[a, b",
                          "[a = ]",
                          "[a = 1 || b = 2]",
                          "[..., a, ...]",
                          "%a+",
                          "%(%",
                          "{ $.a = %a }",
                          "{ $.a < %a% }",
                          "{ $.a = 1 $.b = 2 }"}) {
    const auto parsed = FilterPattern::Parse(bad);
    ASSERT_FALSE(parsed) << bad;
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidInput) << bad;
    EXPECT_NE(parsed.error().message.find("Invalid filter pattern"), std::string::npos) << bad;
  }
  EXPECT_FALSE(FilterPattern::Parse("{ " + std::string(500, '(') + "$.a = 1"));
  EXPECT_FALSE(
      FilterPattern::Parse("{ " + std::string(40, '(') + "$.a=1" + std::string(40, ')') + "}"));
}

TEST(MatchesWildcard, AStarIsAnyText) {
  EXPECT_TRUE(MatchesWildcard("abc", "abc"));
  EXPECT_TRUE(MatchesWildcard("abc", "*"));
  EXPECT_TRUE(MatchesWildcard("", "**"));
  EXPECT_TRUE(MatchesWildcard("abcbd", "a*b*d"));
  EXPECT_TRUE(MatchesWildcard("aXbYb", "a*b"));
  EXPECT_FALSE(MatchesWildcard("abc", "ab"));
  EXPECT_FALSE(MatchesWildcard("abc", "*b"));
  EXPECT_FALSE(MatchesWildcard("", "a"));
}

}  // namespace
}  // namespace usher::logs
