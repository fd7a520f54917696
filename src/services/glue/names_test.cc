#include "services/glue/names.h"

#include <gtest/gtest.h>

namespace usher::glue {
namespace {

TEST(JobArn, IsReadBack) {
  for (const char* name : {"Prepare", "with: colon", "with/slash"}) {
    const auto read = ParseJobArn(JobArn("eu-west-1", name));
    ASSERT_TRUE(read) << name;
    EXPECT_EQ(read->region, "eu-west-1");
    EXPECT_EQ(read->name, name);
  }
}

TEST(ParseJobArn, RefusesWhatIsNoJob) {
  for (const char* arn : {"", "arn:aws:glue:r:1:job/", "arn:aws:glue:r:1:crawler/x",
                          "arn:aws:lambda:r:1:job/x", "arn:aws:glue:r"}) {
    EXPECT_FALSE(ParseJobArn(arn)) << arn;
  }
}

TEST(RunIdOf, IsTheSameForACallThatIsMadeAgain) {
  const std::string id = RunIdOf("arn:job/a", "request");
  EXPECT_EQ(id.size(), 3U + 64U);
  EXPECT_TRUE(id.starts_with("jr_"));
  EXPECT_EQ(RunIdOf("arn:job/a", "request"), id);
  EXPECT_NE(RunIdOf("arn:job/b", "request"), id);
  EXPECT_NE(RunIdOf("arn:job/a", "other"), id);
  EXPECT_NE(RunIdOf("arn:job/a", ""), RunIdOf("arn:job/a", ""));
}

TEST(AttemptId, ReplacesTheNumberOfAnEarlierAttempt) {
  EXPECT_EQ(AttemptId("jr_ab", 1), "jr_ab_attempt_1");
  EXPECT_EQ(AttemptId("jr_ab_attempt_9", 10), "jr_ab_attempt_10");
}

}  // namespace
}  // namespace usher::glue
