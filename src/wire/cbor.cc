#include "wire/cbor.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>

#include "base/text.h"
#include "wire/scalar_text.h"

namespace usher::wire {
namespace {

// Major types, RFC 8949 section 3.1.
enum Major : unsigned {
  kUnsigned,
  kNegative,
  kBytes,
  kText,
  kArray,
  kMap,
  kTag,
  kSimple,
};

constexpr unsigned kIndefinite = 31;
constexpr std::uint64_t kEpochTag = 1;
constexpr unsigned char kBreak = 0xff;

// RFC 8949 appendix D.
double HalfToDouble(std::uint16_t half) {
  const int exponent = half >> 10 & 0x1f;
  const int mantissa = half & 0x3ff;
  double value = 0;
  if (exponent == 0) {
    value = std::ldexp(mantissa, -24);
  } else if (exponent != 31) {
    value = std::ldexp(mantissa + 1024, exponent - 25);
  } else {
    value = mantissa == 0 ? std::numeric_limits<double>::infinity()
                          : std::numeric_limits<double>::quiet_NaN();
  }
  return (half & 0x8000) != 0 ? -value : value;
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  Result<Value> ReadAll() {
    auto value = Read(0);
    if (value && at_ != bytes_.size()) return Wrong("there is more behind the value");
    return value;
  }

 private:
  struct Head {
    unsigned major = 0;
    unsigned info = 0;
    std::uint64_t argument = 0;
  };

  [[nodiscard]] Error Wrong(std::string_view what) const {
    return InvalidInput("the CBOR cannot be read at byte " + std::to_string(at_) + ": " +
                        std::string(what));
  }

  Result<Head> ReadHead() {
    if (at_ >= bytes_.size()) return Wrong("it ends too early");
    const unsigned first = static_cast<unsigned char>(bytes_[at_++]);
    Head head{.major = first >> 5, .info = first & 31, .argument = first & 31};
    if (head.info < 24 || head.info == kIndefinite) return head;
    if (head.info > 27) return Wrong("the length is not written in a known way");
    const std::size_t size = std::size_t{1} << (head.info - 24);
    if (bytes_.size() - at_ < size) return Wrong("it ends too early");
    head.argument = 0;
    for (std::size_t i = 0; i < size; ++i) {
      head.argument = head.argument << 8 | static_cast<unsigned char>(bytes_[at_++]);
    }
    return head;
  }

  bool TakeBreak() {
    if (at_ >= bytes_.size() || static_cast<unsigned char>(bytes_[at_]) != kBreak) return false;
    ++at_;
    return true;
  }

  Result<std::string> ReadString(const Head& head) {
    std::string text;
    if (head.info != kIndefinite) {
      if (bytes_.size() - at_ < head.argument) return Wrong("it ends within a string");
      text = bytes_.substr(at_, head.argument);
      at_ += head.argument;
      return text;
    }
    while (!TakeBreak()) {
      const auto part = ReadHead();
      if (!part) return part.error();
      if (part->major != head.major || part->info == kIndefinite) {
        return Wrong("a part of a string is of another kind");
      }
      const auto chunk = ReadString(*part);
      if (!chunk) return chunk.error();
      text += *chunk;
    }
    return text;
  }

  Result<std::string> ReadText(const Head& head) {
    auto text = ReadString(head);
    if (text && !IsUtf8(*text)) return Wrong("a text is not UTF-8");
    return text;
  }

  Result<Value> ReadArray(const Head& head, std::size_t depth) {
    ValueList list;
    for (std::uint64_t i = 0; head.info == kIndefinite ? !TakeBreak() : i < head.argument; ++i) {
      auto element = Read(depth + 1);
      if (!element) return element;
      list.push_back(*std::move(element));
    }
    return Value(std::move(list));
  }

  Result<Value> ReadMap(const Head& head, std::size_t depth) {
    ValueMap map;
    for (std::uint64_t i = 0; head.info == kIndefinite ? !TakeBreak() : i < head.argument; ++i) {
      const auto key_head = ReadHead();
      if (!key_head) return key_head.error();
      if (key_head->major != kText) return Wrong("the key of a map is no text");
      auto key = ReadText(*key_head);
      if (!key) return key.error();
      auto value = Read(depth + 1);
      if (!value) return value;
      map.Set(*std::move(key), *std::move(value));
    }
    return Value(std::move(map));
  }

  Result<Value> ReadTagged(const Head& head, std::size_t depth) {
    auto inner = Read(depth + 1);
    if (!inner || head.argument != kEpochTag) return inner;
    std::optional<double> seconds;
    if (inner->as_int() != nullptr) seconds = static_cast<double>(*inner->as_int());
    if (inner->as_double() != nullptr) seconds = *inner->as_double();
    if (!seconds) return Wrong("a time is no number");
    const auto time = ToTime(*seconds);
    if (!time) return Wrong("a time is out of range");
    return Value(*time);
  }

  Result<Value> ReadSimple(const Head& head) {
    switch (head.info) {
      case 20:
      case 21:
        return Value(head.info == 21);
      case 22:
      case 23:  // undefined
        return Value();
      case 25:
        return Value(HalfToDouble(static_cast<std::uint16_t>(head.argument)));
      case 26:
        return Value(
            static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(head.argument))));
      case 27:
        return Value(std::bit_cast<double>(head.argument));
      default:
        return Wrong("a simple value is unknown");
    }
  }

