#include "services/s3/test_service.h"

namespace usher::s3 {
namespace {

class CopyObjectTest : public S3Test {
 protected:
  CopyObjectTest() {
    const auto put = Call<api::s3::PutObject>({.body = Body("0123456789"),
                                               .bucket = "bucket",
                                               .content_type = "text/csv",
                                               .key = "a key",
                                               .metadata = storage::StringMap{{"who", "me"}},
                                               .storage_class = "STANDARD_IA",
                                               .tagging = "a=1"});
    etag_ = *put->e_tag;
  }
  static api::s3::CopyObjectRequest ToCopy() {
    return {.bucket = "bucket", .copy_source = "bucket/a%20key", .key = "copy"};
  }
  std::string etag_;
};

TEST_F(CopyObjectTest, CopiesBytesMetadataAndTags) {
  clock_.Advance(std::chrono::hours(1));
  const auto copied = Call<api::s3::CopyObject>(ToCopy());

  ASSERT_TRUE(copied) << copied.error().message;
  EXPECT_EQ(copied->copy_object_result->e_tag, etag_);
  EXPECT_EQ(copied->copy_object_result->last_modified, clock_.Now());
  EXPECT_EQ(Get("copy"), "0123456789");
  const auto head = Call<api::s3::HeadObject>({.bucket = "bucket", .key = "copy"});
  EXPECT_EQ(head->content_type, "text/csv");
  EXPECT_EQ(head->metadata->at("who"), "me");
  EXPECT_EQ(head->tag_count, 1);
  EXPECT_EQ(head->storage_class, std::nullopt);  // never copied: the request's, so the standard one
}

TEST_F(CopyObjectTest, ReplacesMetadataAndTagsWhenTold) {
  api::s3::CopyObjectRequest request = ToCopy();
  request.metadata_directive = "REPLACE";
  request.metadata = storage::StringMap{{"new", "1"}};
  request.tagging_directive = "REPLACE";
  request.tagging = "b=2";
  request.checksum_algorithm = "SHA256";
  const auto copied = Call<api::s3::CopyObject>(request);
  ASSERT_TRUE(copied);
  // printf 0123456789 | sha256sum
  EXPECT_EQ(copied->copy_object_result->checksum_sha256,
            "hNiYd/DUBB77a/kaFvAkjy/Vc+avBcGflr7bn4gveII=");
  const auto head = Call<api::s3::HeadObject>({.bucket = "bucket", .key = "copy"});
  EXPECT_EQ(head->content_type, "binary/octet-stream");
  EXPECT_EQ(head->metadata->size(), 1U);
  EXPECT_EQ(Call<api::s3::GetObjectTagging>({.bucket = "bucket", .key = "copy"})->tag_set[0].key,
            "b");
}

TEST_F(CopyObjectTest, OntoItselfOnlyWithAChange) {
  api::s3::CopyObjectRequest request{
      .bucket = "bucket", .copy_source = "/bucket/a key", .key = "a key"};
  EXPECT_EQ(ErrorOf<api::s3::CopyObject>(request), "InvalidRequest");
  request.metadata_directive = "REPLACE";
  EXPECT_EQ(ErrorOf<api::s3::CopyObject>(request), "");
  EXPECT_EQ(Get("a key"), "0123456789");
}

TEST_F(CopyObjectTest, HoldsToTheConditionsOfBothEnds) {
  api::s3::CopyObjectRequest request = ToCopy();
  request.copy_source_if_none_match = etag_;
  EXPECT_EQ(ErrorOf<api::s3::CopyObject>(request), "PreconditionFailed");
  request = ToCopy();
  request.copy_source_if_match = "\"other\"";
  EXPECT_EQ(ErrorOf<api::s3::CopyObject>(request), "PreconditionFailed");
  request = ToCopy();
  request.if_none_match = "*";
  EXPECT_EQ(ErrorOf<api::s3::CopyObject>(request), "");
  EXPECT_EQ(ErrorOf<api::s3::CopyObject>(request), "PreconditionFailed");
  request = ToCopy();
  request.expected_source_bucket_owner = "111111111111";
  EXPECT_EQ(ErrorOf<api::s3::CopyObject>(request), "AccessDenied");
}

TEST_F(CopyObjectTest, MissesWhatIsNotThere) {
  api::s3::CopyObjectRequest request = ToCopy();
  request.copy_source = "bucket/missing";
  EXPECT_EQ(ErrorOf<api::s3::CopyObject>(request), "NoSuchKey");
  request.copy_source = "missing/key";
  EXPECT_EQ(ErrorOf<api::s3::CopyObject>(request), "NoSuchBucket");
  request.copy_source = "bucket/%zz";
  EXPECT_EQ(ErrorOf<api::s3::CopyObject>(request), "InvalidArgument");
  request.copy_source = "bucket/a key?versionId=1";
  EXPECT_EQ(ErrorOf<api::s3::CopyObject>(request), "NoSuchVersion");
}

}  // namespace
}  // namespace usher::s3
