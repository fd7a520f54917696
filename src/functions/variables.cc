#include "functions/variables.h"

#include <charconv>

namespace usher::functions {

std::optional<std::string> Variable(const FunctionContext& context, const std::string& name) {
  const auto found = context.environment.find(name);
  if (found == context.environment.end() || found->second.empty()) return std::nullopt;
  return found->second;
}

Result<std::string> Needed(const FunctionContext& context, const std::string& name,
                           const std::string& what) {
  auto value = Variable(context, name);
  if (!value) {
    return InvalidInput("the environment variable " + name + " is missing: it must hold " + what);
  }
  return *std::move(value);
}

Result<std::optional<std::int64_t>> Count(const FunctionContext& context, const std::string& name) {
  const auto text = Variable(context, name);
  if (!text) return std::optional<std::int64_t>();
  std::int64_t count = 0;
  const auto [end, bad] = std::from_chars(text->data(), text->data() + text->size(), count);
  if (bad != std::errc() || end != text->data() + text->size() || count < 1) {
    return InvalidInput("the environment variable " + name +
                        " must be a number that is at least 1, got \"" + *text + "\"");
  }
  return std::optional(count);
}

}  // namespace usher::functions
