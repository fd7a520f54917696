#include "services/lambda/layers.h"

#include <gtest/gtest.h>

#include "json/json.h"

namespace usher::lambda {
namespace {

TEST(MatchesPattern, LetsAStarStandForAnyText) {
  EXPECT_TRUE(MatchesPattern("AWSDataWrangler-*", "AWSDataWrangler-Python39"));
  EXPECT_TRUE(MatchesPattern("*", ""));
  EXPECT_TRUE(MatchesPattern("a*c*e", "abcde"));
  EXPECT_TRUE(MatchesPattern("plain", "plain"));
  EXPECT_FALSE(MatchesPattern("plain", "plainer"));
  EXPECT_FALSE(MatchesPattern("AWSDataWrangler-*", "MyAWSDataWrangler-Python39"));
  EXPECT_FALSE(MatchesPattern("a*c", "ab"));
}

TEST(ParseLayerRules, TakesNamesOfRequirementsAlone) {
  const auto rules = ParseLayerRules(*json::Parse(R"({"AWSSDKPandas-*": "awswrangler"})"));
  ASSERT_TRUE(rules);
  ASSERT_EQ(rules->size(), 1U);
  EXPECT_EQ(rules->front().pattern, "AWSSDKPandas-*");
  EXPECT_EQ(rules->front().requirements, "awswrangler");
  for (const char* bad : {R"([])", R"({"a": 1})", R"({"a": ""})", R"({"a": "../x"})", R"("a")"}) {
    EXPECT_FALSE(ParseLayerRules(*json::Parse(bad))) << bad;
  }
}

}  // namespace
}  // namespace usher::lambda
