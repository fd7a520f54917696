#include "jobs/child_process.h"

#include <dirent.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "jobs/child.h"
#include "jobs/child_result.h"
#include "jobs/test_program.h"
#include "json/json.h"

namespace usher::jobs {
namespace {

using testing::HasSubstr;

// Sanitizers reserve more address space than a useful limit leaves them.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
constexpr bool kSanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool kSanitized = false;
#endif

std::string ReadText(const std::string& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// What a process is allowed and has, as the parent's test wants to see it.
Value DescribeThisProcess() {
  rlimit memory{};
  getrlimit(RLIMIT_AS, &memory);
  int death_signal = 0;
  prctl(PR_GET_PDEATHSIG, &death_signal);
  std::int64_t descriptors = 0;
  for (int fd = 4; fd < 1024; ++fd) descriptors += fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
  ValueMap map;
  map.Append("nice", getpriority(PRIO_PROCESS, 0));
  map.Append("ownGroup", getpgid(0) == getpid());
  map.Append("memoryMb", static_cast<std::int64_t>(memory.rlim_cur >> 20));
  map.Append("deathSignal", death_signal);
  map.Append("strayDescriptors", descriptors);
  return map;
}

Result<Value> RunNamed(const std::string& name, const Value& request, ChildContext& context) {
  if (name == "echo") return request;
  if (name == "refuse") return InvalidInput("line 7: not a number");
  if (name == "throw") throw std::runtime_error("a bug");
  if (name == "describe") return DescribeThisProcess();
  if (name == "progress") {
    context.Report(0.25, "reading");
    std::fputs("chatter of a library\n", stdout);
    std::fflush(stdout);
    context.Report(0.5, "training");
    return Value();
  }
  if (name == "kill") {
    std::fputs("last words\n", stderr);
    kill(getpid(), SIGKILL);
  }
  if (name == "exit") {
    std::string words(20'000, '.');
    std::fputs((words + "\nthe end of the words\n").c_str(), stderr);
    _exit(3);
  }
  if (name == "hog") {
    std::vector<std::vector<char>> blocks;
    while (true) blocks.emplace_back(64U << 20, 'x');
  }
  if (name == "wait") {
    std::ofstream(context.work_folder() + "/pid.new") << getpid();
    std::filesystem::rename(context.work_folder() + "/pid.new", context.work_folder() + "/pid");
    context.Report(0.1, "waiting");
    pause();
  }
  return Unsupported(name);
}

}  // namespace

int RunTestChild(const std::string& name, const std::string& work_folder) {
  return RunChildMain(work_folder, [&](const Value& request, ChildContext& context) {
    return RunNamed(name, request, context);
  });
}

namespace {

class RunChildProcessTest : public testing::Test {
 protected:
  RunChildProcessTest() : stop_(eventfd(0, EFD_CLOEXEC)) {
    std::string name = testing::TempDir() + "child_process_XXXXXX";
    folder_ = mkdtemp(name.data());
  }
  ~RunChildProcessTest() override {
    close(stop_);
    std::filesystem::remove_all(folder_);
  }

  Result<std::string> Run(const std::string& name, const std::string& request = "null",
                          std::uint64_t memory_limit = 0) {
    return RunChildProcess({.binary = "/proc/self/exe",
                            .name = name,
                            .work_folder = folder_,
                            .memory_limit = memory_limit},
                           request, stop_,
                           [&](const Progress& progress) { progress_.push_back(progress); });
  }

  const int stop_;
  std::string folder_;
  std::vector<Progress> progress_;
};

TEST_F(RunChildProcessTest, GivesTheAnswerOfTheChild) {
  const auto answer = Run("echo", R"({"a":[1,2.5,"x"]})");
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(*answer, R"({"a":[1,2.5,"x"]})");
}

TEST_F(RunChildProcessTest, GivesTheErrorOfTheChild) {
  const auto answer = Run("refuse");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kInvalidInput);
  EXPECT_EQ(answer.error().message, "line 7: not a number");
}

TEST_F(RunChildProcessTest, AnExceptionOfTheChildIsAnInternalError) {
  const auto answer = Run("throw");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kInternal);
  EXPECT_THAT(answer.error().message, HasSubstr("a bug"));
}

TEST_F(RunChildProcessTest, ReportsProgressAndSkipsOtherLines) {
  ASSERT_TRUE(Run("progress"));
  ASSERT_EQ(progress_.size(), 2U);
  EXPECT_EQ(progress_[0].fraction, 0.25);
  EXPECT_EQ(progress_[0].stage, "reading");
  EXPECT_EQ(progress_[1].stage, "training");
}

TEST_F(RunChildProcessTest, TheChildIsNicedAloneAndDiesWithTheServer) {
  const int socket_like =
      open("/dev/null", O_RDONLY);  // without close-on-exec, as a careless library
  const std::uint64_t limit_mb = kSanitized ? 0 : 3072;
  const auto answer = Run("describe", "null", limit_mb << 20);
  close(socket_like);
  ASSERT_TRUE(answer) << answer.error().message;

  const auto value = json::Parse(*answer);
  EXPECT_EQ(*value->Find("nice"), Value(getpriority(PRIO_PROCESS, 0) + 10));
  EXPECT_EQ(*value->Find("ownGroup"), Value(true));
  if (limit_mb != 0) {
    EXPECT_EQ(*value->Find("memoryMb"), Value(static_cast<std::int64_t>(limit_mb)));
  }
  EXPECT_EQ(*value->Find("deathSignal"), Value(SIGKILL));
  EXPECT_EQ(*value->Find("strayDescriptors"), Value(0));
}

TEST_F(RunChildProcessTest, ASignalIsNamedWithTheLastWords) {
  const auto answer = Run("kill");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kInternal);
  EXPECT_EQ(answer.error().message,
            "the 'kill' process was killed by signal 9 (out of memory?): last words");
}

TEST_F(RunChildProcessTest, AnExitWithoutResultIsNamedWithTheEndOfItsErrors) {
  const auto answer = Run("exit");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().message,
            "the 'exit' process ended with exit status 3 and without a result: "
            "the end of the words");
}

