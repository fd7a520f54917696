// What can be said of buckets: made, found, listed, configured, deleted.
#include "services/s3/test_service.h"

namespace usher::s3 {
namespace {

using BucketsTest = S3Test;

TEST_F(BucketsTest, MakingAnExistingBucketIsAnErrorOutsideTheFirstRegion) {
  EXPECT_EQ(ErrorOf<api::s3::CreateBucket>({.bucket = "bucket"}), "");

  region_ = "eu-west-1";
  const api::s3::CreateBucketRequest there{
      .bucket = "there",
      .create_bucket_configuration =
          api::s3::CreateBucketConfiguration{.location_constraint = "eu-west-1"}};
  EXPECT_EQ(ErrorOf<api::s3::CreateBucket>(there), "");
  EXPECT_EQ(ErrorOf<api::s3::CreateBucket>(there), "BucketAlreadyOwnedByYou");
}

TEST_F(BucketsTest, ABucketLiesInTheRegionOfItsConstraint) {
  region_ = "eu-central-1";
  EXPECT_EQ(ErrorOf<api::s3::CreateBucket>({.bucket = "unnamed"}),
            "IllegalLocationConstraintException");
  EXPECT_EQ(ErrorOf<api::s3::CreateBucket>(
                {.bucket = "elsewhere",
                 .create_bucket_configuration =
                     api::s3::CreateBucketConfiguration{.location_constraint = "eu-west-1"}}),
            "IllegalLocationConstraintException");
  ASSERT_EQ(ErrorOf<api::s3::CreateBucket>(
                {.bucket = "here",
                 .create_bucket_configuration =
                     api::s3::CreateBucketConfiguration{.location_constraint = "eu-central-1"}}),
            "");

  EXPECT_EQ(Call<api::s3::HeadBucket>({.bucket = "here"})->bucket_region, "eu-central-1");
  EXPECT_EQ(Call<api::s3::GetBucketLocation>({.bucket = "here"})->location_constraint,
            "eu-central-1");
  EXPECT_EQ(Call<api::s3::GetBucketLocation>({.bucket = "bucket"})->location_constraint,
            std::nullopt);
}

TEST_F(BucketsTest, RefusesNamesAndListsThatItCannotHold) {
  EXPECT_EQ(ErrorOf<api::s3::CreateBucket>({.bucket = "Bad_Name"}), "InvalidBucketName");
  EXPECT_EQ(ErrorOf<api::s3::CreateBucket>({.acl = "public-read", .bucket = "public"}),
            "InvalidBucketAclWithObjectOwnership");
  EXPECT_EQ(ErrorOf<api::s3::HeadBucket>({.bucket = "public"}), "NoSuchBucket");
}

TEST_F(BucketsTest, AnotherExpectedOwnerIsDenied) {
  EXPECT_EQ(
      ErrorOf<api::s3::HeadBucket>({.bucket = "bucket", .expected_bucket_owner = "000000000000"}),
      "");
  EXPECT_EQ(
      ErrorOf<api::s3::HeadBucket>({.bucket = "bucket", .expected_bucket_owner = "111111111111"}),
      "AccessDenied");
  EXPECT_EQ(ErrorOf<api::s3::PutObject>({.body = Body("x"),
                                         .bucket = "bucket",
                                         .key = "k",
                                         .expected_bucket_owner = "111111111111"}),
            "AccessDenied");
  EXPECT_EQ(Get("k"), "<NoSuchKey>");
}

TEST_F(BucketsTest, OnlyAnEmptyBucketIsDeleted) {
  ASSERT_TRUE(Put("k", "x"));
  EXPECT_EQ(ErrorOf<api::s3::DeleteBucket>({.bucket = "bucket"}), "BucketNotEmpty");
  ASSERT_TRUE(Call<api::s3::DeleteObject>({.bucket = "bucket", .key = "k"}));
  EXPECT_EQ(ErrorOf<api::s3::DeleteBucket>({.bucket = "bucket"}), "");
  EXPECT_EQ(ErrorOf<api::s3::DeleteBucket>({.bucket = "bucket"}), "NoSuchBucket");
}

TEST_F(BucketsTest, ListsBucketsInPages) {
  for (const char* name : {"aaa", "abc", "zzz"}) {
    ASSERT_TRUE(Call<api::s3::CreateBucket>({.bucket = name}));
  }
  std::string names;
  api::s3::ListBucketsRequest request{.max_buckets = 2};
  while (true) {
    const auto page = Call<api::s3::ListBuckets>(request);
    ASSERT_TRUE(page);
    for (const auto& bucket : *page->buckets) names += *bucket.name + " ";
    if (!page->continuation_token) break;
    names += "| ";
    request.continuation_token = page->continuation_token;
  }
  EXPECT_EQ(names, "aaa abc | bucket zzz ");

  const auto prefixed = Call<api::s3::ListBuckets>({.prefix = "a"});
  EXPECT_EQ(prefixed->buckets->size(), 2U);
  EXPECT_EQ(prefixed->buckets->at(0).creation_date, clock_.Now());
  EXPECT_EQ(ErrorOf<api::s3::ListBuckets>({.continuation_token = "made up"}), "InvalidArgument");
}

TEST_F(BucketsTest, APolicyIsGivenBackAsItWasPut) {
  const std::string policy =
      R"({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*",)"
      R"( "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*"}]})";
  EXPECT_EQ(ErrorOf<api::s3::GetBucketPolicy>({.bucket = "bucket"}), "NoSuchBucketPolicy");
  ASSERT_TRUE(Call<api::s3::PutBucketPolicy>({.bucket = "bucket", .policy = policy}));
  EXPECT_EQ(Call<api::s3::GetBucketPolicy>({.bucket = "bucket"})->policy, policy);
  ASSERT_TRUE(Call<api::s3::DeleteBucketPolicy>({.bucket = "bucket"}));
  EXPECT_EQ(ErrorOf<api::s3::GetBucketPolicy>({.bucket = "bucket"}), "NoSuchBucketPolicy");
}

TEST_F(BucketsTest, RefusesAPolicyThatIsNone) {
  for (const char* policy :
       {"{", "[]", "{}", R"({"Statement": []})", R"({"Statement": [{"Effect": "Maybe"}]})",
        R"({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:*"}})"}) {
    EXPECT_EQ(ErrorOf<api::s3::PutBucketPolicy>({.bucket = "bucket", .policy = policy}),
              "MalformedPolicy")
        << policy;
  }
}

