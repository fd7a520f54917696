#include "services/states/language/compile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/states/language/resource.h"

namespace usher::states {
namespace {

using testing::HasSubstr;

Result<void> AnyTask(std::string_view, const Value*) { return {}; }

std::string Wrong(const std::string& definition) {
  const Compiled compiled = Compile(definition, AnyTask);
  return compiled.machine ? "nothing" : Describe(compiled.diagnostics);
}

std::string States(const std::string& states) {
  return Wrong(R"({"StartAt":"A","States":{)" + states + "}}");
}

const std::string kEnd = R"("B":{"Type":"Succeed"})";

TEST(Compile, TakesEveryTypeOfState) {
  const Compiled compiled = Compile(
      R"({"Comment":"c","Version":"1.0","TimeoutSeconds":60,"StartAt":"P","States":{
        "P":{"Type":"Pass","Result":1,"ResultPath":"$.x","Next":"T"},
        "T":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:1:function:f","TimeoutSeconds":9,
             "HeartbeatSeconds":3,"Parameters":{"a.$":"$.b"},"ResultSelector":{"c.$":"$.d"},
             "Retry":[{"ErrorEquals":["E"],"IntervalSeconds":1,"MaxAttempts":2,"BackoffRate":1.5,
                       "MaxDelaySeconds":9,"JitterStrategy":"FULL"}],
             "Catch":[{"ErrorEquals":["States.ALL"],"Next":"F"}],"Next":"C"},
        "C":{"Type":"Choice","Choices":[{"Variable":"$.a","IsNull":true,"Next":"W"}],
             "Default":"M"},
        "W":{"Type":"Wait","Seconds":1,"Next":"L"},
        "L":{"Type":"Parallel","Branches":[{"StartAt":"X","States":{"X":{"Type":"Succeed"}}}],
             "Next":"M"},
        "M":{"Type":"Map","ItemsPath":"$.i","MaxConcurrency":2,"ItemProcessor":{
             "ProcessorConfig":{"Mode":"INLINE"},"StartAt":"X","States":{"X":{"Type":"Succeed"}}},
             "Next":"S"},
        "S":{"Type":"Succeed"},
        "F":{"Type":"Fail","Error":"E","Cause":"c"}}})",
      AnyTask);
  ASSERT_TRUE(compiled.machine) << Describe(compiled.diagnostics);
  EXPECT_EQ(compiled.machine->blocks.size(), 3U);
  EXPECT_EQ(compiled.machine->timeout_seconds, 60);
  EXPECT_EQ(compiled.machine->StateOf(0, "T").retriers.front().backoff_rate, 1.5);
}

TEST(Compile, NamesTheStateAndThePlace) {
  const Compiled compiled =
      Compile(R"({"StartAt":"A","States":{"A":{"Type":"Pass","Next":"Nowhere"}}})", AnyTask);
  ASSERT_EQ(compiled.diagnostics.size(), 1U);
  EXPECT_EQ(compiled.diagnostics[0].code, "MISSING_TRANSITION_TARGET");
  EXPECT_EQ(compiled.diagnostics[0].location, "/States/A/Next");
  EXPECT_THAT(compiled.diagnostics[0].message, HasSubstr("state 'A' leads to the state 'Nowhere'"));
}

TEST(Compile, RefusesWhatIsNoDefinition) {
  EXPECT_THAT(Wrong("{"), HasSubstr("INVALID_JSON_DESCRIPTION"));
  EXPECT_THAT(Wrong("[]"), HasSubstr("must be a JSON object"));
  EXPECT_THAT(Wrong(R"({"StartAt":"A"})"), HasSubstr("at least one state"));
  EXPECT_THAT(Wrong(R"({"States":{"A":{"Type":"Succeed"}}})"), HasSubstr("StartAt is missing"));
  EXPECT_THAT(Wrong(R"({"StartAt":"Z","States":{"A":{"Type":"Succeed"}}})"),
              HasSubstr("StartAt names the state 'Z'"));
  EXPECT_THAT(Wrong(R"({"StartAt":"A","States":{"A":{"Type":"Succeed"}},"X":1})"),
              HasSubstr("'X' is not supported"));
  EXPECT_THAT(Wrong(R"({"Version":"2","StartAt":"A","States":{"A":{"Type":"Succeed"}}})"),
              HasSubstr("Version"));
}

