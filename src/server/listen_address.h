// ListenAddress: where the server listens, as `--listen HOST:PORT` says it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace usher::server {

inline constexpr std::uint16_t kDefaultPort = 4566;
inline constexpr std::uint16_t kDefaultConsolePort = 4567;

struct ListenAddress {
  std::string host = "127.0.0.1";     // name or number; an IPv6 address without its brackets
  std::uint16_t port = kDefaultPort;  // 0: any that is free

  // "127.0.0.1:4566", "[::1]:4566".
  [[nodiscard]] std::string ToString() const;
  // "http://127.0.0.1:4566": what a client on this machine is told. A wildcard address becomes
  // loopback.
  [[nodiscard]] std::string Endpoint() const;
};

// Errors: invalid input, saying what is accepted. `option` is what the user gave it by.
Result<ListenAddress> ParseListenAddress(std::string_view text,
                                         std::string_view option = "--listen");

// A socket bound to the first address that the host's name stands for, with its real port.
struct BoundSocket {
  UniqueFd fd;
  ListenAddress address;
  bool is_loopback = false;
};

// Errors: invalid input when the host is unknown; in use when the port is taken, naming it and
// `option`.
Result<BoundSocket> Bind(const ListenAddress& address, std::string_view option = "--listen");

}  // namespace usher::server
