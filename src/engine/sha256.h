// Sha256: a checksum of bytes and numbers, built piece by piece (FIPS 180-4).
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace usher::engine {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void Add(std::string_view bytes);
  // Numbers as they lie in memory.
  template <typename T>
    requires std::is_arithmetic_v<T>
  void AddNumbers(std::span<const T> values) {
    Add({reinterpret_cast<const char*>(values.data()), values.size_bytes()});
  }
  // A text with its length, so that "ab" "c" and "a" "bc" differ.
  void AddText(std::string_view text);

  // Lower-case hex; to be called once, at the end.
  [[nodiscard]] std::string Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace usher::engine
