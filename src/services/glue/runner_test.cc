#include "services/glue/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <filesystem>
#include <fstream>

#include "base/temp_folder.h"
#include "services/glue/names.h"
#include "services/glue/operations.h"
#include "services/glue/run_command.h"
#include "wire/logs.h"
#include "wire/s3.h"

namespace usher::glue {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;
namespace s3 = usher::api::s3;
namespace logs = usher::api::logs;

// Keeps what is enqueued; the test carries the runs out itself.
class KeptDeliveries final : public jobs::DeliveryQueue {
 public:
  void AddLane(Lane /*lane*/) override {}
  Result<void> Start() override { return {}; }
  void Stop() override {}
  std::string Enqueue(storage::Batch& /*batch*/, std::string_view /*lane*/,
                      jobs::DeliverySpec spec) override {
    waiting.push_back(std::move(spec));
    return "delivery";
  }
  void Wake() override {}
  [[nodiscard]] std::vector<std::string> Lanes() const override { return {}; }
  [[nodiscard]] std::size_t Waiting(std::string_view /*lane*/) const override { return 0; }
  [[nodiscard]] std::size_t Waiting(std::string_view /*lane*/,
                                    std::string_view /*key*/) const override {
    return 0;
  }

  std::deque<jobs::DeliverySpec> waiting;
};

// A service whose Python is a shell, with S3 and Logs of the test.
class RunnerTest : public testing::Test {
 protected:
  RunnerTest() : store_(*storage::OpenSqliteStore(folder_.path())) {
    std::filesystem::create_directories(folder_.path() + "/python/glue_runtime");
    std::ofstream(folder_.path() + "/python/glue_runtime/run_script.py") << "exec /bin/sh \"$@\"\n";
    dispatcher_.Handle<s3::GetObject>(
        [this](const auto& request, wire::CallContext&) -> Result<s3::GetObject::Response> {
          const auto found = objects_.find(request.key);
          if (found == objects_.end()) return NotFound("The specified key does not exist.");
          return s3::GetObject::Response{.body = std::make_shared<StringSource>(found->second)};
        });
    dispatcher_.Handle<logs::CreateLogGroup>(
        [](const auto&, wire::CallContext&) -> Result<logs::CreateLogGroup::Response> {
          return logs::CreateLogGroup::Response{};
        });
    dispatcher_.Handle<logs::CreateLogStream>(
        [](const auto&, wire::CallContext&) -> Result<logs::CreateLogStream::Response> {
          return logs::CreateLogStream::Response{};
        });
    dispatcher_.Handle<logs::PutLogEvents>(
        [this](const auto& request, wire::CallContext&) -> Result<logs::PutLogEvents::Response> {
          for (const auto& event : request.log_events) {
            lines_[request.log_group_name].push_back(event.message);
          }
          return logs::PutLogEvents::Response{};
        });
    Open();
  }

  // As a server does that starts.
  void Open() {
    service_.reset();
    service_ = *Service::Open({.data_folder = folder_.path(),
                               .endpoint = "http://127.0.0.1:1",
                               .binary = "/bin/false",
                               .python = "/bin/sh",
                               .python_packages = folder_.path() + "/python",
                               .spark_home = folder_.path() + "/spark"},
                              *store_, deliveries_, dispatcher_, credentials_, clock_);
    service_->Start();
  }

  void CreateJob(const std::string& script, api::CreateJobRequest job = {}) {
    objects_["s.sh"] = script;
    job.name = "job";
    job.role = "arn:aws:iam::000000000000:role/path/Runs";
    if (!job.command.name) job.command.name = "pythonshell";
    job.command.script_location = "s3://b/s.sh";
    wire::CallContext context;
    ASSERT_TRUE(glue::CreateJob(job, *service_, context));
  }

  Result<std::string> StartRun(api::StartJobRunRequest request = {},
                               const std::string& request_id = {}) {
    request.job_name = "job";
    wire::CallContext context;
    context.request_id = request_id;
    const auto started = StartJobRun(request, *service_, context);
    if (!started) return started.error();
    return *started->job_run_id;
  }

  jobs::Outcome::Kind CarryOutNext() {
    const jobs::DeliverySpec spec = deliveries_.waiting.front();
    deliveries_.waiting.pop_front();
    return CarryOut({.key = spec.key, .payload = spec.payload}, stop_, *service_).kind();
  }

  api::JobRun RunOf(const std::string& id) {
    const auto run = service_->catalog.FindRun("us-east-1", "job", id);
    return run ? run->run : api::JobRun{};
  }

  api::JobRun Run(api::StartJobRunRequest request = {}) {
    const auto id = StartRun(std::move(request));
    EXPECT_TRUE(id) << (id ? "" : id.error().message);
    EXPECT_EQ(CarryOutNext(), jobs::Outcome::Kind::kDone);
    service_->Stop();  // hands over what was written
    return RunOf(*id);
  }

