#include "services/lambda/names.h"

#include <gtest/gtest.h>

namespace usher::lambda {
namespace {

TEST(ParseFunctionName, TakesEveryForm) {
  for (const char* text : {"f", "function:f", "000000000000:function:f", "000000000000:f",
                           "arn:aws:lambda:us-east-1:000000000000:function:f"}) {
    const auto name = ParseFunctionName(text, std::nullopt);
    ASSERT_TRUE(name) << text;
    EXPECT_EQ(name->name, "f") << text;
    EXPECT_EQ(name->qualifier, "") << text;
  }
  for (const char* text : {"f:prod", "arn:aws:lambda:us-east-1:000000000000:function:f:prod"}) {
    const auto name = ParseFunctionName(text, std::nullopt);
    ASSERT_TRUE(name) << text;
    EXPECT_EQ(name->name, "f") << text;
    EXPECT_EQ(name->qualifier, "prod") << text;
  }
  EXPECT_EQ(ParseFunctionName("f", "7")->qualifier, "7");
  EXPECT_EQ(ParseFunctionName("f:7", "7")->qualifier, "7");
}

TEST(ParseFunctionName, RefusesTwoQualifiersAndLongNames) {
  EXPECT_FALSE(ParseFunctionName("f:7", "8"));
  EXPECT_TRUE(ParseFunctionName(std::string(64, 'f'), std::nullopt));
  EXPECT_FALSE(ParseFunctionName(std::string(65, 'f'), std::nullopt));
}

TEST(FunctionArn, CarriesTheQualifierThatWasAskedFor) {
  EXPECT_EQ(FunctionArn("eu-west-1", "f"), "arn:aws:lambda:eu-west-1:000000000000:function:f");
  EXPECT_EQ(FunctionArn("eu-west-1", "f", "$LATEST"),
            "arn:aws:lambda:eu-west-1:000000000000:function:f:$LATEST");
}

TEST(ParseLayerVersionArn, TakesVersionsOfLayersAlone) {
  const auto name = ParseLayerVersionArn(
      "arn:aws:lambda:us-east-1:336392948345:layer:AWSDataWrangler-Python39:9");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->account, "336392948345");
  EXPECT_EQ(name->name, "AWSDataWrangler-Python39");
  EXPECT_EQ(name->version, 9);
  EXPECT_FALSE(ParseLayerVersionArn("arn:aws:lambda:us-east-1:336392948345:layer:L"));
  EXPECT_FALSE(ParseLayerVersionArn("arn:aws:lambda:us-east-1:336392948345:layer:L:x"));
  EXPECT_FALSE(ParseLayerVersionArn("arn:aws:lambda:us-east-1:336392948345:function:L:1"));
  EXPECT_FALSE(ParseLayerVersionArn(""));
}

}  // namespace
}  // namespace usher::lambda
