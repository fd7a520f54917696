#include "services/s3/byte_range.h"

#include <gtest/gtest.h>

namespace usher::s3 {
namespace {

// "0+3" for offset and size, "all", or the name of the error.
std::string Parsed(std::string_view header, std::uint64_t object_size) {
  const auto range = ParseRange(header, object_size);
  if (!range) return range.error().wire_name;
  if (!*range) return "all";
  return std::to_string((*range)->offset) + "+" + std::to_string((*range)->size);
}

TEST(ParseRange, GivesTheBytesAskedFor) {
  EXPECT_EQ(Parsed("bytes=0-2", 10), "0+3");
  EXPECT_EQ(Parsed("bytes=3-3", 10), "3+1");
  EXPECT_EQ(Parsed("bytes=5-", 10), "5+5");
  EXPECT_EQ(Parsed("bytes=-3", 10), "7+3");
  EXPECT_EQ(Parsed("bytes=-100", 10), "0+10");
  EXPECT_EQ(Parsed("bytes=5-100", 10), "5+5");
  EXPECT_EQ(Parsed("bytes=0-99999999999999999999999", 10), "0+10");
}

TEST(ParseRange, RefusesWhatHoldsNoByteOfTheObject) {
  EXPECT_EQ(Parsed("bytes=10-", 10), "InvalidRange");
  EXPECT_EQ(Parsed("bytes=10-20", 10), "InvalidRange");
  EXPECT_EQ(Parsed("bytes=-0", 10), "InvalidRange");
  EXPECT_EQ(Parsed("bytes=0-", 0), "InvalidRange");
  EXPECT_EQ(Parsed("bytes=-1", 0), "InvalidRange");
  EXPECT_EQ(Parsed("bytes=99999999999999999999999-", 10), "InvalidRange");
}

TEST(ParseRange, IgnoresWhatIsNoSingleRangeOfBytes) {
  for (const char* header : {"", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-3",
                             "items=0-1", "bytes=0-1,3-4", "bytes=--3", "bytes=+1-2"}) {
    EXPECT_EQ(Parsed(header, 10), "all") << header;
  }
}

TEST(ParseCopySourceRange, TakesOnlyWholeRangesWithinTheSource) {
  EXPECT_EQ(*ParseCopySourceRange("bytes=2-5", 10), (ByteRange{2, 4}));
  for (const char* header : {"bytes=2-", "bytes=-5", "bytes=5-2", "2-5", "bytes=0-10", ""}) {
    const auto refused = ParseCopySourceRange(header, 10);
    ASSERT_FALSE(refused) << header;
    EXPECT_EQ(refused.error().wire_name, "InvalidArgument");
  }
}

TEST(ContentRange, NamesFirstLastAndSize) { EXPECT_EQ(ContentRange({2, 4}, 10), "bytes 2-5/10"); }

}  // namespace
}  // namespace usher::s3
