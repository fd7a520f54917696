#include "services/cloudformation/template/evaluate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/cloudformation/template/reader.h"

namespace usher::cloudformation {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr char kTemplate[] = R"(
Parameters:
  Name: {Type: String, Default: films}
  Zones: {Type: CommaDelimitedList, Default: "a, b,c"}
  Count: {Type: Number, Default: 3}
Mappings:
  ByRegion:
    us-east-1: {Size: small, List: [x, y]}
Conditions:
  IsFilms: !Equals [!Ref Name, films]
  IsBig: !Equals [!Ref Count, 10]
  Neither: !And [!Not [!Condition IsFilms], !Not [{Condition: IsBig}]]
  Either: !Or [!Condition IsFilms, !Condition IsBig]
Resources:
  Queue: {Type: AWS::SQS::Queue}
)";

class EvaluateTest : public testing::Test {
 protected:
  EvaluateTest() : template_(*ParseTemplate(*ReadTemplate(kTemplate))) {
    scope_ = *MakeScope(template_, {{"Name", "films"}, {"Zones", "a, b,c"}, {"Count", "3"}},
                        {.account_id = "000000000000",
                         .region = "us-east-1",
                         .stack_name = "s",
                         .stack_id = "arn:s",
                         .notification_arns = {"t1", "t2"}});
    scope_.ref = [](const std::string& id) -> Result<Node> { return Node::Text("ref-" + id); };
    scope_.get_att = [](const std::string& id, const std::string& attribute) -> Result<Node> {
      return Node::Text(id + "/" + attribute);
    };
    scope_.import_value = [](const std::string& name) -> Result<Node> {
      if (name == "known") return Node::Text("imported");
      return InvalidInput("No export named " + name + " found");
    };
  }

  std::string Of(std::string_view text) {
    const auto value = Evaluate(*ReadTemplate(text), scope_, "/Resources/R/Properties");
    return value ? ToJson(*value) : "error: " + value.error().message;
  }

  Template template_;
  Scope scope_;
};

TEST_F(EvaluateTest, KnowsParametersAndPseudoParameters) {
  EXPECT_EQ(Of("!Ref Name"), R"("films")");
  EXPECT_EQ(Of("!Ref Zones"), R"(["a","b","c"])");
  EXPECT_EQ(Of("!Ref Count"), "3");
  EXPECT_EQ(Of("!Ref AWS::Region"), R"("us-east-1")");
  EXPECT_EQ(Of("!Ref AWS::AccountId"), R"("000000000000")");
  EXPECT_EQ(Of("!Ref AWS::Partition"), R"("aws")");
  EXPECT_EQ(Of("!Ref AWS::StackName"), R"("s")");
  EXPECT_EQ(Of("!Ref AWS::StackId"), R"("arn:s")");
  EXPECT_EQ(Of("!Ref AWS::URLSuffix"), R"("amazonaws.com")");
  EXPECT_EQ(Of("!Ref AWS::NotificationARNs"), R"(["t1","t2"])");
  EXPECT_EQ(Of("{a: !Ref AWS::NoValue, b: [1, !Ref AWS::NoValue, 2]}"), R"({"b":[1,2]})");
}

TEST_F(EvaluateTest, AsksResources) {
  EXPECT_EQ(Of("!Ref Queue"), R"("ref-Queue")");
  EXPECT_EQ(Of("!GetAtt Queue.Arn"), R"("Queue/Arn")");
  EXPECT_EQ(Of("{Fn::GetAtt: [Queue, {Ref: Name}]}"), R"("Queue/films")");
}

TEST_F(EvaluateTest, Substitutes) {
  EXPECT_EQ(Of("!Sub 'a-${Name}-${AWS::Region}-${Queue}-${Queue.Arn}-${!Kept}-$x'"),
            R"("a-films-us-east-1-ref-Queue-Queue/Arn-${Kept}-$x")");
  EXPECT_EQ(Of("!Sub ['${Own}/${Name}', {Own: !Join ['+', !Ref Zones]}]"), R"("a+b+c/films")");
  EXPECT_THAT(Of("!Sub '${Zones}'"), HasSubstr("is a list, not a text"));
}

