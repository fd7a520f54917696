#include "json/json.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "base/random.h"

namespace usher::json {
namespace {

std::string Number(double number) {
  std::string out;
  AppendNumber(out, number);
  return out;
}

std::string Repeat(std::string_view text, std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all += text;
  return all;
}

TEST(Parse, BuildsEveryKindOfValue) {
  const auto value = Parse(R"( {"a": [1, -2.5, true, false, null, "x\u00fc\n"], "b": {}} )");

  ASSERT_TRUE(value) << value.error().message;
  ValueMap expected;
  expected.Set("a", ValueList{1, -2.5, true, false, nullptr, "x\xC3\xBC\n"});
  expected.Set("b", ValueMap{});
  EXPECT_EQ(*value, Value(expected));
}

TEST(Parse, KeepsTheOrderOfMembers) {
  EXPECT_EQ(Write(*Parse(R"({"z":1,"a":2,"m":3})")), R"({"z":1,"a":2,"m":3})");
}

TEST(Parse, GivesIntegersThatFitAsInt64AndOthersAsDouble) {
  EXPECT_EQ(*Parse("9223372036854775807"), Value(std::numeric_limits<std::int64_t>::max()));
  EXPECT_EQ(*Parse("-9223372036854775808"), Value(std::numeric_limits<std::int64_t>::min()));
  EXPECT_EQ(*Parse("9223372036854775808"), Value(0x1p63));
  EXPECT_EQ(*Parse("-9223372036854775809"), Value(-0x1p63));
  EXPECT_EQ(*Parse("18446744073709551616"), Value(0x1p64));
  EXPECT_EQ(*Parse("1.0"), Value(1.0));
  EXPECT_EQ(*Parse("1e2"), Value(100.0));
  EXPECT_TRUE(std::signbit(*Parse("-0.0")->as_double()));
}

// Values whose decimal form sits near the middle between two doubles (Clinger 1990).
TEST(Parse, RoundsToTheNearestDouble) {
  EXPECT_EQ(*Parse("9007199254740993.0"), Value(9007199254740992.0));
  EXPECT_EQ(*Parse("6929495644600919.5"), Value(6929495644600920.0));
  EXPECT_EQ(*Parse("2.2250738585072011e-308"), Value(0x0.fffffffffffffp-1022));
  EXPECT_EQ(*Parse("179769313486231580793e288"), Value(std::numeric_limits<double>::max()));
}

TEST(Parse, RefusesNumbersTooLargeAndTakesTooSmallForZero) {
  EXPECT_FALSE(Parse("1e400"));
  EXPECT_FALSE(Parse("-1e400"));
  EXPECT_FALSE(Parse(Repeat("9", 400)));
  EXPECT_EQ(*Parse("1e-400"), Value(0.0));
  EXPECT_EQ(*Parse("0." + Repeat("0", 400) + "1"), Value(0.0));
}

TEST(Parse, TakesTheLastOfEqualNamesInSmallAndLargeObjects) {
  EXPECT_EQ(Write(*Parse(R"({"a":1,"b":2,"a":3})")), R"({"b":2,"a":3})");
  EXPECT_EQ(Write(*Parse(R"({"a":1,"\u0061":2})")), R"({"a":2})");
  EXPECT_EQ(Write(*Parse(R"({"a":{"a":1},"b":{"a":1}})")), R"({"a":{"a":1},"b":{"a":1}})");

  std::string many = "{";
  for (int i = 0; i < 1000; ++i) many += "\"k" + std::to_string(i) + "\":0,";
  const auto last_new = Parse(many + "\"k1000\":1}");
  ASSERT_TRUE(last_new);
  EXPECT_EQ(last_new->as_map()->size(), 1001U);
  const auto last_old = Parse(many + "\"k500\":1}");
  ASSERT_TRUE(last_old);
  EXPECT_EQ(last_old->as_map()->size(), 1000U);
  EXPECT_EQ(*last_old->Find("k500"), Value(1));
}

TEST(Parse, LimitsDepth) {
  EXPECT_TRUE(Parse(Repeat("[", kMaxDepth) + Repeat("]", kMaxDepth)));
  EXPECT_FALSE(Parse(Repeat("[", kMaxDepth + 1) + Repeat("]", kMaxDepth + 1)));
  EXPECT_FALSE(Parse(Repeat("{\"a\":", kMaxDepth + 1) + "0" + Repeat("}", kMaxDepth + 1)));
  EXPECT_TRUE(Parse("[[0]]", 2));
  EXPECT_FALSE(Parse("[[0]]", 1));
}

TEST(Parse, LimitsTheNumberOfValues) {
  const auto value = Parse("[" + Repeat("0,", kMaxValues) + "0]");

  ASSERT_FALSE(value);
  EXPECT_NE(value.error().message.find("too many values"), std::string::npos)
      << value.error().message;
}

TEST(Parse, RefusesWhatIsNotJson) {
  for (const char* bad : {"",
                          " ",
                          "{",
                          "[1,]",
                          "{\"a\":1,}",
                          "{a:1}",
                          "'a'",
                          "01",
                          "+1",
                          ".5",
                          "1.",
                          "NaN",
                          "Infinity",
                          "-",
                          "tru",
                          "nulll",
                          "1 2",
                          "/* c */ 1",
                          "\"\t\"",
                          "\"\\x41\"",
                          "\"\x80\"",
                          "\"\xC0\xAF\"",
                          "\"\xED\xA0\x80\"",
                          "\"\xF5\x80\x80\x80\"",
                          "\"\\ud800\"",
                          "\xEF\xBB\xBF{}"}) {
    EXPECT_FALSE(Parse(bad)) << bad;
  }
}

TEST(Parse, SaysWhereReadingEnded) {
  const auto value = Parse("[1, x]");

  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().code, ErrorCode::kInvalidInput);
  EXPECT_EQ(value.error().message.find("not valid JSON at byte 4: "), 0U) << value.error().message;
}

TEST(Write, EscapesOnlyWhatItMust) {
  EXPECT_EQ(Write(Value("a\"b\\c/\b\f\n\r\t\x01\x7f\xC3\xBC")),
            "\"a\\\"b\\\\c/\\b\\f\\n\\r\\t\\u0001\x7f\xC3\xBC\"");
  EXPECT_EQ(Write(Value(std::string("\0", 1))), "\"\\u0000\"");
}

TEST(Write, LaysNumbersOutWithoutExponentInTheMiddle) {
  const std::pair<double, const char*> numbers[] = {
      {0.5, "0.5"},
      {-0.001, "-0.001"},
      {1e-7, "0.0000001"},
      {1.5e-7, "0.00000015"},
      {9.5e-8, "9.5e-8"},
      {1e-10, "1e-10"},
      {5, "5"},
      {120, "120"},
      {123.456, "123.456"},
      {1542392161.837, "1542392161.837"},
      {1e20, "100000000000000000000"},
      {123456789012345680000.0, "123456789012345680000"},
      {1e21, "1e21"},
      {1.25e22, "1.25e22"},
      {-1.7976931348623157e308, "-1.7976931348623157e308"},
      {5e-324, "5e-324"},
      {0.1 + 0.2, "0.30000000000000004"},
      {0.0, "0"},
      {-0.0, "-0.0"}};
  for (const auto& [number, text] : numbers) EXPECT_EQ(Number(number), text);
}

TEST(Write, WritesNumbersThatReadBackEqual) {
  Random random(7);
  for (int i = 0; i < 200000; ++i) {
    const double number = std::bit_cast<double>(random.Next());
    if (!std::isfinite(number)) continue;
    const auto back = Parse(Number(number));
    ASSERT_TRUE(back) << Number(number);
    const double read = back->as_int() ? static_cast<double>(*back->as_int()) : *back->as_double();
    ASSERT_EQ(read, number) << Number(number);
  }
}

TEST(Write, GivesNullForWhatIsNotFinite) {
  EXPECT_EQ(Write(Value(std::numeric_limits<double>::infinity())), "null");
  EXPECT_EQ(Write(Value(std::nan(""))), "null");
}

TEST(Write, GivesTimesAsEpochSecondsAndBlobsAsBase64) {
  EXPECT_EQ(Write(Value(FromEpochMillis(1542392161837))), "1542392161.837");
  EXPECT_EQ(Write(Value(FromEpochMillis(1542392161800))), "1542392161.8");
  EXPECT_EQ(Write(Value(FromEpochMillis(1542392161007))), "1542392161.007");
  EXPECT_EQ(Write(Value(FromEpochMillis(1542392161000))), "1542392161");
  EXPECT_EQ(Write(Value(FromEpochMillis(0))), "0");
  EXPECT_EQ(Write(Value(FromEpochMillis(-500))), "-0.5");
  EXPECT_EQ(Write(Value(FromEpochMillis(-1500))), "-1.5");
  EXPECT_EQ(Write(Value(Blob{"foob"})), "\"Zm9vYg==\"");
}

TEST(Write, RoundTripsATree) {
  const std::string text =
      R"({"list":[1,2.5,[],{}],"text":"\u0001\"","deep":{"a":{"b":[null,true]}}})";

  EXPECT_EQ(Write(*Parse(text)), text);
}

// Against a twin that looks at each byte by itself, at each place of a text of several words.
TEST(AppendString, EscapesTheSameBytesWhereverTheyStand) {
  const auto slowly = [](std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      const std::size_t known = std::string_view("\"\\\b\f\n\r\t").find(c);
      if (known != std::string_view::npos) {
        out += {'\\', "\"\\bfnrt"[known]};
      } else if (byte < 0x20) {
        out += std::string("\\u00") + (byte < 0x10 ? '0' : '1') + "0123456789abcdef"[byte % 16];
      } else {
        out += c;
      }
    }
    return out + '"';
  };
  for (std::size_t at = 0; at < 20; ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      for (const char others : {'a', '\x80', '!', '\x1f'}) {
        std::string text(20, others);
        text[at] = static_cast<char>(byte);
        std::string out;
        AppendString(out, text);
        ASSERT_EQ(out, slowly(text)) << "byte " << byte << " at " << at;
      }
    }
  }
}

}  // namespace
}  // namespace usher::json
