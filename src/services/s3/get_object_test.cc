#include "services/s3/test_service.h"

namespace usher::s3 {
namespace {

class GetObjectTest : public S3Test {
 protected:
  GetObjectTest() { etag_ = *Put("k", "0123456789")->e_tag; }

  std::string Range(const std::string& header) {
    return GetBytes({.bucket = "bucket", .key = "k", .range = header});
  }
  std::string etag_;
};

TEST_F(GetObjectTest, TellsWhatItGives) {
  const auto got = Call<api::s3::GetObject>({.bucket = "bucket", .key = "k"});
  ASSERT_TRUE(got);
  EXPECT_EQ(got->content_length, 10);
  EXPECT_EQ(got->e_tag, etag_);
  EXPECT_EQ(got->last_modified, clock_.Now());
  EXPECT_EQ(got->accept_ranges, "bytes");
  EXPECT_EQ(got->content_type, "binary/octet-stream");
  EXPECT_EQ(got->checksum_crc64_nvme, std::nullopt);  // not asked for
  EXPECT_EQ(context_.response_status, 0);
  EXPECT_EQ(got->body->size(), 10U);
}

TEST_F(GetObjectTest, GivesARangeAsPartialContent) {
  EXPECT_EQ(Range("bytes=2-4"), "234");
  EXPECT_EQ(context_.response_status, 206);
  const auto got = Call<api::s3::GetObject>({.bucket = "bucket", .key = "k", .range = "bytes=-3"});
  EXPECT_EQ(got->content_range, "bytes 7-9/10");
  EXPECT_EQ(got->content_length, 3);

  EXPECT_EQ(Range("bytes=10-"), "<InvalidRange>");
  EXPECT_EQ(*context_.response_headers.Find("Content-Range"), "bytes */10");
  EXPECT_EQ(Range("nonsense"), "0123456789");
}

TEST_F(GetObjectTest, AnswersConditionsInTheOrderOfTheStandard) {
  const auto get = [&](const api::s3::GetObjectRequest& conditions) {
    api::s3::GetObjectRequest request = conditions;
    request.bucket = "bucket";
    request.key = "k";
    const auto got = Call<api::s3::GetObject>(request);
    return got ? 200 : got.error().http_status;
  };
  // Stored at half past a second; HTTP knows whole seconds only.
  const Time second = FromEpochMillis(1'700'000'000'000);
  const Time earlier = FromEpochMillis(1'699'999'999'000);

  EXPECT_EQ(get({.if_match = etag_}), 200);
  EXPECT_EQ(get({.if_match = "*"}), 200);
  EXPECT_EQ(get({.if_match = "\"other\", " + etag_}), 200);
  EXPECT_EQ(get({.if_match = "\"other\""}), 412);
  EXPECT_EQ(get({.if_none_match = etag_}), 304);
  EXPECT_EQ(*context_.response_headers.Find("ETag"), etag_);
  EXPECT_EQ(get({.if_none_match = "\"other\""}), 200);
  EXPECT_EQ(get({.if_modified_since = second}), 304);
  EXPECT_EQ(get({.if_modified_since = earlier}), 200);
  EXPECT_EQ(get({.if_unmodified_since = second}), 200);
  EXPECT_EQ(get({.if_unmodified_since = earlier}), 412);
  EXPECT_EQ(get({.if_match = etag_, .if_unmodified_since = earlier}), 200);
  EXPECT_EQ(get({.if_modified_since = second, .if_none_match = "\"other\""}), 200);
}

TEST_F(GetObjectTest, OverridesHeadersAsAsked) {
  const auto got = Call<api::s3::GetObject>({.bucket = "bucket",
                                             .key = "k",
                                             .response_cache_control = "no-store",
                                             .response_content_disposition = "attachment",
                                             .response_content_type = "text/plain",
                                             .response_expires = FromEpochMillis(0)});
  EXPECT_EQ(got->content_type, "text/plain");
  EXPECT_EQ(got->cache_control, "no-store");
  EXPECT_EQ(got->content_disposition, "attachment");
  EXPECT_EQ(got->expires, "Thu, 01 Jan 1970 00:00:00 GMT");
}

TEST_F(GetObjectTest, OnlyTheNullVersionExists) {
  EXPECT_EQ(GetBytes({.bucket = "bucket", .key = "k", .version_id = "null"}), "0123456789");
  EXPECT_EQ(GetBytes({.bucket = "bucket", .key = "k", .version_id = "abc"}), "<NoSuchVersion>");
}

TEST_F(GetObjectTest, MissesWhatIsNotThere) {
  EXPECT_EQ(Get("missing"), "<NoSuchKey>");
  EXPECT_EQ(GetBytes({.bucket = "other", .key = "k"}), "<NoSuchBucket>");
  EXPECT_EQ(ErrorOf<api::s3::HeadObject>({.bucket = "bucket", .key = "missing"}), "NoSuchKey");
}

TEST_F(GetObjectTest, GivesAnEmptyObject) {
  ASSERT_TRUE(Put("empty", ""));
  EXPECT_EQ(Get("empty"), "");
  EXPECT_EQ(GetBytes({.bucket = "bucket", .key = "empty", .range = "bytes=0-"}), "<InvalidRange>");
}

TEST_F(GetObjectTest, AnObjectInOnePieceIsItsOwnFirstPart) {
  EXPECT_EQ(GetBytes({.bucket = "bucket", .key = "k", .part_number = 1}), "0123456789");
  EXPECT_EQ(context_.response_status, 206);
  EXPECT_EQ(GetBytes({.bucket = "bucket", .key = "k", .part_number = 2}), "<InvalidPartNumber>");
  EXPECT_EQ(GetBytes({.bucket = "bucket", .key = "k", .range = "bytes=0-1", .part_number = 1}),
            "<InvalidRequest>");
}

TEST_F(GetObjectTest, DeletingIsNoErrorWhenThereIsNothing) {
  EXPECT_EQ(ErrorOf<api::s3::DeleteObject>({.bucket = "bucket", .key = "missing"}), "");
  EXPECT_EQ(
      ErrorOf<api::s3::DeleteObject>({.bucket = "bucket", .key = "k", .if_match = "\"other\""}),
      "PreconditionFailed");
  EXPECT_EQ(ErrorOf<api::s3::DeleteObject>({.bucket = "bucket", .key = "k", .if_match = etag_}),
            "");
  EXPECT_EQ(Get("k"), "<NoSuchKey>");
}

TEST_F(GetObjectTest, DeletesManyAndTellsOfEach) {
  ASSERT_TRUE(Put("other", "x"));
  api::s3::DeleteObjectsRequest request{.bucket = "bucket"};
  request.delete_.objects = {{.key = "k"},
                             {.key = "missing"},
                             {.key = std::string(1025, 'k')},
                             {.key = "other", .e_tag = "\"wrong\""}};
  const auto answer = Call<api::s3::DeleteObjects>(request);
  ASSERT_TRUE(answer);
  ASSERT_EQ(answer->deleted->size(), 2U);
  EXPECT_EQ(answer->deleted->at(0).key, "k");
  EXPECT_EQ(answer->deleted->at(1).key, "missing");
  ASSERT_EQ(answer->errors->size(), 2U);
  EXPECT_EQ(answer->errors->at(0).code, "KeyTooLongError");
  EXPECT_EQ(answer->errors->at(1).code, "PreconditionFailed");
  EXPECT_EQ(Get("k"), "<NoSuchKey>");
  EXPECT_EQ(Get("other"), "x");

  request.delete_ = {.objects = {{.key = "other"}}, .quiet = true};
  EXPECT_EQ(Call<api::s3::DeleteObjects>(request)->deleted, std::nullopt);
  request.delete_.objects.clear();
  EXPECT_EQ(ErrorOf<api::s3::DeleteObjects>(request), "MalformedXML");
  request.delete_.objects.resize(1001, {.key = "k"});
  EXPECT_EQ(ErrorOf<api::s3::DeleteObjects>(request), "MalformedXML");
}

}  // namespace
}  // namespace usher::s3
