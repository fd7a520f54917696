#include "base/clock.h"

#include <array>
#include <cstdio>
#include <ctime>

namespace usher {
namespace {

constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

struct Fields {
  std::tm tm{};
  int millis = 0;
};

Fields Split(Time time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const std::time_t unix_seconds = seconds.time_since_epoch().count();
  Fields fields;
  gmtime_r(&unix_seconds, &fields.tm);
  fields.millis = static_cast<int>((time - seconds).count());
  return fields;
}

template <typename... Args>
std::string Format(const char* format, Args... args) {
  std::array<char, 64> buffer{};
  const int size = std::snprintf(buffer.data(), buffer.size(), format, args...);
  return {buffer.data(), static_cast<std::size_t>(size)};
}

// Reads exactly `digits` decimal digits at `at`, moving it; -1 when there are none.
int Digits(std::string_view text, std::size_t& at, int digits) {
  int value = 0;
  for (int i = 0; i < digits; ++i, ++at) {
    if (at >= text.size() || text[at] < '0' || text[at] > '9') return -1;
    value = value * 10 + (text[at] - '0');
  }
  return value;
}

Error BadTime(std::string_view text) {
  return InvalidInput("not a time: '" + std::string(text) + "'");
}

Result<Time> Join(std::string_view text, int year, int month, int day, int hour, int minute,
                  int second, int millis) {
  using namespace std::chrono;
  const year_month_day date{std::chrono::year(year),
                            std::chrono::month(static_cast<unsigned>(month)),
                            std::chrono::day(static_cast<unsigned>(day))};
  if (month < 1 || day < 1 || !date.ok() || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
      second < 0 || second > 60 || millis < 0) {
    return BadTime(text);
  }
  return Time(sys_days(date) + hours(hour) + minutes(minute) + seconds(second) +
              milliseconds(millis));
}

}  // namespace

Time SystemClock::Now() const {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

std::string FormatIso8601(Time time, bool with_millis) {
  const auto [tm, millis] = Split(time);
  if (!with_millis) {
    return Format("%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                  tm.tm_hour, tm.tm_min, tm.tm_sec);
  }
  return Format("%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                tm.tm_hour, tm.tm_min, tm.tm_sec, millis);
}

std::string FormatIso8601Basic(Time time) {
  const auto [tm, millis] = Split(time);
  return Format("%04d%02d%02dT%02d%02d%02dZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                tm.tm_hour, tm.tm_min, tm.tm_sec);
}

std::string FormatHttpDate(Time time) {
  const auto [tm, millis] = Split(time);
  return Format("%s, %02d %s %04d %02d:%02d:%02d GMT", kDays[static_cast<std::size_t>(tm.tm_wday)],
                tm.tm_mday, kMonths[static_cast<std::size_t>(tm.tm_mon)], tm.tm_year + 1900,
                tm.tm_hour, tm.tm_min, tm.tm_sec);
}

Result<Time> ParseIso8601(std::string_view text) {
  std::size_t at = 0;
  const auto expect = [&](char c) { return at < text.size() && text[at] == c && (++at, true); };
  const int year = Digits(text, at, 4);
  if (year < 0 || !expect('-')) return BadTime(text);
  const int month = Digits(text, at, 2);
  if (!expect('-')) return BadTime(text);
  const int day = Digits(text, at, 2);
  if (!expect('T')) return BadTime(text);
  const int hour = Digits(text, at, 2);
  if (!expect(':')) return BadTime(text);
  const int minute = Digits(text, at, 2);
  if (!expect(':')) return BadTime(text);
  const int second = Digits(text, at, 2);
  int millis = 0;
  if (at < text.size() && text[at] == '.') {
    ++at;
    int scale = 100;
    const std::size_t first = at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, scale /= 10) {
      millis += (text[at] - '0') * scale;
    }
    if (at == first) return BadTime(text);
  }
  if (!expect('Z') || at != text.size()) return BadTime(text);
  return Join(text, year, month, day, hour, minute, second, millis);
}

Result<Time> ParseIso8601Basic(std::string_view text) {
  if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z') return BadTime(text);
  std::size_t at = 0;
  const int year = Digits(text, at, 4);
  const int month = Digits(text, at, 2);
  const int day = Digits(text, at, 2);
  ++at;
  const int hour = Digits(text, at, 2);
  const int minute = Digits(text, at, 2);
  const int second = Digits(text, at, 2);
  if (year < 0) return BadTime(text);
  return Join(text, year, month, day, hour, minute, second, 0);
}

Result<Time> ParseHttpDate(std::string_view text) {
  if (text.size() != 29 || text.substr(25) != " GMT" || text[3] != ',') return BadTime(text);
  int month = 0;
  for (std::size_t i = 0; i < kMonths.size(); ++i) {
    if (text.substr(8, 3) == kMonths[i]) month = static_cast<int>(i) + 1;
  }
  std::size_t at = 5;
  const int day = Digits(text, at, 2);
  at = 12;
  const int year = Digits(text, at, 4);
  at = 17;
  const int hour = Digits(text, at, 2);
  at = 20;
  const int minute = Digits(text, at, 2);
  at = 23;
  const int second = Digits(text, at, 2);
  if (year < 0) return BadTime(text);
  return Join(text, year, month, day, hour, minute, second, 0);
}

}  // namespace usher
