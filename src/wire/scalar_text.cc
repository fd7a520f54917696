#include "wire/scalar_text.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "base/encoding.h"
#include "base/text.h"
#include "json/json.h"

namespace usher::wire {
namespace {

constexpr double kMaxEpochSeconds = 253402300799;  // the end of year 9999
constexpr std::size_t kMaxQuotedBytes = 100;

Error Expected(std::string_view what, std::string_view text) {
  return InvalidInput("must be " + std::string(what) + ", got '" +
                      std::string(text.substr(0, kMaxQuotedBytes)) + "'");
}

template <typename T>
std::optional<T> ParseWhole(std::string_view text) {
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

TimestampFormat TimestampFormatOf(const Member& member, TimestampFormat otherwise) {
  if (member.timestamp != TimestampFormat::kDefault) return member.timestamp;
  if (member.shape->timestamp != TimestampFormat::kDefault) return member.shape->timestamp;
  return otherwise;
}

Result<Time> ToTime(double epoch_seconds) {
  if (!(std::abs(epoch_seconds) <= kMaxEpochSeconds)) {
    return InvalidInput("must be a time between the years -6000 and 9999");
  }
  return FromEpochMillis(std::llround(epoch_seconds * 1000));
}

Result<Time> ParseTimeText(std::string_view text) {
  if (const auto seconds = ParseWhole<double>(text)) return ToTime(*seconds);
  if (auto time = ParseIso8601(text)) return time;
  if (auto time = ParseHttpDate(text)) return time;
  return Expected("a time", text);
}

bool IntegerFits(const Shape& shape, std::int64_t number) {
  return shape.kind != ShapeKind::kInteger || (number >= std::numeric_limits<std::int32_t>::min() &&
                                               number <= std::numeric_limits<std::int32_t>::max());
}

std::optional<double> ParseFloatName(std::string_view text) {
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  return std::nullopt;
}

Result<Value> ParseScalar(const Shape& shape, std::string_view text) {
  switch (shape.kind) {
    case ShapeKind::kString:
      if (!IsUtf8(text)) return InvalidInput("must be UTF-8");
      return Value(text);
    case ShapeKind::kInteger:
    case ShapeKind::kLong: {
      const auto number = ParseWhole<std::int64_t>(Trim(text));
      if (!number || !IntegerFits(shape, *number)) return Expected("an integer", text);
      return Value(*number);
    }
    case ShapeKind::kFloat:
    case ShapeKind::kDouble: {
      if (const auto named = ParseFloatName(Trim(text))) return Value(*named);
      const auto number = ParseWhole<double>(Trim(text));
      if (!number || !std::isfinite(*number)) return Expected("a number", text);
      return Value(*number);
    }
    case ShapeKind::kBoolean:
      if (EqualsIgnoreCase(Trim(text), "true")) return Value(true);
      if (EqualsIgnoreCase(Trim(text), "false")) return Value(false);
      return Expected("true or false", text);
    case ShapeKind::kTimestamp: {
      const auto time = ParseTimeText(Trim(text));
      if (!time) return time.error();
      return Value(*time);
    }
    case ShapeKind::kBlob: {
      auto bytes = Base64Decode(Trim(text));
      if (!bytes) return Expected("base64", text);
      return Value(Blob{*std::move(bytes)});
    }
    case ShapeKind::kStructure:
    case ShapeKind::kList:
    case ShapeKind::kMap:
      break;
  }
  return Expected("a structure", text);
}

std::string FormatTime(Time time, TimestampFormat format) {
  switch (format) {
    case TimestampFormat::kHttpDate:
      return FormatHttpDate(time);
    case TimestampFormat::kIso8601:
      return FormatIso8601(time, EpochMillis(time) % 1000 != 0);
    case TimestampFormat::kDefault:
    case TimestampFormat::kEpochSeconds:
      break;
  }
  return json::Write(Value(time));
}

std::string FormatFloat(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
  std::string text;
  json::AppendNumber(text, number);
  return text;
}

std::string FormatScalar(const Value& value, TimestampFormat format) {
  if (const std::string* text = value.as_string()) return *text;
  if (const bool* flag = value.as_bool()) return *flag ? "true" : "false";
  if (const std::int64_t* number = value.as_int()) return std::to_string(*number);
  if (const double* number = value.as_double()) return FormatFloat(*number);
  if (const Time* time = value.as_time()) return FormatTime(*time, format);
  const Blob* blob = value.as_blob();
  Check(blob != nullptr, "only scalars travel as text");
  return Base64Encode(blob->bytes);
}

}  // namespace usher::wire
