// Random: a small seeded generator; the same seed gives the same sequence on every machine.
// Source: Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators", 2018
// (xoshiro256**, seeded by
//         SplitMix64). Not for secrets: SecureRandom below is.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace usher {

class Random {
 public:
  explicit Random(std::uint64_t seed);

  std::uint64_t Next();
  // Uniform in [0, bound), bound > 0, without modulo bias.
  std::uint64_t Below(std::uint64_t bound);
  // Uniform in [0, 1).
  double Uniform();
  // Mean 0, variance 1 (Box-Muller).
  double Normal();

 private:
  std::uint64_t state_[4];
  double spare_ = 0;
  bool has_spare_ = false;
};

// Bytes nobody can guess, from the kernel.
void SecureRandom(std::span<unsigned char> bytes);
// Lower-case hex of `bytes` secure random bytes.
std::string SecureHex(std::size_t bytes);
// Random version 4 UUID, lower case with dashes.
std::string NewUuid();

}  // namespace usher
