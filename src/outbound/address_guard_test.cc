#include "outbound/address_guard.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cstring>

#include "base/check.h"

namespace usher::outbound {
namespace {

bool IsOpen(const char* number) {
  sockaddr_in in4{};
  in4.sin_family = AF_INET;
  if (inet_pton(AF_INET, number, &in4.sin_addr) == 1) {
    return IsPublic(reinterpret_cast<const sockaddr&>(in4));
  }
  sockaddr_in6 in6{};
  in6.sin6_family = AF_INET6;
  Check(inet_pton(AF_INET6, number, &in6.sin6_addr) == 1, "the test's address can be read");
  return IsPublic(reinterpret_cast<const sockaddr&>(in6));
}

TEST(IsPublic, ClosesWhatLeadsIntoThisMachineOrItsNetwork) {
  for (const char* number :
       {"0.0.0.0", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1",
        "127.255.255.254", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8",
        "192.168.1.1", "198.18.0.1", "198.19.255.255", "224.0.0.1", "239.255.255.255", "240.0.0.1",
        "255.255.255.255"}) {
    EXPECT_FALSE(IsOpen(number)) << number;
  }
}

TEST(IsPublic, OpensTheNeighboursOfClosedRanges) {
  for (const char* number :
       {"1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
        "128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0",
        "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255"}) {
    EXPECT_TRUE(IsOpen(number)) << number;
  }
}

TEST(IsPublic, ClosesIpv6BeyondWhatIsGivenOut) {
  for (const char* number : {"::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "fec0::1",
                             "ff02::1", "64:ff9b::a9fe:a9fe", "100::1", "2001:db8::1", "2001::1",
                             "2002:7f00:1::", "3fff::1", "4000::1", "5f00::1"}) {
    EXPECT_FALSE(IsOpen(number)) << number;
  }
  for (const char* number : {"2606:4700::1111", "2a00:1450::1", "2001:200::1", "2400::1"}) {
    EXPECT_TRUE(IsOpen(number)) << number;
  }
}

TEST(IsPublic, LooksIntoMappedAddresses) {
  EXPECT_FALSE(IsOpen("::ffff:127.0.0.1"));
  EXPECT_FALSE(IsOpen("::ffff:169.254.169.254"));
  EXPECT_FALSE(IsOpen("::ffff:10.1.2.3"));
  EXPECT_TRUE(IsOpen("::ffff:1.1.1.1"));
  EXPECT_FALSE(IsOpen("::127.0.0.1"));  // the older, compatible form
}

TEST(IsPublic, ClosesOtherFamilies) {
  sockaddr unix_domain{};
  unix_domain.sa_family = AF_UNIX;

  EXPECT_FALSE(IsPublic(unix_domain));
}

TEST(NumberOf, WritesIpv6InBrackets) {
  sockaddr_in6 in6{};
  in6.sin6_family = AF_INET6;
  in6.sin6_addr = in6addr_loopback;

  EXPECT_EQ(NumberOf(reinterpret_cast<const sockaddr&>(in6)), "[::1]");
}

}  // namespace
}  // namespace usher::outbound
