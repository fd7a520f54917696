#include "log_events/log_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "wire/logs.h"

namespace usher::log_events {
namespace {

using testing::ElementsAre;
namespace logs = usher::api::logs;

// A service of logs that keeps what it is given; streams must be made first, as in the real one.
class LogWriterTest : public testing::Test {
 protected:
  const LogWriter::Stream kStream{.region = "eu-west-1", .group = "/aws/lambda/f", .name = "s"};

  void RegisterLogs() {
    dispatcher_.Handle<logs::CreateLogGroup>(
        [&](const auto& request,
            wire::CallContext& context) -> Result<logs::CreateLogGroup::Response> {
          calls_.push_back("group " + request.log_group_name + " " + context.region);
          if (std::exchange(group_, true)) return AlreadyExists("there");
          return logs::CreateLogGroup::Response{};
        });
    dispatcher_.Handle<logs::CreateLogStream>(
        [&](const auto& request, wire::CallContext&) -> Result<logs::CreateLogStream::Response> {
          calls_.push_back("stream " + request.log_stream_name);
          streams_[request.log_stream_name];
          return logs::CreateLogStream::Response{};
        });
    dispatcher_.Handle<logs::PutLogEvents>(
        [&](const auto& request, wire::CallContext&) -> Result<logs::PutLogEvents::Response> {
          if (failures_ > 0) {
            --failures_;
            return Internal("the disk is full");
          }
          const auto found = streams_.find(request.log_stream_name);
          if (found == streams_.end()) return NotFound("no such stream");
          std::size_t bytes = 0;
          for (const auto& event : request.log_events) {
            bytes += event.message.size() + kEventOverheadBytes;
            found->second.push_back(event.message);
          }
          largest_ = std::max(largest_, bytes);
          return logs::PutLogEvents::Response{};
        });
  }

  wire::Dispatcher dispatcher_;
  std::vector<std::string> calls_;
  std::map<std::string, std::vector<std::string>> streams_;
  bool group_ = false;
  int failures_ = 0;
  std::size_t largest_ = 0;
};

TEST_F(LogWriterTest, MakesGroupAndStreamWhereTheyAreNotThere) {
  RegisterLogs();
  LogWriter writer(dispatcher_);
  writer.Write(kStream, FromEpochMillis(1), "one");
  writer.Write(kStream, FromEpochMillis(2), "two");
  writer.Start();
  writer.Stop();

  EXPECT_THAT(calls_, ElementsAre("group /aws/lambda/f eu-west-1", "stream s"));
  EXPECT_THAT(streams_["s"], ElementsAre("one", "two"));
  EXPECT_EQ(writer.lost(), 0U);
}

TEST_F(LogWriterTest, SplitsWhatIsMoreThanTheServiceTakesAtOnce) {
  RegisterLogs();
  streams_["s"];
  LogWriter writer(dispatcher_);
  for (int i = 0; i < 40; ++i) {
    writer.Write(kStream, FromEpochMillis(i), std::string(100'000, 'x'));
  }
  writer.Start();
  writer.Stop();

  EXPECT_EQ(streams_["s"].size(), 40U);
  EXPECT_LE(largest_, 1U << 20);
}

TEST_F(LogWriterTest, TriesAgainWhatFailedOnce) {
  RegisterLogs();
  streams_["s"];
  failures_ = 2;
  LogWriter writer(dispatcher_);
  writer.Write(kStream, FromEpochMillis(1), "one");
  writer.Start();
  writer.Stop();

  EXPECT_THAT(streams_["s"], ElementsAre("one"));
  EXPECT_EQ(writer.lost(), 0U);
}

TEST_F(LogWriterTest, CountsWhatIsLost) {
  LogWriter writer(dispatcher_);  // there is no service of logs
  writer.Write(kStream, FromEpochMillis(1), "one");
  writer.Write(kStream, FromEpochMillis(1), "two");
  writer.Start();
  writer.Stop();
  EXPECT_EQ(writer.lost(), 2U);
}

TEST_F(LogWriterTest, KeepsNoMoreWaitingThanItMay) {
  LogWriter writer(dispatcher_);  // not started: nothing is handed over
  const std::string megabyte(1U << 20, 'x');
  for (int i = 0; i < 70; ++i) writer.Write(kStream, FromEpochMillis(1), megabyte);
  EXPECT_EQ(writer.lost(), 7U);  // 63 fit with their overhead
}

}  // namespace
}  // namespace usher::log_events
