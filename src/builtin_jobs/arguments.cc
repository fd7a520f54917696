#include "builtin_jobs/arguments.h"

#include <charconv>

#include "json/json.h"

namespace usher::builtin_jobs {
namespace {

// The whole text as a number; false when it is none.
template <typename Number>
bool ReadNumber(const std::string& text, Number& number) {
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number);
  return error == std::errc() && end == last;
}

template <typename Number>
Result<Number> NumberIn(const JobArguments& arguments, std::string_view name, Number otherwise,
                        Number least, Number most, std::string_view kind) {
  const auto given = arguments.find(name);
  if (given == arguments.end()) return otherwise;
  Number number{};
  if (ReadNumber(given->second, number) && number >= least && number <= most) return number;
  return InvalidInput("--" + std::string(name) + " is \"" + given->second + "\": it must be " +
                      std::string(kind) + " from " + json::Write(Value(least)) + " to " +
                      json::Write(Value(most)));
}

}  // namespace

Result<std::string> RequireText(const JobArguments& arguments, std::string_view name) {
  const auto given = arguments.find(name);
  if (given != arguments.end() && !given->second.empty()) return given->second;
  return InvalidInput("the argument --" + std::string(name) + " is " +
                      (given == arguments.end() ? "missing" : "empty"));
}

Result<ObjectName> RequireObject(const JobArguments& arguments, std::string_view name) {
  const auto text = RequireText(arguments, name);
  if (!text) return text.error();
  auto object = ParseObjectName(*text);
  if (!object) return InvalidInput("--" + std::string(name) + ": " + object.error().message);
  return object;
}

std::string TextOr(const JobArguments& arguments, std::string_view name,
                   std::string_view otherwise) {
  const auto given = arguments.find(name);
  return given == arguments.end() ? std::string(otherwise) : given->second;
}

Result<double> NumberOr(const JobArguments& arguments, std::string_view name, double otherwise,
                        double least, double most) {
  return NumberIn(arguments, name, otherwise, least, most, "a number");
}

Result<std::int64_t> IntegerOr(const JobArguments& arguments, std::string_view name,
                               std::int64_t otherwise, std::int64_t least, std::int64_t most) {
  return NumberIn(arguments, name, otherwise, least, most, "a whole number");
}

}  // namespace usher::builtin_jobs
