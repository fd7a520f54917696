#include "wire/aws_chunked.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/byte_source.h"
#include "base/encoding.h"
#include "wire/digest.h"

namespace usher::wire {
namespace {

// Gives its bytes in pieces of one size, as a socket would.
class PiecewiseSource final : public ByteSource {
 public:
  PiecewiseSource(std::string bytes, std::size_t piece) : bytes_(std::move(bytes)), piece_(piece) {}
  Result<std::size_t> Read(std::span<char> buffer) override {
    const std::size_t count = std::min({buffer.size(), piece_, bytes_.size() - at_});
    std::copy_n(bytes_.data() + at_, count, buffer.data());
    at_ += count;
    return count;
  }

 private:
  std::string bytes_;
  std::size_t piece_;
  std::size_t at_ = 0;
};

class BrokenSource final : public ByteSource {
 public:
  Result<std::size_t> Read(std::span<char>) override { return Internal("the connection broke"); }
};

AwsChunkedPlan Unsigned(std::uint64_t length, std::vector<ChecksumAlgorithm> trailers = {}) {
  return {.decoded_length = length,
          .signed_chunks = false,
          .has_trailer = true,
          .trailers = std::move(trailers),
          .signer = std::nullopt};
}

Result<std::string> Decode(std::string framed, AwsChunkedPlan plan, std::size_t piece = 65536) {
  const auto source = MakeAwsChunkedSource(
      std::make_shared<PiecewiseSource>(std::move(framed), piece), std::move(plan));
  return ReadAll(*source, 16U << 20);
}

std::string NameOfError(const Result<std::string>& result) {
  return result ? "accepted '" + *result + "'" : result.error().wire_name;
}

// The worked example of the S3 API reference: 65 kB of 'a' in chunks of 64 kB and 1 kB, signed on
// 2013-05-24 with the documented key. Seed, key and date are given there, and so are the
// signatures of the three chunks.
ChunkSigner DocumentedSigner(std::string seed) {
  const sigv4::Scope scope = {.access_key_id = "AKIAIOSFODNN7EXAMPLE",
                              .date = "20130524",
                              .region = "us-east-1",
                              .service = "s3"};
  return {sigv4::SigningKey("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", scope), "20130524T000000Z",
          scope.Text(), std::move(seed)};
}

TEST(ChunkSigner, SignsTheDocumentedExample) {
  ChunkSigner signer =
      DocumentedSigner("4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9");

  EXPECT_EQ(signer.Next(Sha256Hex(std::string(65536, 'a'))),
            "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648");
  EXPECT_EQ(signer.Next(Sha256Hex(std::string(1024, 'a'))),
            "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497");
  EXPECT_EQ(signer.Next(Sha256Hex("")),
            "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9");
}

TEST(ChunkSigner, SignsTheDocumentedExampleWithTrailer) {
  ChunkSigner signer =
      DocumentedSigner("106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e");

  EXPECT_EQ(signer.Next(Sha256Hex(std::string(65536, 'a'))),
            "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2");
  EXPECT_EQ(signer.Next(Sha256Hex(std::string(1024, 'a'))),
            "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7");
  EXPECT_EQ(signer.Next(Sha256Hex("")),
            "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992");
  EXPECT_EQ(signer.Trailer("x-amz-checksum-crc32c:sOO8/Q==\n"),
            "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435");
}

TEST(AwsChunked, GivesTheSameBytesHoweverTheyArrive) {
  std::string data(20000, '\0');
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<char>(i * 7 % 251);
  // Two chunks: 4096 (0x1000) and 15904 (0x3e20) bytes.
  const std::string framed =
      "1000\r\n" + data.substr(0, 4096) + "\r\n3e20\r\n" + data.substr(4096) + "\r\n0\r\n\r\n";
  for (const std::size_t piece : {1U, 2U, 3U, 100U, 65536U}) {
    const auto decoded = Decode(framed, Unsigned(data.size()), piece);
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_TRUE(*decoded == data) << piece;
  }
}

TEST(AwsChunked, TellsItsDecodedSizeAndTrailers) {
  const auto source =
      MakeAwsChunkedSource(std::make_shared<StringSource>(
                               "9\r\n123456789\r\n0\r\nx-amz-checksum-crc32:y/Q5Jg==\r\n\r\n"),
                           Unsigned(9, {ChecksumAlgorithm::kCrc32}));

  EXPECT_EQ(source->size(), 9U);
  const auto decoded = ReadAll(*source, 100);
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(*decoded, "123456789");
  ASSERT_NE(source->trailers().Find("x-amz-checksum-crc32"), nullptr);
  EXPECT_EQ(*source->trailers().Find("x-amz-checksum-crc32"), "y/Q5Jg==");
  char more[8];
  const auto again = source->Read(more);
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, 0U);
}

TEST(AwsChunked, RefusesMalformedFrames) {
  for (const std::string framed :
       {"x\r\nabc\r\n0\r\n\r\n", "\r\nabc\r\n0\r\n\r\n", "-3\r\nabc\r\n0\r\n\r\n",
        "+3\r\nabc\r\n0\r\n\r\n", "0x3\r\nabc\r\n0\r\n\r\n", " 3\r\nabc\r\n0\r\n\r\n",
        "3 \r\nabc\r\n0\r\n\r\n", "3\nabc\r\n0\r\n\r\n", "3\r\nabc\n0\r\n\r\n", "3\r\nabc0\r\n\r\n",
        "3\r\nabcd\r\n0\r\n\r\n", "3;a=b\r\nabc\r\n0\r\n\r\n",
        "00000000000000003\r\nabc\r\n0\r\n\r\n", "3\r\nabc\r\n0\r\n\r\nx",
        "3\r\nabc\r\n0\r\n\r\n0\r\n\r\n"}) {
    EXPECT_EQ(NameOfError(Decode(framed, Unsigned(3))), "InvalidRequest") << framed;
  }
  EXPECT_EQ(NameOfError(Decode(std::string(5000, '0') + "3\r\nabc\r\n0\r\n\r\n", Unsigned(3))),
            "InvalidRequest");
}

TEST(AwsChunked, RefusesALengthOtherThanAnnounced) {
  const std::string framed = "3\r\nabc\r\n0\r\n\r\n";
  EXPECT_EQ(NameOfError(Decode(framed, Unsigned(3))), "accepted 'abc'");
  for (const std::uint64_t length : {0U, 1U, 2U, 4U, 1000U}) {
    EXPECT_EQ(NameOfError(Decode(framed, Unsigned(length))), "IncompleteBody") << length;
  }
  EXPECT_EQ(NameOfError(Decode("ffffffffffffffff\r\nabc", Unsigned(3))), "IncompleteBody");
  EXPECT_EQ(NameOfError(Decode("10000000000000003\r\nabc", Unsigned(3))), "InvalidRequest");
}

TEST(AwsChunked, RefusesEveryTruncation) {
  const std::string framed = "3\r\nabc\r\n0\r\nx-amz-checksum-crc32:NSRBwg==\r\n\r\n";
  const AwsChunkedPlan plan = Unsigned(3, {ChecksumAlgorithm::kCrc32});
  EXPECT_EQ(NameOfError(Decode(framed, plan)), "accepted 'abc'");
  for (std::size_t size = 0; size < framed.size(); ++size) {
    EXPECT_EQ(NameOfError(Decode(framed.substr(0, size), plan)), "IncompleteBody") << size;
  }
}

TEST(AwsChunked, RefusesTrailersOtherThanAnnounced) {
  const auto with = [](const std::string& trailers) {
    return "3\r\nabc\r\n0\r\n" + trailers + "\r\n";
  };
  const AwsChunkedPlan crc = Unsigned(3, {ChecksumAlgorithm::kCrc32});

  EXPECT_EQ(NameOfError(Decode(with(""), crc)), "MalformedTrailerError");
  EXPECT_EQ(NameOfError(Decode(with("x-amz-checksum-sha1:NSRBwg==\r\n"), crc)),
            "MalformedTrailerError");
  EXPECT_EQ(NameOfError(Decode(with("no colon\r\n"), crc)), "MalformedTrailerError");
  EXPECT_EQ(NameOfError(Decode(with("x-amz-checksum-crc32:NSRBwg==\r\n"), Unsigned(3))),
            "MalformedTrailerError");
  EXPECT_EQ(NameOfError(Decode(with("x-amz-checksum-crc32:NSRBwg==\r\nx-amz-meta-a:b\r\n"), crc)),
            "MalformedTrailerError");
  EXPECT_EQ(NameOfError(Decode(with("x-amz-checksum-crc32:NSRBwg==\r\n"
                                    "x-amz-checksum-crc32:NSRBwg==\r\n"),
                               crc)),
            "MalformedTrailerError");
  EXPECT_EQ(NameOfError(Decode(with("x-amz-checksum-crc32:NSRBwQ==\r\n"), crc)), "BadDigest");
  EXPECT_EQ(NameOfError(Decode(with("x-amz-checksum-crc32:NSRB\r\n"), crc)), "InvalidRequest");
  EXPECT_EQ(NameOfError(Decode(with("x-amz-checksum-crc32:!!!!!!==\r\n"), crc)), "InvalidRequest");
  EXPECT_EQ(NameOfError(Decode(with("x-amz-checksum-crc32:NSRBwo==\r\n"), crc)), "InvalidRequest");
  EXPECT_EQ(NameOfError(Decode(with("x-amz-checksum-crc32:\r\n"), crc)), "InvalidRequest");
  std::string many;
  for (int i = 0; i < 20; ++i) many += "a" + std::to_string(i) + ":b\r\n";
  EXPECT_EQ(NameOfError(Decode(with(many), crc)), "MalformedTrailerError");
  EXPECT_EQ(NameOfError(Decode(with("a:" + std::string(2000, 'b') + "\r\n"), crc)),
            "InvalidRequest");
}

TEST(AwsChunked, PassesOnTheErrorOfItsSourceAndStaysFailed) {
  const auto source = MakeAwsChunkedSource(std::make_shared<BrokenSource>(), Unsigned(3));
  char buffer[16];
  for (int i = 0; i < 2; ++i) {
    const auto got = source->Read(buffer);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().message, "the connection broke");
  }
}

TEST(AwsChunked, StaysFailedAfterAWrongChunkSignature) {
  AwsChunkedPlan plan;
  plan.decoded_length = 3;
  plan.signed_chunks = true;
  plan.signer = ChunkSigner("key", "20130524T000000Z", "scope", "seed");
  const std::string wrong(64, '0');
  const auto source = MakeAwsChunkedSource(
      std::make_shared<StringSource>("3;chunk-signature=" + wrong +
                                     "\r\nabc\r\n0;chunk-signature=" + wrong + "\r\n\r\n"),
      plan);
  char buffer[16];
  for (int i = 0; i < 2; ++i) {
    const auto got = source->Read(buffer);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().wire_name, "SignatureDoesNotMatch");
    EXPECT_EQ(got.error().http_status, 403);
  }
}

TEST(AwsChunked, RefusesChunksWithoutSignatureWhereTheyAreSigned) {
  AwsChunkedPlan plan;
  plan.decoded_length = 3;
  plan.signed_chunks = true;
  EXPECT_EQ(NameOfError(Decode("3\r\nabc\r\n0\r\n\r\n", plan)), "InvalidRequest");
}

}  // namespace
}  // namespace usher::wire
