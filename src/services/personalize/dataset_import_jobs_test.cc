#include "services/personalize/dataset_import_jobs.h"

#include "services/personalize/test_service.h"

namespace usher::personalize {
namespace {

using testing::HasSubstr;

class DatasetImportJobTest : public TestService {
 protected:
  DatasetImportJobTest() { CreateInteractions(); }

  api::DatasetImportJob Run(const std::string& key, const std::string& bytes,
                            const std::string& mode = "FULL") {
    objects_[key] = bytes;
    const std::string name = "import-" + std::to_string(++imports_);
    EXPECT_TRUE(Import(name, key, mode));
    RunJobs();
    return *Call<api::DescribeDatasetImportJob>(
                {.dataset_import_job_arn = Arn("dataset-import-job/" + name)})
                ->dataset_import_job;
  }
  std::int64_t Rows() {
    const auto dataset = service_.catalog.Find<api::Dataset>(Arn("dataset/movies/INTERACTIONS"));
    const Value* rows = dataset->extra.Find("rows");
    return rows ? *rows->as_int() : 0;
  }
  std::size_t Files() {
    std::size_t files = 0;
    for ([[maybe_unused]] const auto& entry :
         std::filesystem::directory_iterator(folder_.path() + "/datasets"))
      ++files;
    return files;
  }

  int imports_ = 0;
};

TEST_F(DatasetImportJobTest, ReplacesRowsInFullModeAndAddsThemInIncremental) {
  ASSERT_EQ(Run("a.csv", InteractionsCsv()).status, "ACTIVE");
  EXPECT_EQ(Rows(), 1500);

  EXPECT_EQ(Run("b.csv", InteractionsCsv()).status, "ACTIVE");
  EXPECT_EQ(Rows(), 1500);

  std::string more = "ITEM_ID,TIMESTAMP,USER_ID\n";  // columns are found by name
  for (int row = 0; row < 1000; ++row)
    more += "i1," + std::to_string(1'650'000'000 + row) + ",new\n";
  EXPECT_EQ(Run("c.csv", more, "INCREMENTAL").status, "ACTIVE");
  EXPECT_EQ(Rows(), 2500);
  EXPECT_EQ(Files(), 1U);  // what was replaced is gone
}

TEST_F(DatasetImportJobTest, FailsWithTheLineOrTheColumnsAndKeepsTheOldRows) {
  ASSERT_EQ(Run("good.csv", InteractionsCsv()).status, "ACTIVE");
  struct Case {
    std::string bytes;
    std::string reason;
  };
  const std::string good = InteractionsCsv();
  const std::string quote = good + "\"u1,i1,1600000000\n";
  for (const Case& bad :
       {Case{"USER_ID,TIMESTAMP\nu,1\n", "Input CSV is missing the following columns:[ITEM_ID]."},
        Case{good + "u1,i1,yesterday\n", "line 1502"}, Case{quote, "line 1502"},
        Case{"USER_ID,ITEM_ID,TIMESTAMP\nu,i,1600000000\n", "1000"}, Case{"", ""}}) {
    const auto job = Run("bad.csv", bad.bytes);
    EXPECT_EQ(job.status, "CREATE FAILED");
    EXPECT_THAT(job.failure_reason.value_or("none"), HasSubstr(bad.reason));
  }
  EXPECT_EQ(Rows(), 1500);
  EXPECT_EQ(Files(), 1U);
}

TEST_F(DatasetImportJobTest, NamesTheObjectsThatItCannotRead) {
  ASSERT_TRUE(Import("none", "nothing.csv"));
  RunJobs();

  const auto job = Call<api::DescribeDatasetImportJob>(
      {.dataset_import_job_arn = Arn("dataset-import-job/none")});
  EXPECT_EQ(job->dataset_import_job->status, "CREATE FAILED");
  EXPECT_THAT(*job->dataset_import_job->failure_reason,
              testing::StartsWith("Insufficient privileges for accessing data in Amazon S3."));
}

TEST_F(DatasetImportJobTest, ChecksItsPreconditionsAtTheCall) {
  const auto refusal = [&](const std::string& location, const std::string& mode) {
    return Complaint<api::CreateDatasetImportJob>(
        {.job_name = "x",
         .dataset_arn = Arn("dataset/movies/INTERACTIONS"),
         .data_source = {.data_location = location},
         .role_arn = kRole,
         .import_mode = mode},
        ErrorCode::kInvalidInput);
  };
  EXPECT_THAT(refusal("https://bucket/a.csv", "FULL"), HasSubstr("Invalid Data location."));
  EXPECT_THAT(refusal("s3://bucket/a.csv", "INCREMENTAL"), HasSubstr("needs an earlier import"));
  EXPECT_THAT(refusal("s3://bucket/a.csv", "PARTIAL"),
              HasSubstr("enum value set: [FULL, INCREMENTAL]"));
}

TEST_F(DatasetImportJobTest, RefusesASixthWaitingJobAndANameInUse) {
  objects_["a.csv"] = InteractionsCsv();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(Import("j" + std::to_string(i), "a.csv"));

  EXPECT_EQ(Import("j5", "a.csv").error().message,
            "More than 5 resources with PENDING or IN_PROGRESS status.");
  RunJobs();
  EXPECT_EQ(Import("j0", "a.csv").error().message,
            "Another resource with Arn " + Arn("dataset-import-job/j0") + " already exists.");
}

}  // namespace
}  // namespace usher::personalize
