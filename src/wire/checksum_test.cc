#include "wire/checksum.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "base/random.h"

namespace usher::wire {
namespace {

constexpr ChecksumAlgorithm kAll[] = {ChecksumAlgorithm::kCrc32, ChecksumAlgorithm::kCrc32c,
                                      ChecksumAlgorithm::kCrc64Nvme, ChecksumAlgorithm::kSha1,
                                      ChecksumAlgorithm::kSha256};

std::string HexOf(ChecksumAlgorithm algorithm, std::string_view bytes) {
  Checksum checksum(algorithm);
  checksum.Update(bytes);
  return HexEncode(checksum.Finish());
}

std::string RandomBytes(std::size_t size, std::uint64_t seed) {
  Random random(seed);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random.Below(256));
  return bytes;
}

// The definition, one bit at a time.
template <typename Word>
Word SlowCrc(Word polynomial, std::string_view bytes) {
  Word crc = ~Word{0};
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? polynomial : 0);
  }
  return ~crc;
}

// Check values of the RevEng catalogue; FIPS 180 digests of the same nine digits.
TEST(Checksum, GivesThePublishedCheckValues) {
  EXPECT_EQ(HexOf(ChecksumAlgorithm::kCrc32, "123456789"), "cbf43926");
  EXPECT_EQ(HexOf(ChecksumAlgorithm::kCrc32c, "123456789"), "e3069283");
  EXPECT_EQ(HexOf(ChecksumAlgorithm::kCrc64Nvme, "123456789"), "ae8b14860a799888");
  EXPECT_EQ(HexOf(ChecksumAlgorithm::kSha1, "abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(HexOf(ChecksumAlgorithm::kSha256, "abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Checksum, GivesTheValuesOfNothing) {
  EXPECT_EQ(HexOf(ChecksumAlgorithm::kCrc32, ""), "00000000");
  EXPECT_EQ(HexOf(ChecksumAlgorithm::kCrc32c, ""), "00000000");
  EXPECT_EQ(HexOf(ChecksumAlgorithm::kCrc64Nvme, ""), "0000000000000000");
  EXPECT_EQ(HexOf(ChecksumAlgorithm::kSha1, ""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  EXPECT_EQ(HexOf(ChecksumAlgorithm::kSha256, ""),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Checksum, MatchesTheBitwiseDefinitionAtEveryLengthAndAlignment) {
  const std::string bytes = RandomBytes(200, 7);
  for (std::size_t from = 0; from < 9; ++from) {
    for (std::size_t size = 0; size + from <= bytes.size(); ++size) {
      const std::string_view part = std::string_view(bytes).substr(from, size);
      ASSERT_EQ(Crc32(0, part), SlowCrc<std::uint32_t>(0xEDB88320U, part)) << from << ' ' << size;
      ASSERT_EQ(Crc32c(0, part), SlowCrc<std::uint32_t>(0x82F63B78U, part)) << from << ' ' << size;
      ASSERT_EQ(Crc64Nvme(0, part), SlowCrc<std::uint64_t>(0x9A6C9329AC4BC9B5ULL, part))
          << from << ' ' << size;
    }
  }
}

TEST(Checksum, DoesNotDependOnHowTheBytesArriveInParts) {
  const std::string bytes = RandomBytes(5000, 11);
  Random random(12);
  for (const ChecksumAlgorithm algorithm : kAll) {
    Checksum parts(algorithm);
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t size = std::min<std::size_t>(random.Below(97), bytes.size() - at);
      parts.Update(std::string_view(bytes).substr(at, size));
      at += size;
    }
    EXPECT_EQ(HexEncode(parts.Finish()), HexOf(algorithm, bytes)) << ChecksumName(algorithm);
  }
}

TEST(CombineCrc, EqualsTheChecksumOfTheWhole) {
  for (const std::size_t first : {0U, 1U, 63U, 1000U}) {
    for (const std::size_t second : {0U, 1U, 8U, 4097U, 70000U}) {
      const std::string a = RandomBytes(first, first + 1);
      const std::string b = RandomBytes(second, second + 2);
      for (const ChecksumAlgorithm algorithm :
           {ChecksumAlgorithm::kCrc32, ChecksumAlgorithm::kCrc32c, ChecksumAlgorithm::kCrc64Nvme}) {
        Checksum of_a(algorithm);
        of_a.Update(a);
        Checksum of_b(algorithm);
        of_b.Update(b);
        EXPECT_EQ(HexEncode(CombineCrc(algorithm, of_a.Finish(), of_b.Finish(), b.size())),
                  HexOf(algorithm, a + b))
            << ChecksumName(algorithm) << ' ' << first << '+' << second;
      }
    }
  }
}

TEST(ChecksumNames, GoThereAndBack) {
  for (const ChecksumAlgorithm algorithm : kAll) {
    EXPECT_EQ(ParseChecksumName(ChecksumName(algorithm)), algorithm);
    EXPECT_EQ(ParseChecksumHeader(ChecksumHeader(algorithm)), algorithm);
    EXPECT_EQ(HexOf(algorithm, "x").size(), 2 * ChecksumSize(algorithm));
  }
  EXPECT_EQ(ParseChecksumHeader("X-Amz-Checksum-CRC32C"), ChecksumAlgorithm::kCrc32c);
  EXPECT_EQ(ParseChecksumName("MD5"), std::nullopt);
  EXPECT_EQ(ParseChecksumHeader("x-amz-checksum-md5"), std::nullopt);
}

}  // namespace
}  // namespace usher::wire
