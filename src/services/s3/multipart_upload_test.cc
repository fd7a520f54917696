// Uploads in parts, from their creation to the object that they become.
#include "base/encoding.h"
#include "services/s3/test_service.h"
#include "storage/data_files.h"
#include "wire/checksum.h"

namespace usher::s3 {
namespace {

constexpr std::size_t kMinPart = 5U << 20;

class MultipartUploadTest : public S3Test {
 protected:
  std::string Create(const std::optional<std::string>& algorithm = {},
                     const std::optional<std::string>& type = {}) {
    const auto created =
        Call<api::s3::CreateMultipartUpload>({.bucket = "bucket",
                                              .content_type = "text/csv",
                                              .key = "k",
                                              .metadata = storage::StringMap{{"m", "1"}},
                                              .tagging = "t=1",
                                              .checksum_algorithm = algorithm,
                                              .checksum_type = type});
    EXPECT_TRUE(created);
    return *created->upload_id;
  }
  std::string Upload(const std::string& id, std::int64_t number, const std::string& bytes) {
    const auto part = Call<api::s3::UploadPart>({.body = Body(bytes),
                                                 .bucket = "bucket",
                                                 .key = "k",
                                                 .part_number = number,
                                                 .upload_id = id});
    EXPECT_TRUE(part);
    return part ? *part->e_tag : "";
  }
  using Parts = std::vector<std::pair<std::int64_t, std::string>>;
  static api::s3::CompleteMultipartUploadRequest Completion(const std::string& id,
                                                            const Parts& parts) {
    api::s3::CompleteMultipartUploadRequest request{
        .bucket = "bucket", .key = "k", .upload_id = id};
    request.multipart_upload.emplace().parts.emplace();
    for (const auto& [number, etag] : parts) {
      request.multipart_upload->parts->push_back({.e_tag = etag, .part_number = number});
    }
    return request;
  }
  static std::string Checksum(wire::ChecksumAlgorithm algorithm, std::string_view bytes) {
    wire::Checksum checksum(algorithm);
    checksum.Update(bytes);
    return checksum.Finish();
  }
};

TEST_F(MultipartUploadTest, JoinsItsPartsAndNamesThemInTheETag) {
  const std::string first(kMinPart, 'a');
  const std::string id = Create();
  const std::string tag2 = Upload(id, 5, "tail");
  const std::string tag1 = Upload(id, 2, first);
  Upload(id, 9, "left over");

  const auto done = Call<api::s3::CompleteMultipartUpload>(Completion(id, {{2, tag1}, {5, tag2}}));

  ASSERT_TRUE(done) << done.error().message;
  const std::string digests =
      *HexDecode(storage::Md5Hex(first)) + *HexDecode(storage::Md5Hex("tail"));
  EXPECT_EQ(done->e_tag, "\"" + storage::Md5Hex(digests) + "-2\"");
  EXPECT_EQ(done->location, "http://127.0.0.1:4566/bucket/k");
  EXPECT_EQ(Get("k"), first + "tail");
  const auto head = Call<api::s3::HeadObject>({.bucket = "bucket", .key = "k"});
  EXPECT_EQ(head->content_type, "text/csv");
  EXPECT_EQ(head->metadata->at("m"), "1");
  EXPECT_EQ(head->tag_count, 1);
  EXPECT_EQ(GetBytes({.bucket = "bucket", .key = "k", .part_number = 5}), "tail");
  EXPECT_EQ(ErrorOf<api::s3::ListParts>({.bucket = "bucket", .key = "k", .upload_id = id}),
            "NoSuchUpload");
}

TEST_F(MultipartUploadTest, CompletingTwiceGivesTheSameAnswer) {
  const std::string id = Create();
  const auto request = Completion(id, {{1, Upload(id, 1, "only")}});
  const auto first = Call<api::s3::CompleteMultipartUpload>(request);
  const auto second = Call<api::s3::CompleteMultipartUpload>(request);
  ASSERT_TRUE(first);
  ASSERT_TRUE(second);
  EXPECT_EQ(*first, *second);

  ASSERT_TRUE(Put("k", "other"));
  EXPECT_EQ(ErrorOf<api::s3::CompleteMultipartUpload>(request), "NoSuchUpload");
  EXPECT_EQ(Get("k"), "other");
}

TEST_F(MultipartUploadTest, RefusesListsOfPartsThatDoNotFit) {
  const std::string id = Create();
  const std::string tag1 = Upload(id, 1, "small");
  const std::string tag2 = Upload(id, 2, "small too");
  const auto complete = [&](const Parts& parts) {
    return ErrorOf<api::s3::CompleteMultipartUpload>(Completion(id, parts));
  };
  EXPECT_EQ(complete({}), "MalformedXML");
  EXPECT_EQ(complete({{1, tag1}, {2, tag2}}), "EntityTooSmall");
  EXPECT_EQ(complete({{2, tag2}, {1, tag1}}), "InvalidPartOrder");
  EXPECT_EQ(complete({{1, tag1}, {1, tag1}}), "InvalidPartOrder");
  EXPECT_EQ(complete({{1, tag2}}), "InvalidPart");
  EXPECT_EQ(complete({{3, tag1}}), "InvalidPart");
  auto request = Completion(id, {{1, tag1}});
  request.mpu_object_size = 4;
  EXPECT_EQ(ErrorOf<api::s3::CompleteMultipartUpload>(request), "InvalidRequest");
  request.mpu_object_size = 5;
  request.if_match = "\"x\"";
  EXPECT_EQ(ErrorOf<api::s3::CompleteMultipartUpload>(request), "NoSuchKey");
  EXPECT_EQ(Get("k"), "<NoSuchKey>");
  request.if_match.reset();
  EXPECT_EQ(ErrorOf<api::s3::CompleteMultipartUpload>(request), "");
}

TEST_F(MultipartUploadTest, RefusesPartsThatCannotBe) {
  const std::string id = Create();
  for (const std::int64_t number : {0, -1, 10001}) {
    EXPECT_EQ(ErrorOf<api::s3::UploadPart>({.body = Body("x"),
                                            .bucket = "bucket",
                                            .key = "k",
                                            .part_number = number,
                                            .upload_id = id}),
              "InvalidArgument");
  }
  EXPECT_EQ(ErrorOf<api::s3::UploadPart>({.body = Body("x"),
                                          .bucket = "bucket",
                                          .key = "another key",
                                          .part_number = 1,
                                          .upload_id = id}),
            "NoSuchUpload");
  EXPECT_EQ(ErrorOf<api::s3::UploadPart>({.body = Body("x"),
                                          .bucket = "bucket",
                                          .checksum_crc32 = "AAAAAA==",
                                          .key = "k",
                                          .part_number = 1,
                                          .upload_id = id}),
            "BadDigest");
  const auto parts = Call<api::s3::ListParts>({.bucket = "bucket", .key = "k", .upload_id = id});
  EXPECT_EQ(parts->parts, std::nullopt);
}

// Whole-object CRCs must equal the CRC of all bytes, whatever the cut.
TEST_F(MultipartUploadTest, AWholeChecksumIsThatOfAllBytes) {
  const std::string first(kMinPart + 1, 'b');
  for (const auto& [name, algorithm] :
       {std::pair("CRC32", wire::ChecksumAlgorithm::kCrc32),
        std::pair("CRC32C", wire::ChecksumAlgorithm::kCrc32c),
        std::pair("CRC64NVME", wire::ChecksumAlgorithm::kCrc64Nvme)}) {
    const std::string id = Create(name, "FULL_OBJECT");
    const auto request =
        Completion(id, {{1, Upload(id, 1, first)}, {2, Upload(id, 2, "the tail")}});
    ASSERT_TRUE(Call<api::s3::CompleteMultipartUpload>(request));
    const auto head =
        Call<api::s3::HeadObject>({.bucket = "bucket", .key = "k", .checksum_mode = "ENABLED"});
    EXPECT_EQ(head->checksum_type, "FULL_OBJECT");
    const std::string expected = Base64Encode(Checksum(algorithm, first + "the tail"));
    EXPECT_EQ(head->checksum_crc32.value_or(
                  head->checksum_crc32_c.value_or(head->checksum_crc64_nvme.value_or(""))),
              expected)
        << name;
  }
}

TEST_F(MultipartUploadTest, ACompositeChecksumIsThatOfThePartsChecksums) {
  const std::string first(kMinPart, 'b');
  const std::string id = Create("SHA256");
  auto request = Completion(id, {{1, Upload(id, 1, first)}, {2, Upload(id, 2, "tail")}});
  using enum wire::ChecksumAlgorithm;
  const std::string values = Checksum(kSha256, first) + Checksum(kSha256, "tail");
  const std::string expected = Base64Encode(Checksum(kSha256, values)) + "-2";

  request.multipart_upload->parts->at(1).checksum_sha256 = Base64Encode(Checksum(kSha256, "other"));
  EXPECT_EQ(ErrorOf<api::s3::CompleteMultipartUpload>(request), "InvalidPart");
  request.multipart_upload->parts->at(1).checksum_sha256 = Base64Encode(Checksum(kSha256, "tail"));
  request.checksum_sha256 = Base64Encode(Checksum(kSha256, "other")) + "-2";
  EXPECT_EQ(ErrorOf<api::s3::CompleteMultipartUpload>(request), "BadDigest");
  request.checksum_sha256 = expected;
  const auto done = Call<api::s3::CompleteMultipartUpload>(request);

  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->checksum_sha256, expected);
  EXPECT_EQ(done->checksum_type, "COMPOSITE");
  const auto attributes = Call<api::s3::GetObjectAttributes>(
      {.bucket = "bucket",
       .key = "k",
       .object_attributes = {"ETag", "Checksum", "ObjectParts", "ObjectSize"}});
  ASSERT_TRUE(attributes);
  EXPECT_EQ(attributes->object_size, static_cast<std::int64_t>(kMinPart + 4));
  EXPECT_EQ(attributes->object_parts->total_parts_count, 2);
  EXPECT_EQ(attributes->object_parts->parts->at(1).size, 4);
  EXPECT_EQ(attributes->storage_class, std::nullopt);
}

TEST_F(MultipartUploadTest, RefusesAChecksumTypeThatItsAlgorithmCannotHave) {
  const auto create = [&](const char* algorithm, const char* type) {
    return ErrorOf<api::s3::CreateMultipartUpload>(
        {.bucket = "bucket", .key = "k", .checksum_algorithm = algorithm, .checksum_type = type});
  };
  EXPECT_EQ(create("SHA256", "FULL_OBJECT"), "InvalidRequest");
  EXPECT_EQ(create("CRC64NVME", "COMPOSITE"), "InvalidRequest");
  EXPECT_EQ(create("XXHASH64", "FULL_OBJECT"), "InvalidRequest");
  EXPECT_EQ(create("CRC32", "FULL_OBJECT"), "");
}

TEST_F(MultipartUploadTest, CopiesPartsFromOtherObjects) {
  const std::string big(kMinPart, 'c');
  ASSERT_TRUE(Put("source", "0123456789"));
  ASSERT_TRUE(Put("big", big));
  const std::string id = Create();
  api::s3::UploadPartCopyRequest request{.bucket = "bucket",
                                         .copy_source = "bucket/big",
                                         .key = "k",
                                         .part_number = 1,
                                         .upload_id = id};
  const auto first = Call<api::s3::UploadPartCopy>(request);
  ASSERT_TRUE(first);
  request.copy_source = "bucket/source";
  request.copy_source_range = "bytes=3-5";
  request.part_number = 2;
  const auto second = Call<api::s3::UploadPartCopy>(request);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->copy_part_result->e_tag, "\"" + storage::Md5Hex("345") + "\"");
  request.copy_source_range = "bytes=3-10";
  EXPECT_EQ(ErrorOf<api::s3::UploadPartCopy>(request), "InvalidArgument");

