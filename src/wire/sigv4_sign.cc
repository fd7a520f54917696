// The signing half of sigv4.h.
#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "base/encoding.h"
#include "base/text.h"
#include "wire/digest.h"
#include "wire/sigv4.h"
#include "wire/sigv4_canonical.h"

namespace usher::wire::sigv4 {
namespace {

// Changed or dropped between client and server.
constexpr std::array<std::string_view, 10> kUnsignedHeaders = {
    "authorization", "connection",        "expect",  "keep-alive", "te",
    "trailer",       "transfer-encoding", "upgrade", "user-agent", "x-amzn-trace-id"};

std::vector<std::string> HeadersToSign(const Headers& headers) {
  std::vector<std::string> names;
  for (const auto& [name, value] : headers) {
    std::string lower = AsciiLower(name);
    if (std::ranges::find(kUnsignedHeaders, lower) == kUnsignedHeaders.end()) {
      names.push_back(std::move(lower));
    }
  }
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::string Join(const std::vector<std::string>& names) {
  std::string joined;
  for (const std::string& name : names) {
    if (!joined.empty()) joined += ';';
    joined += name;
  }
  return joined;
}

Scope ScopeOf(const SignOptions& options, std::string_view timestamp) {
  return {.access_key_id = options.identity.access_key_id,
          .date = std::string(timestamp.substr(0, 8)),
          .region = options.region,
          .service = options.service};
}

Signed SignCanonical(std::string canonical, std::string_view timestamp, const Scope& scope,
                     const SignOptions& options) {
  Signed result{.canonical_request = std::move(canonical),
                .string_to_sign = {},
                .signature = {},
                .signing_key = SigningKey(options.identity.secret, scope)};
  result.string_to_sign = StringToSign(timestamp, scope, result.canonical_request);
  result.signature = HexEncode(HmacSha256(result.signing_key, result.string_to_sign));
  return result;
}

Target TargetOf(const HttpRequest& request) {
  auto target = ParseTarget(request.target);
  Check(target.has_value(), "a request to sign has a well-formed target");
  return *std::move(target);
}

}  // namespace

Signed Sign(HttpRequest& request, std::string_view body, const SignOptions& options) {
  const std::string timestamp = FormatIso8601Basic(options.now);
  const Scope scope = ScopeOf(options, timestamp);
  const std::string content =
      options.content_sha256.empty() ? Sha256Hex(body) : options.content_sha256;
  const bool has_token = !options.identity.session_token.empty();

  if (has_token && !options.leave_token_unsigned) {
    request.headers.Set("X-Amz-Security-Token", options.identity.session_token);
  }
  request.headers.Set("X-Amz-Date", timestamp);
  if (options.send_content_sha256) request.headers.Set("x-amz-content-sha256", content);

  const std::vector<std::string> names = HeadersToSign(request.headers);
  const Target target = TargetOf(request);
  Signed result =
      SignCanonical(CanonicalRequest(request, CanonicalPath(target.path, options.rules),
                                     CanonicalQuery(target.parameters, {}), names, content),
                    timestamp, scope, options);

  if (has_token && options.leave_token_unsigned) {
    request.headers.Set("X-Amz-Security-Token", options.identity.session_token);
  }
  request.headers.Set("Authorization", std::string(kAlgorithm) +
                                           " Credential=" + scope.access_key_id + "/" +
                                           scope.Text() + ", SignedHeaders=" + Join(names) +
                                           ", Signature=" + result.signature);
  return result;
}

Signed Presign(HttpRequest& request, std::string_view body, std::chrono::seconds life,
               const SignOptions& options) {
  const std::string timestamp = FormatIso8601Basic(options.now);
  const Scope scope = ScopeOf(options, timestamp);
  const std::vector<std::string> names = HeadersToSign(request.headers);
  std::string content = options.content_sha256;
  if (content.empty()) content = options.rules.hash_body ? Sha256Hex(body) : "UNSIGNED-PAYLOAD";

  const auto add = [&](std::string_view name, std::string_view value) {
    request.target += request.target.find('?') == std::string::npos ? '?' : '&';
    request.target.append(name).append("=").append(PercentEncode(value));
  };
  add("X-Amz-Algorithm", kAlgorithm);
  add("X-Amz-Credential", scope.access_key_id + "/" + scope.Text());
  add("X-Amz-Date", timestamp);
  add("X-Amz-SignedHeaders", Join(names));
  add("X-Amz-Expires", std::to_string(life.count()));
  if (!options.identity.session_token.empty()) {
    add("X-Amz-Security-Token", options.identity.session_token);
  }

  const Target target = TargetOf(request);
  constexpr std::array<std::string_view, 1> kToken = {"X-Amz-Security-Token"};
  const std::string query = CanonicalQuery(
      target.parameters, std::span(kToken).first(options.leave_token_unsigned ? 1 : 0));
  Signed result = SignCanonical(
      CanonicalRequest(request, CanonicalPath(target.path, options.rules), query, names, content),
      timestamp, scope, options);
  add("X-Amz-Signature", result.signature);
  return result;
}

}  // namespace usher::wire::sigv4
