#include "services/personalize/s3_uri.h"

#include <gtest/gtest.h>

namespace usher::personalize {
namespace {

TEST(S3Uri, KeepsTheKeyAsItStands) {
  const auto uri = ParseS3Uri("s3://movies/batch//in/../users.json", "Invalid S3 input path");

  EXPECT_EQ(uri->bucket, "movies");
  EXPECT_EQ(uri->key, "batch//in/../users.json");
}

TEST(S3Uri, MayNameAWholeBucket) {
  EXPECT_EQ(ParseS3Uri("s3://movies", "")->key, "");
  EXPECT_EQ(ParseS3Uri("s3://movies/", "")->key, "");
  EXPECT_TRUE(IsFolder(""));
  EXPECT_TRUE(IsFolder("a/"));
  EXPECT_FALSE(IsFolder("a"));
}

TEST(S3Uri, RefusesOtherSchemesAndNoBucket) {
  EXPECT_EQ(
      ParseS3Uri("http://movies/a", "Invalid S3 input path").error().message,
      "Invalid S3 input path: 'http://movies/a'; expected s3://bucket/key or s3://bucket/folder/");
  EXPECT_FALSE(ParseS3Uri("s3:///a", ""));
  EXPECT_FALSE(ParseS3Uri("", ""));
}

}  // namespace
}  // namespace usher::personalize
