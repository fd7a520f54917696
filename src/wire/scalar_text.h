// Scalars as text: how headers, queries, labels, forms and XML write what JSON writes natively.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/value.h"
#include "wire/shape.h"

namespace usher::wire {

// The format of this member's times: its own, else its shape's, else `otherwise`.
[[nodiscard]] TimestampFormat TimestampFormatOf(const Member& member, TimestampFormat otherwise);

// Times are taken in each of the three formats, whichever is the member's own. Errors: invalid
// input saying what was expected ("must be an integer, got 'x'"), without the member's name.
Result<Value> ParseScalar(const Shape& shape, std::string_view text);
// Epoch seconds as a number, or one of the three formats as text.
Result<Time> ParseTimeText(std::string_view text);
Result<Time> ToTime(double epoch_seconds);
// Whether an integer of this shape may have this value: kInteger has 32 bits.
[[nodiscard]] bool IntegerFits(const Shape& shape, std::int64_t number);

[[nodiscard]] std::string FormatScalar(const Value& value, TimestampFormat format);
// Epoch seconds with up to three decimals, ISO 8601, or as HTTP dates.
[[nodiscard]] std::string FormatTime(Time time, TimestampFormat format);
// NaN, Infinity and -Infinity by name.
[[nodiscard]] std::string FormatFloat(double number);
// nullopt: none of the three names.
[[nodiscard]] std::optional<double> ParseFloatName(std::string_view text);

}  // namespace usher::wire
