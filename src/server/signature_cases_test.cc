// The public signature cases sent to a listening server as bytes, through listener and gateway: the
// valid requests are let in, those that HTTP/1.1 forbids are refused with 400.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "server/http_server.h"
#include "wire/gateway.h"
#include "wire/test_signature_case.h"

namespace usher::server {
namespace {

using wire::testing::LoadSignatureCases;
using wire::testing::SignatureCase;

// The service that the cases are signed for. Its operations take any path, so that what is let in
// is answered 200.
struct SuiteService {
  explicit SuiteService(bool normalize_path)
      : operations{{Any("GetRoot", "GET", "/"), Any("GetPath", "GET", "/{Path+}"),
                    Any("PostRoot", "POST", "/")}},
        service{.id = "suite",
                .title = "Signature suite",
                .signing_name = "service",
                .endpoint_prefix = "suite",
                .target_prefix = {},
                .api_version = "2015-08-30",
                .xml_namespace = {},
                .protocol = wire::Protocol::kRestJson,
                .json_version = "1.1",
                .operations = operations,
                .normalize_path = normalize_path} {
    for (wire::Operation& operation : operations) operation.service = &service;
  }
  SuiteService(const SuiteService&) = delete;
  SuiteService& operator=(const SuiteService&) = delete;

  static wire::Operation Any(std::string_view name, std::string_view method, std::string_view uri) {
    return {.name = name, .method = method, .uri = uri, .implemented = true};
  }

  std::array<wire::Operation, 3> operations;
  wire::Service service;
};

// A server with the suite's service, clock and key.
class SuiteServer {
 public:
  explicit SuiteServer(const SignatureCase& test)
      : suite_(test.options.rules.normalize_path),
        services_{&suite_.service},
        credentials_(test.MakeCredentials()),
        clock_(test.options.now),
        gateway_(dispatcher_, credentials_, clock_, {.services = services_}) {
    for (const wire::Operation& operation : suite_.operations) {
      dispatcher_.Add(operation, [this](const Value&, wire::CallContext&) -> Result<Value> {
        ++let_in_;
        return Value(ValueMap());
      });
    }
    auto bound = Bind({.host = "127.0.0.1", .port = 0});
    Check(bound.has_value(), "a port is free");
    server_ = std::make_unique<HttpServer>(*std::move(bound));
    const auto started = server_->Start(
        [this](wire::HttpRequest request, Exchange&) {
          wire::Outcome outcome;
          return gateway_.Handle(std::move(request), outcome);
        },
        [](const Exchange&) {});
    Check(started.has_value(), "the server starts");
  }

  // The status of the answer to these bytes on a connection of their own; 0 without an answer.
  [[nodiscard]] int Send(std::string_view bytes) const {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server_->address().port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    Check(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0, "connects");
    Check(send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()),
          "sends");
    shutdown(fd, SHUT_WR);
    std::string answer;
    std::array<char, 4096> buffer{};
    while (true) {
      const ssize_t got = recv(fd, buffer.data(), buffer.size(), 0);
      if (got <= 0) break;
      answer.append(buffer.data(), static_cast<std::size_t>(got));
    }
    close(fd);
    return answer.starts_with("HTTP/1.1 ") ? std::stoi(answer.substr(9, 3)) : 0;
  }

  [[nodiscard]] int let_in() const { return let_in_; }

 private:
  SuiteService suite_;
  std::array<const wire::Service*, 1> services_;
  wire::testing::FakeCredentials credentials_;
  FixedClock clock_;
  wire::Dispatcher dispatcher_;
  wire::Gateway gateway_;
  std::atomic<int> let_in_ = 0;
  std::unique_ptr<HttpServer> server_;  // last, so that it ends first
};

// The files end their lines by LF, HTTP by CRLF.
std::string ToWire(std::string_view text) {
  const std::size_t head_end = text.find("\n\n");
  std::string bytes;
  for (const char c : text.substr(0, head_end)) {
    if (c == '\n') bytes += '\r';
    bytes += c;
  }
  bytes += "\r\n\r\n";
  if (head_end != std::string_view::npos) bytes += text.substr(head_end + 2);
  return bytes;
}

// A raw space or a byte beyond ASCII in the target, or a folded field.
bool IsValidHttp(std::string_view bytes) {
  const std::string_view line = bytes.substr(0, bytes.find("\r\n"));
  return std::ranges::count(line, ' ') == 2 &&
         std::ranges::all_of(line, [](char c) { return c >= ' ' && c < 0x7F; }) &&
         bytes.find("\r\n ") == std::string_view::npos;
}

class SignatureCases : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string why;
    cases_ = LoadSignatureCases(why);
    if (!why.empty() && usher::testing::CorporaAreRequired()) FAIL() << why;
    if (!why.empty()) GTEST_SKIP() << why;
  }

  std::vector<SignatureCase> cases_;
};

TEST_F(SignatureCases, AreLetInWhereHttpAllowsThemAndRefusedElsewhere) {
  std::size_t valid = 0;
  std::size_t invalid = 0;
  for (const SignatureCase& test : cases_) {
    const SuiteServer server(test);
    for (const std::string form : {"header", "query"}) {
      SCOPED_TRACE(test.folder.filename().string() + " " + form);
      const std::string bytes = ToWire(test.Read(form + "-signed-request"));
      const bool is_valid = IsValidHttp(bytes);
      const int before = server.let_in();

      EXPECT_EQ(server.Send(bytes), is_valid ? 200 : 400);

      EXPECT_EQ(server.let_in() - before, is_valid ? 1 : 0);
      (is_valid ? valid : invalid) += 1;
    }
  }
  EXPECT_EQ(valid, 66U);    // 33 cases in two forms
  EXPECT_EQ(invalid, 10U);  // two with spaces, two beyond ASCII, one folded
}

TEST_F(SignatureCases, AreRefusedWithOneDigitOfTheSignatureChanged) {
  for (const SignatureCase& test : cases_) {
    const SuiteServer server(test);
    for (const std::string form : {"header", "query"}) {
      SCOPED_TRACE(test.folder.filename().string() + " " + form);
      std::string bytes = ToWire(test.Read(form + "-signed-request"));
      if (!IsValidHttp(bytes)) continue;
      const std::size_t at = bytes.find("Signature=") + 10;
      bytes[at] = bytes[at] == '0' ? '1' : '0';

      EXPECT_EQ(server.Send(bytes), 403);
      EXPECT_EQ(server.let_in(), 0);
    }
  }
}

}  // namespace
}  // namespace usher::server
