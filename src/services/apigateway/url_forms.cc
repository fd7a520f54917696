#include "services/apigateway/url_forms.h"

#include "base/text.h"
#include "wire/router.h"

namespace usher::apigateway {
namespace {

constexpr std::string_view kLabel = ".execute-api.";
constexpr std::string_view kUserRequest = "_user_request_";

// Takes the next part of a path that begins with '/'.
std::string_view TakePart(std::string_view& path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  const std::string_view part = path.substr(0, path.find('/'));
  path.remove_prefix(part.size());
  return part;
}

std::string_view HostOf(const wire::HttpRequest& request) {
  const std::string* const header = request.headers.Find("Host");
  if (header == nullptr) return {};
  return std::string_view(*header).substr(0, header->rfind(':'));
}

ServedUrl Url(std::string_view api, std::string_view stage, std::string_view path,
              std::string_view domain) {
  return {.api = std::string(api),
          .stage = std::string(stage),
          .path = path.empty() ? "/" : std::string(path),
          .domain = AsciiLower(domain)};
}

}  // namespace

std::optional<ServedUrl> FindServedUrl(const wire::HttpRequest& request) {
  const std::string_view host = HostOf(request);
  std::string_view path = std::string_view(request.target).substr(0, request.target.find('?'));
  const std::size_t dot = host.find('.');
  if (dot != std::string_view::npos && dot > 0) {
    const std::string_view rest = host.substr(dot);
    const bool labelled =
        rest.size() > kLabel.size() && EqualsIgnoreCase(rest.substr(0, kLabel.size()), kLabel);
    const std::string lower = labelled ? AsciiLower(rest.substr(kLabel.size() - 1)) : "";
    if (lower == ".localhost" || lower.ends_with(".amazonaws.com")) {
      const std::string_view stage = TakePart(path);
      return Url(AsciiLower(host.substr(0, dot)), stage, path, host);
    }
  }
  if (wire::BucketOfHost(host)) return std::nullopt;
  std::string_view rest = path;
  const std::string_view first = TakePart(rest);
  if (first == "restapis") {
    const std::string_view api = TakePart(rest);
    const std::string_view stage = TakePart(rest);
    if (TakePart(rest) != kUserRequest) return std::nullopt;
    return Url(api, stage, rest, host);
  }
  if (first == "_aws" && TakePart(rest) == "execute-api") {
    const std::string_view api = TakePart(rest);
    const std::string_view stage = TakePart(rest);
    return Url(api, stage, rest, host);
  }
  return std::nullopt;
}

}  // namespace usher::apigateway
