#include "services/states/language/resource.h"

#include <array>
#include <utility>

#include "base/text.h"

namespace usher::states {
namespace {

constexpr std::string_view kSdk = "aws-sdk:";
constexpr std::array<std::pair<std::string_view, Resource::Pattern>, 3> kPatterns{
    {{".sync:2", Resource::Pattern::kSync2},
     {".sync", Resource::Pattern::kSync},
     {".waitForTaskToken", Resource::Pattern::kToken}}};

Error Unknown(std::string_view arn) {
  return InvalidInput("'" + std::string(arn.substr(0, 256)) +
                      "' is not a resource that a task may have: it must be the ARN of a function "
                      "or an activity, arn:aws:states:::SERVICE:ACTION or "
                      "arn:aws:states:::aws-sdk:SERVICE:ACTION");
}

}  // namespace

std::string Resource::ActionWithPattern() const {
  for (const auto& [suffix, one] : kPatterns) {
    if (one == pattern) return action + std::string(suffix);
  }
  return action;
}

std::optional<std::string_view> Resource::SdkService() const {
  const std::string_view name = service;
  if (!name.starts_with(kSdk)) return std::nullopt;
  return name.substr(kSdk.size());
}

Result<Resource> ParseResource(std::string_view arn) {
  Resource resource;
  resource.arn = std::string(arn);
  const auto parts = Split(arn, ':');
  if (parts.size() < 7 || parts[0] != "arn" || !parts[1].starts_with("aws")) return Unknown(arn);
  if (parts[2] == "lambda" && parts[5] == "function" && parts.size() <= 8 && !parts[6].empty()) {
    resource.kind = Resource::Kind::kFunction;
    return resource;
  }
  if (parts[2] == "states" && parts[5] == "activity" && parts.size() == 7) {
    resource.kind = Resource::Kind::kActivity;
    return resource;
  }
  if (parts[2] != "states" || !parts[3].empty() || !parts[4].empty()) return Unknown(arn);

  // What follows "arn:aws:states:::".
  const auto offset = static_cast<std::size_t>(parts[5].data() - arn.data());
  std::string_view rest = arn.substr(offset);
  for (const auto& [suffix, pattern] : kPatterns) {
    if (!rest.ends_with(suffix)) continue;
    rest.remove_suffix(suffix.size());
    resource.pattern = pattern;
    break;
  }
  const std::size_t colon = rest.rfind(':');
  if (colon == std::string_view::npos) return Unknown(arn);
  resource.service = std::string(rest.substr(0, colon));
  resource.action = std::string(rest.substr(colon + 1));
  const std::string_view name = resource.SdkService().value_or(resource.service);
  if (name.empty() || name == "aws-sdk" || name.find(':') != std::string_view::npos ||
      resource.action.empty()) {
    return Unknown(arn);
  }
  return resource;
}

}  // namespace usher::states
