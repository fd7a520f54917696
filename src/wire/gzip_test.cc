#include "wire/gzip.h"

#include <gtest/gtest.h>

#include "base/encoding.h"

namespace usher::wire {
namespace {

// Made by Python's gzip.compress(text, mtime=0), of "hello hello hello" and of 100,000 zero bytes.
const std::string kHello = *HexDecode("1f8b0800000000000203cb48cdc9c957c84090008088f9e511000000");
const std::string kZeros = *HexDecode(
    "1f8b0800000000000203edc13101000000c2a0f54f6d0d0fa0000000000000000000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "008057037d9511d4a0860100");

TEST(Gunzip, GivesWhatWasPacked) {
  EXPECT_EQ(*Gunzip(kHello, 17), "hello hello hello");
  EXPECT_EQ(*Gunzip(kZeros, 100'000), std::string(100'000, '\0'));
}

TEST(Gunzip, UnpacksNoMoreThanItsLimit) {
  for (const std::size_t limit : {std::size_t{0}, std::size_t{16}}) {
    const auto out = Gunzip(kHello, limit);
    ASSERT_FALSE(out);
    EXPECT_EQ(out.error().code, ErrorCode::kLimitExceeded);
  }
  EXPECT_FALSE(Gunzip(kZeros, 99'999));
}

TEST(Gunzip, RefusesWhatIsNoGzip) {
  EXPECT_FALSE(Gunzip("", 100));
  EXPECT_FALSE(Gunzip("hello", 100));
  EXPECT_FALSE(Gunzip(kHello.substr(0, kHello.size() - 3), 100));
  EXPECT_FALSE(Gunzip(kHello + "x", 100));
  std::string damaged = kHello;
  damaged[damaged.size() - 6] ^= 1;  // of the checksum
  EXPECT_FALSE(Gunzip(damaged, 100));
}

}  // namespace
}  // namespace usher::wire
