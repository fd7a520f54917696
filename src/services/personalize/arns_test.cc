#include "services/personalize/arns.h"

#include <gtest/gtest.h>

namespace usher::personalize {
namespace {

TEST(Arns, AreTakenApartAsTheyWereMade) {
  const std::string arn = MakeArn("eu-west-1", "dataset", "movies/INTERACTIONS");

  EXPECT_EQ(arn, "arn:aws:personalize:eu-west-1:000000000000:dataset/movies/INTERACTIONS");
  EXPECT_EQ(ArnType(arn), "dataset");
  EXPECT_EQ(ArnName(arn), "movies/INTERACTIONS");
}

TEST(Arns, OfBuiltInsHaveNeitherRegionNorAccount) {
  const std::string arn = BuiltInArn("recipe", "aws-sims");

  EXPECT_EQ(arn, "arn:aws:personalize:::recipe/aws-sims");
  EXPECT_EQ(ArnType(arn), "recipe");
  EXPECT_EQ(ArnName(arn), "aws-sims");
}

TEST(Arns, OfOtherServicesHaveNoTypeHere) {
  EXPECT_EQ(ArnType("arn:aws:s3:us-east-1:000000000000:campaign/x"), "");
  EXPECT_EQ(ArnType("campaign/x"), "");
  EXPECT_EQ(ArnType(""), "");
}

}  // namespace
}  // namespace usher::personalize
