#include "columnar/csv_scan.h"

#include <bit>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/check.h"

namespace usher::columnar {
namespace {

constexpr std::size_t kStep = 64;  // bytes looked at together: one bit of a word for each

// Bit i is set where block[i] is `wanted`.
#if defined(__SSE2__)
std::uint64_t Matches(const char* block, char wanted) {
  const __m128i pattern = _mm_set1_epi8(wanted);
  std::uint64_t bits = 0;
  for (int part = 0; part < 4; ++part) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block + 16 * part));
    const auto found =
        static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, pattern)));
    bits |= static_cast<std::uint64_t>(found) << (16 * part);
  }
  return bits;
}
#else
std::uint64_t Matches(const char* block, char wanted) {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < kStep; ++i) {
    bits |= static_cast<std::uint64_t>(block[i] == wanted) << i;
  }
  return bits;
}
#endif

// Calls visit(first position, bits) for each 64 bytes of `text`; bit i says that the byte at first
// position + i is one of `wanted`.
template <typename Visit, typename... Char>
void ForEachStep(std::string_view text, Visit visit, Char... wanted) {
  std::size_t base = 0;
  for (; base + kStep <= text.size(); base += kStep) {
    visit(base, (Matches(text.data() + base, wanted) | ...));
  }
  if (base == text.size()) return;
  char padded[kStep] = {};
  std::memcpy(padded, text.data() + base, text.size() - base);
  visit(base, (Matches(padded, wanted) | ...));
}

// Calls visit(position) for each byte of `text` that is one of `wanted`, in order.
template <typename Visit, typename... Char>
void ForEachMatch(std::string_view text, Visit visit, Char... wanted) {
  ForEachStep(
      text,
      [&](std::size_t base, std::uint64_t bits) {
        for (; bits != 0; bits &= bits - 1) {
          visit(base + static_cast<std::size_t>(std::countr_zero(bits)));
        }
      },
      wanted...);
}

}  // namespace

CsvScanState ScanSeparators(std::string_view text, std::uint32_t* separators) {
  CsvScanState state;
  std::size_t field_begin = 0;
  std::size_t escaped = text.size();  // position of a character that an escape made plain text

  const auto visit = [&](std::size_t at) {
    if (at == escaped) return;
    const char c = text[at];
    if (state.in_quotes) {
      const char next = at + 1 < text.size() ? text[at + 1] : '\0';
      if (c == '\\' && (next == '"' || next == '\\')) escaped = at + 1;
      if (c == '"' && next == '"') escaped = at + 1;
      if (c == '"' && next != '"') state.in_quotes = false;
      return;
    }
    if (c == '"' && at == field_begin) {
      state.in_quotes = true;
      state.quote_begin = at;
    }
    if (c == ',' || c == '\n') {
      if (separators != nullptr) separators[state.separators] = static_cast<std::uint32_t>(at);
      ++state.separators;
      field_begin = at + 1;
    }
    if (c == '\n') state.record_end = at + 1;
  };
  ForEachMatch(text, visit, ',', '\n', '"', '\\');
  return state;
}

std::size_t ScanUnquotedSeparators(std::string_view text, std::uint32_t* separators) {
  std::uint32_t* out = separators;
  ForEachMatch(text, [&](std::size_t at) { *out++ = static_cast<std::uint32_t>(at); }, ',', '\n');
  return static_cast<std::size_t>(out - separators);
}

bool UnquoteField(std::string_view raw, std::string& scratch, std::string_view& text) {
  Check(!raw.empty() && raw.front() == '"', "a quoted field begins with a quote");
  const std::string_view inside = raw.substr(1);
  const std::size_t first = inside.find_first_of("\"\\");
  if (first == inside.size() - 1 && inside[first] == '"') {  // the usual case: nothing escaped
    text = inside.substr(0, first);
    return true;
  }

  Check(scratch.capacity() - scratch.size() >= raw.size(), "scratch has room for the field");
  const std::size_t begin = scratch.size();
  for (std::size_t at = 0; at < inside.size(); ++at) {
    const char c = inside[at];
    const char next = at + 1 < inside.size() ? inside[at + 1] : '\0';
    if (c == '\\' && (next == '"' || next == '\\')) {
      scratch.push_back(next);
      ++at;
    } else if (c == '"' && next == '"') {
      scratch.push_back('"');
      ++at;
    } else if (c == '"') {
      text = std::string_view(scratch).substr(begin);
      return at + 1 == inside.size();
    } else {
      scratch.push_back(c);
    }
  }
  return false;
}

std::uint64_t CountNewlines(std::string_view text) {
  std::uint64_t count = 0;
  ForEachStep(
      text,
      [&](std::size_t, std::uint64_t bits) {
        count += static_cast<std::uint64_t>(std::popcount(bits));
      },
      '\n');
  return count;
}

}  // namespace usher::columnar
