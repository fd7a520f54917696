#include "services/glue/job_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace usher::glue {
namespace {

using testing::HasSubstr;

api::Job Shell() {
  return {.command = api::JobCommand{.name = "pythonshell", .script_location = "s3://b/k.py"}};
}

TEST(CheckJob, TakesTheCommandsThatThereAre) {
  api::Job job = Shell();
  EXPECT_TRUE(CheckJob(job));
  job.command->name = "glueetl";
  EXPECT_TRUE(CheckJob(job));
  job.command = api::JobCommand{.name = "usher", .script_location = "usher:copy_objects"};
  EXPECT_TRUE(CheckJob(job));
}

TEST(CheckJob, SaysWhatIsWrong) {
  api::Job job = Shell();
  job.execution_property = api::ExecutionProperty{.max_concurrent_runs = 1001};
  EXPECT_THAT(CheckJob(job).error().message, HasSubstr("MaxConcurrentRuns is 1001"));
  job = Shell();
  job.timeout = 0;
  EXPECT_THAT(CheckJob(job).error().message, HasSubstr("Timeout is 0"));
  EXPECT_THAT(CheckJob(api::Job{}).error().message, HasSubstr("Command.Name is missing"));
}

TEST(FillDefaults, LeavesWhatWasGiven) {
  api::Job job = Shell();
  job.timeout = 5;
  FillDefaults(job);
  EXPECT_EQ(job.timeout, 5);
  EXPECT_EQ(job.max_retries, 0);
  EXPECT_EQ(job.execution_property->max_concurrent_runs, 1);
}

TEST(MergeArguments, PutsTheRunsOverTheJobsAndTheFixedOverBoth) {
  api::Job job = Shell();
  job.default_arguments = Texts{{"--a", "job"}, {"--b", "job"}, {"--c", "job"}};
  job.non_overridable_arguments = Texts{{"--c", "fixed"}};
  const auto merged = MergeArguments(job, {{"--b", "run"}, {"--c", "run"}, {"--d", "run"}});
  ASSERT_TRUE(merged);
  EXPECT_EQ(*merged, (Texts{{"--a", "job"}, {"--b", "run"}, {"--c", "fixed"}, {"--d", "run"}}));
}

TEST(MergeArguments, RefusesWhatNoProcessTakes) {
  EXPECT_THAT(MergeArguments(Shell(), {{"--a", std::string("x\0y", 3)}}).error().message,
              HasSubstr("NUL"));
  EXPECT_FALSE(MergeArguments(Shell(), {{"", "x"}}));
  EXPECT_FALSE(MergeArguments(Shell(), {{"--a", std::string(kMaxArgumentBytes, 'x')}}));
  EXPECT_TRUE(MergeArguments(Shell(), {{"--a", std::string(kMaxArgumentBytes - 3, 'x')}}));
  Texts many;
  for (std::size_t i = 0; i <= kMaxArguments; ++i) many["--" + std::to_string(i)] = "x";
  EXPECT_THAT(MergeArguments(Shell(), many).error().message, HasSubstr("201 arguments"));
}

}  // namespace
}  // namespace usher::glue
