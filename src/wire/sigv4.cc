#include "wire/sigv4.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/encoding.h"
#include "base/text.h"
#include "wire/digest.h"
#include "wire/sigv4_canonical.h"
#include "wire/sigv4_claim.h"
#include "wire/sigv4_refusal.h"

namespace usher::wire::sigv4 {
namespace {

constexpr std::string_view kContentHashHeader = "x-amz-content-sha256";
constexpr std::string_view kTokenHeader = "x-amz-security-token";

Result<void> CheckSizes(const HttpRequest& request, const Refusal& refusal) {
  if (request.target.size() > kMaxTargetBytes) {
    return refusal.TooLarge("The request target is larger than " + std::to_string(kMaxTargetBytes) +
                            " bytes.");
  }
  const auto parameters = std::ranges::count(request.target, '&');
  if (static_cast<std::size_t>(parameters) >= kMaxQueryParameters) {
    return refusal.TooLarge("The query has more than " + std::to_string(kMaxQueryParameters) +
                            " parameters.");
  }
  std::size_t bytes = 0;
  for (const auto& [name, value] : request.headers) bytes += name.size() + value.size();
  if (bytes > kMaxHeaderBytes) {
    return refusal.TooLarge("The headers are larger than " + std::to_string(kMaxHeaderBytes) +
                            " bytes.");
  }
  return {};
}

Result<void> CheckTime(const Claim& claim, Time now, const Refusal& refusal) {
  if (claim.scope.date != std::string_view(claim.timestamp).substr(0, 8)) {
    return refusal.ScopeDate(claim.scope, claim.timestamp);
  }
  if (!claim.life) {
    const auto skew = claim.signed_at > now ? claim.signed_at - now : now - claim.signed_at;
    if (skew > kMaxClockSkew) return refusal.Skewed(claim.timestamp, claim.signed_at, now);
    return {};
  }
  if (claim.signed_at - kMaxClockSkew > now) return refusal.NotYetValid(claim.timestamp, now);
  if (now > claim.signed_at + *claim.life) {
    return refusal.Expired(claim.signed_at, *claim.life, now);
  }
  return {};
}

// A temporary key comes with its token, a permanent one without any.
bool TokenFits(const std::optional<std::string>& given, const Credentials::Key& key) {
  if (given && given->size() > kMaxSessionTokenBytes) return false;
  return EqualInConstantTime(given.value_or(""), key.session_token);
}

// Whoever changes an unsigned header on the way could change what the request means: Host and
// every x-amz-* header must be signed.
Result<void> CheckSignedHeaders(const HttpRequest& request, const Claim& claim, const Rules& rules,
                                const Refusal& refusal) {
  const auto is_signed = [&](std::string_view name) {
    return std::ranges::binary_search(claim.signed_headers, name);
  };
  if (!is_signed("host")) return refusal.HostNotSigned();
  for (const auto& [name, value] : request.headers) {
    const std::string lower = AsciiLower(name);
    if (!lower.starts_with("x-amz-") || is_signed(lower)) continue;
    if (lower == kTokenHeader && rules.unsigned_session_token && !claim.life) continue;
    return refusal.HeaderNotSigned(lower);
  }
  for (const std::string& name : claim.signed_headers) {
    if (request.headers.Find(name) == nullptr) return refusal.SignedHeaderMissing(name);
  }
  return {};
}

// The last line of the canonical request, and what it promises.
struct Content {
  PayloadMode mode = PayloadMode::kHashed;
  std::string sha256;
};

Result<Content> FindContent(const HttpRequest& request, const Target& target, std::string_view body,
                            bool presigned, const Rules& rules, const Refusal& refusal) {
  const bool has_header = request.headers.Find(kContentHashHeader) != nullptr;
  std::string given = CanonicalHeaderValue(request.headers, kContentHashHeader);
  if (rules.hash_body) {
    Content content{.mode = PayloadMode::kHashed, .sha256 = Sha256Hex(body)};
    if (has_header && given != content.sha256) return refusal.ContentHashDiffers();
    return content;
  }
  if (!has_header && presigned) {
    given = "UNSIGNED-PAYLOAD";
    for (const auto& [name, value] : target.parameters) {
      if (name == "X-Amz-Content-Sha256") given = value;
    }
  } else if (!has_header) {
    return refusal.NoContentHash();
  }
  const auto mode = ParsePayloadMode(given);
  if (!mode) return refusal.BadContentHash(given);
  return Content{.mode = *mode, .sha256 = std::move(given)};
}

// Everything that the head alone shows.
struct CheckedHead {
  Target target;
  Claim claim;
  Credentials::Key key;
};

Result<CheckedHead> CheckHead(const HttpRequest& request, const Rules& rules,
                              const Credentials& credentials, Time now) {
  const bool has_header = request.headers.Find("authorization") != nullptr;
  if (const auto sizes = CheckSizes(request, Refusal(rules.style, !has_header)); !sizes) {
    return sizes.error();
  }
  auto target = ParseTarget(request.target);
  const bool plain_method = std::ranges::all_of(request.method, [](char c) { return c > ' '; });
  if (!target || !target->path.starts_with('/') || !plain_method) {
    return Refusal(rules.style, !has_header).BadTarget();
  }
  const bool presigned = IsPresigned(*target);
  const Refusal refusal(rules.style, presigned);
  if (presigned && has_header) return refusal.TwoSignatures();

  auto claim = presigned ? ParseQueryClaim(*target, refusal) : ParseHeaderClaim(request, refusal);
  if (!claim) return std::move(claim).error();
  auto key = credentials.Find(claim->scope.access_key_id);
  if (!key) return refusal.UnknownKey(claim->scope.access_key_id);
  if (!TokenFits(claim->session_token, *key)) return refusal.BadToken();
  if (key->expired) return refusal.ExpiredToken();
  if (const auto timely = CheckTime(*claim, now, refusal); !timely) return timely.error();
  if (const auto fit = CheckSignedHeaders(request, *claim, rules, refusal); !fit) {
    return fit.error();
  }
  return CheckedHead{*std::move(target), *std::move(claim), *std::move(key)};
}

}  // namespace

Rules S3Rules() {
  return {.style = ErrorStyle::kS3,
          .normalize_path = false,
          .double_encode_path = false,
          .hash_body = false,
          .unsigned_session_token = false};
}

Rules ServiceRules(ErrorStyle style) { return {.style = style}; }

std::string Scope::Text() const { return date + "/" + region + "/" + service + "/aws4_request"; }

std::optional<PayloadMode> ParsePayloadMode(std::string_view content_sha256) {
  if (content_sha256 == "UNSIGNED-PAYLOAD") return PayloadMode::kUnsigned;
  if (content_sha256 == "STREAMING-AWS4-HMAC-SHA256-PAYLOAD") return PayloadMode::kSignedChunks;
  if (content_sha256 == "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER") {
    return PayloadMode::kSignedChunksTrailer;
  }
  if (content_sha256 == "STREAMING-UNSIGNED-PAYLOAD-TRAILER") {
    return PayloadMode::kUnsignedChunksTrailer;
  }
  if (content_sha256.size() == 64 && HexDecode(content_sha256)) return PayloadMode::kHashed;
  return std::nullopt;
}

std::string SigningKey(std::string_view secret, const Scope& scope) {
  const std::string date = HmacSha256("AWS4" + std::string(secret), scope.date);
  return HmacSha256(HmacSha256(HmacSha256(date, scope.region), scope.service), "aws4_request");
}

bool HasSignature(const HttpRequest& request) {
  if (request.headers.Find("authorization") != nullptr) return true;
  if (request.target.size() > kMaxTargetBytes) return false;
  const auto target = ParseTarget(request.target);
  return target && IsPresigned(*target);
}

std::optional<Scope> ClaimedScope(const HttpRequest& request) {
  const Refusal refusal(ErrorStyle::kJson, /*presigned=*/false);
  if (const std::string* authorization = request.headers.Find("authorization")) {
    const auto elements = ParseAuthorization(*authorization, refusal);
    return elements ? ParseCredential(elements->credential) : std::nullopt;
  }
  if (request.target.size() > kMaxTargetBytes) return std::nullopt;
  const auto target = ParseTarget(request.target);
  if (!target || !IsPresigned(*target)) return std::nullopt;
  for (const auto& [name, value] : target->parameters) {
    if (name == "X-Amz-Credential") return ParseCredential(value);
  }
  return std::nullopt;
}

Result<void> CheckBeforeBody(const HttpRequest& request, const Rules& rules,
                             const Credentials& credentials, Time now) {
  const auto checked = CheckHead(request, rules, credentials, now);
  return checked ? Result<void>() : checked.error();
}

Result<Verified> Verify(const HttpRequest& request, std::string_view body, const Rules& rules,
                        const Credentials& credentials, Time now) {
  const auto checked = CheckHead(request, rules, credentials, now);
  if (!checked) return checked.error();
  const auto& [target, claim, key] = *checked;
  const bool presigned = claim.life.has_value();
  const Refusal refusal(rules.style, presigned);
  auto content = FindContent(request, target, body, presigned, rules, refusal);
  if (!content) return std::move(content).error();

  const std::string path = CanonicalPath(target.path, rules);
  std::string signing_key = SigningKey(key.secret, claim.scope);
  const auto try_without = [&](std::span<const std::string_view> left_out, Error* mismatch) {
    const std::string canonical =
        CanonicalRequest(request, path, CanonicalQuery(target.parameters, left_out),
                         claim.signed_headers, content->sha256);
    const std::string text = StringToSign(claim.timestamp, claim.scope, canonical);
    if (EqualInConstantTime(HexEncode(HmacSha256(signing_key, text)), claim.signature)) return true;
    if (mismatch != nullptr) {
      *mismatch = refusal.Mismatch(claim.scope, claim.signature, text, canonical);
    }
    return false;
  };
  constexpr std::array<std::string_view, 2> kNeverSigned = {"X-Amz-Signature",
                                                            "X-Amz-Security-Token"};
  Error mismatch;
  bool holds = try_without(std::span(kNeverSigned).first(presigned ? 1 : 0), &mismatch);
  if (!holds && presigned && claim.session_token && rules.unsigned_session_token) {
    // Some signers add the token to the query after signing; it has been compared with the key's.
    holds = try_without(kNeverSigned, nullptr);
  }
  if (!holds) return mismatch;
  return Verified{.scope = claim.scope,
                  .arn = key.arn,
                  .timestamp = claim.timestamp,
                  .presigned = presigned,
                  .signed_headers = claim.signed_headers,
                  .payload_mode = content->mode,
                  .content_sha256 = std::move(content->sha256),
                  .signature = claim.signature,
                  .signing_key = std::move(signing_key)};
}

}  // namespace usher::wire::sigv4