TEST_F(BucketsTest, AccelerationAndTagsAreKept) {
  EXPECT_EQ(Call<api::s3::GetBucketAccelerateConfiguration>({.bucket = "bucket"})->status,
            std::nullopt);
  ASSERT_TRUE(Call<api::s3::PutBucketAccelerateConfiguration>(
      {.bucket = "bucket", .accelerate_configuration = {.status = "Enabled"}}));
  EXPECT_EQ(Call<api::s3::GetBucketAccelerateConfiguration>({.bucket = "bucket"})->status,
            "Enabled");

  EXPECT_EQ(ErrorOf<api::s3::GetBucketTagging>({.bucket = "bucket"}), "NoSuchTagSet");
  ASSERT_TRUE(Call<api::s3::PutBucketTagging>(
      {.bucket = "bucket", .tagging = {.tag_set = {{.key = "a", .value = "1"}}}}));
  EXPECT_EQ(Call<api::s3::GetBucketTagging>({.bucket = "bucket"})->tag_set.at(0).value, "1");
  EXPECT_EQ(ErrorOf<api::s3::PutBucketTagging>(
                {.bucket = "bucket",
                 .tagging = {.tag_set = {{.key = "a", .value = "1"}, {.key = "a", .value = "2"}}}}),
            "InvalidTag");
  ASSERT_TRUE(Call<api::s3::DeleteBucketTagging>({.bucket = "bucket"}));
  EXPECT_EQ(ErrorOf<api::s3::GetBucketTagging>({.bucket = "bucket"}), "NoSuchTagSet");
}

TEST_F(BucketsTest, SaysWhatIsTrueOfEveryBucket) {
  EXPECT_EQ(Call<api::s3::GetBucketVersioning>({.bucket = "bucket"})->status, std::nullopt);
  const auto acl = Call<api::s3::GetBucketAcl>({.bucket = "bucket"});
  ASSERT_TRUE(acl);
  EXPECT_EQ(acl->grants->at(0).permission, "FULL_CONTROL");
  EXPECT_EQ(acl->grants->at(0).grantee->id, acl->owner->id);
  EXPECT_EQ(acl->owner->id->size(), 64U);
}

}  // namespace
}  // namespace usher::s3