TEST(Compile, RefusesBrokenTransitions) {
  EXPECT_THAT(States(R"("A":{"Type":"Pass"})"), HasSubstr("either Next"));
  EXPECT_THAT(States(R"("A":{"Type":"Pass","Next":"B","End":true},)" + kEnd),
              HasSubstr("either Next"));
  EXPECT_THAT(States(R"("A":{"Type":"Succeed"},)" + kEnd), HasSubstr("'B' is not reachable"));
  EXPECT_THAT(
      States(R"("A":{"Type":"Choice","Choices":[{"Variable":"$.a","IsNull":true,"Next":"Z"}]})"),
      HasSubstr("/States/A/Choices/0/Next"));
  EXPECT_THAT(States(R"("A":{"Type":"Choice","Choices":[{"Variable":"$.a","IsNull":true}]})"),
              HasSubstr("Next, the name of a state, is missing"));
  EXPECT_THAT(
      States(
          R"("A":{"Type":"Choice","Choices":[{"Variable":"$.a","IsNull":true,"Next":"B"}],"End":true},)" +
          kEnd),
      HasSubstr("no field 'End'"));
}

TEST(Compile, RefusesMembersThatAStateDoesNotHave) {
  EXPECT_THAT(States(R"("A":{"Type":"Succeed","Result":1})"),
              HasSubstr("a Succeed state has no field 'Result'"));
  EXPECT_THAT(States(R"("A":{"Type":"Nope"})"), HasSubstr("not 'Nope'"));
  EXPECT_THAT(States(R"("A":1)"), HasSubstr("Type must be"));
}

TEST(Compile, RefusesBadPathsWithTheirPlace) {
  EXPECT_THAT(States(R"("A":{"Type":"Pass","InputPath":"a","End":true})"),
              testing::AllOf(HasSubstr("state 'A': InputPath"), HasSubstr("/States/A/InputPath")));
  EXPECT_THAT(States(R"("A":{"Type":"Pass","ResultPath":"$.a[*]","End":true})"),
              HasSubstr("must name one place"));
  EXPECT_THAT(States(R"("A":{"Type":"Pass","ResultPath":"$$.a","End":true})"),
              HasSubstr("ResultPath"));
  EXPECT_THAT(States(R"("A":{"Type":"Pass","Parameters":{"x":{"y.$":"z"}},"End":true})"),
              HasSubstr("at /x/y.$"));
  EXPECT_THAT(States(R"("A":{"Type":"Pass","Parameters":{"y.$":1},"End":true})"),
              HasSubstr("must be a string"));
}

TEST(Compile, RefusesJsonataNamingTheState) {
  EXPECT_THAT(
      Wrong(R"({"QueryLanguage":"JSONata","StartAt":"A","States":{"A":{"Type":"Succeed"}}})"),
      HasSubstr("JSONata is not supported by Usher"));
  EXPECT_THAT(States(R"("A":{"Type":"Pass","QueryLanguage":"JSONata","End":true})"),
              HasSubstr("state 'A': the query language JSONata"));
  EXPECT_THAT(States(R"("A":{"Type":"Pass","Output":"{% 1 %}","End":true})"),
              HasSubstr("belongs to the query language JSONata"));
  EXPECT_THAT(States(R"("A":{"Type":"Pass","Assign":{"x":1},"End":true})"),
              HasSubstr("variables (Assign)"));
}

TEST(Compile, RefusesDistributedMaps) {
  const std::string block = R"("StartAt":"X","States":{"X":{"Type":"Succeed"}})";
  EXPECT_THAT(
      States(R"("A":{"Type":"Map","ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED"},)" +
             block + R"(},"End":true})"),
      HasSubstr("distributed maps are not supported"));
  EXPECT_THAT(
      States(R"("A":{"Type":"Map","ItemReader":{},"ItemProcessor":{)" + block + R"(},"End":true})"),
      HasSubstr("'ItemReader' belongs to distributed maps"));
}

