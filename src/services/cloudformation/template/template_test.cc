#include "services/cloudformation/template/template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/cloudformation/template/reader.h"

namespace usher::cloudformation {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string Complaint(const std::string& text) {
  const auto root = ReadTemplate(text);
  if (!root) return root.error().message;
  const auto read = ParseTemplate(*root);
  return read ? "" : read.error().message;
}

constexpr char kQueue[] = "Resources:\n  Q: {Type: AWS::SQS::Queue}\n";

TEST(ParseTemplate, ReadsEverySection) {
  const auto read = ParseTemplate(*ReadTemplate(R"(
AWSTemplateFormatVersion: 2010-09-09
Description: all of it
Metadata: {k: v}
Parameters:
  P: {Type: String, Default: 5, NoEcho: true, AllowedValues: [5, 6], MinLength: 1}
Mappings: {M: {a: {b: c}}}
Conditions: {C: !Equals [!Ref P, 5]}
Resources:
  A:
    Type: AWS::SNS::Topic
    Condition: C
    DependsOn: B
    DeletionPolicy: Retain
    Metadata: {x: 1}
  B: {Type: AWS::SQS::Queue, Properties: {QueueName: !Ref P}}
Outputs:
  O: {Value: !Ref B, Description: d, Export: {Name: !Sub '${AWS::StackName}-B'}}
)"));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->description, "all of it");
  EXPECT_EQ(read->parameters[0].default_value, "5");
  EXPECT_TRUE(read->parameters[0].no_echo);
  EXPECT_EQ(read->FindResource("A")->depends_on, std::vector<std::string>{"B"});
  EXPECT_EQ(read->FindResource("A")->deletion_policy, "Retain");
  EXPECT_EQ(read->FindResource("A")->line, 10);
  EXPECT_TRUE(read->outputs[0].export_name);
}

struct BadTemplate {
  std::string text;
  std::string path;
  std::string what;
};

class BadTemplateTest : public testing::TestWithParam<BadTemplate> {};

TEST_P(BadTemplateTest, IsRefusedWithItsPlace) {
  const auto& [text, path, what] = GetParam();
  EXPECT_THAT(Complaint(text), AllOf(HasSubstr(path), HasSubstr(what), HasSubstr("(line ")));
}

INSTANTIATE_TEST_SUITE_P(
    ParseTemplate, BadTemplateTest,
    testing::Values(
        BadTemplate{"- a", "/", "a map of sections"},
        BadTemplate{std::string(kQueue) + "Nope: {}\n", "/Nope (line 3)", "no such section"},
        BadTemplate{std::string(kQueue) + "Transform: AWS::Serverless-2016-10-31\n", "/Transform",
                    "the only transform"},
        BadTemplate{std::string("AWSTemplateFormatVersion: 2011-01-01\n") + kQueue,
                    "/AWSTemplateFormatVersion (line 1)", "2010-09-09"},
        BadTemplate{"Resources:\n  Q: {Properties: {}}\n", "/Resources/Q", "Type"},
        BadTemplate{"Resources:\n  Q_1: {Type: T}\n", "/Resources (line 2)", "letters and digits"},
        BadTemplate{"Resources:\n  Q:\n    Type: T\n    Nope: 1\n", "/Resources/Q/Nope (line 4)",
                    "no attribute Nope"},
        BadTemplate{"Resources:\n  Q: {Type: T, DeletionPolicy: Snapshot}\n",
                    "/Resources/Q/DeletionPolicy", "Snapshot"},
        BadTemplate{"Resources:\n  Q: {Type: T, UpdatePolicy: {}}\n", "/Resources/Q/UpdatePolicy",
                    "not supported"},
        BadTemplate{"Resources:\n  Q: {Type: T, Condition: C}\n", "/Resources/Q", "condition 'C'"},
        BadTemplate{"Resources:\n  Q: {Type: T, DependsOn: [X]}\n", "/Resources/Q",
                    "Unresolved resource dependencies [X]"},
        BadTemplate{"Resources:\n  Q: {Type: T, Properties: {A: !Ref X}}\n",
                    "/Resources/Q/Properties/A (line 2)",
                    "Unresolved resource dependencies [X] in the Resources block"},
        BadTemplate{"Resources:\n  Q: {Type: T, Properties: {A: !Sub 'x${Y.Z}'}}\n",
                    "/Resources/Q/Properties/A", "[Y.Z]"},
        BadTemplate{"Resources:\n  Q: {Type: T, Properties: {A: !Sub 'x${Y'}}\n",
                    "/Resources/Q/Properties/A", "does not end"},
        BadTemplate{"Resources:\n  Q: {Type: T, Properties: {A: !GetAtt Q}}\n",
                    "/Resources/Q/Properties/A", "A.B or [A, B]"},
        BadTemplate{"Resources:\n  Q: {Type: T, Properties: {A: !If [C, 1]}}\n",
                    "/Resources/Q/Properties/A", "Fn::If takes"},
        BadTemplate{"Resources:\n  Q: {Type: T, Properties: {A: {'Fn::Nope': 1}}}\n",
                    "/Resources/Q/Properties/A", "no function Fn::Nope"},
        BadTemplate{"Resources:\n  Q: {Type: T, Properties: {A: {'Fn::Join': [], b: 1}}}\n",
                    "/Resources/Q/Properties/A", "only member"},
        BadTemplate{"Resources:\n  Q: {Type: T, Properties: {A: !Equals [1, 1]}}\n",
                    "/Resources/Q/Properties/A", "in Conditions alone"},
        BadTemplate{"Resources:\n  Q: {Type: T, Properties: {A: !FindInMap [M, a, b]}}\n",
                    "/Resources/Q/Properties/A", "no mapping 'M'"},
        BadTemplate{std::string("Conditions: {C: !Equals [!Ref Q, 1]}\n") + kQueue, "/Conditions/C",
                    "Unresolved resource dependencies [Q]"},
        BadTemplate{std::string("Conditions: {C: true}\n") + kQueue, "/Conditions/C",
                    "a condition is one of"},
        BadTemplate{std::string("Rules: {R: {RuleCondition: !Equals [1, 1]}}\n") + kQueue,
                    "/Rules/R", "a list of Assertions"},
        BadTemplate{std::string("Rules: {R: {Assertions: [{AssertDescription: d}]}}\n") + kQueue,
                    "/Rules/R/Assertions", "an assertion has an Assert"},
        BadTemplate{
            std::string("Rules: {R: {Nope: 1, Assertions: [{Assert: !Equals [1, 1]}]}}\n") + kQueue,
            "/Rules/R/Nope", "RuleCondition and Assertions"},
        BadTemplate{
            std::string("Rules: {R: {Assertions: [{Assert: !Contains [[a], !Ref Q]}]}}\n") + kQueue,
            "/Rules/R", "Unresolved resource dependencies [Q]"},
        BadTemplate{
            std::string("Rules: {R: {Assertions: [{Assert: !Contains [!RefAll T, a]}]}}\n") +
                kQueue,
            "/Rules/R", "Fn::RefAll is not supported"},
        BadTemplate{std::string("Conditions: {C: !Contains [[a], a]}\n") + kQueue, "/Conditions/C",
                    "a condition is one of"},
        BadTemplate{"Resources:\n  Q: {Type: T, Properties: {A: !EachMemberIn [[a], [a]]}}\n",
                    "/Resources/Q/Properties/A", "stands in Rules alone"},
        BadTemplate{"Resources:\n  Q: {Type: T, Properties: {A: '{{resolve:ssm:n:1}}'}}\n",
                    "/Resources/Q/Properties/A", "{{resolve:ssm:n:1}}: dynamic references"},
        BadTemplate{"Resources:\n  Q: {Type: T, Properties: {'Fn::Transform': {Name: M}}}\n",
                    "/Resources/Q/Properties", "Fn::Transform is not supported"},
        BadTemplate{std::string("Mappings: {M: {a: b}}\n") + kQueue, "/Mappings/M", "map of maps"},
        BadTemplate{std::string("Parameters: {Q: {Type: String}}\n") + kQueue, "/Parameters/Q",
                    "same name"},
        BadTemplate{std::string("Parameters: {P: {Type: Text}}\n") + kQueue, "/Parameters/P",
                    "no type 'Text'"},
        BadTemplate{
            std::string("Parameters: {P: {Type: 'AWS::SSM::Parameter::Value<String>'}}\n") + kQueue,
            "/Parameters/P", "Systems Manager"},
        BadTemplate{std::string("Parameters: {P: {Type: String, Nope: 1}}\n") + kQueue,
                    "/Parameters/P/Nope", "no attribute Nope"},
        BadTemplate{std::string(kQueue) + "Outputs: {O: {Description: d}}\n", "/Outputs/O",
                    "needs a Value"},
        BadTemplate{std::string(kQueue) + "Outputs: {O: {Value: !Ref X}}\n", "/Outputs/O",
                    "in the Outputs block"}));

TEST(ParseTemplate, NeedsResources) {
  EXPECT_THAT(Complaint("Description: none"), HasSubstr("At least one Resources member"));
}

TEST(ParseTemplate, AcceptsAParameterThatNobodyRefersTo) {
  EXPECT_EQ(Complaint(std::string("Parameters: {P: {Type: String}}\n") + kQueue), "");
}

}  // namespace
}  // namespace usher::cloudformation
