#include "base/value_members.h"

#include <gtest/gtest.h>

namespace usher {
namespace {

TEST(ValueMembers, GivesWhatIsThereAndADefaultForTheRest) {
  ValueMap map;
  map.Append("text", "a");
  map.Append("number", 7);
  map.Append("flag", true);
  const Value value(std::move(map));

  EXPECT_EQ(TextOf(value, "text"), "a");
  EXPECT_EQ(IntegerOf(value, "number"), 7);
  EXPECT_TRUE(FlagOf(value, "flag"));
  EXPECT_EQ(TextOf(value, "number"), "") << "of another type";
  EXPECT_EQ(IntegerOf(value, "text"), 0);
  EXPECT_FALSE(FlagOf(value, "text"));
  EXPECT_EQ(TextOf(value, "none"), "");
  EXPECT_EQ(TextOf(Value("no map"), "text"), "");
}

}  // namespace
}  // namespace usher
