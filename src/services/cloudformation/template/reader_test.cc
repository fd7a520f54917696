#include "services/cloudformation/template/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace usher::cloudformation {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// As JSON, by which trees are easily compared.
std::string Json(std::string_view text) {
  const auto node = ReadTemplate(text);
  return node ? ToJson(*node) : "error: " + node.error().message;
}

std::string Complaint(std::string_view text) {
  const auto node = ReadTemplate(text);
  return node ? "" : node.error().message;
}

TEST(ReadTemplate, GivesShortTagsTheirLongForm) {
  EXPECT_EQ(Json("a: !Ref B"), R"({"a":{"Ref":"B"}})");
  EXPECT_EQ(Json("a: !GetAtt B.C.D"), R"({"a":{"Fn::GetAtt":["B","C.D"]}})");
  EXPECT_EQ(Json("a: !GetAtt [B, \"Arn\"]"), R"({"a":{"Fn::GetAtt":["B","Arn"]}})");
  EXPECT_EQ(Json("a: !Condition B"), R"({"a":{"Condition":"B"}})");
  EXPECT_EQ(Json("a: !Join [':', [!Ref B, {\"Ref\": \"C\"}]]"),
            R"({"a":{"Fn::Join":[":",[{"Ref":"B"},{"Ref":"C"}]]}})");
  EXPECT_EQ(Json("a: !If [X, !Ref 'AWS::NoValue', 1]"),
            R"({"a":{"Fn::If":["X",{"Ref":"AWS::NoValue"},1]}})");
  EXPECT_EQ(Json("a: !Sub >-\n  one\n  ${B}"), R"({"a":{"Fn::Sub":"one ${B}"}})");
  EXPECT_EQ(Json("a: !ImportValue\n  Fn::Sub: '${B}-c'"),
            R"({"a":{"Fn::ImportValue":{"Fn::Sub":"${B}-c"}}})");
}

TEST(ReadTemplate, KeepsLiteralsAsTheyAreWritten) {
  const auto node = ReadTemplate(
      "date: 2012-10-17\nversion: 3.0\nzeros: 012345678901\nquoted: '5'\nyes: on\nflag: True\n"
      "fraction: 0.05\nhex: 0x1F\n");
  ASSERT_TRUE(node);
  EXPECT_EQ(node->Find("date")->text, "2012-10-17");
  EXPECT_TRUE(node->Find("date")->is_text());
  EXPECT_EQ(node->Find("version")->text, "3.0");
  EXPECT_EQ(node->Find("version")->kind, Node::Kind::kNumber);
  EXPECT_EQ(node->Find("zeros")->text, "012345678901");
  EXPECT_TRUE(node->Find("zeros")->is_text());
  EXPECT_TRUE(node->Find("quoted")->is_text());
  EXPECT_EQ(node->Find("yes")->text, "on");
  EXPECT_EQ(node->Find("flag")->kind, Node::Kind::kBoolean);
  EXPECT_EQ(node->Find("fraction")->text, "0.05");
  EXPECT_TRUE(node->Find("hex")->is_text());
}

TEST(ReadTemplate, FoldsAScalarOverTwoLines) {
  EXPECT_EQ(Json("a: \"one\n  two\""), R"({"a":"one two"})");
  EXPECT_EQ(Json("a: one\n  two"), R"({"a":"one two"})");
}

TEST(ReadTemplate, KnowsTheLineOfEveryValue) {
  const auto yaml = ReadTemplate("a:\n  b: 1\n  c:\n    - x\n    - y\n");
  ASSERT_TRUE(yaml);
  EXPECT_EQ(yaml->Find("a")->Find("b")->line, 2);
  EXPECT_EQ(yaml->Find("a")->Find("c")->items[1].line, 5);
  const auto json = ReadTemplate("{\n \"a\": {\n  \"b\": [1,\n 2]}}");
  ASSERT_TRUE(json);
  EXPECT_EQ(json->Find("a")->Find("b")->items[1].line, 4);
}

TEST(ReadTemplate, CopiesAliases) {
  EXPECT_EQ(Json("a: &x {k: 1}\nb: *x"), R"({"a":{"k":1},"b":{"k":1}})");
}

TEST(ReadTemplate, LimitsWhatAliasesMultiplyTo) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int j = 0; j < 9; ++j) text += ", " + before;
    text += "]\n";
  }

  EXPECT_THAT(Complaint(text), HasSubstr("more than 200000 values"));
}

TEST(ReadTemplate, RefusesWhatIsTooDeep) {
  const std::string open(1000, '[');
  EXPECT_THAT(Complaint("a: " + open), HasSubstr("deep"));
  EXPECT_THAT(Complaint("{\"a\": " + open), HasSubstr("nested deeper than 64"));
}

TEST(ReadTemplate, NamesTheLineOfWhatTheSyntaxForbids) {
  EXPECT_THAT(Complaint("a: 1\nb: [1, 2\nc: 3\n"), HasSubstr("YAML not well-formed. (line "));
  EXPECT_THAT(Complaint("{\n\"a\": 1,\n\"b\" 2}"), HasSubstr("(line 3)"));
  EXPECT_THAT(Complaint("a: 1\nb: 2\na: 3"), AllOf(HasSubstr("(line 3)"), HasSubstr("twice")));
  EXPECT_THAT(Complaint("{\"a\": 1,\n \"a\": 2}"),
              AllOf(HasSubstr("(line 2)"), HasSubstr("twice")));
  EXPECT_THAT(Complaint("a: 1\nb: !Nope x"), AllOf(HasSubstr("(line 2)"), HasSubstr("!Nope")));
  EXPECT_THAT(Complaint("a: 1\n---\nb: 2\n"), HasSubstr("one document"));
  EXPECT_THAT(Complaint(""), HasSubstr("empty"));
  EXPECT_THAT(Complaint("a: \xFF"), HasSubstr("UTF-8"));
}

TEST(ReadJson, ReadsEscapes) {
  const auto node = ReadJson(R"({"a":"\u00e9\ud83d\ude00\n\"\/"})");
  ASSERT_TRUE(node);
  EXPECT_EQ(node->Find("a")->text, "\xC3\xA9\xF0\x9F\x98\x80\n\"/");
  EXPECT_FALSE(ReadJson(R"("\ud83d")"));
  EXPECT_FALSE(ReadJson(R"("\x")"));
  EXPECT_FALSE(ReadJson("01"));
  EXPECT_FALSE(ReadJson("[1] 2"));
}

TEST(ReadJson, GivesBackWhatToJsonWrites) {
  for (const char* text : {R"({"a":[1,2.50,true,null,"x"],"b":{}})", "[]", R"("\"")", "-0.0e3"}) {
    const auto node = ReadJson(text);
    ASSERT_TRUE(node) << text;
    EXPECT_EQ(ToJson(*node), text);
  }
}

TEST(IsSame, LooksPastQuotesLinesAndOrder) {
  const auto same = [](std::string_view a, std::string_view b) {
    return IsSame(*ReadTemplate(a), *ReadTemplate(b));
  };
  EXPECT_TRUE(same("{a: 5, b: true}", "b: 'true'\na: '5'"));
  EXPECT_TRUE(same("{a: True}", "{a: true}"));
  EXPECT_FALSE(same("{a: 5}", "{a: 5.0}"));
  EXPECT_FALSE(same("{a: [1, 2]}", "{a: [2, 1]}"));
  EXPECT_FALSE(same("{a: 1}", "{a: 1, b: 2}"));
}

}  // namespace
}  // namespace usher::cloudformation