TEST_F(EvaluateTest, JoinsSplitsAndSelects) {
  EXPECT_EQ(Of("!Join [', ', [a, !Ref Name, 5]]"), R"("a, films, 5")");
  EXPECT_EQ(Of("!Join ['', []]"), R"("")");
  EXPECT_EQ(Of("!Split ['|', 'a||b']"), R"(["a","","b"])");
  EXPECT_EQ(Of("!Select [1, !Ref Zones]"), R"("b")");
  EXPECT_EQ(Of("!Select ['0', !Split ['/', 'x/y']]"), R"("x")");
  EXPECT_THAT(Of("!Select [3, !Ref Zones]"), HasSubstr("cannot select '3' of a list of 3"));
  EXPECT_THAT(Of("!Select [-1, !Ref Zones]"), HasSubstr("error"));
  EXPECT_THAT(Of("!Join [',', a]"), HasSubstr("should be a list"));
}

TEST_F(EvaluateTest, ChoosesByConditions) {
  EXPECT_EQ(Of("!If [IsFilms, yes, no]"), R"("yes")");
  EXPECT_EQ(Of("!If [IsBig, yes, no]"), R"("no")");
  EXPECT_EQ(Of("!If [Neither, yes, no]"), R"("no")");
  EXPECT_EQ(Of("!If [Either, {a: 1}, no]"), R"({"a":1})");
  EXPECT_EQ(Of("{a: !If [IsBig, 1, !Ref AWS::NoValue]}"), "{}");
}

TEST_F(EvaluateTest, LooksUpMappings) {
  EXPECT_EQ(Of("!FindInMap [ByRegion, !Ref AWS::Region, Size]"), R"("small")");
  EXPECT_EQ(Of("!FindInMap [ByRegion, us-east-1, List]"), R"(["x","y"])");
  EXPECT_THAT(Of("!FindInMap [ByRegion, eu-west-1, Size]"),
              HasSubstr("Unable to get mapping for ByRegion::eu-west-1::Size"));
  EXPECT_EQ(Of("!FindInMap [ByRegion, eu-west-1, Size, {DefaultValue: big}]"), R"("big")");
}

TEST_F(EvaluateTest, Imports) {
  EXPECT_EQ(Of("!ImportValue known"), R"("imported")");
  EXPECT_THAT(Of("!ImportValue RoleGlue-Arn"), HasSubstr("No export named RoleGlue-Arn found"));
}

// 10.0.0.0/16 in subnets of 8 bits: RFC 4632's blocks of 256 addresses.
TEST_F(EvaluateTest, MakesSubnets) {
  EXPECT_EQ(Of("!Cidr [10.0.0.0/16, 3, 8]"), R"(["10.0.0.0/24","10.0.1.0/24","10.0.2.0/24"])");
  EXPECT_EQ(Of("!Cidr [192.168.1.0/24, 2, 4]"), R"(["192.168.1.0/28","192.168.1.16/28"])");
  EXPECT_THAT(Of("!Cidr [10.0.0.0/24, 2, 8]"), HasSubstr("do not fit"));
  EXPECT_THAT(Of("!Cidr [10.0.0/24, 1, 4]"), HasSubstr("IPv4 block"));
}

