#include "services/glue/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <mutex>
#include <utility>

#include "base/random.h"
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
  std::string Enqueue(storage::Batch& batch, std::string_view lane,
                      jobs::DeliverySpec spec) override {
    std::string id = NewUuid();
    batch.Create("delivery/" + std::string(lane), id, spec.key, spec.payload);
    waiting.push_back(std::move(spec));
    return id;
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

// Lets the test see, and come in between, what is about to be committed.
class WatchedStore final : public storage::DocumentStore {
 public:
  explicit WatchedStore(std::unique_ptr<storage::DocumentStore> store) : store_(std::move(store)) {}
  Result<std::optional<storage::Document>> Get(std::string_view kind,
                                               std::string_view id) const override {
    return store_->Get(kind, id);
  }
  Result<storage::Page> List(std::string_view kind, std::optional<std::string_view> group,
                             std::int64_t after, std::size_t limit) const override {
    return store_->List(kind, group, after, limit);
  }
  Result<std::vector<storage::Document>> ListById(std::string_view kind, std::string_view id_prefix,
                                                  std::string_view from_id,
                                                  std::size_t limit) const override {
    return store_->ListById(kind, id_prefix, from_id, limit);
  }
  Result<void> Commit(const storage::Batch& batch) override {
    if (before_commit) before_commit(batch);
    return store_->Commit(batch);
  }

  std::function<void(const storage::Batch& batch)> before_commit;

 private:
  std::unique_ptr<storage::DocumentStore> store_;
};

using Action = storage::Batch::Change::Action;

// The bodies of the documents of the kind that the batch creates or changes.
std::vector<std::string> Bodies(const storage::Batch& batch, std::string_view kind, Action action) {
  std::vector<std::string> bodies;
  for (const auto& change : batch.changes()) {
    if (change.action == action && change.document.kind == kind) {
      bodies.push_back(change.document.body);
    }
  }
  return bodies;
}

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
                              store_, deliveries_, dispatcher_, credentials_, clock_);
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

  [[nodiscard]] bool IsKept(const std::string& id) {
    return service_->catalog.FindRun("us-east-1", "job", id).has_value();
  }

  [[nodiscard]] JobRecord Job() { return *service_->catalog.FindJob("us-east-1", "job"); }

  // Once, just before the run's end is committed with this state.
  void StopBeforeTheEnd(const std::string& id, const std::string& state) {
    store_.before_commit = [this, id, state](const storage::Batch& batch) {
      const auto runs = Bodies(batch, "glue/run", Action::kUpdate);
      if (runs.empty() || runs.front().find(state) == std::string::npos) return;
      const auto watch = std::exchange(store_.before_commit, nullptr);
      wire::CallContext context;
      const auto stopped =
          BatchStopJobRun({.job_name = "job", .job_run_ids = {id}}, *service_, context);
      ASSERT_TRUE(stopped);
      EXPECT_EQ(stopped->successful_submissions->size(), 1U);
    };
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
  WatchedStore store_;
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
  const auto id = *StartRun();
  deliveries_.waiting.push_back(deliveries_.waiting.front());
  for (int i = 0; i < kSparkRunsAtOnce; ++i) service_->spark_places.acquire();
  EXPECT_EQ(RunOf(id).job_run_state, kStarting);
  EXPECT_EQ(CarryOutNext(), jobs::Outcome::Kind::kAgain);
  EXPECT_EQ(RunOf(id).job_run_state, kWaiting);
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

TEST_F(RunnerTest, ARunAndItsDeliveryAreOneCommit) {
  CreateJob("exit 4", {.max_retries = 1});
  int commits = 0;
  store_.before_commit = [&](const storage::Batch& batch) {
    const auto runs = Bodies(batch, "glue/run", Action::kCreate);
    if (runs.empty()) return;
    ++commits;
    EXPECT_EQ(Bodies(batch, "delivery/glue/runs", Action::kCreate).size(), 1U);
    EXPECT_EQ(Bodies(batch, "glue/active", Action::kCreate).size(), 1U);
  };
  const auto id = *StartRun();
  CarryOutNext();
  EXPECT_TRUE(IsKept(AttemptId(id, 1)));
  EXPECT_EQ(commits, 2);
}

TEST_F(RunnerTest, AttemptsCountAmongTheRunsThatAreKept) {
  CreateJob("exit 4", {.max_retries = 2});
  ASSERT_TRUE(StartRun());
  while (!deliveries_.waiting.empty()) CarryOutNext();
  EXPECT_EQ(Job().runs, 3);
}

TEST_F(RunnerTest, TheOldestRunsThatHaveEndedGoWhereThereAreTooMany) {
  CreateJob("", {.execution_property = api::ExecutionProperty{.max_concurrent_runs = 2}});
  const auto going_on = *StartRun();
  std::vector<std::string> ended;
  for (int i = 0; i < 3; ++i) {
    ended.push_back(*StartRun());
    std::swap(deliveries_.waiting[0], deliveries_.waiting[1]);
    CarryOutNext();
  }
  JobRecord job = Job();
  ASSERT_EQ(job.runs, 4);
  job.runs = static_cast<std::int64_t>(kMaxRunsKept) + 1;  // two beyond with the next one
  storage::Batch batch;
  Catalog::AddUpdate(batch, job);
  ASSERT_TRUE(store_.Commit(batch));
  EXPECT_TRUE(IsKept(*StartRun()));
  EXPECT_EQ(Job().runs, static_cast<std::int64_t>(kMaxRunsKept));
  EXPECT_TRUE(IsKept(going_on));
  EXPECT_FALSE(IsKept(ended[0]));
  EXPECT_FALSE(IsKept(ended[1]));
  EXPECT_TRUE(IsKept(ended[2]));
}

// Else a job that is deleted meanwhile would leave the attempt behind.
TEST_F(RunnerTest, AnAttemptIsAddedWhileNoJobChanges) {
  CreateJob("exit 4", {.max_retries = 1});
  ASSERT_TRUE(StartRun());
  std::vector<bool> held;
  store_.before_commit = [&](const storage::Batch& batch) {
    if (Bodies(batch, "glue/run", Action::kCreate).empty()) return;
    held.push_back(std::async(std::launch::async, [&] {
                     const std::unique_lock lock(service_->changing, std::try_to_lock);
                     return !lock.owns_lock();
                   }).get());
  };
  CarryOutNext();
  EXPECT_THAT(held, ElementsAre(true));
}

TEST_F(RunnerTest, ARunWhoseJobIsGoneIsNotTriedAgain) {
  CreateJob("exit 4", {.max_retries = 1});
  const auto id = *StartRun();
  storage::Batch batch;
  batch.Delete("glue/job", "us-east-1/job");
  ASSERT_TRUE(store_.Commit(batch));
  EXPECT_EQ(CarryOutNext(), jobs::Outcome::Kind::kDone);
  EXPECT_EQ(RunOf(id).job_run_state, kFailed);
  EXPECT_FALSE(IsKept(AttemptId(id, 1)));
  EXPECT_TRUE(deliveries_.waiting.empty());
}

TEST_F(RunnerTest, ARunThatFailsWhileItIsStoppedIsNotTriedAgain) {
  CreateJob("exit 4", {.max_retries = 1});
  const auto id = *StartRun();
  StopBeforeTheEnd(id, "FAILED");
  EXPECT_EQ(CarryOutNext(), jobs::Outcome::Kind::kDone);
  EXPECT_EQ(RunOf(id).job_run_state, kStopped);
  EXPECT_FALSE(RunOf(id).error_message);
  EXPECT_FALSE(IsKept(AttemptId(id, 1)));
  EXPECT_TRUE(service_->catalog.AllActiveRuns(10)->empty());
}

TEST_F(RunnerTest, ARunThatSucceedsWhileItIsStoppedHasSucceeded) {
  CreateJob("exit 0");
  const auto id = *StartRun();
  StopBeforeTheEnd(id, "SUCCEEDED");
  EXPECT_EQ(CarryOutNext(), jobs::Outcome::Kind::kDone);
  EXPECT_EQ(RunOf(id).job_run_state, kSucceeded);
}

TEST_F(RunnerTest, RunsAreListedNewestFirst) {
  CreateJob("");
  std::deque<std::string> ids;
  for (int i = 0; i < 5; ++i) {
    ids.push_front(*StartRun());
    CarryOutNext();
  }
  std::vector<std::string> listed;
  std::vector<std::size_t> sizes;
  std::optional<std::string> token;
  do {
    const auto page = service_->catalog.ListRuns(Job(), token, 2);
    ASSERT_TRUE(page);
    for (const RunRecord& run : page->items) listed.push_back(*run.run.id);
    sizes.push_back(page->items.size());
    token = page->next_token;
  } while (token);
  EXPECT_THAT(listed, testing::ElementsAreArray(ids));
  EXPECT_THAT(sizes, ElementsAre(2, 2, 1));
  EXPECT_EQ(service_->catalog.ListRuns(Job(), "nonsense", 2).error().code,
            ErrorCode::kInvalidNextToken);
}

// Seen by a document that cannot be decoded.
TEST_F(RunnerTest, RunsBeyondThePageAreNotDecoded) {
  CreateJob("");
  const auto oldest = *StartRun();
  CarryOutNext();
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(StartRun());
    CarryOutNext();
  }
  storage::Batch batch;
  const auto stored = *store_.Get("glue/run", "us-east-1/job/" + oldest);
  batch.Update("glue/run", stored->id, stored->version, "damaged");
  ASSERT_TRUE(store_.Commit(batch));
  const auto page = service_->catalog.ListRuns(Job(), {}, 2);
  ASSERT_TRUE(page) << page.error().message;
  EXPECT_EQ(page->items.size(), 2U);
  EXPECT_EQ(service_->catalog.ListRuns(Job(), page->next_token, 2).error().code,
            ErrorCode::kCorrupt);
}

TEST(TimeToNextLook, GrowsWithTheLineBefore) {
  using std::chrono::seconds;
  EXPECT_EQ(TimeToNextLook(0, 2), seconds(1));
  EXPECT_EQ(TimeToNextLook(1, 1), seconds(1));
  EXPECT_EQ(TimeToNextLook(7, 1), seconds(7));
  EXPECT_EQ(TimeToNextLook(7, 2), seconds(3));
  EXPECT_EQ(TimeToNextLook(1000, 1), seconds(60));
}

TEST(AddTags, TakesKeysOfAnyLetters) {
  std::string key;
  for (int i = 0; i < 128; ++i) key += "\u0416";
  Texts tags;
  EXPECT_TRUE(AddTags({{key, key + key}}, tags));
  EXPECT_EQ(tags, (Texts{{key, key + key}}));
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
