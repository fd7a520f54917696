// Vectors of RFC 8949 appendix A.
#include "wire/cbor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/encoding.h"

namespace usher::wire {
namespace {

Value Read(std::string_view hex) {
  const auto value = ParseCbor(*HexDecode(hex));
  EXPECT_TRUE(value) << hex << ": " << (value ? "" : value.error().message);
  return value ? *value : Value("(none)");
}

std::string Written(const Value& value) {
  std::string out;
  AppendCbor(out, value);
  return HexEncode(out);
}

TEST(Cbor, ReadsTheVectorsOfItsSpecification) {
  EXPECT_EQ(Read("00"), Value(0));
  EXPECT_EQ(Read("17"), Value(23));
  EXPECT_EQ(Read("1818"), Value(24));
  EXPECT_EQ(Read("1903e8"), Value(1000));
  EXPECT_EQ(Read("1b000000e8d4a51000"), Value(std::int64_t{1'000'000'000'000}));
  EXPECT_EQ(Read("20"), Value(-1));
  EXPECT_EQ(Read("3903e7"), Value(-1000));
  EXPECT_EQ(Read("3b7fffffffffffffff"), Value(std::numeric_limits<std::int64_t>::min()));
  EXPECT_EQ(Read("f93c00"), Value(1.0));
  EXPECT_EQ(Read("f97bff"), Value(65504.0));
  EXPECT_EQ(Read("f90001"), Value(5.960464477539063e-8));
  EXPECT_EQ(Read("f9c400"), Value(-4.0));
  EXPECT_EQ(Read("fa47c35000"), Value(100000.0));
  EXPECT_EQ(Read("fb3ff199999999999a"), Value(1.1));
  EXPECT_EQ(Read("f97c00"), Value(std::numeric_limits<double>::infinity()));
  EXPECT_TRUE(std::isnan(*Read("f97e00").as_double()));
  EXPECT_EQ(Read("f4"), Value(false));
  EXPECT_EQ(Read("f5"), Value(true));
  EXPECT_EQ(Read("f6"), Value());
  EXPECT_EQ(Read("4401020304"), Value(Blob{std::string("\1\2\3\4")}));
  EXPECT_EQ(Read("62c3bc"), Value("ü"));
  EXPECT_EQ(Read("83010203"), Value(ValueList{1, 2, 3}));
  EXPECT_EQ(Read("c11a514b67b0"), Value(FromEpochMillis(1'363'896'240'000)));
  EXPECT_EQ(Read("c1fb41d452d9ec200000"), Value(FromEpochMillis(1'363'896'240'500)));
  EXPECT_EQ(*Read("a26161016162820203").Find("b"), Value(ValueList{2, 3}));
  // Of indefinite length.
  EXPECT_EQ(Read("7f657374726561646d696e67ff"), Value("streaming"));
  EXPECT_EQ(Read("5f42010243030405ff"), Value(Blob{std::string("\1\2\3\4\5")}));
  EXPECT_EQ(Read("9f018202039f0405ffff"), Read("8301820203820405"));
  EXPECT_EQ(Read("bf61610161629f0203ffff"), Read("a26161016162820203"));
}

TEST(Cbor, WritesTheShortestForm) {
  for (const char* hex : {"00",
                          "17",
                          "1818",
                          "18ff",
                          "190100",
                          "1a000f4240",
                          "1b000000e8d4a51000",
                          "20",
                          "3863",
                          "3903e7",
                          "fb3ff199999999999a",
                          "f4",
                          "f5",
                          "f6",
                          "4401020304",
                          "62c3bc",
                          "83010203",
                          "a26161016162820203",
                          "80",
                          "a0"}) {
    EXPECT_EQ(Written(Read(hex)), hex);
  }
  EXPECT_EQ(Read(Written(Value(FromEpochMillis(1'363'896'240'500)))),
            Value(FromEpochMillis(1'363'896'240'500)));
}

TEST(Cbor, RefusesWhatIsNone) {
  for (const char* hex : {"",
                          "18",
                          "1b0000",
                          "44010203",
                          "62c3",
                          "61ff",
                          "8301",
                          "9f01",
                          "a1",
                          "a16161",
                          "a10102",
                          "ff",
                          "1c",
                          "f8",
                          "5f6161ff",
                          "5f5f4101ffff",
                          "0000",
                          "1bffffffffffffffff",
                          "c16161",
                          "c1fb7e37e43c8800759c",
                          "9bffffffffffffffff",
                          "7bffffffffffffffff",
                          "e0"}) {
    EXPECT_FALSE(ParseCbor(*HexDecode(hex))) << hex;
  }
  std::string deep(kMaxCborDepth + 2, '\x81');
  EXPECT_FALSE(ParseCbor(deep + std::string(1, '\0')));
}

}  // namespace
}  // namespace usher::wire