// The text and its encoding from RFC 4648, section 10.
TEST_F(EvaluateTest, EncodesCountsAndWritesJson) {
  EXPECT_EQ(Of("!Base64 foobar"), R"("Zm9vYmFy")");
  EXPECT_EQ(Of("!Length [1, 2, 3]"), "3");
  EXPECT_EQ(Of("!ToJsonString {a: !Ref Name, b: [1]}"), R"("{\"a\":\"films\",\"b\":[1]}")");
  EXPECT_EQ(Of("!GetAZs ''"), R"(["us-east-1a","us-east-1b","us-east-1c"])");
  EXPECT_EQ(Of("!GetAZs eu-west-1"), R"(["eu-west-1a","eu-west-1b","eu-west-1c"])");
}

TEST_F(EvaluateTest, LeavesPoliciesTheirCondition) {
  EXPECT_EQ(Of("{Condition: {StringEquals: {k: !Ref Name}}}"),
            R"({"Condition":{"StringEquals":{"k":"films"}}})");
}

TEST_F(EvaluateTest, TellsPathAndLine) {
  EXPECT_THAT(Of("a:\n  b: !Select [9, []]"),
              AllOf(HasSubstr("/Resources/R/Properties/a/b"), HasSubstr("(line 2)")));
}

TEST_F(EvaluateTest, RefusesDynamicReferences) {
  EXPECT_THAT(Of("'{{resolve:ssm:name}}'"), HasSubstr("Systems Manager"));
}

TEST_F(EvaluateTest, ChoosesBranchesAndNothingElse) {
  const Node chosen = ChooseBranches(
      *ReadTemplate("[!If [IsFilms, !Ref Queue, !Ref Name], !Sub '${Queue}']"), scope_);
  EXPECT_EQ(ToJson(chosen), R"([{"Ref":"Queue"},{"Fn::Sub":"${Queue}"}])");
}

TEST(MakeScope, RefusesConditionsInACircle) {
  const auto read = ParseTemplate(
      *ReadTemplate("Conditions:\n  A: !Not [!Condition B]\n  B: !Not [!Condition A]\n"
                    "Resources:\n  Q: {Type: AWS::SQS::Queue}\n"));
  ASSERT_TRUE(read);
  const auto scope = MakeScope(*read, {}, {});
  ASSERT_FALSE(scope);
  EXPECT_THAT(scope.error().message, HasSubstr("depends on itself"));
}

// What CheckRules says of the one rule "R" with this body, for Name=films and Zones=a,b,c.
std::string RuleOf(const std::string& body, const Scope& scope) {
  const auto read = ParseTemplate(
      *ReadTemplate("Parameters: {Name: {Type: String}, Zones: {Type: CommaDelimitedList}}\n"
                    "Resources: {Q: {Type: T}}\nRules:\n  R: " +
                    body + "\n"));
  if (!read) return "unread: " + read.error().message;
  const auto held = CheckRules(*read, scope);
  return held ? "" : held.error().message;
}

TEST_F(EvaluateTest, HoldsRules) {
  const auto rule = [&](const std::string& assertion, const std::string& more = {}) {
    return RuleOf(
        "{Assertions: [{Assert: " + assertion + ", AssertDescription: words}]" + more + "}",
        scope_);
  };
  EXPECT_EQ(rule("!Contains [[films, books], !Ref Name]"), "");
  EXPECT_EQ(rule("!EachMemberIn [!Ref Zones, [a, b, c, d]]"), "");
  EXPECT_EQ(rule("!EachMemberEquals [[films, films], !Ref Name]"), "");
  EXPECT_EQ(rule("!Not [!EachMemberEquals [!Ref Zones, a]]"), "");
  for (const char* broken : {"!Contains [[books], !Ref Name]", "!EachMemberIn [!Ref Zones, [a, b]]",
                             "!EachMemberEquals [!Ref Zones, a]",
                             "!And [!Equals [1, 1], !Contains [[books], !Ref Name]]"}) {
    EXPECT_THAT(rule(broken), AllOf(HasSubstr("/Rules/R (line 4)"), HasSubstr("words"))) << broken;
    EXPECT_EQ(rule(broken, ", RuleCondition: !Equals [!Ref Name, books]"), "") << broken;
  }
  EXPECT_THAT(rule("!Contains [[a]]"), HasSubstr("Fn::Contains takes two values"));
}

}  // namespace
}  // namespace usher::cloudformation
