#include "base/random.h"

#include <sys/random.h>

#include <array>
#include <bit>
#include <cmath>
#include <numbers>

#include "base/check.h"
#include "base/encoding.h"

namespace usher {

Random::Random(std::uint64_t seed) {
  for (std::uint64_t& word : state_) {
    seed += 0x9E3779B97F4A7C15ULL;
    std::uint64_t z = seed;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    word = z ^ (z >> 31);
  }
}

std::uint64_t Random::Next() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

std::uint64_t Random::Below(std::uint64_t bound) {
  Check(bound > 0, "bound is positive");
  const std::uint64_t reject_below = (0 - bound) % bound;  // 2^64 mod bound
  while (true) {
    const std::uint64_t draw = Next();
    if (draw >= reject_below) return draw % bound;
  }
}

double Random::Uniform() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }

double Random::Normal() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  const double radius = std::sqrt(-2.0 * std::log(1.0 - Uniform()));
  const double angle = 2.0 * std::numbers::pi * Uniform();
  spare_ = radius * std::sin(angle);
  has_spare_ = true;
  return radius * std::cos(angle);
}

void SecureRandom(std::span<unsigned char> bytes) {
  while (!bytes.empty()) {
    const ssize_t got = getrandom(bytes.data(), bytes.size(), 0);
    Check(got > 0, "the kernel gives random bytes");
    bytes = bytes.subspan(static_cast<std::size_t>(got));
  }
}

std::string SecureHex(std::size_t bytes) {
  std::string raw(bytes, '\0');
  SecureRandom({reinterpret_cast<unsigned char*>(raw.data()), raw.size()});
  return HexEncode(raw);
}

std::string NewUuid() {
  std::string hex = SecureHex(16);
  hex[12] = '4';
  hex[16] = "89ab"[(hex[16] <= '9' ? hex[16] - '0' : hex[16] - 'a' + 10) & 3];
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" +
         hex.substr(16, 4) + "-" + hex.substr(20);
}

}  // namespace usher
