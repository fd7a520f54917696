#include "services/glue/run_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/random.h"
#include "base/temp_folder.h"

namespace usher::glue {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using Wish = StopSignals::Wish;

class FollowRunTest : public testing::Test {
 protected:
  RunEnd Follow(const std::string& script, milliseconds timeout = minutes(5)) {
    const auto process = spawner_.Start({.command = {"/bin/sh", "-c", script},
                                         .environment = {"PATH=/usr/bin:/bin", mark_},
                                         .folder = folder_.path(),
                                         .separate_errors = true});
    EXPECT_TRUE(process);
    return FollowRun(*process, mark_,
                     {.timeout = timeout,
                      .signal = signal_,
                      .output = [this](std::string_view bytes) { Take(bytes); },
                      .errors = [this](std::string_view bytes) { errors_ += bytes; }});
  }

  void Take(std::string_view bytes) {
    output_ += bytes;
    if (output_.find("stop me") != std::string::npos) signal_ = Wish::kStop;
    if (output_.find("the server stops") != std::string::npos) signal_ = Wish::kServerStops;
  }

  // Whether a process still has the mark in its environment; one that has ended has none.
  [[nodiscard]] bool IsAnyLeft() const {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
      std::ifstream file(entry.path() / "environ");
      const std::string text{std::istreambuf_iterator<char>(file), {}};
      if (text.find(mark_) != std::string::npos) return true;
    }
    return false;
  }

  TempFolder folder_;
  jobs::Spawner spawner_;
  const std::string mark_ = "MARK=" + SecureHex(16);
  StopSignals::Signal signal_ = Wish::kGoOn;
  std::string output_;
  std::string errors_;
};

TEST_F(FollowRunTest, GivesOutputErrorsAndStatus) {
  const RunEnd end = Follow("echo out; echo err >&2; exit 3");
  EXPECT_EQ(end.kind, RunEnd::Kind::kExited);
  EXPECT_EQ(WEXITSTATUS(end.status), 3);
  EXPECT_EQ(output_, "out\n");
  EXPECT_EQ(errors_, "err\n");
}

TEST_F(FollowRunTest, GivesAllOfALongOutput) {
  const RunEnd end = Follow("head -c 20000000 /dev/zero; head -c 300000 /dev/zero >&2");
  EXPECT_EQ(end.status, 0);
  EXPECT_EQ(output_.size(), 20'000'000U);
  EXPECT_EQ(errors_.size(), 300'000U);
}

TEST_F(FollowRunTest, EndsWhatTakesTooLongWithAllThatItStarted) {
  const RunEnd end = Follow("sleep 3600 & setsid sleep 3600 & echo begun; wait", milliseconds(200));
  EXPECT_EQ(end.kind, RunEnd::Kind::kTimedOut);
  EXPECT_EQ(WTERMSIG(end.status), SIGKILL);
  EXPECT_GE(end.time, milliseconds(200));
  EXPECT_FALSE(IsAnyLeft());
}

TEST_F(FollowRunTest, EndsWhatIsStopped) {
  EXPECT_EQ(Follow("echo stop me; sleep 3600").kind, RunEnd::Kind::kStopped);
  EXPECT_FALSE(IsAnyLeft());
}

TEST_F(FollowRunTest, EndsWhatTheServersEndInterrupts) {
  EXPECT_EQ(Follow("echo the server stops; sleep 3600").kind, RunEnd::Kind::kInterrupted);
}

TEST_F(FollowRunTest, DoesNotWaitForWhoeverHoldsThePipesOfAnEndedProcess) {
  const RunEnd end = Follow("setsid sleep 3600 & echo ended");
  EXPECT_EQ(end.kind, RunEnd::Kind::kExited);
  EXPECT_EQ(output_, "ended\n");
}

// What has left its session and its environment behind is not ended, since nothing tells whose it
// is; it ends by itself when the pipe is closed. Here it writes faster than it is read.
TEST_F(FollowRunTest, EndsAlthoughWhatHasLeftTheRunWritesOn) {
  const auto process = spawner_.Start({.command = {"/bin/sh", "-c", "env -i setsid yes >&2 & wait"},
                                       .environment = {"PATH=/usr/bin:/bin", mark_},
                                       .folder = folder_.path(),
                                       .separate_errors = true});
  ASSERT_TRUE(process);
  const RunEnd end = FollowRun(*process, mark_,
                               {.timeout = minutes(5),
                                .signal = signal_,
                                .output = [](std::string_view) {},
                                .errors =
                                    [&](std::string_view) {
                                      signal_ = Wish::kStop;
                                      pollfd more{process->errors.get(), POLLIN, 0};
                                      EXPECT_EQ(poll(&more, 1, -1), 1);
                                    }});
  EXPECT_EQ(end.kind, RunEnd::Kind::kStopped);
}

TEST_F(FollowRunTest, TellsOfAProgramThatCannotBeRun) {
  const auto process = spawner_.Start({.command = {"/no/such/program"},
                                       .environment = {mark_},
                                       .folder = folder_.path(),
                                       .separate_errors = true});
  ASSERT_TRUE(process);
  const RunEnd end = FollowRun(*process, mark_,
                               {.timeout = minutes(5),
                                .signal = signal_,
                                .output = [](std::string_view) {},
                                .errors = [this](std::string_view bytes) { errors_ += bytes; }});
  EXPECT_EQ(WEXITSTATUS(end.status), 127);
  EXPECT_THAT(errors_, testing::HasSubstr("cannot execute /no/such/program: No such file"));
}

TEST(StopSignals, ReachesTheRunThatIsMeant) {
  StopSignals signals;
  const auto one = signals.Listen("one");
  const auto two = signals.Listen("two");
  signals.Stop("one");
  signals.Stop("nobody");
  EXPECT_EQ(*one, Wish::kStop);
  EXPECT_EQ(*two, Wish::kGoOn);
  signals.StopAll();
  EXPECT_EQ(*two, Wish::kServerStops);
  EXPECT_EQ(*signals.Listen("three"), Wish::kServerStops);
}

}  // namespace
}  // namespace usher::glue
