#include "wire/body_checksums.h"

#include <gtest/gtest.h>

namespace usher::wire {
namespace {

std::string Check(std::string name, std::string value, std::string_view body = "123456789") {
  Headers headers;
  headers.Add(std::move(name), std::move(value));
  for (const auto& checked :
       {CheckContentMd5(headers, body), CheckChecksumHeaders(headers, body)}) {
    if (!checked) return checked.error().wire_name;
  }
  return "";
}

// Of "123456789", the usual check text: CRC-32 cbf43926 (RevEng catalogue), MD5 25f9e794…
// (printf 123456789 | md5sum), SHA-256 15e2b0d3… (sha256sum).
TEST(BodyChecksums, TakesValuesThatHold) {
  EXPECT_EQ(Check("content-md5", "JfnnlDI7RTiF9RgfG2JNCw=="), "");
  EXPECT_EQ(Check("x-amz-checksum-crc32", "y/Q5Jg=="), "");
  EXPECT_EQ(Check("X-Amz-Checksum-Sha256", "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU="), "");
  EXPECT_EQ(Check("x-other", "y"), "");
}

TEST(BodyChecksums, RefusesValuesThatDiffer) {
  EXPECT_EQ(Check("Content-MD5", "JfnnlDI7RTiF9RgfG2JNCw==", "12345678"), "BadDigest");
  EXPECT_EQ(Check("x-amz-checksum-crc32", "y/Q5Jg==", "12345678"), "BadDigest");
}

TEST(BodyChecksums, RefusesValuesThatAreNone) {
  EXPECT_EQ(Check("Content-MD5", "x"), "InvalidDigest");
  EXPECT_EQ(Check("Content-MD5", "y/Q5Jg=="), "InvalidDigest");
  EXPECT_EQ(Check("x-amz-checksum-crc32", "JfnnlDI7RTiF9RgfG2JNCw=="), "InvalidRequest");
}

}  // namespace
}  // namespace usher::wire
