// AddressGuard: which network addresses are open to requests that others asked us to make.
//
// Only addresses of the public internet are; everything that leads into this machine or its own
// network is not: loopback, private and shared ranges, link-local (with the metadata services of
// clouds), multicast, reserved and documentation ranges, and every IPv6 form that carries such an
// IPv4 address.
//
// Source: RFC 6890 and the IANA special-purpose address registries.
#pragma once

#include <sys/socket.h>

#include <string>

namespace usher::outbound {

// False for address families other than IPv4 and IPv6.
[[nodiscard]] bool IsPublic(const sockaddr& address);

// "169.254.169.254", "[::1]"; "?" for other families.
[[nodiscard]] std::string NumberOf(const sockaddr& address);

}  // namespace usher::outbound
