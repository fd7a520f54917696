#include "columnar/string_codes.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"

namespace usher::columnar {
namespace {

constexpr std::uint32_t kFree = 0xFFFFFFFF;
constexpr std::size_t kFirstSlots = 64;

std::uint64_t Mix(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

std::uint64_t Load(const char* at, std::size_t bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, bytes);
  return word;
}

// Multiply and fold, as in wyhash (Wang Yi); ids are short, so mostly one round.
std::uint64_t Hash(std::string_view text) {
  constexpr std::uint64_t kFirst = 0xa0761d6478bd642f;
  constexpr std::uint64_t kSecond = 0xe7037ed1a0b428db;
  std::uint64_t hash = kFirst ^ text.size();
  const char* at = text.data();
  std::size_t left = text.size();
  for (; left > 8; left -= 8, at += 8) hash = Mix(Load(at, 8) ^ kSecond, hash) ^ kFirst;
  return Mix(left == 8 ? Load(at, 8) ^ kSecond : Load(at, left) ^ kSecond, hash);
}

}  // namespace

StringCodes::StringCodes() : slots_(kFirstSlots, Slot{kFree, 0}) {}

std::uint32_t StringCodes::CodeOf(std::string_view text) {
  if (!strings_.empty() && strings_[last_] == text) return last_;

  const std::uint64_t hash = Hash(text);
  const auto tag = static_cast<std::uint32_t>(hash >> 32);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
    Slot& slot = slots_[at];
    if (slot.code == kFree) {
      Check(strings_.size() < kFree, "distinct strings can be numbered");
      slot = {static_cast<std::uint32_t>(strings_.size()), tag};
      last_ = slot.code;
      strings_.Add(text);
      if (2 * strings_.size() > slots_.size()) Grow();
      return last_;
    }
    if (slot.tag == tag && strings_[slot.code] == text) return last_ = slot.code;
  }
}

std::optional<std::uint32_t> StringCodes::Find(std::string_view text) const {
  const std::uint64_t hash = Hash(text);
  const auto tag = static_cast<std::uint32_t>(hash >> 32);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
    const Slot& slot = slots_[at];
    if (slot.code == kFree) return std::nullopt;
    if (slot.tag == tag && strings_[slot.code] == text) return slot.code;
  }
}

void StringCodes::Grow() {
  std::vector<Slot> grown(slots_.size() * 2, Slot{kFree, 0});
  const std::size_t mask = grown.size() - 1;
  for (std::uint32_t code = 0; code < strings_.size(); ++code) {
    const std::uint64_t hash = Hash(strings_[code]);
    std::size_t at = hash & mask;
    while (grown[at].code != kFree) at = (at + 1) & mask;
    grown[at] = {code, static_cast<std::uint32_t>(hash >> 32)};
  }
  slots_ = std::move(grown);
}

StringList StringCodes::Take() {
  StringList strings = std::exchange(strings_, {});
  Clear();
  return strings;
}

void StringCodes::Clear() {
  // The next use is likely to need as many.
  std::ranges::fill(slots_, Slot{kFree, 0});
  strings_.Clear();
  last_ = 0;
}

}  // namespace usher::columnar
