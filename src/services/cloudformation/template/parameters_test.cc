#include "services/cloudformation/template/parameters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/cloudformation/template/reader.h"

namespace usher::cloudformation {
namespace {

using testing::Pair;
using testing::UnorderedElementsAre;

Template With(const std::string& parameters) {
  const auto read = ParseTemplate(
      *ReadTemplate("Parameters: " + parameters + "\nResources: {Q: {Type: AWS::SQS::Queue}}\n"));
  return *read;
}

std::string Complaint(const std::string& parameters, const std::vector<GivenParameter>& given) {
  const auto values = ResolveParameters(With(parameters), given, {});
  return values ? "" : values.error().message;
}

TEST(ResolveParameters, TakesWhatIsGivenThePreviousAndTheDefault) {
  const auto values = ResolveParameters(
      With("{A: {Type: String}, B: {Type: String}, C: {Type: Number, Default: 0.05}}"),
      {{"A", "given"}, {"B", std::nullopt, true}}, {{"A", "old"}, {"B", "kept"}, {"C", "9"}});

  ASSERT_TRUE(values) << values.error().message;
  EXPECT_THAT(*values,
              UnorderedElementsAre(Pair("A", "given"), Pair("B", "kept"), Pair("C", "0.05")));
}

TEST(ResolveParameters, NamesAllThatAreMissingOrUnknown) {
  EXPECT_EQ(Complaint("{SolutionArn: {Type: String}, CampaignArn: {Type: String}}", {}),
            "Parameters: [SolutionArn, CampaignArn] must have values");
  EXPECT_EQ(Complaint("{A: {Type: String, Default: x}}", {{"Y", "1"}}),
            "Parameters: [Y] do not exist in the template");
  EXPECT_EQ(Complaint("{A: {Type: String}}", {{"A", "1"}, {"A", "2"}}),
            "Parameter 'A' is given twice");
}

TEST(ResolveParameters, ChecksEachRule) {
  EXPECT_EQ(Complaint("{A: {Type: String, AllowedValues: [x, y]}}", {{"A", "z"}}),
            "Parameter 'A' must be one of AllowedValues");
  EXPECT_EQ(Complaint("{A: {Type: String, AllowedPattern: '[a-z0-9]+'}}", {{"A", "dev_1"}}),
            "Parameter 'A' must match pattern [a-z0-9]+");
  EXPECT_EQ(Complaint("{A: {Type: String, AllowedPattern: '[a-z0-9]+'}}", {{"A", "dev1"}}), "");
  EXPECT_EQ(Complaint("{A: {Type: Number}}", {{"A", "ten"}}), "Parameter 'A' must be a number");
  EXPECT_EQ(Complaint("{A: {Type: Number, MinValue: 2}}", {{"A", "1.5"}}),
            "Parameter 'A' must be a number not less than 2");
  EXPECT_EQ(Complaint("{A: {Type: Number, MaxValue: 2}}", {{"A", "3"}}),
            "Parameter 'A' must be a number not greater than 2");
  EXPECT_EQ(Complaint("{A: {Type: String, MinLength: 3}}", {{"A", "ab"}}),
            "Parameter 'A' must contain at least 3 characters");
  EXPECT_EQ(Complaint("{A: {Type: String, MaxLength: 1}}", {{"A", "ab"}}),
            "Parameter 'A' must contain at most 1 characters");
  EXPECT_EQ(Complaint("{A: {Type: 'List<Number>'}}", {{"A", "1, 2,x"}}),
            "Parameter 'A' must be a number");
  EXPECT_EQ(Complaint("{A: {Type: CommaDelimitedList, AllowedValues: [x, y]}}", {{"A", "x,y"}}),
            "");
  EXPECT_EQ(Complaint("{A: {Type: String, MinLength: 3, ConstraintDescription: three letters}}",
                      {{"A", "ab"}}),
            "Parameter 'A' failed to satisfy constraint: three letters");
}

TEST(ResolveParameters, GivesUpOnAPatternThatNeverEnds) {
  EXPECT_EQ(Complaint("{A: {Type: String, AllowedPattern: '(a+)+b'}}",
                      {{"A", std::string(60, 'a') + "c"}}),
            "Parameter 'A' must match pattern (a+)+b");
  EXPECT_THAT(Complaint("{A: {Type: String, AllowedPattern: '('}}", {{"A", "x"}}),
              testing::HasSubstr("AllowedPattern of parameter 'A'"));
}

TEST(ResolveParameters, RefusesWhatIsTooLong) {
  EXPECT_THAT(Complaint("{A: {Type: String}}", {{"A", std::string(5000, 'x')}}),
              testing::HasSubstr("longer than 4096"));
}

}  // namespace
}  // namespace usher::cloudformation