  TempFolder folder_;
  SystemClock clock_;
  std::unique_ptr<storage::DocumentStore> store_;
  KeptDeliveries deliveries_;
  wire::Dispatcher dispatcher_;
  wire::TemporaryCredentials credentials_{nullptr};
  std::map<std::string, std::string> objects_;
  std::map<std::string, std::vector<std::string>> lines_;
  jobs::StopToken stop_ = false;
  std::unique_ptr<Service> service_;
};

TEST_F(RunnerTest, RunsTheScriptAndLeavesNothingBehind) {
  CreateJob("echo out; echo err >&2; echo $AWS_REGION; pwd; ls");
  const api::JobRun run = Run();
  EXPECT_EQ(run.job_run_state, kSucceeded);
  EXPECT_FALSE(run.error_message);
  ASSERT_EQ(lines_["/aws-glue/jobs/output"].size(), 6U);
  EXPECT_THAT(lines_["/aws-glue/jobs/output"][1], "us-east-1");
  EXPECT_THAT(lines_["/aws-glue/jobs/output"][2], StartsWith(folder_.path() + "/glue/"));
  EXPECT_THAT(lines_["/aws-glue/jobs/error"], ElementsAre("err"));
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path() + "/glue"));
  EXPECT_TRUE(service_->catalog.AllActiveRuns(10)->empty());
}

TEST_F(RunnerTest, TakesTheReasonThatTheScriptsRunnerLeaves) {
  CreateJob("echo \"KeyError: 'Contents'\" > $GLUE_RUN_REASON; exit 1");
  const api::JobRun run = Run();
  EXPECT_EQ(run.job_run_state, kFailed);
  EXPECT_EQ(run.error_message, "KeyError: 'Contents'");
}

TEST_F(RunnerTest, DoesNotTakeAReasonForAFailure) {
  CreateJob("echo leftover > $GLUE_RUN_REASON; exit 0");
  EXPECT_EQ(Run().job_run_state, kSucceeded);
}

TEST_F(RunnerTest, NamesAScriptThatIsNotThere) {
  CreateJob("");
  objects_.clear();
  const api::JobRun run = Run();
  EXPECT_EQ(run.job_run_state, kFailed);
  EXPECT_EQ(run.error_message,
            "cannot read the script s3://b/s.sh: The specified key does not exist.");
}

TEST_F(RunnerTest, RefusesTwoFilesOfOneName) {
  CreateJob("",
            {.default_arguments = Texts{{"--extra-py-files", "s3://b/one/m.py, s3://b/two/m.py"}}});
  objects_["one/m.py"] = objects_["two/m.py"] = "";
  EXPECT_EQ(
      Run().error_message,
      "--extra-py-files: there are two files called m.py, and a run keeps them in one folder");
}

TEST_F(RunnerTest, PutsFilesWhereTheScriptFindsThem) {
  CreateJob("cat files/m.py; echo; echo $PYTHONPATH",
            {.default_arguments = Texts{{"--extra-py-files", "s3://b/m.py,s3://b/l.zip"}}});
  objects_["m.py"] = "module";
  objects_["l.zip"] = "archive";
  EXPECT_EQ(Run().job_run_state, kSucceeded);
  const auto& lines = lines_["/aws-glue/jobs/output"];
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0], "module");
  EXPECT_THAT(lines[1], testing::MatchesRegex(".*/files:.*/files/l.zip:.*/python"));
}

TEST_F(RunnerTest, SaysHowSparkIsInstalled) {
  CreateJob("", {.command = {.name = "glueetl"}});
  EXPECT_THAT(*Run().error_message, HasSubstr("Run: ./setup --spark"));
}

TEST_F(RunnerTest, FewRunsOfSparkGoOnAtOnce) {
  CreateJob("", {.command = {.name = "glueetl"}});
  ASSERT_TRUE(StartRun());
  deliveries_.waiting.push_back(deliveries_.waiting.front());
  for (int i = 0; i < kSparkRunsAtOnce; ++i) service_->spark_places.acquire();
  EXPECT_EQ(CarryOutNext(), jobs::Outcome::Kind::kAgain);
  service_->spark_places.release();
  EXPECT_EQ(CarryOutNext(), jobs::Outcome::Kind::kDone);
  EXPECT_TRUE(service_->spark_places.try_acquire());  // given back
}

TEST_F(RunnerTest, HandsTheScriptItsArguments) {
  CreateJob(
      "for word in \"$@\"; do echo \"$word\"; done",
      {.default_arguments = Texts{{"--a b", "two words"}, {"--conf", "own"}, {"--empty", ""}}});
  const api::JobRun run = Run();
  const auto& lines = lines_["/aws-glue/jobs/output"];
  ASSERT_EQ(lines.size(), 9U);  // an empty argument is no line
  EXPECT_EQ(lines[0], "--JOB_ID");
  EXPECT_THAT(lines[1], StartsWith("j_"));
  EXPECT_THAT(
      std::vector(lines.begin() + 2, lines.end()),
      ElementsAre("--JOB_NAME", "job", "--JOB_RUN_ID", *run.id, "--a b", "two words", "--empty"));
}

