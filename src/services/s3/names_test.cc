#include "services/s3/names.h"

#include <gtest/gtest.h>

namespace usher::s3 {
namespace {

TEST(CheckBucketName, TakesWhatTheNamingRulesAllow) {
  for (const std::string& name :
       {std::string("abc"), std::string("my-bucket"), std::string("a.b.c"), std::string("1bucket9"),
        std::string("192.168.5.x"), std::string(63, 'a'),
        std::string("aws-glue-assets-000000000000-us-east-1")}) {
    EXPECT_TRUE(CheckBucketName(name)) << name;
  }
}

TEST(CheckBucketName, RefusesEverythingElse) {
  for (const std::string& name :
       {std::string(""), std::string("ab"), std::string(64, 'a'), std::string("Bucket"),
        std::string("my_bucket"), std::string("-abc"), std::string("abc-"), std::string(".abc"),
        std::string("abc."), std::string("a..b"), std::string("192.168.5.4"), std::string("a b"),
        std::string("a/b"), std::string("xn--abc"), std::string("abc-s3alias"),
        std::string("b\xC3\xBC") + "cket"}) {
    const auto refused = CheckBucketName(name);
    ASSERT_FALSE(refused) << name;
    EXPECT_EQ(refused.error().wire_name, "InvalidBucketName");
  }
}

TEST(CheckKey, TakesAnyTextOfUpTo1024Bytes) {
  for (const std::string& key : {std::string("a"), std::string("//"), std::string("../.."),
                                 std::string("\xC3\xA4"), std::string(1024, 'k')}) {
    EXPECT_TRUE(CheckKey(key));
  }
  EXPECT_EQ(CheckKey(std::string(1025, 'k')).error().wire_name, "KeyTooLongError");
  EXPECT_EQ(CheckKey("\xFF").error().wire_name, "InvalidURI");
  EXPECT_EQ(CheckKey(std::string("a\0b", 3)).error().wire_name, "InvalidURI");
}

}  // namespace
}  // namespace usher::s3
