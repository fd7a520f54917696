// A client of raw bytes for tests: says exactly what it is told to and reads answers one by one.
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/text.h"
#include "base/unique_fd.h"

namespace usher::server {

inline constexpr int kPatienceMs = 10'000;  // for a test to fail rather than hang

class Client {
 public:
  explicit Client(std::uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int connected =
        connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address));
    Check(connected == 0, "the server accepts connections");
  }

  void Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  void FinishSending() { shutdown(fd_.get(), SHUT_WR); }
  void Reset() {
    const linger reset{.l_onoff = 1, .l_linger = 0};
    setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    fd_.Close();
  }

  struct Answer {
    int status = 0;
    std::map<std::string, std::string> headers;  // names in lower case
    std::string body;
    bool whole = false;
  };

  // One answer with its body; status 0 when the connection ended before its header.
  Answer Receive(bool to_head = false) {
    Answer answer;
    while (buffer_.find("\r\n\r\n") == std::string::npos) {
      if (!Fill()) return answer;
    }
    const std::string head = Take(buffer_.find("\r\n\r\n") + 4);
    answer.status = std::stoi(head.substr(9, 3));
    for (const std::string_view line : Split(std::string_view(head), '\n')) {
      const std::size_t colon = line.find(':');
      if (colon == std::string_view::npos) continue;
      answer.headers[AsciiLower(line.substr(0, colon))] = Trim(line.substr(colon + 1));
    }
    if (to_head || answer.status < 200 || answer.status == 204 || answer.status == 304) {
      answer.whole = true;
      return answer;
    }
    if (answer.headers.contains("transfer-encoding")) {
      ReceiveChunks(answer);
      return answer;
    }
    if (!answer.headers.contains("content-length")) {
      while (Fill()) {
      }
      answer.body = Take(buffer_.size());
      answer.whole = true;
      return answer;
    }
    const auto size = std::stoull(answer.headers["content-length"]);
    while (buffer_.size() < size && Fill()) {
    }
    answer.whole = buffer_.size() >= size;
    answer.body = Take(std::min<std::size_t>(size, buffer_.size()));
    return answer;
  }
  Answer Ask(std::string_view bytes) {
    Send(bytes);
    return Receive();
  }

  // Whether the server ends the connection, with nothing more before.
  bool IsClosed() { return buffer_.empty() && !Fill(); }
  // Whether something arrives within a moment.
  bool HearsNothingFor(int millis) {
    pollfd waiting{.fd = fd_.get(), .events = POLLIN, .revents = 0};
    return buffer_.empty() && poll(&waiting, 1, millis) == 0;
  }

 private:
  bool Fill() {
    pollfd waiting{.fd = fd_.get(), .events = POLLIN, .revents = 0};
    if (poll(&waiting, 1, kPatienceMs) <= 0) {
      ADD_FAILURE() << "the server neither answered nor closed";
      return false;
    }
    std::array<char, 65536> bytes;
    const ssize_t got = recv(fd_.get(), bytes.data(), bytes.size(), 0);
    if (got > 0) buffer_.append(bytes.data(), static_cast<std::size_t>(got));
    return got > 0;
  }
  std::string Take(std::size_t size) {
    std::string taken = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return taken;
  }
  void ReceiveChunks(Answer& answer) {
    while (true) {
      while (buffer_.find("\r\n") == std::string::npos) {
        if (!Fill()) return;
      }
      const std::string line = Take(buffer_.find("\r\n") + 2);
      const std::size_t size = std::stoul(line, nullptr, 16);
      while (buffer_.size() < size + 2) {
        if (!Fill()) return;
      }
      answer.body += Take(size);
      Take(2);
      if (size == 0) {
        answer.whole = true;
        return;
      }
    }
  }

  UniqueFd fd_;
  std::string buffer_;
};

}  // namespace usher::server
