#include "wire/checksum.h"

#include <zlib.h>

#include <array>
#include <bit>
#include <cstring>

#include "base/check.h"
#include "base/encoding.h"
#include "base/text.h"

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace usher::wire {
namespace {

struct Entry {
  ChecksumAlgorithm algorithm;
  std::string_view name;
  std::string_view header;
  std::size_t size;
};

constexpr std::array<Entry, 5> kAlgorithms = {{
    {ChecksumAlgorithm::kCrc32, "CRC32", "x-amz-checksum-crc32", 4},
    {ChecksumAlgorithm::kCrc32c, "CRC32C", "x-amz-checksum-crc32c", 4},
    {ChecksumAlgorithm::kCrc64Nvme, "CRC64NVME", "x-amz-checksum-crc64nvme", 8},
    {ChecksumAlgorithm::kSha1, "SHA1", "x-amz-checksum-sha1", 20},
    {ChecksumAlgorithm::kSha256, "SHA256", "x-amz-checksum-sha256", 32},
}};

const Entry& EntryOf(ChecksumAlgorithm algorithm) {
  return kAlgorithms[static_cast<std::size_t>(algorithm)];
}

// Polynomials with their bits reversed: the lowest bit is the highest power.
constexpr std::uint32_t kCrc32Polynomial = 0xEDB88320U;
constexpr std::uint32_t kCrc32cPolynomial = 0x82F63B78U;
constexpr std::uint64_t kCrc64NvmePolynomial = 0x9A6C9329AC4BC9B5ULL;

// Slicing tables: tables[k][b] is the CRC of byte b followed by k zero bytes.
template <typename Word, std::size_t Slices>
using SliceTables = std::array<std::array<Word, 256>, Slices>;

template <typename Word, std::size_t Slices>
constexpr SliceTables<Word, Slices> MakeTables(Word polynomial) {
  SliceTables<Word, Slices> tables{};
  for (std::size_t byte = 0; byte < 256; ++byte) {
    Word crc = static_cast<Word>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? polynomial : 0);
    tables[0][byte] = crc;
  }
  for (std::size_t slice = 1; slice < Slices; ++slice) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const Word before = tables[slice - 1][byte];
      tables[slice][byte] = (before >> 8) ^ tables[0][before & 255];
    }
  }
  return tables;
}

constexpr SliceTables<std::uint64_t, 16> kCrc64Tables =
    MakeTables<std::uint64_t, 16>(kCrc64NvmePolynomial);
constexpr SliceTables<std::uint32_t, 16> kCrc32cTables =
    MakeTables<std::uint32_t, 16>(kCrc32cPolynomial);

std::uint64_t LoadLittleEndian(const char* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  static_assert(std::endian::native == std::endian::little);
  return word;
}

// Sixteen bytes a step: all sixteen look-ups are independent of each other.
template <typename Word>
Word UpdateSliced(const SliceTables<Word, 16>& tables, Word crc, std::string_view bytes) {
  const char* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 16; at += 16, left -= 16) {
    const std::uint64_t low = LoadLittleEndian(at) ^ crc;
    const std::uint64_t high = LoadLittleEndian(at + 8);
    crc = tables[15][low & 255] ^ tables[14][low >> 8 & 255] ^ tables[13][low >> 16 & 255] ^
          tables[12][low >> 24 & 255] ^ tables[11][low >> 32 & 255] ^ tables[10][low >> 40 & 255] ^
          tables[9][low >> 48 & 255] ^ tables[8][low >> 56] ^ tables[7][high & 255] ^
          tables[6][high >> 8 & 255] ^ tables[5][high >> 16 & 255] ^ tables[4][high >> 24 & 255] ^
          tables[3][high >> 32 & 255] ^ tables[2][high >> 40 & 255] ^ tables[1][high >> 48 & 255] ^
          tables[0][high >> 56];
  }
  for (; left > 0; ++at, --left) {
    crc = (crc >> 8) ^ tables[0][(crc ^ static_cast<unsigned char>(*at)) & 255];
  }
  return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t UpdateCrc32cSse42(std::uint32_t crc,
                                                                  std::string_view bytes) {
  const char* at = bytes.data();
  std::size_t left = bytes.size();
  std::uint64_t wide = crc;
  for (; left >= 8; at += 8, left -= 8) wide = _mm_crc32_u64(wide, LoadLittleEndian(at));
  auto narrow = static_cast<std::uint32_t>(wide);
  for (; left > 0; ++at, --left) narrow = _mm_crc32_u8(narrow, static_cast<unsigned char>(*at));
  return narrow;
}
#endif

