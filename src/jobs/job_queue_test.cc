#include "jobs/job_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <latch>
#include <mutex>
#include <thread>

#include "jobs/job_document.h"
#include "jobs/test_program.h"

namespace usher::jobs {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Notes what happened and lets a test wait for it.
class Events {
 public:
  void Add(std::string event) {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
    changed_.notify_all();
  }
  std::vector<std::string> WaitFor(std::size_t count) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(
        changed_.wait_for(lock, std::chrono::seconds(60), [&] { return events_.size() >= count; }));
    return events_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> events_;
};

class JobQueueTest : public testing::Test {
 protected:
  JobQueueTest() {
    std::string name = testing::TempDir() + "job_queue_XXXXXX";
    folder_ = mkdtemp(name.data());
    auto opened = storage::OpenSqliteStore(folder_);
    Check(opened.has_value(), "store opens");
    store_ = std::move(*opened);
    NewRunner();
  }
  ~JobQueueTest() override {
    runner_.reset();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  void NewRunner(int concurrency = 2) {
    runner_.reset();
    auto created = JobRunner::Create(*store_, {.data_folder = folder_,
                                               .binary = "/proc/self/exe",
                                               .concurrency = concurrency,
                                               .retry_delay = std::chrono::milliseconds(1)});
    Check(created.has_value(), "runner is made");
    runner_ = std::move(*created);
  }

  // A type whose failures become events: "failed <subject>: <reason>".
  void AddType(const std::string& name, JobHandler run) {
    runner_->AddType({name, std::move(run), [this](const JobSpec& spec, const Error& error) {
                        events_.Add("failed " + spec.subject + ": " + error.message);
                      }});
  }

  std::string Submit(const std::string& type, const std::string& subject, int max_attempts = 3,
                     const std::string& payload = "") {
    storage::Batch batch;
    std::string id = runner_->Enqueue(
        batch,
        {.type = type, .subject = subject, .payload = payload, .max_attempts = max_attempts});
    EXPECT_TRUE(store_->Commit(batch));
    runner_->Wake();
    return id;
  }

  std::size_t DocumentCount() {
    return store_->List(kJobKind, std::nullopt, 0, 1000)->documents.size();
  }
  std::size_t FolderCount() {
    const std::filesystem::directory_iterator folders(folder_ + "/jobs");
    return static_cast<std::size_t>(std::distance(begin(folders), end(folders)));
  }

  std::string folder_;
  std::unique_ptr<storage::DocumentStore> store_;
  Events events_;
  std::unique_ptr<JobRunner> runner_;
};

TEST_F(JobQueueTest, RunsAJobAndLeavesNothingBehind) {
  AddType("t", [&](JobContext& context) -> Result<void> {
    EXPECT_TRUE(std::filesystem::is_directory(context.work_folder()));
    events_.Add(context.spec().subject + " " + context.spec().payload + " " +
                std::to_string(context.attempt()));
    return {};
  });
  ASSERT_TRUE(runner_->Start());
  Submit("t", "arn", 3, R"({"x":1})");

  EXPECT_THAT(events_.WaitFor(1), ElementsAre(R"(arn {"x":1} 1)"));
  runner_->Stop();
  EXPECT_EQ(DocumentCount(), 0U);
  EXPECT_EQ(FolderCount(), 0U);
}

TEST_F(JobQueueTest, AJobThatIsNotCommittedDoesNotExist) {
  AddType("t", [&](JobContext& context) -> Result<void> {
    events_.Add(context.spec().subject);
    return {};
  });
  ASSERT_TRUE(runner_->Start());
  storage::Batch refused;
  runner_->Enqueue(refused, {.type = "t", .subject = "never"});
  refused.Update("k", "missing", 1, "");
  EXPECT_FALSE(store_->Commit(refused));
  runner_->Wake();
  Submit("t", "real");

  EXPECT_THAT(events_.WaitFor(1), ElementsAre("real"));
}

TEST_F(JobQueueTest, OneThreadRunsJobsInTheirOrder) {
  NewRunner(1);
  AddType("t", [&](JobContext& context) -> Result<void> {
    events_.Add(context.spec().subject);
    return {};
  });
  for (const char* subject : {"a", "b", "c", "d"}) Submit("t", subject);
  ASSERT_TRUE(runner_->Start());

  EXPECT_THAT(events_.WaitFor(4), ElementsAre("a", "b", "c", "d"));
}

TEST_F(JobQueueTest, RunsAsManyAtOnceAsToldTo) {
  std::latch both(2);  // passes only when two jobs run at the same time
  AddType("t", [&](JobContext& context) -> Result<void> {
    both.arrive_and_wait();
    events_.Add(context.spec().subject);
    return {};
  });
  ASSERT_TRUE(runner_->Start());
  Submit("t", "a");
  Submit("t", "b");

  EXPECT_EQ(events_.WaitFor(2).size(), 2U);
}

TEST_F(JobQueueTest, ATypeWithALimitLeavesRoomForOthers) {
  std::atomic<int> running = 0;
  std::latch other_ran(1);
  runner_->AddType({.name = "limited",
                    .run = [&](JobContext& context) -> Result<void> {
                      EXPECT_EQ(++running, 1);
                      other_ran.wait();  // both threads would wait here for ever without the limit
                      --running;
                      events_.Add(context.spec().subject);
                      return {};
                    },
                    .at_once = 1});
  AddType("t", [&](JobContext&) -> Result<void> {
    other_ran.count_down();
    return {};
  });
  for (const char* subject : {"a", "b", "c"}) Submit("limited", subject);
  Submit("t", "other");
  ASSERT_TRUE(runner_->Start());

  EXPECT_THAT(events_.WaitFor(3), ElementsAre("a", "b", "c"));
  runner_->Stop();
}

TEST_F(JobQueueTest, AnErrorEndsTheJobAtOnceAndTellsWhy) {
  std::atomic<int> runs = 0;
  AddType("t", [&](JobContext&) -> Result<void> {
    ++runs;
    return InvalidInput("line 3: no such column");
  });
  ASSERT_TRUE(runner_->Start());
  Submit("t", "arn");

  EXPECT_THAT(events_.WaitFor(1), ElementsAre("failed arn: line 3: no such column"));
  runner_->Stop();
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(DocumentCount(), 0U);
  EXPECT_EQ(FolderCount(), 0U);
}

TEST_F(JobQueueTest, AnExceptionIsAFailureLikeAnyOther) {
  AddType("t", [](JobContext&) -> Result<void> { throw std::runtime_error("a bug"); });
  ASSERT_TRUE(runner_->Start());
  Submit("t", "arn");
  EXPECT_THAT(events_.WaitFor(1), ElementsAre(HasSubstr("a bug")));
}

TEST_F(JobQueueTest, ThrottledIsTriedAgainUntilTheAttemptsAreUsedUp) {
  AddType("t", [&](JobContext& context) -> Result<void> {
    events_.Add("try " + std::to_string(context.attempt()));
    return Error{ErrorCode::kThrottled, "too busy"};
  });
  ASSERT_TRUE(runner_->Start());
  Submit("t", "arn", 3);
  EXPECT_THAT(events_.WaitFor(4), ElementsAre("try 1", "try 2", "try 3", "failed arn: too busy"));
}

TEST_F(JobQueueTest, TheLastCommitOfAHandlerCanEndTheJob) {
  AddType("t", [&](JobContext& context) -> Result<void> {
    storage::Batch batch;
    batch.Create("result", context.spec().subject, "", "done");
    context.Finish(batch);
    auto committed = store_->Commit(batch);
    EXPECT_EQ(DocumentCount(), 0U) << "result and end are one commit";
    events_.Add("done");
    return committed;
  });
  ASSERT_TRUE(runner_->Start());
  Submit("t", "arn");
  events_.WaitFor(1);
  runner_->Stop();
  EXPECT_TRUE(store_->Get("result", "arn")->has_value());
  EXPECT_EQ(FolderCount(), 0U);
}

TEST_F(JobQueueTest, ProgressIsSeenWhileTheJobRuns) {
  std::latch seen(1);
  AddType("t", [&](JobContext& context) -> Result<void> {
    context.Report({0.5, "training"});
    events_.Add("reported");
    seen.wait();
    return {};
  });
  EXPECT_EQ(runner_->ProgressOf("t", "arn").fraction, 0);
  ASSERT_TRUE(runner_->Start());
  Submit("t", "arn");
  events_.WaitFor(1);

  EXPECT_EQ(runner_->ProgressOf("t", "arn").fraction, 0.5);
  EXPECT_EQ(runner_->ProgressOf("t", "arn").stage, "training");
  EXPECT_EQ(runner_->ProgressOf("t", "other").fraction, 0);
  seen.count_down();
  runner_->Stop();
}

TEST_F(JobQueueTest, AStopEndsAWaitingJobAtOnce) {
  AddType("t", [&](JobContext&) -> Result<void> {
    events_.Add("ran");
    return {};
  });
  Submit("t", "arn");  // nothing runs before Start

  ASSERT_TRUE(runner_->RequestStop("t", "other"));
  EXPECT_EQ(DocumentCount(), 1U);
  ASSERT_TRUE(runner_->RequestStop("t", "arn"));
  EXPECT_THAT(events_.WaitFor(1), ElementsAre("failed arn: stopped on request"));
  EXPECT_EQ(DocumentCount(), 0U);
}

TEST_F(JobQueueTest, AStopKillsTheChildOfARunningJob) {
  AddType("t", [&](JobContext& context) -> Result<void> {
    auto answer = context.RunChild("wait", "null");
    EXPECT_TRUE(context.stop_requested());
    if (!answer) return answer.error();
    return {};
  });
  ASSERT_TRUE(runner_->Start());
  Submit("t", "arn");
  while (runner_->ProgressOf("t", "arn").stage != "waiting") std::this_thread::yield();

  ASSERT_TRUE(runner_->RequestStop("t", "arn"));
  EXPECT_THAT(events_.WaitFor(1), ElementsAre("failed arn: stopped on request"));
}

TEST_F(JobQueueTest, AShutdownGivesTheJobBackWithItsWorkFolder) {
  const auto handler = [&](JobContext& context) -> Result<void> {
    const std::string checkpoint = context.work_folder() + "/checkpoint";
    events_.Add((std::filesystem::exists(checkpoint) ? "resumed " : "began ") +
                std::to_string(context.attempt()));
    if (std::filesystem::exists(checkpoint)) return {};
    std::ofstream(checkpoint) << "x";
    const auto answer = context.RunChild("wait", "null");
    return answer.error();
  };
  AddType("t", handler);
  ASSERT_TRUE(runner_->Start());
  Submit("t", "arn", 1);
  while (runner_->ProgressOf("t", "arn").stage != "waiting") std::this_thread::yield();
  runner_->Stop();
  EXPECT_EQ(DocumentCount(), 1U);

  NewRunner();
  AddType("t", handler);
  ASSERT_TRUE(runner_->Start());
  // An orderly end does not count as an attempt, so the only one allowed is still there.
  EXPECT_THAT(events_.WaitFor(2), ElementsAre("began 1", "resumed 1"));
  runner_->Stop();
  EXPECT_EQ(DocumentCount(), 0U);
}

TEST_F(JobQueueTest, AJobOfAnUnknownTypeIsKept) {
  AddType("t", [](JobContext&) -> Result<void> { return {}; });
  Submit("newer", "arn");
  ASSERT_TRUE(runner_->Start());
  runner_->Stop();
  EXPECT_EQ(DocumentCount(), 1U);
}

TEST_F(JobQueueTest, AFailureThatWasRecordedIsToldAfterARestart) {
  const std::string id = Submit("t", "arn");
  const auto found = store_->Get(kJobKind, id);
  auto document = DecodeJob((*found)->body);
  document->failure = InvalidInput("the reason");
  storage::Batch batch;
  batch.Update(std::string(kJobKind), id, (*found)->version, EncodeJob(*document));
  ASSERT_TRUE(store_->Commit(batch));

  AddType("t", [&](JobContext&) -> Result<void> {
    events_.Add("ran");
    return {};
  });
  ASSERT_TRUE(runner_->Start());
  EXPECT_THAT(events_.WaitFor(1), ElementsAre("failed arn: the reason"));
}

TEST_F(JobQueueTest, RemovesWorkFoldersWithoutAJob) {
  std::filesystem::create_directories(folder_ + "/jobs/stray/below");
  ASSERT_TRUE(runner_->Start());
  EXPECT_EQ(FolderCount(), 0U);
}

// False for a process that is gone or only waits for its parent to notice.
bool IsRunning(const std::string& process) {
  std::ifstream file("/proc/" + process + "/stat");
  std::string id;
  std::string name;
  std::string state;
  return (file >> id >> name >> state) && state != "Z" && state != "X";
}

// A server in a process of its own, which a test kills and starts again.
class TestServer {
 public:
  explicit TestServer(const std::string& data_folder) {
    int ends[2];
    Check(pipe(ends) == 0, "a pipe can be made");
    process_ = fork();
    Check(process_ >= 0, "a process can be made");
    if (process_ == 0) {
      dup2(ends[1], STDOUT_FILENO);
      close(ends[0]);
      close(ends[1]);
      execl("/proc/self/exe", "jobs_test", "queue", data_folder.c_str(), nullptr);
      _exit(127);
    }
    close(ends[1]);
    output_ = fdopen(ends[0], "r");
  }
  ~TestServer() {
    Kill();
    fclose(output_);
  }
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  std::string ReadLine() {
    char line[256];
    if (!fgets(line, sizeof line, output_)) return "end";
    return std::string(line).substr(0, std::string_view(line).find('\n'));
  }
  void Kill() {
    if (process_ == 0) return;
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
    process_ = 0;
  }

