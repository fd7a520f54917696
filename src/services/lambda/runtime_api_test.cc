#include "services/lambda/runtime_api.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>

namespace usher::lambda {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// A runtime that the test plays itself, on one thread: it writes, lets the API work, and reads.
class RuntimeApiTest : public testing::Test {
 protected:
  RuntimeApiTest() {
    auto api = RuntimeApi::Listen();
    if (!api) throw std::runtime_error(api.error().message);
    api_ = *std::move(api);
    peer_ = Connect();
  }

  UniqueFd Connect() {
    const std::string address = api_->Address();
    UniqueFd fd(socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port =
        htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.find(':') + 1))));
    const int on = 1;  // two small writes arrive at once
    setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    EXPECT_EQ(connect(fd.get(), reinterpret_cast<sockaddr*>(&to), sizeof(to)), 0);
    return fd;
  }

  void Write(const UniqueFd& peer, std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = send(peer.get(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (sent > 0) text.remove_prefix(static_cast<std::size_t>(sent));
      if (sent < 0 && errno != EAGAIN) return;  // refused in the meantime
      Work();
    }
    Work();
  }

  // Twice: a connection is taken in one turn and read in the next.
  void Work() {
    for (int turn = 0; turn < 4; ++turn) {
      std::vector<pollfd> polled;
      api_->AddTo(polled);
      if (poll(polled.data(), polled.size(), 50) <= 0) return;
      api_->Work(polled);
    }
  }

  std::string Read(const UniqueFd& peer) {
    Work();
    std::string text;
    std::array<char, 4096> buffer;
    while (true) {
      const ssize_t got = recv(peer.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (got <= 0) return text;
      text.append(buffer.data(), static_cast<std::size_t>(got));
    }
  }

  std::string Ask(std::string_view method, std::string_view path, std::string_view body = "",
                  std::string_view headers = "") {
    Write(peer_, std::string(method) + " /2018-06-01/runtime/" + std::string(path) +
                     " HTTP/1.1\r\nHost: x\r\n" + std::string(headers) + "Content-Length: " +
                     std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
    return Read(peer_);
  }

  void Send(std::string_view payload = "{}") {
    api_->Send({.request_id = "id-1",
                .payload = payload,
                .deadline = FromEpochMillis(1234),
                .function_arn = "arn:f",
                .trace_id = "Root=1",
                .client_context = ""});
  }

  std::unique_ptr<RuntimeApi> api_;
  UniqueFd peer_;
};

TEST_F(RuntimeApiTest, GivesAWaitingRuntimeItsWorkWithItsHeaders) {
  EXPECT_EQ(Ask("GET", "invocation/next"), "");
  ASSERT_TRUE(api_->is_waiting());

  Send(R"({"a":1})");

  const std::string answer = Read(peer_);
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("Lambda-Runtime-Aws-Request-Id: id-1\r\n"));
  EXPECT_THAT(answer, HasSubstr("Lambda-Runtime-Deadline-Ms: 1234\r\n"));
  EXPECT_THAT(answer, HasSubstr("Lambda-Runtime-Invoked-Function-Arn: arn:f\r\n"));
  EXPECT_THAT(answer, HasSubstr("Lambda-Runtime-Trace-Id: Root=1\r\n"));
  EXPECT_THAT(answer, testing::Not(HasSubstr("Client-Context")));
  EXPECT_TRUE(answer.ends_with("\r\n\r\n{\"a\":1}"));
  EXPECT_FALSE(api_->is_waiting());
}

TEST_F(RuntimeApiTest, TakesOneReportForOneInvocation) {
  Ask("GET", "invocation/next");
  Send();
  Read(peer_);

  EXPECT_THAT(Ask("POST", "invocation/other/response", "1"), StartsWith("HTTP/1.1 400"));
  EXPECT_FALSE(api_->TakeReport());
  EXPECT_THAT(Ask("POST", "invocation/id-1/response", "42"), StartsWith("HTTP/1.1 202"));
  EXPECT_THAT(Ask("POST", "invocation/id-1/response", "43"), StartsWith("HTTP/1.1 403"));
  EXPECT_THAT(Ask("POST", "invocation/id-1/error", "{}"), StartsWith("HTTP/1.1 403"));

  const auto report = api_->TakeReport();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->kind, RuntimeReport::Kind::kResponse);
  EXPECT_EQ(report->payload, "42");
  EXPECT_FALSE(api_->TakeReport());
}