  Result<Value> Read(std::size_t depth) {
    if (depth > kMaxCborDepth) return Wrong("it is nested too deep");
    if (++values_ > kMaxCborValues) return Wrong("it holds too many values");
    const auto head = ReadHead();
    if (!head) return head.error();
    const bool can_be_indefinite = head->major == kBytes || head->major == kText ||
                                   head->major == kArray || head->major == kMap;
    if (head->info == kIndefinite && !can_be_indefinite) return Wrong("an end is not expected");
    switch (head->major) {
      case kUnsigned:
      case kNegative: {
        constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
        if (head->argument > kMost) return Wrong("an integer is larger than 63 bits");
        const auto number = static_cast<std::int64_t>(head->argument);
        return Value(head->major == kUnsigned ? number : -1 - number);
      }
      case kBytes: {
        auto bytes = ReadString(*head);
        if (!bytes) return bytes.error();
        return Value(Blob{*std::move(bytes)});
      }
      case kText: {
        auto text = ReadText(*head);
        if (!text) return text.error();
        return Value(*std::move(text));
      }
      case kArray:
        return ReadArray(*head, depth);
      case kMap:
        return ReadMap(*head, depth);
      case kTag:
        return ReadTagged(*head, depth);
      default:
        return ReadSimple(*head);
    }
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  std::size_t values_ = 0;
};

void AppendHead(std::string& out, unsigned major, std::uint64_t argument) {
  int size = 0;
  unsigned info = static_cast<unsigned>(argument);
  if (argument >= 24) {
    const int width = std::bit_width(argument);
    size = width <= 8 ? 1 : width <= 16 ? 2 : width <= 32 ? 4 : 8;
    info = 24U + static_cast<unsigned>(std::countr_zero(static_cast<unsigned>(size)));
  }
  out += static_cast<char>(major << 5 | info);
  for (int byte = size - 1; byte >= 0; --byte) out += static_cast<char>(argument >> (8 * byte));
}

void AppendDouble(std::string& out, double number) {
  out += static_cast<char>(kSimple << 5 | 27);
  const auto bits = std::bit_cast<std::uint64_t>(number);
  for (int byte = 7; byte >= 0; --byte) out += static_cast<char>(bits >> (8 * byte));
}

}  // namespace

Result<Value> ParseCbor(std::string_view bytes) { return Reader(bytes).ReadAll(); }

void AppendCborText(std::string& out, std::string_view text) {
  AppendHead(out, kText, text.size());
  out += text;
}

void AppendCborArrayHead(std::string& out, std::size_t count) { AppendHead(out, kArray, count); }
void AppendCborMapHead(std::string& out, std::size_t count) { AppendHead(out, kMap, count); }

void AppendCbor(std::string& out, const Value& value) {
  if (const bool* flag = value.as_bool()) {
    out += static_cast<char>(kSimple << 5 | (*flag ? 21 : 20));
  } else if (const std::int64_t* number = value.as_int()) {
    const bool is_negative = *number < 0;
    AppendHead(out, is_negative ? kNegative : kUnsigned,
               static_cast<std::uint64_t>(is_negative ? -1 - *number : *number));
  } else if (const double* real = value.as_double()) {
    AppendDouble(out, *real);
  } else if (const std::string* text = value.as_string()) {
    AppendCborText(out, *text);
  } else if (const Blob* blob = value.as_blob()) {
    AppendHead(out, kBytes, blob->bytes.size());
    out += blob->bytes;
  } else if (const Time* time = value.as_time()) {
    AppendHead(out, kTag, kEpochTag);
    AppendDouble(out, static_cast<double>(EpochMillis(*time)) / 1000);
  } else if (const ValueList* list = value.as_list()) {
    AppendCborArrayHead(out, list->size());
    for (const Value& element : *list) AppendCbor(out, element);
  } else if (const ValueMap* map = value.as_map()) {
    AppendCborMapHead(out, map->size());
    for (const auto& [key, element] : *map) {
      AppendCborText(out, key);
      AppendCbor(out, element);
    }
  } else {
    out += static_cast<char>(kSimple << 5 | 22);
  }
}

}  // namespace usher::wire
