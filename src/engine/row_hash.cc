#include "engine/row_hash.h"

#include <bit>
#include <cstring>
#include <string_view>
#include <utility>

namespace usher::engine {
namespace {

using columnar::Column;
using columnar::ColumnType;

constexpr std::uint64_t kMark = 1;
// Odd constants with well-mixed bits, as wyhash uses (Wang Yi).
constexpr std::uint64_t kLow = 0xa0761d6478bd642f;
constexpr std::uint64_t kHigh = 0xe7037ed1a0b428db;
constexpr std::uint64_t kStart = 0x8ebc6af09c88c6e3;
constexpr std::uint64_t kNull = 0x589965cc75374cc3;

std::uint64_t Mix(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// The finaliser of SplitMix64: a permutation of 64-bit words, so that no two words are confused
// before they meet the state.
std::uint64_t Scramble(std::uint64_t word) {
  word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9;
  word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
  return word ^ (word >> 31);
}

// Two lanes that differ in constants and order, so that what collides in one does not in the other.
void Append(RowHash& hash, std::uint64_t word) {
  hash.low = Mix(hash.low ^ Scramble(word), kLow) + word;
  hash.high = Mix(std::rotl(hash.high, 23) ^ Scramble(word + kStart), kHigh) ^ word;
}

RowHash HashText(std::string_view text) {
  RowHash hash{kStart, text.size()};
  for (; text.size() > 8; text.remove_prefix(8)) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), 8);
    Append(hash, word);
  }
  std::uint64_t word = 0;
  if (!text.empty()) std::memcpy(&word, text.data(), text.size());
  Append(hash, word);
  return hash;
}

}  // namespace

std::vector<RowHash> HashRows(const columnar::Batch& batch,
                              const std::vector<columnar::ColumnSpec>& specs) {
  std::vector<RowHash> hashes(batch.rows, RowHash{kStart, kNull});
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const Column& column = batch.columns[i];
    std::vector<RowHash> texts;  // by dictionary code
    texts.reserve(column.dictionary.size());
    for (std::size_t code = 0; code < column.dictionary.size(); ++code) {
      texts.push_back(HashText(column.dictionary[code]));
    }
    for (std::size_t row = 0; row < batch.rows; ++row) {
      RowHash& hash = hashes[row];
      if (column.IsNull(row)) {
        Append(hash, kNull);
        Append(hash, i);
        continue;
      }
      switch (specs[i].type) {
        case ColumnType::kString:
          Append(hash, texts[column.codes[row]].low);
          Append(hash, texts[column.codes[row]].high);
          break;
        case ColumnType::kFloat:
          Append(hash, std::bit_cast<std::uint32_t>(static_cast<float>(column.numbers[row])));
          break;
        case ColumnType::kDouble:
          Append(hash, std::bit_cast<std::uint64_t>(column.numbers[row]));
          break;
        default:
          Append(hash, static_cast<std::uint64_t>(column.ints[row]));
      }
    }
  }
  return hashes;
}

RowHashSet::Slot* RowHashSet::Find(const RowHash& hash) {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash.low & mask;; at = (at + 1) & mask) {
    Slot& slot = slots_[at];
    if (slot.low == 0 && (slot.high & ~kMark) == 0) return &slot;
    if (slot.low == hash.low && (slot.high & ~kMark) == (hash.high & ~kMark)) return &slot;
  }
}

bool RowHashSet::Add(const RowHash& hash) {
  Slot* slot = Find(hash);
  if (slot->low != 0 || slot->high != 0) return false;
  *slot = {hash.low, hash.high & ~kMark};
  if (++size_ * 4 > slots_.size() * 3) Grow();
  return true;
}

void RowHashSet::Mark(const RowHash& hash) {
  Slot* slot = Find(hash);
  if (slot->low != 0 || slot->high != 0) slot->high |= kMark;
}

bool RowHashSet::MarkFirst(const RowHash& hash) {
  Add(hash);
  Slot* slot = Find(hash);
  return (std::exchange(slot->high, slot->high | kMark) & kMark) == 0;
}

void RowHashSet::Grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.low != 0 || slot.high != 0) *Find({slot.low, slot.high}) = slot;
  }
}

}  // namespace usher::engine