TEST_F(RuntimeApiTest, TakesErrorsWithTheirType) {
  Ask("GET", "invocation/next");
  Send();
  Read(peer_);
  Ask("POST", "invocation/id-1/error", R"({"errorType":"E"})",
      "Lambda-Runtime-Function-Error-Type: E\r\n");

  const auto report = api_->TakeReport();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->kind, RuntimeReport::Kind::kError);
  EXPECT_EQ(report->error_type, "E");
}

TEST_F(RuntimeApiTest, TakesAFailedInitialisation) {
  EXPECT_THAT(Ask("POST", "init/error", "{}"), StartsWith("HTTP/1.1 202"));
  const auto report = api_->TakeReport();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->kind, RuntimeReport::Kind::kInitError);
}

TEST_F(RuntimeApiTest, RefusesNextWhileAnInvocationRunsOrAnotherWaits) {
  Ask("GET", "invocation/next");
  const UniqueFd second = Connect();
  Write(second, "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(Read(second), StartsWith("HTTP/1.1 403"));
  Send();
  Write(second, "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(Read(second), StartsWith("HTTP/1.1 403"));
}

TEST_F(RuntimeApiTest, ReadsBodiesInChunks) {
  Ask("GET", "invocation/next");
  Send();
  Read(peer_);
  Write(peer_,
        "POST /2018-06-01/runtime/invocation/id-1/response HTTP/1.1\r\nHost: x\r\n"
        "Transfer-Encoding: chunked\r\n\r\n4\r\n\"ab");
  Write(peer_, "c\r\n1\r\n\"\r\n0\r\n\r\n");

  EXPECT_THAT(Read(peer_), StartsWith("HTTP/1.1 202"));
  const auto report = api_->TakeReport();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->payload, "\"abc\"");
}

TEST_F(RuntimeApiTest, TurnsAResponseThatIsTooLargeIntoAnError) {
  Ask("GET", "invocation/next");
  Send();
  Read(peer_);
  const std::string body(kMaxResponseBytes + 1, 'x');

  EXPECT_THAT(Ask("POST", "invocation/id-1/response", body), StartsWith("HTTP/1.1 413"));

  const auto report = api_->TakeReport();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->kind, RuntimeReport::Kind::kError);
  EXPECT_EQ(report->error_type, "Function.ResponseSizeTooLarge");
}

TEST_F(RuntimeApiTest, RefusesWhatItDoesNotUnderstand) {
  EXPECT_THAT(Ask("GET", "invocation"), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(Ask("POST", "invocation/next"), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(Ask("DELETE", "init/error"), StartsWith("HTTP/1.1 404"));
  const UniqueFd broken = Connect();
  Write(broken, "hello\r\n\r\n");
  EXPECT_THAT(Read(broken), StartsWith("HTTP/1.1 400"));
  const UniqueFd bare = Connect();
  Write(bare, "GET / HTTP/1.1\nHost: x\n\n");
  EXPECT_THAT(Read(bare), StartsWith("HTTP/1.1 400"));
  const UniqueFd endless = Connect();
  Write(endless, "GET / HTTP/1.1\r\nA: " + std::string(kMaxRuntimeHeadBytes + 1000, 'a'));
  EXPECT_THAT(Read(endless), StartsWith("HTTP/1.1 431"));
  const UniqueFd huge = Connect();
  Write(huge, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999999\r\n\r\n");
  EXPECT_THAT(Read(huge), StartsWith("HTTP/1.1 413"));
  // The one that behaves is served as before.
  EXPECT_EQ(Ask("GET", "invocation/next"), "");
  EXPECT_TRUE(api_->is_waiting());
}

TEST_F(RuntimeApiTest, ForgetsAWaitingRuntimeThatIsGone) {
  Ask("GET", "invocation/next");
  ASSERT_TRUE(api_->is_waiting());
  peer_.Close();
  Work();
  EXPECT_FALSE(api_->is_waiting());
}

TEST_F(RuntimeApiTest, ClosesConnectionsOfOtherUsers) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can be another user";
  ASSERT_EQ(seteuid(65'534), 0);
  const UniqueFd stranger = Connect();
  ASSERT_EQ(seteuid(0), 0);

  Write(stranger, "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n");

  char byte = 0;
  EXPECT_LE(recv(stranger.get(), &byte, 1, 0), 0);  // the end, or a reset
  EXPECT_FALSE(api_->is_waiting());
}

TEST_F(RuntimeApiTest, KeepsABoundedNumberOfConnections) {
  std::vector<UniqueFd> many;
  for (std::size_t i = 0; i < 3 * kMaxRuntimeConnections; ++i) {
    many.push_back(Connect());
    Work();
  }
  std::vector<pollfd> polled;
  api_->AddTo(polled);
  EXPECT_LE(polled.size(), kMaxRuntimeConnections + 1);
}

}  // namespace
}  // namespace usher::lambda
