#include "services/lambda/runtime_connection.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <span>

namespace usher::lambda {
namespace {

constexpr std::size_t kReadBytes = 64U << 10;
constexpr std::size_t kMaxReadAtOnce = 1U
                                       << 20;  // of one connection, before others have their turn
constexpr http::HeadLimits kLimits{.target_bytes = 4096,
                                   .header_fields = 100,
                                   .body_bytes = kMaxRuntimeBodyBytes,
                                   .head_bytes = kMaxRuntimeHeadBytes};

std::string_view Reason(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 202:
      return "Accepted";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 413:
      return "Payload Too Large";
    default:
      return "Bad Request";
  }
}

}  // namespace

bool RuntimeConnection::Read() {
  std::array<char, kReadBytes> buffer;
  for (std::size_t read = 0; read < kMaxReadAtOnce;) {
    const ssize_t got = recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return true;
    if (got <= 0) {
      gone_ = true;
      return false;
    }
    in_.append(buffer.data(), static_cast<std::size_t>(got));
    read += static_cast<std::size_t>(got);
    if (static_cast<std::size_t>(got) < buffer.size()) return true;
  }
  return true;
}

Result<std::optional<RuntimeRequest>> RuntimeConnection::Next() {
  if (!head_) {
    const auto taken = TakeHead();
    if (!taken) return taken.error();
    if (!*taken) return std::optional<RuntimeRequest>();
  }
  const auto whole = TakeBody();
  if (!whole) return whole.error();
  if (!*whole) return std::optional<RuntimeRequest>();
  RuntimeRequest request{.head = *std::exchange(head_, std::nullopt),
                         .body = std::exchange(body_, {})};
  chunks_.reset();
  in_.erase(0, std::exchange(used_, 0));
  return std::optional<RuntimeRequest>(std::move(request));
}

Result<bool> RuntimeConnection::TakeHead() {
  const std::string_view bytes = in_;
  const auto state = scanner_.Scan(bytes);
  if (state == http::HeadScanner::State::kBareLf) {
    Error error = InvalidInput("lines of the header must end in CRLF");
    error.http_status = 400;
    return error;
  }
  const bool complete = state == http::HeadScanner::State::kComplete;
  if ((complete ? scanner_.size() : bytes.size()) > kLimits.head_bytes) {
    return http::TooLongHead(bytes, kLimits);
  }
  if (!complete) return false;
  auto head = http::ParseRequestHead(bytes.substr(0, scanner_.size()), kLimits);
  if (!head) return head.error();
  used_ = scanner_.size();
  scanner_.Reset();
  head_ = *std::move(head);
  if (head_->chunked) chunks_.emplace(kMaxRuntimeBodyBytes);
  if (head_->expects_continue) Answer(100, "", "");
  return true;
}

Result<bool> RuntimeConnection::TakeBody() {
  if (!chunks_) {
    if (in_.size() - used_ < head_->content_length) return false;
    body_.assign(in_, used_, head_->content_length);
    used_ += head_->content_length;
    return true;
  }
  std::array<char, kReadBytes> piece;
  while (!chunks_->done() && used_ < in_.size()) {
    const auto step = chunks_->Decode(std::string_view(in_).substr(used_), piece);
    if (!step) return step.error();
    used_ += step->consumed;
    body_.append(piece.data(), step->produced);
  }
  return chunks_->done();
}

void RuntimeConnection::Answer(int status, std::string_view headers, std::string_view body) {
  out_ += "HTTP/1.1 " + std::to_string(status) + " ";
  out_ += Reason(status);
  out_ += "\r\n";
  out_ += headers;
  if (status >= 200) out_ += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  closing_ = last_ && status >= 200;
  if (closing_) out_ += "Connection: close\r\n";
  out_ += "\r\n";
  out_ += body;
  Write();
}

bool RuntimeConnection::Write() {
  while (written_ < out_.size()) {
    const ssize_t sent = send(fd_.get(), out_.data() + written_, out_.size() - written_,
                              MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return true;
    if (sent < 0) {
      gone_ = true;
      return false;
    }
    written_ += static_cast<std::size_t>(sent);
  }
  out_.clear();
  written_ = 0;
  return true;
}

}  // namespace usher::lambda
