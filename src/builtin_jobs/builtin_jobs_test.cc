#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include "base/temp_folder.h"
#include "builtin_jobs/arguments.h"
#include "builtin_jobs/builtin_job.h"
#include "builtin_jobs/copy_objects.h"
#include "builtin_jobs/memory_context.h"
#include "builtin_jobs/server_context.h"

namespace usher::builtin_jobs {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

TEST(BuiltinJobs, AreFoundByName) {
  for (const BuiltinJob& job : BuiltinJobs()) EXPECT_EQ(FindBuiltinJob(job.name), &job);
  EXPECT_EQ(FindBuiltinJob("copy"), nullptr);
  EXPECT_THAT(BuiltinJobNames(), HasSubstr("copy_objects"));
}

TEST(BuiltinJobs, NamesEveryArgumentThatIsMissing) {
  MemoryContext context;
  const auto ran = RunBuiltinJob(*FindBuiltinJob("copy_objects"), {{"OTHER", "x"}}, context);
  ASSERT_FALSE(ran);
  EXPECT_THAT(ran.error().message, HasSubstr("--SOURCE, --TARGET"));
}

TEST(BuiltinJobs, TurnsAnExceptionIntoAnError) {
  const BuiltinJob throwing{.name = "throwing",
                            .purpose = "",
                            .required = {},
                            .run = [](const JobArguments&, JobContext&) -> Result<void> {
                              throw std::runtime_error("it broke");
                            }};
  MemoryContext context;
  const auto ran = RunBuiltinJob(throwing, {}, context);
  ASSERT_FALSE(ran);
  EXPECT_THAT(ran.error().message, HasSubstr("it broke"));
}

TEST(ParseObjectName, TakesTheSchemesOfSpark) {
  const ObjectName expected{.bucket = "b", .key = "k/l.csv"};
  EXPECT_EQ(*ParseObjectName("s3://b/k/l.csv"), expected);
  EXPECT_EQ(*ParseObjectName("s3a://b/k/l.csv"), expected);
  EXPECT_EQ(ParseObjectName("s3://b")->key, "");
  for (const char* bad : {"", "b/k", "s3:///k", "s3:/b/k", "http://b/k"}) {
    EXPECT_FALSE(ParseObjectName(bad)) << bad;
  }
}

TEST(Arguments, ReadsNumbersWithinTheirBounds) {
  const JobArguments arguments{{"FRACTION", "0.05"}, {"COUNT", "100"}, {"BAD", "5%"}};
  EXPECT_EQ(*NumberOr(arguments, "FRACTION", 1, 0, 1), 0.05);
  EXPECT_EQ(*NumberOr(arguments, "NONE", 1, 0, 1), 1);
  EXPECT_EQ(*IntegerOr(arguments, "COUNT", 1, 1, 1000), 100);
  const auto bad = NumberOr(arguments, "BAD", 1, 0, 1);
  ASSERT_FALSE(bad);
  EXPECT_THAT(bad.error().message, HasSubstr("--BAD is \"5%\""));
  const auto much = IntegerOr(arguments, "COUNT", 1, 1, 99);
  ASSERT_FALSE(much);
  EXPECT_THAT(much.error().message, HasSubstr("from 1 to 99"));
}

TEST(CopyObjects, CopiesAllThatIsUnderThePrefix) {
  MemoryContext context;
  context.objects = {{"s3://b/in/1", "one"}, {"s3://b/in/x/2", "two"}, {"s3://b/other", "no"}};

  ASSERT_TRUE(CopyObjects({{"SOURCE", "s3://b/in/"}, {"TARGET", "s3://c/out/"}}, context));

  EXPECT_THAT(context.objects, ElementsAre(Pair("s3://b/in/1", "one"), Pair("s3://b/in/x/2", "two"),
                                           Pair("s3://b/other", "no"), Pair("s3://c/out/1", "one"),
                                           Pair("s3://c/out/x/2", "two")));
  EXPECT_EQ(context.progress.back(), std::pair(1.0, std::string("copying")));
}

TEST(ServerContext, RefusesMoreThanOneRequestStoresAsSoonAsItIsWritten) {
  // Address space alone: the bytes are refused before they are looked at.
  constexpr std::size_t kBytes = kMaxStoredBytes + 1;
  void* bytes =
      mmap(nullptr, kBytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  ASSERT_NE(bytes, MAP_FAILED);
  const TempFolder folder;
  const SystemClock clock;
  const auto context =
      MakeServerContext({.endpoint = "http://127.0.0.1:1"}, {}, folder.path(), clock);
  const auto writer = context->Create({.bucket = "b", .key = "large.csv"}, "text/csv");
  ASSERT_TRUE(writer);

  const auto written = (*writer)->Write({static_cast<const char*>(bytes), kBytes});

  munmap(bytes, kBytes);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::kInvalidInput);
  EXPECT_THAT(written.error().message,
              HasSubstr("s3://b/large.csv would have more than 5368709120"));
}

TEST(CopyObjects, SaysWhenThereIsNothing) {
  MemoryContext context;
  const auto ran = CopyObjects({{"SOURCE", "s3://b/in/"}, {"TARGET", "s3://b/out/"}}, context);
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace usher::builtin_jobs
