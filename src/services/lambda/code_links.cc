#include "services/lambda/code_links.h"

#include <charconv>

#include "base/encoding.h"
#include "wire/digest.h"

namespace usher::lambda {
namespace {

constexpr std::string_view kVersions = "function/";
constexpr std::string_view kLayers = "layer/";
constexpr std::string_view kExpires = "?expires=";
constexpr std::string_view kSignature = "&signature=";

std::string Sign(const Service& service, std::string_view text) {
  return HexEncode(wire::HmacSha256(service.link_secret, text));
}

std::string Link(const Service& service, const wire::CallContext& context, std::string_view kind,
                 std::string_view id) {
  const auto expires = EpochMillis(service.clock.Now() + kCodeLinkLife) / 1000;
  const std::string rest = std::string(kCodeLinkPrefix) + std::string(kind) + PercentEncode(id) +
                           std::string(kExpires) + std::to_string(expires);
  const std::string& endpoint =
      context.endpoint.empty() ? service.options.endpoint : context.endpoint;
  return endpoint + rest + std::string(kSignature) + Sign(service, rest);
}

}  // namespace

std::string CodeLink(const Service& service, const wire::CallContext& context,
                     std::string_view id) {
  return Link(service, context, kVersions, id);
}

std::string LayerLink(const Service& service, const wire::CallContext& context,
                      std::string_view id) {
  return Link(service, context, kLayers, id);
}

Result<std::unique_ptr<ByteSource>> OpenCodeLink(const Service& service, std::string_view target) {
  const Error refused = AccessDenied("this link to a function's code is not valid any more");
  const std::size_t mark = target.find(kSignature);
  if (mark == std::string_view::npos || !target.starts_with(kCodeLinkPrefix)) return refused;
  const std::string_view rest = target.substr(0, mark);
  if (!wire::EqualInConstantTime(target.substr(mark + kSignature.size()), Sign(service, rest))) {
    return refused;
  }
  const std::size_t query = rest.find(kExpires);  // there: we have signed it
  const std::string_view seconds = rest.substr(query + kExpires.size());
  std::int64_t expires = 0;
  std::from_chars(seconds.data(), seconds.data() + seconds.size(), expires);
  if (EpochMillis(service.clock.Now()) / 1000 > expires) return refused;

  std::string_view path = rest.substr(kCodeLinkPrefix.size(), query - kCodeLinkPrefix.size());
  const bool is_layer = path.starts_with(kLayers);
  path.remove_prefix(is_layer ? kLayers.size() : kVersions.size());
  const auto id = PercentDecode(path);
  if (!id) return refused;
  const auto document = service.store.Get(is_layer ? kLayerVersionKind : kVersionKind, *id);
  if (!document) return document.error();
  if (!*document) return NotFound("there is no code of this name any more");
  if (is_layer) {
    const auto layer = ReadLayerVersion(**document);
    if (!layer) return layer.error();
    return service.code->Read(layer->code);
  }
  const auto version = ReadVersion(**document);
  if (!version) return version.error();
  if (!version->code) return NotFound("this function has no code");
  return service.code->Read(*version->code);
}

}  // namespace usher::lambda
