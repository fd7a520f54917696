#include "services/personalize/arns.h"

#include "wire/dispatcher.h"

namespace usher::personalize {
namespace {

// The part after the fifth colon; empty when the text is no ARN of this service.
std::string_view Resource(std::string_view arn) {
  constexpr std::string_view prefix = "arn:";
  if (!arn.starts_with(prefix)) return {};
  std::size_t at = 0;
  for (int colon = 0; colon < 5; ++colon) {
    at = arn.find(':', at);
    if (at == std::string_view::npos) return {};
    if (colon == 1 && arn.substr(at + 1, 12) != "personalize:") return {};
    ++at;
  }
  return arn.substr(at);
}

}  // namespace

std::string MakeArn(std::string_view region, std::string_view type, std::string_view name) {
  std::string arn = "arn:aws:personalize:";
  arn.append(region).append(":").append(wire::kAccountId).append(":");
  return arn.append(type).append("/").append(name);
}

std::string_view ArnType(std::string_view arn) {
  const std::string_view resource = Resource(arn);
  return resource.substr(0, resource.find('/'));
}

std::string_view ArnName(std::string_view arn) {
  const std::string_view resource = Resource(arn);
  const std::size_t slash = resource.find('/');
  return slash == std::string_view::npos ? std::string_view{} : resource.substr(slash + 1);
}

std::string BuiltInArn(std::string_view type, std::string_view name) {
  std::string arn = "arn:aws:personalize:::";
  return arn.append(type).append("/").append(name);
}

}  // namespace usher::personalize
