#include "services/s3/test_service.h"

namespace usher::s3 {
namespace {

class ListObjectsTest : public S3Test {
 protected:
  void PutAll(std::initializer_list<const char*> keys) {
    for (const char* key : keys) ASSERT_TRUE(Put(key, "x"));
  }
  template <typename Output>
  static std::string Names(const Output& output) {
    std::string names;
    if (output.contents) {
      for (const auto& object : *output.contents) names += *object.key + " ";
    }
    if (output.common_prefixes) {
      for (const auto& prefix : *output.common_prefixes) names += *prefix.prefix + "* ";
    }
    return names;
  }
};

TEST_F(ListObjectsTest, SaysWhatItKnowsOfEachObject) {
  ASSERT_TRUE(Put("k", "123456789"));
  const auto listed = Call<api::s3::ListObjectsV2>({.bucket = "bucket", .fetch_owner = true});
  ASSERT_TRUE(listed);
  EXPECT_EQ(listed->key_count, 1);
  EXPECT_EQ(listed->max_keys, 1000);
  EXPECT_EQ(listed->is_truncated, false);
  const auto& object = listed->contents->at(0);
  EXPECT_EQ(object.e_tag, "\"25f9e794323b453885f5181f1b624d0b\"");
  EXPECT_EQ(object.size, 9);
  EXPECT_EQ(object.last_modified, clock_.Now());
  EXPECT_EQ(object.storage_class, "STANDARD");
  EXPECT_EQ(object.owner->id->size(), 64U);
}

TEST_F(ListObjectsTest, V2PagesByTokenToTheEnd) {
  PutAll({"a", "b/1", "b/2", "c", "d/1", "e"});
  std::string names;
  api::s3::ListObjectsV2Request request{.bucket = "bucket", .delimiter = "/", .max_keys = 2};
  while (true) {
    const auto page = Call<api::s3::ListObjectsV2>(request);
    ASSERT_TRUE(page);
    EXPECT_LE(*page->key_count, 2);
    names += Names(*page) + "| ";
    EXPECT_EQ(*page->is_truncated, page->next_continuation_token.has_value());
    if (!page->next_continuation_token) break;
    request.continuation_token = page->next_continuation_token;
  }
  EXPECT_EQ(names, "a b/* | c d/* | e | ");
}

TEST_F(ListObjectsTest, V2StartsAfterAKey) {
  PutAll({"a", "b", "c"});
  EXPECT_EQ(Names(*Call<api::s3::ListObjectsV2>({.bucket = "bucket", .start_after = "a"})), "b c ");
  EXPECT_EQ(Names(*Call<api::s3::ListObjectsV2>({.bucket = "bucket", .start_after = "aa"})),
            "b c ");
  EXPECT_EQ(ErrorOf<api::s3::ListObjectsV2>({.bucket = "bucket", .continuation_token = "x"}),
            "InvalidArgument");
}

TEST_F(ListObjectsTest, V1GivesTheNextMarkerOnlyWithADelimiter) {
  PutAll({"a", "b/1", "b/2", "c"});
  auto page = Call<api::s3::ListObjects>({.bucket = "bucket", .max_keys = 2});
  ASSERT_TRUE(page);
  EXPECT_EQ(Names(*page), "a b/1 ");
  EXPECT_EQ(page->is_truncated, true);
  EXPECT_EQ(page->next_marker, std::nullopt);
  EXPECT_EQ(page->marker, "");
  page = Call<api::s3::ListObjects>({.bucket = "bucket", .marker = "b/1", .max_keys = 2});
  EXPECT_EQ(Names(*page), "b/2 c ");

  page = Call<api::s3::ListObjects>({.bucket = "bucket", .delimiter = "/", .max_keys = 2});
  EXPECT_EQ(Names(*page), "a b/* ");
  EXPECT_EQ(page->next_marker, "b/");
  page = Call<api::s3::ListObjects>({.bucket = "bucket", .delimiter = "/", .marker = "b/"});
  EXPECT_EQ(Names(*page), "c ");
  // A marker within the prefix has not shown all of it.
  page = Call<api::s3::ListObjects>({.bucket = "bucket", .delimiter = "/", .marker = "b/1"});
  EXPECT_EQ(Names(*page), "c b/* ");
}

TEST_F(ListObjectsTest, NoKeysCanBeAskedForAndNeverMoreThanAThousand) {
  PutAll({"a"});
  const auto none = Call<api::s3::ListObjectsV2>({.bucket = "bucket", .max_keys = 0});
  ASSERT_TRUE(none);
  EXPECT_EQ(none->key_count, 0);
  EXPECT_EQ(none->is_truncated, false);
  EXPECT_EQ(Call<api::s3::ListObjectsV2>({.bucket = "bucket", .max_keys = 5000})->max_keys, 1000);
  EXPECT_EQ(ErrorOf<api::s3::ListObjectsV2>({.bucket = "bucket", .max_keys = -1}),
            "InvalidArgument");
  EXPECT_EQ(ErrorOf<api::s3::ListObjectsV2>({.bucket = "missing"}), "NoSuchBucket");
}

TEST_F(ListObjectsTest, EncodesNamesWhenAsked) {
  PutAll({"a b+c/d", "ä"});
  const auto listed =
      Call<api::s3::ListObjects>({.bucket = "bucket", .delimiter = "+", .encoding_type = "url"});
  EXPECT_EQ(Names(*listed), "%C3%A4 a%20b%2B* ");
  EXPECT_EQ(listed->delimiter, "%2B");
  EXPECT_EQ(Names(*Call<api::s3::ListObjects>({.bucket = "bucket", .encoding_type = "url"})),
            "a%20b%2Bc/d %C3%A4 ");
}

}  // namespace
}  // namespace usher::s3
