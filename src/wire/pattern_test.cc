#include "wire/pattern.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "wire/shape.h"

namespace usher::wire {
namespace {

// Visits every shape below `shape` once.
void CollectPatterns(const Shape* shape, std::set<const Shape*>& seen,
                     std::set<std::string_view>& patterns) {
  if (shape == nullptr || !seen.insert(shape).second) return;
  if (!shape->pattern.empty()) patterns.insert(shape->pattern);
  for (const Member& member : shape->members) CollectPatterns(member.shape, seen, patterns);
  for (const Member* part : {shape->element, shape->key, shape->value}) {
    if (part != nullptr) CollectPatterns(part->shape, seen, patterns);
  }
}

TEST(Pattern, CompilesEveryPatternOfTheModels) {
  std::set<const Shape*> seen;
  std::set<std::string_view> patterns;
  for (const Service* service : AllServices()) {
    for (const Operation& operation : service->operations) {
      CollectPatterns(operation.input, seen, patterns);
    }
  }

  EXPECT_GT(patterns.size(), 10U);
  for (const std::string_view pattern : patterns) (void)Pattern::Of(pattern);
}

TEST(Pattern, MatchesTheWholeText) {
  const Pattern name("^[a-zA-Z0-9][a-zA-Z0-9\\-_]*");

  EXPECT_TRUE(name.Matches("movies-1"));
  EXPECT_FALSE(name.Matches("movies 1"));
  EXPECT_FALSE(name.Matches("movies\n"));
  EXPECT_FALSE(name.Matches(""));
}

TEST(Pattern, ReadsCharactersWrittenAsHexDigits) {
  const Pattern text("[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]*");

  EXPECT_TRUE(text.Matches("tab\tline\n\u00FCber"));
  EXPECT_FALSE(text.Matches("bell\a"));
  EXPECT_FALSE(text.Matches("\u0100"));
}

TEST(Pattern, ReadsCharactersWrittenAsSurrogates) {
  const Pattern text("[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\t]*");

  EXPECT_TRUE(text.Matches("a\tb \u00FC \U0001F3AC"));
  EXPECT_FALSE(text.Matches("a\nb"));
}

TEST(Pattern, CountsDigitsAndWordsInAsciiAsTheModelsDo) {
  EXPECT_TRUE(Pattern("\\d{12}").Matches("000000000000"));
  EXPECT_FALSE(Pattern("\\d{3}").Matches("\u0661\u0662\u0663"));  // Arabic-Indic digits
  EXPECT_FALSE(Pattern("[\\w+=,.@-]+").Matches("r\u00F4le"));
  EXPECT_TRUE(Pattern("[\\p{L}]+").Matches("r\u00F4le"));
}

TEST(Pattern, KnowsTheAsciiProperty) {
  EXPECT_TRUE(Pattern("\\p{ASCII}{0,1500}").Matches("token=="));
  EXPECT_TRUE(Pattern("\\p{ASCII}{0,1500}").Matches(std::string("\0\n", 2)));
  EXPECT_FALSE(Pattern("\\p{ASCII}{0,1500}").Matches("t\u00F6ken"));
  EXPECT_FALSE(Pattern("\\p{ASCII}{0,1500}").Matches(std::string(1501, 'x')));
}

TEST(Pattern, RefusesTextThatIsNotUtf8) { EXPECT_FALSE(Pattern(".*").Matches("\xff")); }

TEST(Pattern, GivesUpOnAMatchThatWouldTakeForEver) {
  EXPECT_FALSE(Pattern("(a*)*b").Matches(std::string(5000, 'a')));
}

}  // namespace
}  // namespace usher::wire
