#include "services/states/language/intrinsics.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>

#include "base/encoding.h"
#include "base/random.h"
#include "base/text.h"
#include "json/json.h"
#include "services/states/language/failure.h"

namespace usher::states {
namespace {

constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();
using Arguments = std::span<const Value>;

Error Bad(std::string_view function, std::string_view why) {
  return StatesError(kIntrinsicFailure, std::string(function) + ": " + std::string(why));
}

// A whole number; doubles are rounded to the nearest, as the service does.
Result<std::int64_t> WholeOf(const Value& value, std::string_view function) {
  if (value.as_int()) return *value.as_int();
  if (value.as_double() && std::abs(*value.as_double()) < 9e15) {
    return static_cast<std::int64_t>(std::llround(*value.as_double()));
  }
  return Bad(function, "an argument must be a whole number, not " + json::Write(value));
}

// Texts as they are, everything else as its JSON.
std::string TextOf(const Value& value) {
  return value.as_string() ? *value.as_string() : json::Write(value);
}

Result<Value> Format(Arguments arguments) {
  const std::string* text = arguments[0].as_string();
  if (!text) return Bad("States.Format", "the first argument must be a string");
  std::string out;
  std::size_t next = 1;
  for (std::size_t i = 0; i < text->size(); ++i) {
    const char c = (*text)[i];
    if (c == '\\' && i + 1 < text->size()) {
      out += (*text)[++i];
    } else if (c == '{' && i + 1 < text->size() && (*text)[i + 1] == '}') {
      if (next >= arguments.size()) {
        return Bad("States.Format", "there are more {} than arguments for them");
      }
      if (arguments[next].as_list() || arguments[next].as_map()) {
        return Bad("States.Format", "arrays and objects cannot be put into a text");
      }
      out += TextOf(arguments[next++]);
      ++i;
    } else {
      out += c;
    }
    if (out.size() > kMaxIntrinsicResult) return Bad("States.Format", "the text is too long");
  }
  if (next != arguments.size()) {
    return Bad("States.Format", "there are fewer {} than arguments for them");
  }
  return Value(std::move(out));
}

Result<Value> StringToJson(Arguments arguments) {
  const std::string* text = arguments[0].as_string();
  if (!text) return Bad("States.StringToJson", "the argument must be a string");
  auto parsed = json::Parse(*text);
  if (!parsed) return Bad("States.StringToJson", parsed.error().message);
  return parsed;
}

Result<Value> JsonToString(Arguments arguments) { return Value(json::Write(arguments[0])); }

Result<Value> Array(Arguments arguments) {
  return Value(ValueList(arguments.begin(), arguments.end()));
}

Result<Value> ArrayPartition(Arguments arguments) {
  const ValueList* list = arguments[0].as_list();
  const auto size = WholeOf(arguments[1], "States.ArrayPartition");
  if (!list) return Bad("States.ArrayPartition", "the first argument must be an array");
  if (!size) return size.error();
  if (*size < 1) return Bad("States.ArrayPartition", "the size of a part must be positive");
  ValueList parts;
  for (std::size_t begin = 0; begin < list->size();) {
    const std::size_t end = begin + std::min(static_cast<std::size_t>(*size), list->size() - begin);
    parts.emplace_back(ValueList(list->begin() + static_cast<std::ptrdiff_t>(begin),
                                 list->begin() + static_cast<std::ptrdiff_t>(end)));
    begin = end;
  }
  return Value(std::move(parts));
}

bool Equal(const Value& a, const Value& b) {
  const auto number = [](const Value& value) -> std::optional<double> {
    if (value.as_int()) return static_cast<double>(*value.as_int());
    if (value.as_double()) return *value.as_double();
    return std::nullopt;
  };
  const auto left = number(a);
  const auto right = number(b);
  return left && right ? *left == *right : a == b;
}

Result<Value> ArrayContains(Arguments arguments) {
  const ValueList* list = arguments[0].as_list();
  if (!list) return Bad("States.ArrayContains", "the first argument must be an array");
  return Value(std::ranges::any_of(
      *list, [&](const Value& element) { return Equal(element, arguments[1]); }));
}

Result<Value> ArrayRange(Arguments arguments) {
  std::array<std::int64_t, 3> numbers{};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto number = WholeOf(arguments[i], "States.ArrayRange");
    if (!number) return number.error();
    if (std::abs(*number) > (std::int64_t{1} << 53)) {
      return Bad("States.ArrayRange", "a number is too large");
    }
    numbers[i] = *number;
  }
  const auto [first, last, step] = numbers;
  if (step == 0) return Bad("States.ArrayRange", "the step must not be 0");
  ValueList list;
  for (std::int64_t i = first; step > 0 ? i <= last : i >= last; i += step) {
    if (list.size() == kMaxIntrinsicRange) {
      return Bad("States.ArrayRange", "the array has more than 1000 elements");
    }
    list.emplace_back(i);
  }
  return Value(std::move(list));
}

Result<Value> ArrayGetItem(Arguments arguments) {
  const ValueList* list = arguments[0].as_list();
  const auto index = WholeOf(arguments[1], "States.ArrayGetItem");
  if (!list) return Bad("States.ArrayGetItem", "the first argument must be an array");
  if (!index) return index.error();
  if (*index < 0 || *index >= static_cast<std::int64_t>(list->size())) {
    return Bad("States.ArrayGetItem", "the array has no element " + std::to_string(*index));
  }
  return (*list)[static_cast<std::size_t>(*index)];
}

Result<Value> ArrayLength(Arguments arguments) {
  const ValueList* list = arguments[0].as_list();
  if (!list) return Bad("States.ArrayLength", "the argument must be an array");
  return Value(static_cast<std::int64_t>(list->size()));
}

Result<Value> ArrayUnique(Arguments arguments) {
  const ValueList* list = arguments[0].as_list();
  if (!list) return Bad("States.ArrayUnique", "the argument must be an array");
  std::set<std::string> seen;
  ValueList unique;
  for (const Value& element : *list) {
    if (seen.insert(json::Write(element)).second) unique.push_back(element);
  }
  return Value(std::move(unique));
}

Result<std::string> ShortText(const Value& value, std::string_view function) {
  if (!value.as_string()) return Bad(function, "the argument must be a string");
  if (value.as_string()->size() > kMaxIntrinsicTextBytes) {
    return Bad(function, "the text has more than 10000 characters");
  }
  return *value.as_string();
}

Result<Value> EncodeBase64(Arguments arguments) {
  const auto text = ShortText(arguments[0], "States.Base64Encode");
  if (!text) return text.error();
  return Value(Base64Encode(*text));
}

Result<Value> DecodeBase64(Arguments arguments) {
  const auto text = ShortText(arguments[0], "States.Base64Decode");
  if (!text) return text.error();
  auto bytes = Base64Decode(*text);
  if (!bytes || !IsUtf8(*bytes)) {
    return Bad("States.Base64Decode", "the argument is not the Base64 of a text");
  }
  return Value(*std::move(bytes));
}

Result<Value> Hash(Arguments arguments) {
  const std::string* algorithm = arguments[1].as_string();
  const std::string text = TextOf(arguments[0]);
  if (text.size() > kMaxIntrinsicTextBytes) {
    return Bad("States.Hash", "the data has more than 10000 characters");
  }
  constexpr std::array<std::pair<std::string_view, const EVP_MD* (*)()>, 5> kAlgorithms{
      {{"MD5", EVP_md5},
       {"SHA-1", EVP_sha1},
       {"SHA-256", EVP_sha256},
       {"SHA-384", EVP_sha384},
       {"SHA-512", EVP_sha512}}};
  for (const auto& [name, digest] : kAlgorithms) {
    if (!algorithm || *algorithm != name) continue;
    std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
    unsigned size = 0;
    if (EVP_Digest(text.data(), text.size(), bytes.data(), &size, digest(), nullptr) != 1) {
      return Bad("States.Hash", "the algorithm is not available");
    }
    return Value(HexEncode({reinterpret_cast<const char*>(bytes.data()), size}));
  }
  return Bad("States.Hash", "the algorithm must be MD5, SHA-1, SHA-256, SHA-384 or SHA-512");
}

Result<Value> JsonMerge(Arguments arguments) {
  const ValueMap* first = arguments[0].as_map();
  const ValueMap* second = arguments[1].as_map();
  if (!first || !second) return Bad("States.JsonMerge", "two objects are merged");
  if (!arguments[2].as_bool() || *arguments[2].as_bool()) {
    return Bad("States.JsonMerge", "the third argument must be false: deep merges do not exist");
  }
  ValueMap merged = *first;
  for (const auto& [name, value] : *second) merged.Set(name, value);
  return Value(std::move(merged));
}

Result<Value> MathRandom(Arguments arguments) {
  const auto first = WholeOf(arguments[0], "States.MathRandom");
  const auto last = WholeOf(arguments[1], "States.MathRandom");
  if (!first) return first.error();
  if (!last) return last.error();
  const bool in_range = std::max(std::abs(*first), std::abs(*last)) < (std::int64_t{1} << 53);
  if (*last <= *first || !in_range) {
    return Bad("States.MathRandom", "the second number must be greater than the first");
  }
  std::uint64_t seed = 0;
  if (arguments.size() == 3) {
    const auto given = WholeOf(arguments[2], "States.MathRandom");
    if (!given) return given.error();
    seed = static_cast<std::uint64_t>(*given);
  } else {
    SecureRandom({reinterpret_cast<unsigned char*>(&seed), sizeof(seed)});
  }
  Random random(seed);
  return Value(*first +
               static_cast<std::int64_t>(random.Below(static_cast<std::uint64_t>(*last - *first))));
}

Result<Value> MathAdd(Arguments arguments) {
  const auto first = WholeOf(arguments[0], "States.MathAdd");
  const auto second = WholeOf(arguments[1], "States.MathAdd");
  if (!first) return first.error();
  if (!second) return second.error();
  std::int64_t sum = 0;
  if (__builtin_add_overflow(*first, *second, &sum)) {
    return Bad("States.MathAdd", "the sum is too large");
  }
  return Value(sum);
}

// Each character of the separator separates; empty parts are left out.
Result<Value> StringSplit(Arguments arguments) {
  const std::string* text = arguments[0].as_string();
  const std::string* separators = arguments[1].as_string();
  if (!text || !separators) return Bad("States.StringSplit", "both arguments must be strings");
  ValueList parts;
  std::size_t begin = 0;
  while (begin <= text->size()) {
    const std::size_t end = std::min(text->find_first_of(*separators, begin), text->size());
    if (end > begin) parts.emplace_back(text->substr(begin, end - begin));
    begin = end + 1;
  }
  return Value(std::move(parts));
}

Result<Value> Uuid(Arguments /*arguments*/) { return Value(NewUuid()); }

constexpr std::array<IntrinsicFunction, 18> kFunctions{{
    {"States.Format", 1, kNoLimit, Format},
    {"States.StringToJson", 1, 1, StringToJson},
    {"States.JsonToString", 1, 1, JsonToString},
    {"States.Array", 0, kNoLimit, Array},
    {"States.ArrayPartition", 2, 2, ArrayPartition},
    {"States.ArrayContains", 2, 2, ArrayContains},
    {"States.ArrayRange", 3, 3, ArrayRange},
    {"States.ArrayGetItem", 2, 2, ArrayGetItem},
    {"States.ArrayLength", 1, 1, ArrayLength},
    {"States.ArrayUnique", 1, 1, ArrayUnique},
    {"States.Base64Encode", 1, 1, EncodeBase64},
    {"States.Base64Decode", 1, 1, DecodeBase64},
    {"States.Hash", 2, 2, Hash},
    {"States.JsonMerge", 3, 3, JsonMerge},
    {"States.MathRandom", 2, 3, MathRandom},
    {"States.MathAdd", 2, 2, MathAdd},
    {"States.StringSplit", 2, 2, StringSplit},
    {"States.UUID", 0, 0, Uuid},
}};

}  // namespace

const IntrinsicFunction* FindIntrinsic(std::string_view name) {
  const auto found = std::ranges::find(kFunctions, name, &IntrinsicFunction::name);
  return found == kFunctions.end() ? nullptr : &*found;
}

std::span<const IntrinsicFunction> AllIntrinsics() { return kFunctions; }

}  // namespace usher::states