TEST(Compile, RefusesBadRetriersAndCatchers) {
  const auto task = [](const std::string& more) {
    return States(R"("A":{"Type":"Task","Resource":"r",)" + more + R"(,"End":true})");
  };
  EXPECT_THAT(task(R"("Retry":[{}])"), HasSubstr("ErrorEquals"));
  EXPECT_THAT(task(R"("Retry":[{"ErrorEquals":["States.ALL","E"]}])"), HasSubstr("alone"));
  EXPECT_THAT(task(R"("Retry":[{"ErrorEquals":["States.ALL"]},{"ErrorEquals":["E"]}])"),
              HasSubstr("last"));
  EXPECT_THAT(task(R"("Retry":[{"ErrorEquals":["E"],"BackoffRate":0.5}])"),
              HasSubstr("BackoffRate must be"));
  EXPECT_THAT(task(R"("Retry":[{"ErrorEquals":["E"],"IntervalSecondsPath":"$.a"}])"),
              HasSubstr("'IntervalSecondsPath' is not supported"));
  EXPECT_THAT(task(R"("Catch":[{"ErrorEquals":["E"]}])"), HasSubstr("Next"));
  EXPECT_THAT(task(R"("Catch":[{"ErrorEquals":["E"],"Next":"Z"}])"),
              HasSubstr("/States/A/Catch/0/Next"));
  EXPECT_THAT(task(R"("TimeoutSeconds":0)"), HasSubstr("TimeoutSeconds must be"));
  EXPECT_THAT(task(R"("TimeoutSeconds":1,"TimeoutSecondsPath":"$.t")"),
              HasSubstr("exclude each other"));
  EXPECT_THAT(task(R"("TimeoutSeconds":5,"HeartbeatSeconds":5)"), HasSubstr("less than"));
}

TEST(Compile, RefusesWaitsThatSayNothingOrTooMuch) {
  EXPECT_THAT(States(R"("A":{"Type":"Wait","End":true})"), HasSubstr("one of Seconds"));
  EXPECT_THAT(States(R"("A":{"Type":"Wait","Seconds":1,"SecondsPath":"$.s","End":true})"),
              HasSubstr("one of Seconds"));
  EXPECT_THAT(States(R"("A":{"Type":"Wait","Seconds":"1","End":true})"), HasSubstr("whole number"));
  EXPECT_THAT(States(R"("A":{"Type":"Wait","Timestamp":"soon","End":true})"),
              HasSubstr("must be a time"));
}

TEST(Compile, RefusesNestingBeyondItsLimit) {
  std::string block = R"({"StartAt":"X","States":{"X":{"Type":"Succeed"}}})";
  for (int i = 0; i < kMaxBlockDepth + 2; ++i) {
    block = R"({"StartAt":"X","States":{"X":{"Type":"Parallel","Branches":[)" + block +
            R"(],"End":true}}})";
  }
  EXPECT_THAT(Wrong(block), HasSubstr("too many blocks"));
}

TEST(ParseResource, KnowsTheFormsOfArns) {
  const auto optimised = ParseResource("arn:aws:states:::glue:startJobRun.sync");
  ASSERT_TRUE(optimised);
  EXPECT_EQ(optimised->service, "glue");
  EXPECT_EQ(optimised->action, "startJobRun");
  EXPECT_EQ(optimised->pattern, Resource::Pattern::kSync);
  EXPECT_EQ(optimised->ActionWithPattern(), "startJobRun.sync");
  const auto sdk = ParseResource("arn:aws:states:::aws-sdk:personalize:createSolution");
  ASSERT_TRUE(sdk);
  EXPECT_EQ(sdk->SdkService(), "personalize");
  EXPECT_EQ(sdk->service, "aws-sdk:personalize");
  const auto nested = ParseResource("arn:aws:states:::states:startExecution.sync:2");
  ASSERT_TRUE(nested);
  EXPECT_EQ(nested->pattern, Resource::Pattern::kSync2);
  EXPECT_EQ(ParseResource("arn:aws:states:::sqs:sendMessage.waitForTaskToken")->pattern,
            Resource::Pattern::kToken);
  EXPECT_EQ(ParseResource("arn:aws:lambda:us-east-1:000000000000:function:f:live")->kind,
            Resource::Kind::kFunction);
  EXPECT_EQ(ParseResource("arn:aws:states:us-east-1:000000000000:activity:a")->kind,
            Resource::Kind::kActivity);
  for (const char* bad : {"", "lambda", "arn:aws:states:::glue", "arn:aws:states:::aws-sdk:glue",
                          "arn:aws:s3:::bucket", "arn:aws:states:::glue:"}) {
    EXPECT_FALSE(ParseResource(bad)) << bad;
  }
}

}  // namespace
}  // namespace usher::states
