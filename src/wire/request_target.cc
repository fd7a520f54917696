#include "wire/request_target.h"

#include "base/encoding.h"
#include "base/text.h"

namespace usher::wire {
namespace {

Result<std::string> Decode(std::string_view encoded) {
  auto text = PercentDecode(encoded, /*plus_is_space=*/true);
  if (!text) return text;
  if (!IsUtf8(*text)) return InvalidInput("a parameter is not UTF-8");
  return text;
}

}  // namespace

Result<Parameters> ParseParameters(std::string_view encoded, std::size_t limit) {
  Parameters parameters;
  while (!encoded.empty()) {
    const std::size_t end = std::min(encoded.find('&'), encoded.size());
    const std::string_view field = encoded.substr(0, end);
    encoded.remove_prefix(std::min(end + 1, encoded.size()));
    if (field.empty()) continue;
    if (parameters.size() == limit) {
      return InvalidInput("more than " + std::to_string(limit) + " parameters");
    }
    const std::size_t equals = std::min(field.find('='), field.size());
    auto name = Decode(field.substr(0, equals));
    if (!name) return name.error();
    auto value = Decode(field.substr(std::min(equals + 1, field.size())));
    if (!value) return value.error();
    parameters.emplace_back(*std::move(name), *std::move(value));
  }
  return parameters;
}

Result<RequestTarget> ParseTarget(std::string_view target) {
  const std::size_t question = std::min(target.find('?'), target.size());
  RequestTarget parsed{.path = target.substr(0, question)};
  if (question < target.size()) {
    auto query = ParseParameters(target.substr(question + 1), kMaxParameters);
    if (!query) return query.error();
    parsed.query = *std::move(query);
  }
  return parsed;
}

const std::string* FindParameter(const Parameters& parameters, std::string_view name) {
  for (const auto& [key, value] : parameters) {
    if (key == name) return &value;
  }
  return nullptr;
}

}  // namespace usher::wire
