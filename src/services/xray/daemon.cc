#include "services/xray/daemon.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/log.h"
#include "json/json.h"
#include "services/xray/documents.h"

namespace usher::xray {
namespace {

constexpr std::size_t kMaxDatagram = 65'536;
constexpr std::size_t kMaxHeader = 200;
constexpr int kReceiveBuffer = 4 << 20;
constexpr std::chrono::minutes kTellEvery{1};

std::string AddressText(const std::string& host, std::uint16_t port) {
  std::string shown = host == "0.0.0.0" ? "127.0.0.1" : host == "::" ? "::1" : host;
  if (shown.find(':') != std::string::npos) shown = "[" + shown + "]";
  return shown + ":" + std::to_string(port);
}

}  // namespace

Result<std::unique_ptr<Daemon>> Daemon::Listen(const std::string& host, std::uint16_t port,
                                               tracing::Recorder& recorder) {
  const addrinfo hints{.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_DGRAM};
  addrinfo* list = nullptr;
  const int failed = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (failed != 0) {
    return InvalidInput("the host '" + host +
                        "' of the X-Ray daemon's port is unknown: " + gai_strerror(failed));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> found(list, freeaddrinfo);
  UniqueFd fd(socket(found->ai_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return SystemError("cannot open a socket", errno);
  // Bursts of a busy function fit in; a refusal leaves the system's own size.
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof(kReceiveBuffer));
  if (bind(fd.get(), found->ai_addr, found->ai_addrlen) != 0) {
    if (errno == EADDRINUSE) {
      return InUse("UDP port " + std::to_string(port) + " on " + host +
                   " is already in use, perhaps by an X-Ray daemon: choose another one with "
                   "--xray-daemon HOST:PORT, or none with --xray-daemon off");
    }
    return SystemError("cannot listen for X-Ray segments on " + AddressText(host, port), errno);
  }
  sockaddr_storage bound{};
  socklen_t size = sizeof(bound);
  if (getsockname(fd.get(), reinterpret_cast<sockaddr*>(&bound), &size) != 0) {
    return SystemError("cannot read a socket's address", errno);
  }
  in_port_t real_port = 0;  // at the same place in both families
  std::memcpy(&real_port, reinterpret_cast<const char*>(&bound) + sizeof(sa_family_t),
              sizeof(real_port));
  UniqueFd wake(eventfd(0, EFD_CLOEXEC));
  if (wake.get() < 0) return SystemError("cannot make an event", errno);
  return std::unique_ptr<Daemon>(
      new Daemon(std::move(fd), std::move(wake), AddressText(host, ntohs(real_port)), recorder));
}

Daemon::Daemon(UniqueFd socket, UniqueFd wake, std::string address, tracing::Recorder& recorder)
    : socket_(std::move(socket)),
      wake_(std::move(wake)),
      address_(std::move(address)),
      recorder_(recorder),
      thread_([this] { Work(); }) {}

Daemon::~Daemon() {
  const std::uint64_t one = 1;
  // A full counter would wake it as well.
  (void)!write(wake_.get(), &one, sizeof(one));
  if (thread_.joinable()) thread_.join();
}

Result<void> Daemon::Take(std::string_view datagram, tracing::Recorder& recorder) {
  const std::size_t end = datagram.substr(0, kMaxHeader).find('\n');
  if (end == std::string_view::npos) {
    return InvalidInput("it has no first line {\"format\":\"json\",\"version\":1}");
  }
  const auto header = json::Parse(datagram.substr(0, end));
  const Value* format = header ? header->Find("format") : nullptr;
  const Value* version = header ? header->Find("version") : nullptr;
  if (format == nullptr || format->as_string() == nullptr || *format->as_string() != "json" ||
      version == nullptr || version->as_int() == nullptr || *version->as_int() != 1) {
    return InvalidInput("its first line is not {\"format\":\"json\",\"version\":1}");
  }
  return TakeDocument(std::string(datagram.substr(end + 1)), recorder);
}

void Daemon::Work() {
  std::string buffer(kMaxDatagram, '\0');
  std::array<pollfd, 2> polled{{{socket_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}}};
  while (true) {
    if (poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR) return;
    while (true) {
      const ssize_t got = recv(socket_.get(), buffer.data(), buffer.size(), 0);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) break;
      ++received_;
      const auto taken =
          Take(std::string_view(buffer).substr(0, static_cast<std::size_t>(got)), recorder_);
      if (!taken) Refuse(taken.error().message);
    }
    if (polled[1].revents != 0) return;
  }
}

void Daemon::Refuse(const std::string& why) {
  ++refused_;
  const auto now = std::chrono::steady_clock::now();
  if (told_ && now - *told_ < kTellEvery) return;
  told_ = now;
  Log(LogLevel::kWarning, "a datagram on the X-Ray daemon's port is dropped",
      {{"reason", why}, {"refused_so_far", std::to_string(refused_.load())}});
}

}  // namespace usher::xray