  ASSERT_TRUE(Call<api::s3::CompleteMultipartUpload>(Completion(
      id, {{1, *first->copy_part_result->e_tag}, {2, *second->copy_part_result->e_tag}})));
  EXPECT_EQ(Get("k"), big + "345");

  // A copy of an object of parts is one piece again, with the MD5 of all its bytes.
  const auto copied =
      Call<api::s3::CopyObject>({.bucket = "bucket", .copy_source = "bucket/k", .key = "copy"});
  ASSERT_TRUE(copied);
  EXPECT_EQ(copied->copy_object_result->e_tag, "\"" + storage::Md5Hex(big + "345") + "\"");
  EXPECT_EQ(Get("copy"), big + "345");
}

TEST_F(MultipartUploadTest, ListsPartsInPages) {
  const std::string id = Create();
  for (const int number : {4, 1, 7}) Upload(id, number, "x");
  auto page =
      Call<api::s3::ListParts>({.bucket = "bucket", .key = "k", .max_parts = 2, .upload_id = id});
  ASSERT_TRUE(page);
  ASSERT_EQ(page->parts->size(), 2U);
  EXPECT_EQ(page->parts->at(1).part_number, 4);
  EXPECT_EQ(page->is_truncated, true);
  EXPECT_EQ(page->next_part_number_marker, 4);
  page = Call<api::s3::ListParts>(
      {.bucket = "bucket", .key = "k", .part_number_marker = 4, .upload_id = id});
  ASSERT_EQ(page->parts->size(), 1U);
  EXPECT_EQ(page->parts->at(0).part_number, 7);
  EXPECT_EQ(page->is_truncated, false);
}