 private:
  pid_t process_ = 0;
  FILE* output_ = nullptr;
};

TEST_F(JobQueueTest, AKilledServerRunsItsJobAgainInTheSameFolder) {
  Submit("count", "arn", 3);
  runner_.reset();
  store_.reset();

  TestServer first(folder_);
  EXPECT_EQ(first.ReadLine(), "attempt 1 files 0");
  const std::string child = first.ReadLine();
  first.Kill();
  TestServer second(folder_);
  EXPECT_EQ(second.ReadLine(), "attempt 2 files 1");
  second.ReadLine();
  EXPECT_FALSE(IsRunning(child)) << "no orphan beside the next attempt's child";
  second.Kill();
  TestServer third(folder_);
  EXPECT_EQ(third.ReadLine(), "attempt 3 files 2");
  third.ReadLine();
  third.Kill();

  TestServer fourth(folder_);
  EXPECT_THAT(fourth.ReadLine(), HasSubstr("failed arn: given up after 3 attempts"));
  EXPECT_EQ(fourth.ReadLine(), "idle");
  fourth.Kill();
  store_ = std::move(*storage::OpenSqliteStore(folder_));
  EXPECT_EQ(DocumentCount(), 0U);
  EXPECT_EQ(FolderCount(), 0U);
}

}  // namespace

int RunTestServer(const std::string& data_folder) {
  const auto store = storage::OpenSqliteStore(data_folder);
  if (!store) return 1;
  const auto runner = JobRunner::Create(
      **store, {.data_folder = data_folder, .binary = "/proc/self/exe", .concurrency = 1});
  if (!runner) return 2;
  const auto say = [](const std::string& line) {
    const std::string text = line + "\n";
    if (write(STDOUT_FILENO, text.data(), text.size()) < 0) _exit(3);
  };
  const auto run = [&](JobContext& context) -> Result<void> {
    int files = 0;
    const std::string& folder = context.work_folder();
    while (std::filesystem::exists(folder + "/" + std::to_string(files))) ++files;
    std::ofstream(folder + "/" + std::to_string(files)) << "x";
    say("attempt " + std::to_string(context.attempt()) + " files " + std::to_string(files));

    std::filesystem::remove(folder + "/pid");
    std::jthread teller([&](const std::stop_token& end) {
      while (!end.stop_requested() && !std::filesystem::exists(folder + "/pid")) {
        std::this_thread::yield();
      }
      std::string pid;
      std::ifstream(folder + "/pid") >> pid;
      say(pid);
    });
    const auto answer = context.RunChild("wait", "null");
    return answer.error();
  };
  const auto on_failed = [&](const JobSpec& spec, const Error& error) {
    say("failed " + spec.subject + ": " + error.message);
    // Ends what the test waits for: nothing is left to do after this job.
    std::thread([&] {
      while (!(*store)->List(kJobKind, std::nullopt, 0, 1)->documents.empty() ||
             !std::filesystem::is_empty(data_folder + "/jobs")) {
        std::this_thread::yield();
      }
      say("idle");
    }).detach();
  };
  (*runner)->AddType({"count", run, on_failed});
  if (!(*runner)->Start()) return 4;
  pause();
  return 0;
}

}  // namespace usher::jobs
