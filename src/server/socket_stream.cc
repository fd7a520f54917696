#include "server/socket_stream.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace usher::server {
namespace {

Error TooSlow() {
  return Named("RequestTimeout", ErrorCode::kInvalidInput,
               "the request's body came too slowly and the connection was given up", 408);
}

Error BrokenOff() {
  return Named("IncompleteBody", ErrorCode::kInvalidInput,
               "the connection ended before the whole body had arrived", 400);
}

bool WouldBlock(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

}  // namespace

bool ProgressMeter::Waited(std::chrono::nanoseconds time) {
  waited_ += time;
  if (waited_ < window_) return true;
  const bool enough = bytes_ >= min_bytes_;
  waited_ = std::chrono::nanoseconds(0);
  bytes_ = 0;
  return enough;
}

void SocketStream::Consume(std::size_t count) {
  consumed_ += count;
  if (consumed_ == buffer_.size()) {
    buffer_.clear();
    consumed_ = 0;
  }
}

void SocketStream::ReleaseBuffer() {
  constexpr std::size_t kKeep = 4096;
  if (buffer_.empty() && buffer_.capacity() > kKeep) std::string().swap(buffer_);
}

SocketStream::Fill SocketStream::FillNow(std::size_t most) {
  if (consumed_ > 0) {
    buffer_.erase(0, consumed_);
    consumed_ = 0;
  }
  const std::size_t had = buffer_.size();
  buffer_.resize(had + most);
  ssize_t got = 0;
  do {
    got = recv(fd(), buffer_.data() + had, most, MSG_DONTWAIT);
  } while (got < 0 && errno == EINTR);
  const int error = errno;
  buffer_.resize(had + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  if (got > 0) {
    bytes_in_ += static_cast<std::uint64_t>(got);
    return Fill::kSome;
  }
  if (got == 0) return Fill::kEnd;
  return WouldBlock(error) ? Fill::kNothingYet : Fill::kBroken;
}

Result<std::size_t> SocketStream::FillWaiting(std::size_t most, ProgressMeter& meter) {
  while (true) {
    const std::size_t had = buffered().size();
    switch (FillNow(most)) {
      case Fill::kSome:
        meter.Moved(buffered().size() - had);
        return buffered().size() - had;
      case Fill::kEnd:
        return std::size_t{0};
      case Fill::kBroken:
        return BrokenOff();
      case Fill::kNothingYet:
        if (!Wait(POLLIN, meter)) return TooSlow();
    }
  }
}

Result<std::size_t> SocketStream::ReadWaiting(std::span<char> out, ProgressMeter& meter) {
  Check(buffered().empty(), "buffered input is read first");
  while (true) {
    const ssize_t got = recv(fd(), out.data(), out.size(), MSG_DONTWAIT);
    if (got >= 0) {
      bytes_in_ += static_cast<std::uint64_t>(got);
      meter.Moved(static_cast<std::uint64_t>(got));
      return static_cast<std::size_t>(got);
    }
    if (errno == EINTR) continue;
    if (!WouldBlock(errno)) return BrokenOff();
    if (!Wait(POLLIN, meter)) return TooSlow();
  }
}

Result<void> SocketStream::WriteAll(std::span<iovec> parts, ProgressMeter& meter) {
  while (!parts.empty()) {
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    const ssize_t sent = sendmsg(fd(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (!WouldBlock(errno)) return SystemError("the client is gone", errno);
      if (!Wait(POLLOUT, meter)) return Internal("the client reads its answer too slowly");
      continue;
    }
    auto left = static_cast<std::size_t>(sent);
    bytes_out_ += left;
    meter.Moved(left);
    while (!parts.empty() && left >= parts.front().iov_len) {
      left -= parts.front().iov_len;
      parts = parts.subspan(1);
    }
    if (left > 0) {
      parts.front().iov_base = static_cast<char*>(parts.front().iov_base) + left;
      parts.front().iov_len -= left;
    }
  }
  return {};
}

void SocketStream::WriteNow(std::string_view bytes) {
  const ssize_t sent = send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent > 0) bytes_out_ += static_cast<std::uint64_t>(sent);
}

void SocketStream::FinishWriting() { shutdown(fd(), SHUT_WR); }

void SocketStream::ResetOnClose() {
  const linger reset{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd(), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
}

bool SocketStream::Wait(short events, ProgressMeter& meter) const {
  pollfd waiting{.fd = fd(), .events = events, .revents = 0};
  const auto begin = std::chrono::steady_clock::now();
  const std::chrono::nanoseconds left = meter.left();
  const timespec timeout{.tv_sec = left.count() / 1'000'000'000,
                         .tv_nsec = left.count() % 1'000'000'000};
  if (listener_ != nullptr) listener_->WaitBegins();
  ppoll(&waiting, 1, &timeout, nullptr);  // an error shows in the read or write that follows
  if (listener_ != nullptr) listener_->WaitEnds();
  return meter.Waited(std::chrono::steady_clock::now() - begin);
}

}  // namespace usher::server
