#include "outbound/http_transfer.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <thread>

#include "base/unique_fd.h"

namespace usher::outbound {
namespace {

using testing::HasSubstr;

// A server for one connection: `serve` gets its socket.
class OneConnection {
 public:
  explicit OneConnection(std::function<void(int)> serve)
      : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(listener_.get(), 1), 0);
    socklen_t size = sizeof address;
    getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/bucket/key";
    thread_ = std::thread([this, serve = std::move(serve)] {
      const UniqueFd connection(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (connection.get() >= 0) serve(connection.get());
    });
  }
  ~OneConnection() {
    shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }
  OneConnection(const OneConnection&) = delete;
  OneConnection& operator=(const OneConnection&) = delete;

  [[nodiscard]] const std::string& url() const { return url_; }

 private:
  UniqueFd listener_;
  std::string url_;
  std::thread thread_;
};

void Send(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

// Up to `end`, or the end of the connection.
std::string ReceiveUntil(int socket, std::string_view end) {
  std::string text;
  std::array<char, 65536> buffer;
  while (text.find(end) == std::string::npos) {
    const ssize_t got = recv(socket, buffer.data(), buffer.size(), 0);
    if (got <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return text;
}

// Byte number `at` of a long body.
char ByteAt(std::size_t at) { return static_cast<char>('a' + at * 7919 % 26); }

std::string LongText(std::size_t size) {
  std::string text(size, ' ');
  for (std::size_t i = 0; i < size; ++i) text[i] = ByteAt(i);
  return text;
}

TEST(Transfer, GivesALongBodyPieceByPiece) {
  constexpr std::size_t kSize = 20U << 20;
  const std::string text = LongText(kSize);
  const OneConnection server([&](int socket) {
    ReceiveUntil(socket, "\r\n\r\n");
    Send(socket,
         "HTTP/1.1 200 OK\r\nETag: \"x\"\r\nContent-Length: " + std::to_string(kSize) + "\r\n\r\n");
    Send(socket, text);
  });

  auto reply = Transfer({.method = "GET", .url = server.url()});

  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->status, 200);
  EXPECT_EQ(reply->Header("etag"), "\"x\"");
  EXPECT_EQ(reply->body->size(), kSize);
  std::size_t at = 0;
  std::array<char, 10'007> piece;
  while (true) {
    const auto got = reply->body->Read(piece);
    ASSERT_TRUE(got) << got.error().message;
    if (*got == 0) break;
    ASSERT_EQ(std::string_view(piece.data(), *got), std::string_view(text).substr(at, *got));
    at += *got;
  }
  EXPECT_EQ(at, kSize);
}

TEST(Transfer, SendsABodyAndTheHeadersThatAreGiven) {
  const std::string text = LongText(3U << 20) + "THE END";
  std::string received;
  {
    const OneConnection server([&](int socket) {
      // curl may ask first whether so long a body is welcome.
      received = ReceiveUntil(socket, "\r\n\r\n");
      if (received.find("100-continue") != std::string::npos) {
        Send(socket, "HTTP/1.1 100 Continue\r\n\r\n");
      }
      if (received.find("THE END") == std::string::npos) {
        received += ReceiveUntil(socket, "THE END");
      }
      Send(socket, "HTTP/1.1 204 No Content\r\n\r\n");
    });
    auto reply = Transfer({.method = "PUT",
                           .url = server.url(),
                           .headers = {{"X-One", "1"}},
                           .body = std::make_shared<StringSource>(text)});
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_EQ(reply->status, 204);
    EXPECT_EQ(*ReadAll(*reply->body, 100), "");
  }
  EXPECT_THAT(received.substr(0, 200), HasSubstr("PUT /bucket/key HTTP/1.1\r\n"));
  EXPECT_THAT(received.substr(0, 500), HasSubstr("X-One: 1\r\n"));
  EXPECT_TRUE(received.ends_with("\r\n\r\n" + text));
}

TEST(Transfer, GivesAnErrorsStatusAndText) {
  const OneConnection server([](int socket) {
    ReceiveUntil(socket, "\r\n\r\n");
    Send(socket, "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone");
  });
  auto reply = Transfer({.method = "GET", .url = server.url()});
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 404);
  EXPECT_EQ(*ReadAll(*reply->body, 100), "none");
}

TEST(Transfer, TellsOfABodyThatIsCutShort) {
  const OneConnection server([](int socket) {
    ReceiveUntil(socket, "\r\n\r\n");
    Send(socket, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this");
  });
  auto reply = Transfer({.method = "GET", .url = server.url()});
  // Whether the head or the body tells depends on what arrives at once.
  if (reply) {
    EXPECT_FALSE(ReadAll(*reply->body, 10'000));
  } else {
    EXPECT_THAT(reply.error().message, HasSubstr("no whole answer"));
  }
}

TEST(Transfer, GivesUpOnAServerThatSaysNothing) {
  const OneConnection server([](int socket) { ReceiveUntil(socket, "never"); });
  const auto reply =
      Transfer({.method = "GET", .url = server.url(), .silence = std::chrono::milliseconds(50)});
  ASSERT_FALSE(reply);
  EXPECT_THAT(reply.error().message, HasSubstr("nothing was heard"));
}

TEST(Transfer, TellsWhenNobodyListens) {
  std::string url;
  {
    const OneConnection server([](int) {});
    url = server.url();
  }
  EXPECT_FALSE(Transfer({.method = "GET", .url = url}));
}

// A body that breaks off.
class BrokenSource final : public ByteSource {
 public:
  Result<std::size_t> Read(std::span<char> /*buffer*/) override { return Corrupt("it broke"); }
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return 100; }
};

TEST(Transfer, GivesTheErrorOfABodyThatCannotBeRead) {
  const OneConnection server([](int socket) { ReceiveUntil(socket, "never"); });
  const auto reply =
      Transfer({.method = "PUT", .url = server.url(), .body = std::make_shared<BrokenSource>()});
  ASSERT_FALSE(reply);
  EXPECT_THAT(reply.error().message, HasSubstr("it broke"));
}

}  // namespace
}  // namespace usher::outbound
