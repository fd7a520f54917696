#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

#include "base/check.h"
#include "base/encoding.h"
#include "json/json.h"

namespace usher::json {
namespace {

// Decimal exponents (of the first digit) between which numbers are written without an exponent.
constexpr int kSmallestPlain = -7;
constexpr int kLargestPlain = 20;

void AppendInteger(std::string& out, std::int64_t number) {
  std::array<char, 24> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
  out.append(buffer.data(), end);
}

void AppendTime(std::string& out, Time time) {
  const std::int64_t millis = EpochMillis(time);
  const std::int64_t rest = std::abs(millis % 1000);
  if (millis < 0 && millis > -1000) out += '-';
  AppendInteger(out, millis / 1000);
  if (rest == 0) return;
  std::string decimals = std::to_string(1000 + rest).substr(1);
  decimals.erase(decimals.find_last_not_of('0') + 1);
  out += '.';
  out += decimals;
}

// For each byte: 0 when it stands for itself in a string, 'u' for \u00xx, else what follows the
// '\'.
constexpr std::array<char, 256> kEscapes = [] {
  std::array<char, 256> escapes{};
  for (std::size_t byte = 0; byte < 0x20; ++byte) escapes[byte] = 'u';
  escapes['"'] = '"';
  escapes['\\'] = '\\';
  escapes['\b'] = 'b';
  escapes['\f'] = 'f';
  escapes['\n'] = 'n';
  escapes['\r'] = 'r';
  escapes['\t'] = 't';
  return escapes;
}();

// Whether none of the eight bytes needs an escape. `(x - n…n) & ~x & 0x80…80` is not 0 when a byte
// of x is below n; with x ^ c…c and n = 1, when one equals c ("Bit Twiddling Hacks": hasless,
// haszero).
bool IsPlain(std::uint64_t word) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHighs = 0x8080808080808080;
  const auto has_less = [](std::uint64_t x, std::uint64_t n) { return (x - kOnes * n) & ~x; };
  const std::uint64_t found =
      has_less(word, 0x20) | has_less(word ^ (kOnes * '"'), 1) | has_less(word ^ (kOnes * '\\'), 1);
  return (found & kHighs) == 0;
}

struct Writer {
  std::string& out;

  void List(const ValueList& list) {
    out += '[';
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (i > 0) out += ',';
      Append(out, list[i]);
    }
    out += ']';
  }

  void Map(const ValueMap& map) {
    out += '{';
    bool first = true;
    for (const auto& [name, value] : map) {
      if (!first) out += ',';
      first = false;
      AppendString(out, name);
      out += ':';
      Append(out, value);
    }
    out += '}';
  }
};

}  // namespace

void AppendString(std::string& out, std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  constexpr std::uint64_t kSpaces = 0x2020202020202020;
  constexpr std::size_t kWord = sizeof(std::uint64_t);
  constexpr std::size_t kLongestEscape = 6;
  std::array<char, 512> buffer;  // on its way to `out`
  std::size_t size = 0;
  buffer[size++] = '"';
  for (std::size_t at = 0; at < text.size();) {
    if (size + kWord * kLongestEscape > buffer.size() - 1) {
      out.append(buffer.data(), size);
      size = 0;
    }
    const std::size_t count = std::min(kWord, text.size() - at);
    std::uint64_t word = kSpaces;
    std::memcpy(&word, text.data() + at, count);
    if (IsPlain(word)) {
      std::memcpy(buffer.data() + size, &word, kWord);
      size += count;
    } else {
      for (const char c : text.substr(at, count)) {
        const auto byte = static_cast<unsigned char>(c);
        const char escape = kEscapes[byte];
        if (escape == 0) {
          buffer[size++] = c;
          continue;
        }
        buffer[size++] = '\\';
        buffer[size++] = escape;
        if (escape != 'u') continue;
        for (const char digit : {'0', '0', kDigits[byte >> 4], kDigits[byte & 15]}) {
          buffer[size++] = digit;
        }
      }
    }
    at += count;
  }
  buffer[size++] = '"';
  out.append(buffer.data(), size);
}

void AppendNumber(std::string& out, double number) {
  if (!std::isfinite(number)) {
    out += "null";
    return;
  }
  if (number == 0) {
    out += std::signbit(number) ? "-0.0" : "0";
    return;
  }
  // "d.ddde±xx": the shortest digits that read back equal, to be laid out without the exponent.
  std::array<char, 40> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), std::abs(number),
                                 std::chars_format::scientific)
                       .ptr;
  const std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  const std::size_t e = text.find('e');
  std::string digits(1, text[0]);
  if (e > 2) digits += text.substr(2, e - 2);
  int exponent = 0;
  const std::size_t sign = text[e + 1] == '+' ? e + 2 : e + 1;
  std::from_chars(text.data() + sign, text.data() + text.size(), exponent);

  if (number < 0) out += '-';
  const auto count = static_cast<int>(digits.size());
  if (exponent < kSmallestPlain || exponent > kLargestPlain) {
    out += digits[0];
    if (count > 1) out.append(".").append(digits, 1);
    out += 'e';
    AppendInteger(out, exponent);
  } else if (exponent < 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-exponent - 1), '0');
    out += digits;
  } else if (count <= exponent + 1) {
    out += digits;
    out.append(static_cast<std::size_t>(exponent + 1 - count), '0');
  } else {
    const auto whole = static_cast<std::size_t>(exponent + 1);
    out.append(digits, 0, whole).append(".").append(digits, whole);
  }
}

void Append(std::string& out, const Value& value) {
  if (const std::string* text = value.as_string()) {
    AppendString(out, *text);
  } else if (const ValueMap* map = value.as_map()) {
    Writer{out}.Map(*map);
  } else if (const ValueList* list = value.as_list()) {
    Writer{out}.List(*list);
  } else if (const std::int64_t* integer = value.as_int()) {
    AppendInteger(out, *integer);
  } else if (const double* number = value.as_double()) {
    AppendNumber(out, *number);
  } else if (const bool* flag = value.as_bool()) {
    out += *flag ? "true" : "false";
  } else if (const Time* time = value.as_time()) {
    AppendTime(out, *time);
  } else if (const Blob* blob = value.as_blob()) {
    out += '"';
    out += Base64Encode(blob->bytes);
    out += '"';
  } else {
    Check(value.is_null(), "no stream in a tree that becomes JSON");
    out += "null";
  }
}

std::string Write(const Value& value) {
  std::string out;
  Append(out, value);
  return out;
}

}  // namespace usher::json
