// Structured log: one line an event, as text for people or JSON for machines. Safe from any thread.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace usher {

enum class LogLevel { kDebug, kInfo, kWarning, kError };
enum class LogFormat { kText, kJson };

using LogField = std::pair<std::string_view, std::string>;

// To be called once, before threads start; text on standard error by default.
void SetLogFormat(LogFormat format);
// Lines below this level are dropped; kInfo by default.
void SetLogLevel(LogLevel level);

// Log(LogLevel::kInfo, "request", {{"operation", name}, {"status", std::to_string(status)}});
void Log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});
// The same for fields that are put together at run time.
void Log(LogLevel level, std::string_view event, std::span<const LogField> fields);

}  // namespace usher
