#include "wire/request_target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace usher::wire {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(ParseTarget, KeepsThePathAsSentAndDecodesTheQuery) {
  const auto target = ParseTarget("/b//a%2Fb/../c?uploads&prefix=a+b%2B%C3%BC&x=1=2&&x=");

  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/b//a%2Fb/../c");
  EXPECT_THAT(target->query, ElementsAre(Pair("uploads", ""), Pair("prefix", "a b+\xC3\xBC"),
                                         Pair("x", "1=2"), Pair("x", "")));
  EXPECT_EQ(*FindParameter(target->query, "x"), "1=2");
  EXPECT_EQ(FindParameter(target->query, "y"), nullptr);
}

TEST(ParseTarget, RefusesWhatIsNotEncodedUtf8) {
  EXPECT_FALSE(ParseTarget("/?a=%"));
  EXPECT_FALSE(ParseTarget("/?a=%zz"));
  EXPECT_FALSE(ParseTarget("/?%ff=1"));
}

TEST(ParseTarget, LimitsTheNumberOfParameters) {
  std::string query = "/?";
  for (std::size_t i = 0; i < kMaxParameters; ++i) query += "a&";
  EXPECT_TRUE(ParseTarget(query));
  EXPECT_FALSE(ParseTarget(query + "a"));
}

}  // namespace
}  // namespace usher::wire