TEST_F(RunChildProcessTest, AnOldResultIsNotTakenForANewOne) {
  ASSERT_TRUE(Run("echo", "1"));
  EXPECT_FALSE(Run("kill"));
}

TEST_F(RunChildProcessTest, AProgramThatIsNotThereIsAnError) {
  const auto answer = RunChildProcess(
      {.binary = folder_ + "/none", .name = "x", .work_folder = folder_}, "null", stop_, {});
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message, HasSubstr("cannot execute the program"));
}

TEST_F(RunChildProcessTest, AStopKillsTheChild) {
  std::thread stopper([&] {
    while (!std::filesystem::exists(folder_ + "/pid")) std::this_thread::yield();
    eventfd_write(stop_, 1);
  });
  const auto answer = Run("wait");
  stopper.join();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(kill(std::stoi(ReadText(folder_ + "/pid")), 0), -1) << "the child is gone";
}

TEST_F(RunChildProcessTest, AMemoryLimitFailsTheChildWithWords) {
  if (kSanitized) GTEST_SKIP() << "needs a build without sanitizers";
  const auto answer = Run("hog", "null", 512U << 20);
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message, HasSubstr("not enough memory"));
  EXPECT_THAT(answer.error().message, HasSubstr("512 MB"));
}

TEST(ChildResult, EveryErrorCodeSurvivesTheTrip) {
  for (const ErrorCode code :
       {ErrorCode::kInvalidInput, ErrorCode::kNotFound, ErrorCode::kAlreadyExists,
        ErrorCode::kInUse, ErrorCode::kLimitExceeded, ErrorCode::kInvalidNextToken,
        ErrorCode::kAccessDenied, ErrorCode::kUnsupported, ErrorCode::kThrottled,
        ErrorCode::kCancelled, ErrorCode::kCorrupt, ErrorCode::kInternal}) {
    EXPECT_EQ(ErrorCodeOf(ErrorCodeName(code)), code) << ErrorCodeName(code);
  }
  EXPECT_EQ(ErrorCodeOf("of another version"), ErrorCode::kInternal);
}

}  // namespace
}  // namespace usher::jobs