TEST_F(RunnerTest, TriesAFailedRunAgainAsOftenAsItsJobAllows) {
  CreateJob("exit 4", {.max_retries = 1});
  const auto id = *StartRun();
  EXPECT_EQ(CarryOutNext(), jobs::Outcome::Kind::kDone);
  ASSERT_EQ(deliveries_.waiting.size(), 1U);
  EXPECT_EQ(RunOf(id).job_run_state, kFailed);
  EXPECT_EQ(RunOf(AttemptId(id, 1)).job_run_state, kStarting);
  EXPECT_EQ(CarryOutNext(), jobs::Outcome::Kind::kDone);
  EXPECT_TRUE(deliveries_.waiting.empty());
  EXPECT_EQ(RunOf(AttemptId(id, 1)).previous_run_id, id);
  EXPECT_THAT(*RunOf(AttemptId(id, 1)).error_message, HasSubstr("exit code 4"));
}

TEST_F(RunnerTest, ARunThatWasStoppedBeforeItsBeginNeverBegins) {
  CreateJob("echo never");
  const auto id = *StartRun();
  wire::CallContext context;
  ASSERT_TRUE(BatchStopJobRun({.job_name = "job", .job_run_ids = {id}}, *service_, context));
  EXPECT_EQ(RunOf(id).job_run_state, kStopped);
  EXPECT_EQ(CarryOutNext(), jobs::Outcome::Kind::kDone);
  service_->Stop();
  EXPECT_TRUE(lines_.empty());
}

TEST_F(RunnerTest, TheServersEndLeavesARunAsItWas) {
  CreateJob("echo begun");
  const auto id = *StartRun();
  deliveries_.waiting.push_back(deliveries_.waiting.front());
  service_->StopRuns();
  EXPECT_EQ(CarryOutNext(), jobs::Outcome::Kind::kInterrupted);
  EXPECT_EQ(RunOf(id).job_run_state, kStarting);
  Open();
  EXPECT_EQ(CarryOutNext(), jobs::Outcome::Kind::kDone);
  EXPECT_EQ(RunOf(id).job_run_state, kSucceeded);
}

TEST_F(RunnerTest, StartingAgainWithTheSameRequestGivesTheSameRun) {
  CreateJob("");
  const auto first = *StartRun({}, "request");
  EXPECT_EQ(*StartRun({}, "request"), first);
  EXPECT_EQ(deliveries_.waiting.size(), 1U);
  EXPECT_EQ(StartRun({}, "other").error().wire_name, "ConcurrentRunsExceededException");
}

TEST_F(RunnerTest, AQueuedRunWaitsForTheOnesBeforeIt) {
  CreateJob("", {.job_run_queuing_enabled = true});
  const auto first = *StartRun();
  const auto second = *StartRun();
  EXPECT_EQ(RunOf(second).job_run_state, kWaiting);
  std::swap(deliveries_.waiting[0], deliveries_.waiting[1]);
  deliveries_.waiting.push_back(deliveries_.waiting[0]);
  EXPECT_EQ(CarryOutNext(), jobs::Outcome::Kind::kAgain);  // the second, too early
  EXPECT_EQ(CarryOutNext(), jobs::Outcome::Kind::kDone);
  EXPECT_EQ(CarryOutNext(), jobs::Outcome::Kind::kDone);
  EXPECT_EQ(RunOf(second).job_run_state, kSucceeded);
}

TEST_F(RunnerTest, ARunCanBeRetriedByItsId) {
  CreateJob("echo $2 $8; exit 1");
  const api::JobRun first = Run({.arguments = Texts{{"--word", "w"}}});
  const auto again = StartRun({.job_run_id = first.id});
  ASSERT_TRUE(again);
  EXPECT_EQ(RunOf(*again).previous_run_id, first.id);
  EXPECT_EQ(RunOf(*again).arguments, first.arguments);
  EXPECT_EQ(StartRun({.job_run_id = "jr_nobody"}).error().code, ErrorCode::kNotFound);
}

TEST_F(RunnerTest, ARunWhoseJobIsDeletedIsDropped) {
  CreateJob("");
  ASSERT_TRUE(StartRun());
  wire::CallContext context;
  ASSERT_TRUE(DeleteJob({.job_name = "job"}, *service_, context));
  EXPECT_EQ(CarryOutNext(), jobs::Outcome::Kind::kDone);
  EXPECT_TRUE(service_->catalog.AllActiveRuns(10)->empty());
}

TEST(SplitConf, TakesWhatIsWrittenForSeveral) {
  EXPECT_THAT(*SplitConf("a=1 --conf b.c=2 3 --conf d=--confuse"),
              ElementsAre("a=1", "b.c=2 3", "d=--confuse"));
  EXPECT_THAT(*SplitConf("--conf a=1"), ElementsAre("a=1"));
  EXPECT_TRUE(SplitConf("")->empty());
  EXPECT_FALSE(SplitConf("a=1 --conf b"));
  EXPECT_FALSE(SplitConf("=1"));
}

}  // namespace
}  // namespace usher::glue
