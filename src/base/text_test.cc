#include "base/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace usher {
namespace {

TEST(Split, KeepsEmptyParts) {
  EXPECT_THAT(Split("a,,b", ','), testing::ElementsAre("a", "", "b"));
  EXPECT_THAT(Split("", ','), testing::ElementsAre(""));
}

TEST(Trim, TakesWhiteSpaceFromBothEnds) { EXPECT_EQ(Trim(" \t a b\r\n"), "a b"); }

TEST(EqualsIgnoreCase, ComparesAsciiOnly) {
  EXPECT_TRUE(EqualsIgnoreCase("X-Amz-Date", "x-amz-date"));
  EXPECT_FALSE(EqualsIgnoreCase("a", "ab"));
}

TEST(IsUtf8, AcceptsAndRefusesByTheRfc) {
  EXPECT_TRUE(IsUtf8("a\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80"));
  for (const char* bad :
       {"\x80", "\xC0\x80", "\xC3", "\xED\xA0\x80", "\xE0\x80\x80", "\xF4\x90\x80\x80", "\xFF"}) {
    EXPECT_FALSE(IsUtf8(bad));
  }
}

}  // namespace
}  // namespace usher
