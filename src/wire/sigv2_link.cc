#include "wire/sigv2_link.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/check.h"
#include "base/encoding.h"
#include "base/text.h"
#include "wire/digest.h"
#include "wire/router.h"

namespace usher::wire::sigv2 {
namespace {

constexpr std::string_view kKeyParameter = "AWSAccessKeyId";
constexpr std::string_view kSignatureParameter = "Signature";
constexpr std::string_view kExpiresParameter = "Expires";
constexpr std::string_view kTokenHeader = "x-amz-security-token";
constexpr std::size_t kMaxExpiresDigits = 12;

// Parameters that are part of what is signed, sorted.
constexpr std::string_view kSubresources[] = {"accelerate",
                                              "acl",
                                              "analytics",
                                              "cors",
                                              "defaultObjectAcl",
                                              "delete",
                                              "inventory",
                                              "lifecycle",
                                              "location",
                                              "logging",
                                              "metrics",
                                              "notification",
                                              "object-lock",
                                              "partNumber",
                                              "policy",
                                              "replication",
                                              "requestPayment",
                                              "response-cache-control",
                                              "response-content-disposition",
                                              "response-content-encoding",
                                              "response-content-language",
                                              "response-content-type",
                                              "response-expires",
                                              "restore",
                                              "select",
                                              "select-type",
                                              "storageClass",
                                              "tagging",
                                              "torrent",
                                              "uploadId",
                                              "uploads",
                                              "versionId",
                                              "versioning",
                                              "versions",
                                              "website"};
// Parameters that only say which part of a listing is wanted.
constexpr std::string_view kHarmless[] = {"continuation-token",
                                          "delimiter",
                                          "encoding-type",
                                          "fetch-owner",
                                          "key-marker",
                                          "list-type",
                                          "marker",
                                          "max-keys",
                                          "max-parts",
                                          "max-uploads",
                                          "part-number-marker",
                                          "prefix",
                                          "start-after",
                                          "upload-id-marker",
                                          "version-id-marker",
                                          "x-id"};

bool IsOneOf(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

bool IsAmzHeader(std::string_view name) { return AsciiLower(name).starts_with("x-amz-"); }

Error Denied(std::string message) {
  return Named("AccessDenied", ErrorCode::kAccessDenied, std::move(message), 403);
}

std::string HmacSha1(std::string_view key, std::string_view text) {
  std::array<unsigned char, 20> code{};
  unsigned int size = 0;
  Check(HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(text.data()), text.size(), code.data(),
             &size) != nullptr &&
            size == code.size(),
        "OpenSSL makes an HMAC");
  return {reinterpret_cast<const char*>(code.data()), code.size()};
}

// The parameters of a link by what they are to its signature.
struct Parts {
  std::string access_key_id;
  std::string signature;
  std::string expires;
  std::map<std::string, std::string> subresources;
  Headers headers;
};

Result<Parts> Sort(const Parameters& query) {
  Parts parts;
  std::map<std::string, std::string> seen;
  for (const auto& [name, value] : query) {
    if (!seen.emplace(name, value).second) {
      return Denied("The parameter '" + name + "' is given twice.");
    }
    if (name == kKeyParameter) {
      parts.access_key_id = value;
    } else if (name == kSignatureParameter) {
      parts.signature = value;
    } else if (name == kExpiresParameter) {
      parts.expires = value;
    } else if (IsOneOf(kSubresources, name)) {
      parts.subresources.emplace(name, value);
    } else if (IsAmzHeader(name) || EqualsIgnoreCase(name, "Content-Type") ||
               EqualsIgnoreCase(name, "Content-MD5")) {
      parts.headers.Add(name, value);
    } else if (!IsOneOf(kHarmless, name)) {
      return Denied("The parameter '" + name + "' is not covered by the link's signature.");
    }
  }
  if (parts.access_key_id.empty() || parts.signature.empty() || parts.expires.empty()) {
    return Denied(
        "Query-string authentication requires the Signature, Expires and AWSAccessKeyId "
        "parameters");
  }
  return parts;
}

Result<void> CheckExpiry(const std::string& expires, Time now) {
  if (expires.size() > kMaxExpiresDigits ||
      expires.find_first_not_of("0123456789") != std::string::npos) {
    return Denied("Invalid date (should be seconds since epoch): " + expires.substr(0, 100));
  }
  const Time end = FromEpochMillis(std::stoll(expires) * 1000);
  if (now <= end) return {};
  Error error = Denied("Request has expired");
  error.details = {{"Expires", FormatIso8601(end, false)},
                   {"ServerTime", FormatIso8601(now, false)}};
  return error;
}

// A header as sent, else as it stands in the link; "" when it is nowhere.
std::string HeaderOf(const HttpRequest& request, const Parts& parts, std::string_view name) {
  if (const std::string* sent = request.headers.Find(name)) return std::string(Trim(*sent));
  if (const std::string* linked = parts.headers.Find(name)) return std::string(Trim(*linked));
  return "";
}

std::string StringToSign(const HttpRequest& request, const RequestTarget& target,
                         const Parts& parts) {
  std::string text = request.method + "\n" + HeaderOf(request, parts, "Content-MD5") + "\n" +
                     HeaderOf(request, parts, "Content-Type") + "\n" + parts.expires + "\n";

  std::map<std::string, std::string> amz_headers;  // sorted; fields of one name joined
  for (const Headers* headers : {&request.headers, &parts.headers}) {
    for (const auto& [name, value] : *headers) {
      if (!IsAmzHeader(name)) continue;
      const auto [header, first] = amz_headers.emplace(AsciiLower(name), Trim(value));
      if (!first) header->second.append(",").append(Trim(value));
    }
  }
  for (const auto& [name, value] : amz_headers) text += name + ":" + value + "\n";

  const std::string* host = request.headers.Find("Host");
  const auto bucket = host ? BucketOfHost(*host) : std::nullopt;
  if (bucket) text.append("/").append(*bucket);
  text += target.path;
  // The bucket itself is signed as "/bucket/", whether or not the path has that slash.
  const bool names_bucket =
      !bucket && target.path.size() > 1 && target.path.find('/', 1) == std::string_view::npos;
  if (names_bucket) text += '/';
  char separator = '?';
  for (const auto& [name, value] : parts.subresources) {
    text += separator + name;
    if (!value.empty()) text += "=" + value;
    separator = '&';
  }
  return text;
}

}  // namespace

bool IsLink(const Parameters& query) {
  return FindParameter(query, kKeyParameter) != nullptr &&
         FindParameter(query, kSignatureParameter) != nullptr;
}

Result<Verified> VerifyLink(const HttpRequest& request, const RequestTarget& target,
                            const Credentials& credentials, Time now) {
  if (request.headers.Find("Authorization")) {
    return Named("InvalidArgument", ErrorCode::kInvalidInput,
                 "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, "
                 "Signature query string parameter or the Authorization header should be specified",
                 400);
  }
  auto parts = Sort(target.query);
  if (!parts) return parts.error();
  if (auto valid = CheckExpiry(parts->expires, now); !valid) return valid.error();
  const auto key = credentials.Find(parts->access_key_id);
  if (!key) {
    Error error = Named("InvalidAccessKeyId", ErrorCode::kAccessDenied,
                        "The AWS Access Key Id you provided does not exist in our records.", 403);
    error.details = {{"AWSAccessKeyId", parts->access_key_id}};
    return error;
  }
  if (!EqualInConstantTime(HeaderOf(request, *parts, kTokenHeader), key->session_token)) {
    return Named("InvalidToken", ErrorCode::kAccessDenied,
                 "The provided token is malformed or otherwise invalid.", 400);
  }
  if (key->expired) {
    return Named("ExpiredToken", ErrorCode::kAccessDenied, "The provided token has expired.", 400);
  }

  const std::string text = StringToSign(request, target, *parts);
  if (!EqualInConstantTime(parts->signature, Base64Encode(HmacSha1(key->secret, text)))) {
    Error error = Named("SignatureDoesNotMatch", ErrorCode::kAccessDenied,
                        "The request signature we calculated does not match the signature you "
                        "provided. Check your key and signing method.",
                        403);
    error.details = {{"AWSAccessKeyId", parts->access_key_id},
                     {"StringToSign", text},
                     {"SignatureProvided", parts->signature}};
    return error;
  }
  return Verified{.access_key_id = std::move(parts->access_key_id),
                  .arn = key->arn,
                  .headers = std::move(parts->headers)};
}

}  // namespace usher::wire::sigv2