TEST_F(MultipartUploadTest, ListsUploadsInPagesAndUnderPrefixes) {
  for (const char* key : {"a", "b/1", "b/2", "c"}) {
    ASSERT_TRUE(Call<api::s3::CreateMultipartUpload>({.bucket = "bucket", .key = key}));
  }
  std::string names;
  api::s3::ListMultipartUploadsRequest request{
      .bucket = "bucket", .delimiter = "/", .max_uploads = 1};
  while (true) {
    const auto page = Call<api::s3::ListMultipartUploads>(request);
    ASSERT_TRUE(page);
    if (page->uploads) names += *page->uploads->at(0).key + " ";
    if (page->common_prefixes) names += *page->common_prefixes->at(0).prefix + "* ";
    if (!*page->is_truncated) break;
    request.key_marker = page->next_key_marker;
    request.upload_id_marker = page->next_upload_id_marker;
  }
  EXPECT_EQ(names, "a b/* c ");
}

TEST_F(MultipartUploadTest, AnAbortedUploadIsGone) {
  const std::string id = Create();
  Upload(id, 1, "x");
  EXPECT_EQ(
      ErrorOf<api::s3::AbortMultipartUpload>({.bucket = "bucket", .key = "k", .upload_id = id}),
      "");
  EXPECT_EQ(
      ErrorOf<api::s3::AbortMultipartUpload>({.bucket = "bucket", .key = "k", .upload_id = id}),
      "NoSuchUpload");
  EXPECT_EQ(Call<api::s3::ListMultipartUploads>({.bucket = "bucket"})->uploads, std::nullopt);
}

}  // namespace
}  // namespace usher::s3
