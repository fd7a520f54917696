#include "server/listen_address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

namespace usher::server {
namespace {

constexpr int kBacklog = 512;

bool IsLoopback(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof(v4));
    return (ntohl(v4.sin_addr.s_addr) >> 24) == 127;
  }
  sockaddr_in6 v6{};
  std::memcpy(&v6, &address, sizeof(v6));
  return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
}

Error CannotListen(const ListenAddress& address, std::string_view option, int error_number) {
  if (error_number == EADDRINUSE) {
    return InUse(
        "port " + std::to_string(address.port) + " on " + address.host +
        " is already in use: stop the program that listens there, or choose another port "
        "with " +
        std::string(option) + " " +
        ListenAddress{address.host, static_cast<std::uint16_t>(address.port + 1)}.ToString());
  }
  if (error_number == EACCES) {
    return AccessDenied("port " + std::to_string(address.port) +
                        " may not be opened by this user: choose one above 1023 with " +
                        std::string(option));
  }
  if (error_number == EADDRNOTAVAIL) {
    return InvalidInput("this machine has no address " + address.host +
                        ": give one of its own with " + std::string(option) + " HOST:PORT");
  }
  return SystemError("cannot listen on " + address.ToString(), error_number);
}

}  // namespace

std::string ListenAddress::ToString() const {
  const bool is_v6 = host.find(':') != std::string::npos;
  return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string ListenAddress::Endpoint() const {
  if (host == "0.0.0.0") return "http://" + ListenAddress{"127.0.0.1", port}.ToString();
  if (host == "::") return "http://" + ListenAddress{"::1", port}.ToString();
  return "http://" + ToString();
}

Result<ListenAddress> ParseListenAddress(std::string_view text, std::string_view option) {
  const std::size_t colon = text.rfind(':');
  std::string_view host = text.substr(0, colon == std::string_view::npos ? 0 : colon);
  const std::string_view port = colon == std::string_view::npos ? text : text.substr(colon + 1);

  ListenAddress address;
  const auto [end, problem] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  constexpr std::string_view kHostChars =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_:%";
  if (host.empty() || host.find_first_not_of(kHostChars) != std::string_view::npos ||
      port.empty() || problem != std::errc{} || end != port.data() + port.size() ||
      (!bracketed && host.find(':') != std::string_view::npos)) {
    return InvalidInput("'" + std::string(text) + "' is no address for " + std::string(option) +
                        " to listen on: give HOST:PORT, such as 127.0.0.1:4566 or [::1]:4566");
  }
  address.host = std::string(host);
  return address;
}

Result<BoundSocket> Bind(const ListenAddress& address, std::string_view option) {
  const addrinfo hints{.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
  addrinfo* list = nullptr;
  const int failed =
      getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &list);
  if (failed != 0) {
    return InvalidInput("the host '" + address.host +
                        "' to listen on is unknown: " + gai_strerror(failed));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> found(list, freeaddrinfo);

  UniqueFd fd(socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return SystemError("cannot open a socket", errno);
  // A restart must not wait for the last server's connections to fade. Linux still refuses a second
  // listener.
  const int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (bind(fd.get(), found->ai_addr, found->ai_addrlen) != 0 || listen(fd.get(), kBacklog) != 0) {
    return CannotListen(address, option, errno);
  }

  sockaddr_storage bound{};
  socklen_t size = sizeof(bound);
  if (getsockname(fd.get(), reinterpret_cast<sockaddr*>(&bound), &size) != 0) {
    return SystemError("cannot read a socket's address", errno);
  }
  // The port lies at the same place in both families.
  in_port_t port = 0;
  std::memcpy(&port, reinterpret_cast<char*>(&bound) + offsetof(sockaddr_in, sin_port),
              sizeof(port));
  return BoundSocket{.fd = std::move(fd),
                     .address = {address.host, ntohs(port)},
                     .is_loopback = IsLoopback(*found->ai_addr)};
}

}  // namespace usher::server
