#include "regex/regex.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace usher {
namespace {

using testing::ElementsAre;

std::string Replaced(std::string_view expression, std::string_view text,
                     std::string_view replacement, bool all = true) {
  const auto out = Regex::Compile(expression)->Replace(text, replacement, all, 1000);
  return out ? *out : out.error().message;
}

TEST(Regex, FindsAnywhereAndMatchesTheWhole) {
  const auto regex = Regex::Compile("b+");
  EXPECT_TRUE(regex->Finds("abbc"));
  EXPECT_FALSE(regex->Matches("abbc"));
  EXPECT_TRUE(regex->Matches("bb"));
  EXPECT_TRUE(Regex::Compile("a|ab")->Matches("ab"));  // tries the second way too
}

TEST(Regex, RefusesWhatIsNone) {
  EXPECT_FALSE(Regex::Compile("(a"));
  EXPECT_FALSE(Regex::Compile(std::string(kMaxRegexBytes + 1, 'a')));
}

TEST(Regex, GivesUpOnWhatNeedsTooManySteps) {
  const auto regex = Regex::Compile("^(a+)+$");
  EXPECT_FALSE(regex->Replace(std::string(40, 'a') + "!", "x", true, 1000));
}

TEST(Regex, ReplacesAsJavaDoes) {
  EXPECT_EQ(Replaced("'", "it's '", "\\\\'"), "it\\'s \\'");
  EXPECT_EQ(Replaced("(\\w)(\\d)", "a1 b2", "$2$1"), "1a 2b");
  EXPECT_EQ(Replaced("a", "aaa", "b", false), "baa");
  EXPECT_EQ(Replaced("x*", "ab", "-"), "-a-b-");
  EXPECT_EQ(Replaced("b",
                     "\xC3\xBC"
                     "b",
                     "c"),
            "\xC3\xBC"
            "c");
}

TEST(Regex, RefusesAReplacementThatNamesNoGroup) {
  EXPECT_EQ(Replaced("a", "a", "$1"), "the expression has no group 1");
  EXPECT_EQ(Replaced("a", "a", "$x"), "in a replacement, '$' is followed by the number of a group");
}

TEST(Regex, BoundsWhatReplacingGives) {
  const auto regex = Regex::Compile("a");
  EXPECT_FALSE(regex->Replace(std::string(100, 'a'), std::string(100, 'b'), true, 1000));
}

TEST(Regex, SplitsAsJavaDoes) {
  EXPECT_THAT(*Regex::Compile(",")->Split("a,,b,,", 10), ElementsAre("a", "", "b"));
  EXPECT_THAT(*Regex::Compile(",")->Split("", 10), ElementsAre(""));
  EXPECT_THAT(*Regex::Compile("")->Split("abc", 10), ElementsAre("a", "b", "c"));
  EXPECT_THAT(*Regex::Compile("\\s+")->Split("a  b", 10), ElementsAre("a", "b"));
  EXPECT_FALSE(Regex::Compile(",")->Split(std::string(100, ','), 10));
}

}  // namespace
}  // namespace usher
