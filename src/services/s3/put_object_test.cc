#include "services/s3/test_service.h"

namespace usher::s3 {
namespace {

using PutObjectTest = S3Test;

// Gives some bytes and then refuses the rest, as a body does whose signature is wrong.
class RefusedSource final : public ByteSource {
 public:
  Result<std::size_t> Read(std::span<char> buffer) override {
    if (first_) {
      first_ = false;
      buffer[0] = 'x';
      return std::size_t{1};
    }
    return Named("SignatureDoesNotMatch", ErrorCode::kAccessDenied, "no", 403);
  }

 private:
  bool first_ = true;
};

class SizedSource final : public ByteSource {
 public:
  explicit SizedSource(std::uint64_t size) : size_(size) {}
  Result<std::size_t> Read(std::span<char>) override { return Internal("must not be read"); }
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return size_; }

 private:
  std::uint64_t size_;
};

TEST_F(PutObjectTest, AnswersWithTheMd5AndTheStandardChecksum) {
  const auto put = Put("k", "123456789");

  ASSERT_TRUE(put);
  EXPECT_EQ(put->e_tag, "\"25f9e794323b453885f5181f1b624d0b\"");  // printf 123456789 | md5sum
  // CRC-64/NVME of the digits is AE8B14860A799888 by the catalogue of CRCs.
  EXPECT_EQ(put->checksum_crc64_nvme, "rosUhgp5mIg=");
  EXPECT_EQ(put->checksum_type, "FULL_OBJECT");
}

TEST_F(PutObjectTest, KeepsHeadersMetadataAndTags) {
  ASSERT_TRUE(Call<api::s3::PutObject>({.body = Body("x"),
                                        .bucket = "bucket",
                                        .cache_control = "max-age=60",
                                        .content_encoding = "aws-chunked,gzip",
                                        .content_type = "text/csv",
                                        .expires = "Thu, 01 Dec 1994 16:00:00 GMT",
                                        .key = "k",
                                        .metadata = storage::StringMap{{"who", "me"}},
                                        .storage_class = "STANDARD_IA",
                                        .tagging = "a=1&b=x%20y+z"}));

  const auto head = Call<api::s3::HeadObject>({.bucket = "bucket", .key = "k"});
  ASSERT_TRUE(head);
  EXPECT_EQ(head->cache_control, "max-age=60");
  EXPECT_EQ(head->content_encoding, "gzip");
  EXPECT_EQ(head->content_type, "text/csv");
  EXPECT_EQ(head->expires, "Thu, 01 Dec 1994 16:00:00 GMT");
  EXPECT_EQ(head->metadata->at("who"), "me");
  EXPECT_EQ(head->storage_class, "STANDARD_IA");
  EXPECT_EQ(head->tag_count, 2);
  EXPECT_EQ(head->content_length, 1);
  const auto tags = Call<api::s3::GetObjectTagging>({.bucket = "bucket", .key = "k"});
  EXPECT_EQ(tags->tag_set.at(1).value, "x y z");
}

TEST_F(PutObjectTest, ABodyThatIsRefusedChangesNothing) {
  ASSERT_TRUE(Put("k", "old"));
  EXPECT_EQ(ErrorOf<api::s3::PutObject>(
                {.body = std::make_shared<RefusedSource>(), .bucket = "bucket", .key = "k"}),
            "SignatureDoesNotMatch");
  EXPECT_EQ(ErrorOf<api::s3::PutObject>(
                {.body = std::make_shared<RefusedSource>(), .bucket = "bucket", .key = "new"}),
            "SignatureDoesNotMatch");
  EXPECT_EQ(Get("k"), "old");
  EXPECT_EQ(Get("new"), "<NoSuchKey>");
}

TEST_F(PutObjectTest, HoldsTheBodyToItsChecksums) {
  // printf 123456789 | sha256sum, as base64; CRC-32 of the digits is CBF43926.
  const std::string sha256 = "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=";
  api::s3::PutObjectRequest request{.bucket = "bucket", .key = "k"};
  const auto put = [&](const auto& change) {
    api::s3::PutObjectRequest changed = request;
    changed.body = Body("123456789");
    change(changed);
    return ErrorOf<api::s3::PutObject>(changed);
  };
  EXPECT_EQ(put([](auto& r) { r.checksum_crc32 = "AAAAAA=="; }), "BadDigest");
  EXPECT_EQ(put([](auto& r) { r.checksum_crc32 = "AAAA"; }), "InvalidRequest");
  EXPECT_EQ(put([&](auto& r) {
              r.checksum_crc32 = "y/Q5Jg==";
              r.checksum_sha256 = sha256;
            }),
            "InvalidRequest");
  EXPECT_EQ(put([](auto& r) { r.checksum_md5 = "AAAAAAAAAAAAAAAAAAAAAA=="; }), "InvalidRequest");
  EXPECT_EQ(put([](auto& r) { r.content_md5 = "AAAAAAAAAAAAAAAAAAAAAA=="; }), "BadDigest");
  EXPECT_EQ(put([](auto& r) { r.content_md5 = "short"; }), "InvalidDigest");
  EXPECT_EQ(Get("k"), "<NoSuchKey>");

  EXPECT_EQ(put([](auto& r) { r.content_md5 = "JfnnlDI7RTiF9RgfG2JNCw=="; }), "");
  EXPECT_EQ(put([](auto& r) { r.checksum_crc32 = "y/Q5Jg=="; }), "");
  EXPECT_EQ(put([&](auto& r) { r.checksum_sha256 = sha256; }), "");
  const auto got =
      Call<api::s3::GetObject>({.bucket = "bucket", .key = "k", .checksum_mode = "ENABLED"});
  EXPECT_EQ(got->checksum_sha256, sha256);
  EXPECT_EQ(got->checksum_crc32, std::nullopt);
}

TEST_F(PutObjectTest, WritesOnlyWhenItsConditionHolds) {
  const auto put = [&](const std::optional<std::string>& match,
                       const std::optional<std::string>& none) {
    return ErrorOf<api::s3::PutObject>({.body = Body("new"),
                                        .bucket = "bucket",
                                        .if_match = match,
                                        .if_none_match = none,
                                        .key = "k"});
  };
  EXPECT_EQ(put("\"abc\"", {}), "NoSuchKey");
  const std::string etag = *Put("k", "old")->e_tag;
  EXPECT_EQ(put({}, "*"), "PreconditionFailed");
  EXPECT_EQ(put("\"abc\"", {}), "PreconditionFailed");
  EXPECT_EQ(put({}, "\"abc\""), "NotImplemented");
  EXPECT_EQ(Get("k"), "old");
  EXPECT_EQ(put(etag, {}), "");
  EXPECT_EQ(Get("k"), "new");
}

TEST_F(PutObjectTest, RefusesWhatIsTooLarge) {
  const std::uint64_t five_gib = std::uint64_t{5} << 30;
  EXPECT_EQ(
      ErrorOf<api::s3::PutObject>(
          {.body = std::make_shared<SizedSource>(five_gib + 1), .bucket = "bucket", .key = "k"}),
      "EntityTooLarge");
  EXPECT_EQ(ErrorOf<api::s3::PutObject>(
                {.body = Body("x"), .bucket = "bucket", .key = std::string(1025, 'k')}),
            "KeyTooLongError");
  const std::string half(1024, 'v');
  EXPECT_EQ(ErrorOf<api::s3::PutObject>({.body = Body("x"),
                                         .bucket = "bucket",
                                         .key = "k",
                                         .metadata = storage::StringMap{{"a", half}, {"b", half}}}),
            "MetadataTooLarge");
  EXPECT_EQ(ErrorOf<api::s3::PutObject>(
                {.body = Body("x"),
                 .bucket = "bucket",
                 .key = "k",
                 .metadata = storage::StringMap{{"a", half.substr(1)}, {"b", half.substr(1)}}}),
            "");
}

TEST_F(PutObjectTest, RefusesWhatItCannotDoRatherThanIgnoreIt) {
  const auto put = [&](const auto& change) {
    api::s3::PutObjectRequest request{.body = Body("x"), .bucket = "bucket", .key = "k"};
    change(request);
    return ErrorOf<api::s3::PutObject>(request);
  };
  EXPECT_EQ(put([](auto& r) { r.acl = "public-read"; }), "AccessControlListNotSupported");
  EXPECT_EQ(put([](auto& r) { r.acl = "bucket-owner-full-control"; }), "");
  EXPECT_EQ(put([](auto& r) { r.grant_read = "uri=…"; }), "AccessControlListNotSupported");
  EXPECT_EQ(put([](auto& r) { r.server_side_encryption = "aws:kms"; }), "NotImplemented");
  EXPECT_EQ(put([](auto& r) { r.sse_customer_algorithm = "AES256"; }), "NotImplemented");
  EXPECT_EQ(put([](auto& r) { r.storage_class = "GLACIER"; }), "InvalidStorageClass");
  EXPECT_EQ(put([](auto& r) { r.object_lock_mode = "GOVERNANCE"; }), "InvalidRequest");
  EXPECT_EQ(put([](auto& r) { r.write_offset_bytes = 3; }), "NotImplemented");
  EXPECT_EQ(put([](auto& r) { r.tagging = "a=%zz"; }), "InvalidArgument");
  EXPECT_EQ(put([](auto& r) { r.tagging = "aws:x=1"; }), "InvalidTag");
  EXPECT_EQ(put([](auto& r) { r.tagging = "1=&2=&3=&4=&5=&6=&7=&8=&9=&10=&11="; }), "BadRequest");
}

TEST_F(PutObjectTest, TagsAreReplacedWholeAndRemoved) {
  ASSERT_TRUE(Put("k", "x"));
  ASSERT_TRUE(Call<api::s3::PutObjectTagging>(
      {.bucket = "bucket", .key = "k", .tagging = {.tag_set = {{.key = "a", .value = "1"}}}}));
  ASSERT_TRUE(Call<api::s3::PutObjectTagging>(
      {.bucket = "bucket", .key = "k", .tagging = {.tag_set = {{.key = "b", .value = "2"}}}}));
  const auto tags = Call<api::s3::GetObjectTagging>({.bucket = "bucket", .key = "k"});
  ASSERT_EQ(tags->tag_set.size(), 1U);
  EXPECT_EQ(tags->tag_set[0].key, "b");
  ASSERT_TRUE(Call<api::s3::DeleteObjectTagging>({.bucket = "bucket", .key = "k"}));
  EXPECT_TRUE(Call<api::s3::GetObjectTagging>({.bucket = "bucket", .key = "k"})->tag_set.empty());
  EXPECT_EQ(ErrorOf<api::s3::GetObjectTagging>({.bucket = "bucket", .key = "missing"}),
            "NoSuchKey");
  EXPECT_EQ(Get("k"), "x");
}

}  // namespace
}  // namespace usher::s3
