#include "outbound/address_guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace usher::outbound {
namespace {

struct Range4 {
  std::uint32_t first;  // host order
  int bits;
};

constexpr std::uint32_t At(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  return a << 24U | b << 16U | c << 8U | d;
}

constexpr std::array kClosed4{
    Range4{At(0, 0, 0, 0), 8},        // this network
    Range4{At(10, 0, 0, 0), 8},       // private
    Range4{At(100, 64, 0, 0), 10},    // shared
    Range4{At(127, 0, 0, 0), 8},      // loopback
    Range4{At(169, 254, 0, 0), 16},   // link-local, metadata services
    Range4{At(172, 16, 0, 0), 12},    // private
    Range4{At(192, 0, 0, 0), 24},     // protocol assignments
    Range4{At(192, 0, 2, 0), 24},     // documentation
    Range4{At(192, 31, 196, 0), 24},  // AS112
    Range4{At(192, 52, 193, 0), 24},  // multicast tunnels
    Range4{At(192, 88, 99, 0), 24},   // 6to4 relays
    Range4{At(192, 168, 0, 0), 16},   // private
    Range4{At(192, 175, 48, 0), 24},  // AS112
    Range4{At(198, 18, 0, 0), 15},    // benchmarks
    Range4{At(198, 51, 100, 0), 24},  // documentation
    Range4{At(203, 0, 113, 0), 24},   // documentation
    Range4{At(224, 0, 0, 0), 4},      // multicast
    Range4{At(240, 0, 0, 0), 4},      // reserved, broadcast
};

bool IsPublic4(std::uint32_t address) {
  return std::ranges::none_of(kClosed4, [&](const Range4& range) {
    return (address ^ range.first) >> static_cast<unsigned>(32 - range.bits) == 0;
  });
}

using Bytes6 = std::array<std::uint8_t, 16>;

struct Range6 {
  Bytes6 first;
  std::size_t bits;
};

// Of 2000::/3, the part that is given out; everything beyond it is closed.
constexpr std::array kClosed6{
    Range6{{0x20, 0x01, 0x00}, 23},              // protocol assignments, Teredo, ORCHID
    Range6{{0x20, 0x01, 0x0d, 0xb8}, 32},        // documentation
    Range6{{0x20, 0x02}, 16},                    // 6to4: holds an IPv4 address
    Range6{{0x26, 0x20, 0x00, 0x4f, 0x80}, 48},  // AS112
    Range6{{0x3f, 0xff, 0x00}, 20},              // documentation
};

bool IsIn(const Bytes6& address, const Range6& range) {
  for (std::size_t bit = 0; bit < range.bits; ++bit) {
    const auto differs = static_cast<unsigned>(address[bit / 8] ^ range.first[bit / 8]);
    if ((differs >> (7 - bit % 8) & 1U) != 0) return false;
  }
  return true;
}

bool IsPublic6(const Bytes6& address) {
  constexpr Range6 mapped{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96};
  constexpr Range6 given_out{{0x20}, 3};
  if (IsIn(address, mapped)) {
    return IsPublic4(At(address[12], address[13], address[14], address[15]));
  }
  return IsIn(address, given_out) &&
         std::ranges::none_of(kClosed6, [&](const Range6& range) { return IsIn(address, range); });
}

}  // namespace

bool IsPublic(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &address, sizeof in);
    return IsPublic4(ntohl(in.sin_addr.s_addr));
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, &address, sizeof in);
    Bytes6 bytes{};
    std::memcpy(bytes.data(), &in.sin6_addr, bytes.size());
    return IsPublic6(bytes);
  }
  return false;
}

std::string NumberOf(const sockaddr& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.sa_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &address, sizeof in);
    inet_ntop(AF_INET, &in.sin_addr, text.data(), text.size());
    return text.data();
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, &address, sizeof in);
    inet_ntop(AF_INET6, &in.sin6_addr, text.data(), text.size());
    return "[" + std::string(text.data()) + "]";
  }
  return "?";
}

}  // namespace usher::outbound