// Advances a raw CRC register by `zero_bytes` zero bytes: x^(8n) modulo the polynomial, by squaring
// the one-bit step as a matrix over GF(2). Bit i of a vector picks column i.
template <typename Word>
Word ShiftByZeros(Word polynomial, Word crc, std::uint64_t zero_bytes) {
  constexpr std::size_t kBits = sizeof(Word) * 8;
  using Matrix = std::array<Word, kBits>;
  const auto apply = [](const Matrix& matrix, Word vector) {
    Word sum = 0;
    for (std::size_t bit = 0; vector != 0; ++bit, vector >>= 1) {
      if ((vector & 1) != 0) sum ^= matrix[bit];
    }
    return sum;
  };
  const auto square = [&](const Matrix& matrix) {
    Matrix squared{};
    for (std::size_t bit = 0; bit < kBits; ++bit) squared[bit] = apply(matrix, matrix[bit]);
    return squared;
  };

  Matrix step{};  // one zero bit
  step[0] = polynomial;
  for (std::size_t bit = 1; bit < kBits; ++bit) step[bit] = Word{1} << (bit - 1);
  for (int i = 0; i < 3; ++i) step = square(step);  // one zero byte
  for (; zero_bytes != 0; zero_bytes >>= 1) {
    if ((zero_bytes & 1) != 0) crc = apply(step, crc);
    step = square(step);
  }
  return crc;
}

std::string BigEndian(std::uint64_t value, std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    bytes[size - 1 - i] = static_cast<char>(value >> (8 * i) & 255);
  }
  return bytes;
}

std::uint64_t FromBigEndian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

}  // namespace

std::string_view ChecksumName(ChecksumAlgorithm algorithm) { return EntryOf(algorithm).name; }
std::string_view ChecksumHeader(ChecksumAlgorithm algorithm) { return EntryOf(algorithm).header; }
std::size_t ChecksumSize(ChecksumAlgorithm algorithm) { return EntryOf(algorithm).size; }

std::optional<ChecksumAlgorithm> ParseChecksumName(std::string_view name) {
  for (const Entry& entry : kAlgorithms) {
    if (entry.name == name) return entry.algorithm;
  }
  return std::nullopt;
}

std::optional<ChecksumAlgorithm> ParseChecksumHeader(std::string_view header) {
  for (const Entry& entry : kAlgorithms) {
    if (EqualsIgnoreCase(entry.header, header)) return entry.algorithm;
  }
  return std::nullopt;
}

Checksum::Checksum(ChecksumAlgorithm algorithm) : algorithm_(algorithm) {
  if (algorithm == ChecksumAlgorithm::kSha1) digest_.emplace(Digest::Kind::kSha1);
  if (algorithm == ChecksumAlgorithm::kSha256) digest_.emplace(Digest::Kind::kSha256);
}

void Checksum::Update(std::string_view bytes) {
  switch (algorithm_) {
    case ChecksumAlgorithm::kCrc32:
      crc_ = Crc32(static_cast<std::uint32_t>(crc_), bytes);
      return;
    case ChecksumAlgorithm::kCrc32c:
      crc_ = Crc32c(static_cast<std::uint32_t>(crc_), bytes);
      return;
    case ChecksumAlgorithm::kCrc64Nvme:
      crc_ = Crc64Nvme(crc_, bytes);
      return;
    case ChecksumAlgorithm::kSha1:
    case ChecksumAlgorithm::kSha256:
      digest_->Update(bytes);
      return;
  }
}

std::string Checksum::Finish() {
  return digest_ ? digest_->Finish() : BigEndian(crc_, ChecksumSize(algorithm_));
}

std::string Checksum::FinishBase64() { return Base64Encode(Finish()); }

std::uint32_t Crc32(std::uint32_t crc, std::string_view bytes) {
  return static_cast<std::uint32_t>(
      crc32_z(crc, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

std::uint32_t Crc32c(std::uint32_t crc, std::string_view bytes) {
#if defined(__x86_64__)
  static const bool kHasSse42 = __builtin_cpu_supports("sse4.2") != 0;
  if (kHasSse42) return ~UpdateCrc32cSse42(~crc, bytes);
#endif
  return ~UpdateSliced(kCrc32cTables, ~crc, bytes);
}

std::uint64_t Crc64Nvme(std::uint64_t crc, std::string_view bytes) {
  return ~UpdateSliced(kCrc64Tables, ~crc, bytes);
}

std::string CombineCrc(ChecksumAlgorithm algorithm, std::string_view first, std::string_view second,
                       std::uint64_t second_size) {
  const std::size_t size = ChecksumSize(algorithm);
  Check(first.size() == size && second.size() == size, "CRCs to combine have their size");
  // The inversions at start and end cancel out in the sum, so registers and values combine alike.
  const std::uint64_t a = FromBigEndian(first);
  const std::uint64_t b = FromBigEndian(second);
  switch (algorithm) {
    case ChecksumAlgorithm::kCrc32:
      return BigEndian(
          ShiftByZeros(kCrc32Polynomial, static_cast<std::uint32_t>(a), second_size) ^ b, size);
    case ChecksumAlgorithm::kCrc32c:
      return BigEndian(
          ShiftByZeros(kCrc32cPolynomial, static_cast<std::uint32_t>(a), second_size) ^ b, size);
    case ChecksumAlgorithm::kCrc64Nvme:
      return BigEndian(ShiftByZeros(kCrc64NvmePolynomial, a, second_size) ^ b, size);
    case ChecksumAlgorithm::kSha1:
    case ChecksumAlgorithm::kSha256:
      break;
  }
  Check(false, "only CRCs are combined");
  return {};
}

}  // namespace usher::wire
