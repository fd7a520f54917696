// The intrinsic functions' expected values are those of the States Language's Appendix B and the
// developer guide's page on them, or follow from an equation that is written down.
#include "services/states/language/expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "json/json.h"
#include "services/states/language/failure.h"
#include "services/states/language/intrinsics.h"

namespace usher::states {
namespace {

using testing::HasSubstr;

std::string Evaluated(const std::string& text, std::string_view input = "{}") {
  const auto expression = Expression::Parse(text);
  if (!expression) return "refused: " + expression.error().message;
  const Value data = *json::Parse(input);
  const Value context = *json::Parse(R"({"Execution":{"Name":"run-1"}})");
  const auto value = expression->Evaluate({data, context}, "x.$");
  return value ? json::Write(*value) : value.error().wire_name;
}

TEST(Expression, ReadsDataAndContext) {
  EXPECT_EQ(Evaluated("$.a", R"({"a":[1]})"), "[1]");
  EXPECT_EQ(Evaluated("$$.Execution.Name"), R"("run-1")");
  EXPECT_EQ(Evaluated("$.missing"), "States.ParameterPathFailure");
}

TEST(Intrinsics, Format) {
  EXPECT_EQ(Evaluated("States.Format('Your name is {}, we are in the year {}', $.name, 2020)",
                      R"({"name":"Foo"})"),
            R"("Your name is Foo, we are in the year 2020")");
  EXPECT_EQ(Evaluated("States.Format($.template, $.name)", R"({"name":"Foo","template":"Hi {}"})"),
            R"("Hi Foo")");
  EXPECT_EQ(Evaluated(R"(States.Format('\{{}\} it\'s a \\', null))"), R"("{null} it's a \\")");
  EXPECT_EQ(Evaluated("States.Format('{}')"), "States.IntrinsicFailure");
  EXPECT_EQ(Evaluated("States.Format('', 1)"), "States.IntrinsicFailure");
  EXPECT_EQ(Evaluated("States.Format('{}', $)"), "States.IntrinsicFailure");
}

TEST(Intrinsics, StringToJsonAndBack) {
  EXPECT_EQ(Evaluated("States.StringToJson($.s)", R"({"s":"{\"number\":20}"})"),
            R"({"number":20})");
  EXPECT_EQ(Evaluated("States.JsonToString($.j)", R"({"j":{"number":20}})"),
            R"("{\"number\":20}")");
  EXPECT_EQ(Evaluated("States.StringToJson('{')"), "States.IntrinsicFailure");
}

TEST(Intrinsics, Arrays) {
  EXPECT_EQ(Evaluated("States.Array($.Id, 'a', true)", R"({"Id":123456})"), R"([123456,"a",true])");
  EXPECT_EQ(Evaluated("States.ArrayPartition($.a, 4)", R"({"a":[1,2,3,4,5,6,7,8,9]})"),
            "[[1,2,3,4],[5,6,7,8],[9]]");
  EXPECT_EQ(Evaluated("States.ArrayContains($.a, $.x)", R"({"a":[1,2,3],"x":3})"), "true");
  EXPECT_EQ(Evaluated("States.ArrayContains($.a, 4)", R"({"a":[1,2,3]})"), "false");
  EXPECT_EQ(Evaluated("States.ArrayRange(1, 9, 2)"), "[1,3,5,7,9]");
  EXPECT_EQ(Evaluated("States.ArrayRange(3, 1, -1)"), "[3,2,1]");
  EXPECT_EQ(Evaluated("States.ArrayGetItem($.a, 5)", R"({"a":[1,2,3,4,5,6,7,8,9]})"), "6");
  EXPECT_EQ(Evaluated("States.ArrayLength($.a)", R"({"a":[1,2,3,4,5,6,7,8,9]})"), "9");
  EXPECT_EQ(Evaluated("States.ArrayUnique($.a)", R"({"a":[1,2,3,3,3,3,3,3,4]})"), "[1,2,3,4]");
  for (const char* bad : {"States.ArrayPartition($.a, 0)", "States.ArrayGetItem($.a, 3)",
                          "States.ArrayGetItem($.a, -1)", "States.ArrayLength(1)",
                          "States.ArrayRange(1, 2, 0)", "States.ArrayRange(1, 1001, 1)"}) {
    EXPECT_EQ(Evaluated(bad, R"({"a":[1,2,3]})"), "States.IntrinsicFailure") << bad;
  }
}

TEST(Intrinsics, EncodingsAndHashes) {
  EXPECT_EQ(Evaluated("States.Base64Encode('Data to encode')"), R"("RGF0YSB0byBlbmNvZGU=")");
  EXPECT_EQ(Evaluated("States.Base64Decode('RGVjb2RlZCBkYXRh')"), R"("Decoded data")");
  // Of the empty text, as RFC 1321 and FIPS 180-4 give them; of "input data" as the guide does.
  EXPECT_EQ(Evaluated("States.Hash('', 'MD5')"), R"("d41d8cd98f00b204e9800998ecf8427e")");
  EXPECT_EQ(Evaluated("States.Hash('input data', 'SHA-1')"),
            R"("aaff4a450a104cd177d28d18d74485e8cae074b7")");
  EXPECT_EQ(Evaluated("States.Hash('abc', 'SHA-256')"),
            R"("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")");
  EXPECT_EQ(Evaluated("States.Hash('x', 'CRC')"), "States.IntrinsicFailure");
  EXPECT_EQ(Evaluated("States.Base64Decode('*')"), "States.IntrinsicFailure");
}

TEST(Intrinsics, JsonMerge) {
  EXPECT_EQ(Evaluated("States.JsonMerge($.a, $.b, false)",
                      R"({"a":{"a":{"a1":1,"a2":2},"b":2},"b":{"a":{"a3":1,"a4":2},"c":3}})"),
            R"({"a":{"a3":1,"a4":2},"b":2,"c":3})");
  EXPECT_EQ(Evaluated("States.JsonMerge($, $, true)"), "States.IntrinsicFailure");
}

TEST(Intrinsics, Numbers) {
  EXPECT_EQ(Evaluated("States.MathAdd(111, -1)"), "110");
  EXPECT_EQ(Evaluated("States.MathAdd($.a, 1)", R"({"a":"1"})"), "States.IntrinsicFailure");
  EXPECT_EQ(Evaluated("States.MathAdd(9223372036854775807, 1)"), "States.IntrinsicFailure");
  for (int i = 0; i < 100; ++i) {
    const auto number = std::stoll(Evaluated("States.MathRandom(3, 6)"));
    EXPECT_GE(number, 3);
    EXPECT_LT(number, 6);
  }
  EXPECT_EQ(Evaluated("States.MathRandom(1, 1000000, 7)"),
            Evaluated("States.MathRandom(1, 1000000, 7)"));
  EXPECT_EQ(Evaluated("States.MathRandom(2, 1)"), "States.IntrinsicFailure");
}

TEST(Intrinsics, StringSplit) {
  EXPECT_EQ(Evaluated("States.StringSplit('1,2,3,4,5', ',')"), R"(["1","2","3","4","5"])");
  EXPECT_EQ(Evaluated("States.StringSplit('This.is+a,test=string', '.+,=')"),
            R"(["This","is","a","test","string"])");
}

TEST(Intrinsics, UuidIsNewEachTime) {
  EXPECT_THAT(Evaluated("States.UUID()"),
              testing::MatchesRegex("\"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-"
                                    "[0-9a-f]{12}\""));
  EXPECT_NE(Evaluated("States.UUID()"), Evaluated("States.UUID()"));
}

TEST(Intrinsics, AreAllThere) {
  std::set<std::string_view> names;
  for (const IntrinsicFunction& function : AllIntrinsics()) names.insert(function.name);
  EXPECT_EQ(names.size(), 18U);
}

TEST(Expression, NestsCalls) {
  EXPECT_EQ(Evaluated("States.Format('{} of {}', $.n, States.ArrayLength(States.Array(1, 'a, b', "
                      "$['x, y)'])))",
                      R"-({"n":1,"x, y)":2})-"),
            R"("1 of 3")");
}

TEST(Expression, TakesPathsThatEndInAFunction) {
  EXPECT_EQ(Evaluated("States.MathAdd($.a.length(), 1)", R"({"a":[5,6]})"), "3");
}

TEST(Expression, RefusesWhatItDoesNotUnderstand) {
  EXPECT_THAT(Evaluated("plain"), HasSubstr("must be a path"));
  EXPECT_THAT(Evaluated("States.Nope()"), HasSubstr("no intrinsic function States.Nope"));
  EXPECT_THAT(Evaluated("States.UUID(1)"), HasSubstr("does not take 1 arguments"));
  EXPECT_THAT(Evaluated("States.Array(1"), HasSubstr("must follow an argument"));
  EXPECT_THAT(Evaluated("States.Array('x)"), HasSubstr("not closed"));
  EXPECT_THAT(Evaluated("States.Array(x)"), HasSubstr("an argument is"));
  EXPECT_THAT(Evaluated("States.UUID() "), HasSubstr("nothing may follow"));
  std::string deep = "1";
  for (int i = 0; i < 20; ++i) deep = "States.Array(" + deep + ")";
  EXPECT_THAT(Evaluated(deep), HasSubstr("nested too deeply"));
}

}  // namespace
}  // namespace usher::states
