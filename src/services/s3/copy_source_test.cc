#include "services/s3/copy_source.h"

#include <gtest/gtest.h>

namespace usher::s3 {
namespace {

TEST(ParseCopySource, TakesItsFourForms) {
  for (const char* header : {"b/a key", "/b/a%20key", "b/a%20key", "b%2Fa%20key"}) {
    const auto source = ParseCopySource(header);
    ASSERT_TRUE(source) << header;
    EXPECT_EQ(source->bucket, "b");
    EXPECT_EQ(source->key, "a key");
    EXPECT_FALSE(source->version_id);
  }
  const auto versioned = ParseCopySource("b/k?versionId=null");
  ASSERT_TRUE(versioned);
  EXPECT_EQ(versioned->key, "k");
  EXPECT_EQ(versioned->version_id, "null");
}

TEST(ParseCopySource, KeepsSlashesAndPlusSigns) {
  EXPECT_EQ(ParseCopySource("b//a//b/")->key, "/a//b/");
  EXPECT_EQ(ParseCopySource("b/../x")->key, "../x");
  EXPECT_EQ(ParseCopySource("b/a+b")->key, "a+b");
  EXPECT_EQ(ParseCopySource("b/what%3FversionId%3D1")->key, "what?versionId=1");
}

TEST(ParseCopySource, RefusesWhatNamesNoObject) {
  for (const char* header : {"", "/", "b", "b/", "//k", "b/%zz"}) {
    const auto refused = ParseCopySource(header);
    ASSERT_FALSE(refused) << header;
    EXPECT_EQ(refused.error().wire_name, "InvalidArgument");
  }
}

}  // namespace
}  // namespace usher::s3
