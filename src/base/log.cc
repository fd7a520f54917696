#include "base/log.h"

#include <unistd.h>

#include <atomic>

#include "base/clock.h"

namespace usher {
namespace {

std::atomic<LogFormat> g_format = LogFormat::kText;
std::atomic<LogLevel> g_level = LogLevel::kInfo;

std::string_view Name(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "error";
}

// Quoted, with control characters, quotes and backslashes escaped, so that outside text stays on
// its line.
void AppendQuoted(std::string& line, std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  line += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      line += '\\';
      line += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      line += "\\u00";
      line += digits[static_cast<unsigned char>(c) >> 4];
      line += digits[static_cast<unsigned char>(c) & 15];
    } else {
      line += c;
    }
  }
  line += '"';
}

bool NeedsQuotes(std::string_view text) {
  if (text.empty()) return true;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == '"' || c == '=' || c == '\\')
      return true;
  }
  return false;
}

}  // namespace

void SetLogFormat(LogFormat format) { g_format = format; }
void SetLogLevel(LogLevel level) { g_level = level; }

void Log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  Log(level, event, std::span(fields.begin(), fields.size()));
}

void Log(LogLevel level, std::string_view event, std::span<const LogField> fields) {
  if (level < g_level.load(std::memory_order_relaxed)) return;
  const std::string time = FormatIso8601(SystemClock().Now());
  std::string line;
  if (g_format.load(std::memory_order_relaxed) == LogFormat::kJson) {
    line = "{\"time\":\"" + time + "\",\"level\":\"" + std::string(Name(level)) + "\",\"event\":";
    AppendQuoted(line, event);
    for (const auto& [key, value] : fields) {
      line += ',';
      AppendQuoted(line, key);
      line += ':';
      AppendQuoted(line, value);
    }
    line += "}\n";
  } else {
    line = time + " " + std::string(Name(level)) + " " + std::string(event);
    for (const auto& [key, value] : fields) {
      line += ' ';
      line += key;
      line += '=';
      if (NeedsQuotes(value)) {
        AppendQuoted(line, value);
      } else {
        line += value;
      }
    }
    line += '\n';
  }
  // One write a line, so that lines of several threads and processes do not mix. A log that cannot
  // be written has nowhere to say so.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace usher
