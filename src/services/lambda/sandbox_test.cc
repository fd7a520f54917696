#include "services/lambda/sandbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "base/random.h"
#include "base/temp_folder.h"

namespace usher::lambda {
namespace {

using testing::HasSubstr;

// Sandboxes of shell scripts: what a runtime does beside talking to its API.
class SandboxTest : public testing::Test {
 protected:
  std::unique_ptr<Sandbox> Make(std::string script, std::chrono::seconds timeout) {
    SandboxSpec spec;
    spec.function_version = "$LATEST";
    spec.init_line = "INIT_START";
    spec.timeout = timeout;
    spec.command = {"/bin/sh", "-c", std::move(script)};
    spec.mark = "MARK=" + SecureHex(16);
    spec.environment = {"PATH=/usr/bin:/bin", spec.mark};
    spec.folder = folder_.path();
    spec.scratch = folder_.path() + "/scratch";
    spec.log = [this](Time, std::string message) { log_ += message + "\n"; };
    return std::make_unique<Sandbox>(std::move(spec), spawner_, clock_);
  }

  InvocationResult Invoke(Sandbox& sandbox, const std::atomic<bool>* stop = nullptr) {
    return sandbox.Invoke({.request_id = "id",
                           .payload = "{}",
                           .function_arn = "arn",
                           .trace_id = "Root=1",
                           .client_context = "",
                           .stop = stop});
  }

  TempFolder folder_;
  SystemClock clock_;
  jobs::Spawner spawner_;
  std::string log_;
};

TEST_F(SandboxTest, TellsHowAProcessEndedThatDidNotAnswer) {
  const auto sandbox = Make("echo before; exit 3", std::chrono::seconds(10));

  const auto result = Invoke(*sandbox);

  EXPECT_EQ(result.kind, InvocationResult::Kind::kFailed);
  EXPECT_THAT(result.payload, HasSubstr("exit status 3"));
  EXPECT_FALSE(sandbox->is_usable());
  EXPECT_THAT(log_, HasSubstr("INIT_START\nbefore\n"));
  EXPECT_THAT(log_, HasSubstr("END RequestId: id\nREPORT RequestId: id\t"));
}

TEST_F(SandboxTest, NamesTheSignalOfAProcessThatWasKilled) {
  EXPECT_THAT(Invoke(*Make("kill -SEGV $$", std::chrono::seconds(10))).payload,
              HasSubstr("signal: SEGV"));
}

TEST_F(SandboxTest, SaysThatACommandIsNotThere) {
  SandboxSpec spec;
  spec.command = {"/nonexistent/bootstrap"};
  spec.mark = "MARK=" + SecureHex(16);
  spec.environment = {spec.mark};
  spec.folder = folder_.path();
  spec.scratch = folder_.path() + "/scratch";
  spec.log = [this](Time, std::string message) { log_ += message + "\n"; };
  Sandbox sandbox(std::move(spec), spawner_, clock_);

  EXPECT_EQ(Invoke(sandbox).kind, InvocationResult::Kind::kFailed);
  EXPECT_THAT(log_, HasSubstr("cannot execute /nonexistent/bootstrap: No such file"));
}

TEST_F(SandboxTest, EndsWithEverythingThatItStarted) {
  const std::string file = folder_.path() + "/child";
  std::atomic<bool> stop = false;
  auto sandbox =
      Make("setsid sleep 600 & echo $! > " + file + "; sleep 600", std::chrono::seconds(600));
  std::thread stopper([&] {
    while (access(file.c_str(), R_OK) != 0) usleep(1000);
    usleep(50'000);
    stop = true;
  });

  const auto result = Invoke(*sandbox, &stop);
  stopper.join();

  EXPECT_EQ(result.kind, InvocationResult::Kind::kStopped);
  EXPECT_FALSE(sandbox->is_usable());
}

TEST_F(SandboxTest, RemovesItsScratchFolder) {
  {
    Invoke(*Make("touch scratch/file; exit 0", std::chrono::seconds(10)));
  }
  EXPECT_FALSE(std::filesystem::exists(folder_.path() + "/scratch"));
}

TEST_F(SandboxTest, HoldsBackTheSizeOfFilesAndCores) {
  Invoke(*Make("ulimit -c; ulimit -f; ulimit -n", std::chrono::seconds(10)));
  EXPECT_THAT(log_, HasSubstr("\n0\n1048576\n1024\n"));  // blocks of 512 bytes
}

}  // namespace
}  // namespace usher::lambda
