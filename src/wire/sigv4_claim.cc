#include "wire/sigv4_claim.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/text.h"

namespace usher::wire::sigv4 {
namespace {

constexpr std::string_view kTerminator = "aws4_request";

bool IsLowerHex(std::string_view text, std::size_t size) {
  return text.size() == size && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

bool IsDate(std::string_view text) {
  return text.size() == 8 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// A part of a scope: printable ASCII without what separates.
bool IsScopePart(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return c > ' ' && c < 0x7F && c != '/' && c != ',';
  });
}

bool IsHeaderName(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

Result<std::vector<std::string>> ParseSignedHeaders(std::string_view text, const Refusal& refusal) {
  std::vector<std::string> names;
  for (const std::string_view name : Split(text, ';')) {
    if (!IsHeaderName(name)) {
      return refusal.Malformed("SignedHeaders must be header names in lower case.");
    }
    if (!names.empty() && names.back() >= name) {
      return refusal.Malformed("SignedHeaders must be in ascending order, each name once.");
    }
    if (names.size() == kMaxSignedHeaders) {
      return refusal.Malformed("SignedHeaders has more than " + std::to_string(kMaxSignedHeaders) +
                               " names.");
    }
    names.emplace_back(name);
  }
  return names;
}

// Fills what both forms have in common.
Result<Claim> MakeClaim(std::string_view credential, std::string_view signed_headers,
                        std::string_view signature, const Refusal& refusal) {
  auto scope = ParseCredential(credential);
  if (!scope) {
    return refusal.Malformed(
        "the Credential is mal-formed; expecting "
        "\"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".");
  }
  auto names = ParseSignedHeaders(signed_headers, refusal);
  if (!names) return std::move(names).error();
  if (!IsLowerHex(signature, 64)) {
    return refusal.Malformed("the Signature must be 64 hex digits in lower case.");
  }
  return Claim{.scope = *std::move(scope),
               .signed_headers = *std::move(names),
               .signature = std::string(signature)};
}

Result<void> SetTime(Claim& claim, std::string_view timestamp, const Refusal& refusal) {
  const auto time = ParseIso8601Basic(timestamp);
  if (!time) {
    return refusal.Malformed("X-Amz-Date must be in the ISO8601 form \"YYYYMMDDTHHMMSSZ\".");
  }
  claim.timestamp = timestamp;
  claim.signed_at = *time;
  return {};
}

// X-Amz-Date, else Date in either of its forms.
Result<void> SetTimeFromHeaders(Claim& claim, const HttpRequest& request, const Refusal& refusal) {
  const auto amz_dates = request.headers.FindAll("x-amz-date");
  if (amz_dates.size() > 1) return refusal.Malformed("X-Amz-Date is given twice.");
  if (!amz_dates.empty()) return SetTime(claim, Trim(amz_dates.front()), refusal);

  const auto dates = request.headers.FindAll("date");
  if (dates.empty()) {
    return refusal.Malformed(
        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
  }
  if (dates.size() > 1) return refusal.Malformed("Date is given twice.");
  std::string date(Trim(dates.front()));
  if (ParseIso8601Basic(date)) return SetTime(claim, date, refusal);
  for (const std::string_view zone : {" +0000", " -0000"}) {  // RFC 5322 forms of GMT
    if (date.ends_with(zone)) date.replace(date.size() - zone.size(), zone.size(), " GMT");
  }
  const auto time = ParseHttpDate(date);
  if (!time) return refusal.Malformed("Date is not a time: use \"YYYYMMDDTHHMMSSZ\".");
  return SetTime(claim, FormatIso8601Basic(*time), refusal);
}

Result<std::chrono::seconds> ParseLife(std::string_view text, const Refusal& refusal) {
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool digits = std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  if (error == std::errc::result_out_of_range && digits) {
    return refusal.Malformed(
        "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires "
        "must be less than 604800 seconds");
  }
  if (error != std::errc() || end != text.data() + text.size() || !digits) {
    return refusal.Malformed("X-Amz-Expires must be a number of seconds");
  }
  if (std::chrono::seconds(seconds) < kMinPresignedLife) {
    return refusal.Malformed("X-Amz-Expires must be at least 1 second");
  }
  if (std::chrono::seconds(seconds) > kMaxPresignedLife) {
    return refusal.Malformed(
        "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires "
        "must be less than 604800 seconds");
  }
  return std::chrono::seconds(seconds);
}

}  // namespace

bool IsPresigned(const Target& target) {
  return std::ranges::any_of(target.parameters, [](const Parameter& parameter) {
    return parameter.name == "X-Amz-Algorithm" || parameter.name == "X-Amz-Signature";
  });
}

std::optional<Scope> ParseCredential(std::string_view credential) {
  if (credential.size() > kMaxCredentialBytes) return std::nullopt;
  const auto parts = Split(credential, '/');
  if (parts.size() != 5 || parts[4] != kTerminator || !IsDate(parts[1]) ||
      !std::ranges::all_of(parts, IsScopePart)) {
    return std::nullopt;
  }
  return Scope{.access_key_id = std::string(parts[0]),
               .date = std::string(parts[1]),
               .region = std::string(parts[2]),
               .service = std::string(parts[3])};
}

Result<AuthorizationElements> ParseAuthorization(std::string_view authorization,
                                                 const Refusal& refusal) {
  if (authorization.size() > kMaxAuthorizationBytes) {
    return refusal.TooLarge("The Authorization header is larger than " +
                            std::to_string(kMaxAuthorizationBytes) + " bytes.");
  }
  authorization = Trim(authorization);
  const std::size_t space = authorization.find(' ');
  const std::string_view algorithm = authorization.substr(0, space);
  if (algorithm != kAlgorithm) return refusal.UnsupportedAlgorithm(algorithm);
  AuthorizationElements elements;
  if (space == std::string_view::npos) {
    return refusal.Malformed(
        "Authorization header requires 'Credential', 'SignedHeaders' and "
        "'Signature' parameters.");
  }
  for (std::string_view piece : Split(authorization.substr(space + 1), ',')) {
    piece = Trim(piece);
    const std::size_t equals = piece.find('=');
    const std::string_view name = piece.substr(0, equals);
    std::string_view* slot = name == "Credential"      ? &elements.credential
                             : name == "SignedHeaders" ? &elements.signed_headers
                             : name == "Signature"     ? &elements.signature
                                                       : nullptr;
    if (slot == nullptr || equals == std::string_view::npos || equals + 1 == piece.size() ||
        !slot->empty()) {
      return refusal.Malformed(
          "Authorization header requires 'Credential', 'SignedHeaders' and 'Signature' "
          "parameters, each once.");
    }
    *slot = piece.substr(equals + 1);
  }
  if (elements.credential.empty()) {
    return refusal.Malformed("Authorization header requires 'Credential' parameter.");
  }
  if (elements.signed_headers.empty()) {
    return refusal.Malformed("Authorization header requires 'SignedHeaders' parameter.");
  }
  if (elements.signature.empty()) {
    return refusal.Malformed("Authorization header requires 'Signature' parameter.");
  }
  return elements;
}

Result<Claim> ParseHeaderClaim(const HttpRequest& request, const Refusal& refusal) {
  const auto authorizations = request.headers.FindAll("authorization");
  if (authorizations.empty()) return refusal.NotSigned();
  if (authorizations.size() > 1) {
    return refusal.Malformed("the Authorization header is given twice.");
  }
  const auto elements = ParseAuthorization(authorizations.front(), refusal);
  if (!elements) return elements.error();
  auto claim =
      MakeClaim(elements->credential, elements->signed_headers, elements->signature, refusal);
  if (!claim) return claim;
  if (const auto set = SetTimeFromHeaders(*claim, request, refusal); !set) return set.error();
  const auto tokens = request.headers.FindAll("x-amz-security-token");
  if (tokens.size() > 1) return refusal.Malformed("X-Amz-Security-Token is given twice.");
  if (!tokens.empty()) claim->session_token = std::string(Trim(tokens.front()));
  return claim;
}

Result<Claim> ParseQueryClaim(const Target& target, const Refusal& refusal) {
  std::optional<std::string_view> algorithm;
  std::optional<std::string_view> credential;
  std::optional<std::string_view> date;
  std::optional<std::string_view> expires;
  std::optional<std::string_view> signed_headers;
  std::optional<std::string_view> signature;
  std::optional<std::string_view> token;
  const std::pair<std::string_view, std::optional<std::string_view>*> slots[] = {
      {"X-Amz-Algorithm", &algorithm},
      {"X-Amz-Credential", &credential},
      {"X-Amz-Date", &date},
      {"X-Amz-Expires", &expires},
      {"X-Amz-SignedHeaders", &signed_headers},
      {"X-Amz-Signature", &signature},
      {"X-Amz-Security-Token", &token},
  };
  for (const auto& [name, value] : target.parameters) {
    for (const auto& [slot_name, slot] : slots) {
      if (name != slot_name) continue;
      if (slot->has_value()) return refusal.Malformed(name + " is given twice.");
      *slot = value;
    }
  }
  if (algorithm && *algorithm != kAlgorithm) return refusal.UnsupportedAlgorithm(*algorithm);
  if (!algorithm || !credential || !date || !expires || !signed_headers || !signature) {
    return refusal.Malformed(
        "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, "
        "X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.");
  }
  auto claim = MakeClaim(*credential, *signed_headers, *signature, refusal);
  if (!claim) return claim;
  if (const auto set = SetTime(*claim, *date, refusal); !set) return set.error();
  const auto life = ParseLife(*expires, refusal);
  if (!life) return life.error();
  claim->life = *life;
  if (token) claim->session_token = std::string(*token);
  return claim;
}

}  // namespace usher::wire::sigv4
