#include "wire/sigv4_canonical.h"

#include <algorithm>
#include <utility>

#include "base/encoding.h"
#include "base/text.h"
#include "wire/digest.h"

namespace usher::wire::sigv4 {
namespace {

bool IsSpace(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

void AppendFolded(std::string_view value, std::string& out) {
  bool space = false;
  const std::size_t start = out.size();
  for (const char c : value) {
    if (IsSpace(c)) {
      space = out.size() > start;
      continue;
    }
    if (space) out += ' ';
    space = false;
    out += c;
  }
}

// Resolves empty, "." and ".." segments. A slash at the end stays.
std::string NormalizePath(std::string_view path) {
  std::vector<std::string_view> kept;
  for (const std::string_view segment : Split(path, '/')) {
    if (segment.empty() || segment == ".") continue;
    if (segment != "..") {
      kept.push_back(segment);
    } else if (!kept.empty()) {
      kept.pop_back();
    }
  }
  std::string normalized;
  for (const std::string_view segment : kept) {
    normalized += '/';
    normalized += segment;
  }
  if (normalized.empty() || path.ends_with('/')) normalized += '/';
  return normalized;
}

// Gives each byte its one encoded form, segment by segment, so that an encoded slash stays apart
// from a real one.
std::string ReencodePath(std::string_view path) {
  std::string encoded;
  bool first = true;
  for (const std::string_view segment : Split(path, '/')) {
    if (!first) encoded += '/';
    first = false;
    const auto decoded = PercentDecode(segment);
    // ParseTarget has refused what does not decode.
    encoded += PercentEncode(decoded ? std::string_view(*decoded) : segment);
  }
  return encoded;
}

}  // namespace

Result<Target> ParseTarget(std::string_view target) {
  const std::size_t question = target.find('?');
  Target parsed{.path = std::string(target.substr(0, question)), .parameters = {}};
  if (const auto decoded = PercentDecode(parsed.path); !decoded) return decoded.error();
  if (question == std::string_view::npos || question + 1 == target.size()) return parsed;
  for (const std::string_view piece : Split(target.substr(question + 1), '&')) {
    const std::size_t equals = piece.find('=');
    auto name = PercentDecode(piece.substr(0, equals), /*plus_is_space=*/true);
    if (!name) return std::move(name).error();
    auto value = equals == std::string_view::npos
                     ? Result<std::string>(std::string())
                     : PercentDecode(piece.substr(equals + 1), /*plus_is_space=*/true);
    if (!value) return std::move(value).error();
    parsed.parameters.push_back({*std::move(name), *std::move(value)});
  }
  return parsed;
}

std::string CanonicalPath(std::string_view path, const Rules& rules) {
  const std::string resolved = rules.normalize_path ? NormalizePath(path) : std::string(path);
  if (resolved.empty()) return "/";
  return rules.double_encode_path ? PercentEncode(resolved, /*keep_slash=*/true)
                                  : ReencodePath(resolved);
}

std::string CanonicalQuery(std::span<const Parameter> parameters,
                           std::span<const std::string_view> left_out) {
  std::vector<std::pair<std::string, std::string>> encoded;
  encoded.reserve(parameters.size());
  for (const auto& [name, value] : parameters) {
    if (std::ranges::find(left_out, name) != left_out.end()) continue;
    encoded.emplace_back(PercentEncode(name), PercentEncode(value));
  }
  std::ranges::sort(encoded);
  std::string query;
  for (const auto& [name, value] : encoded) {
    if (&name != &encoded.front().first) query += '&';
    query += name;
    query += '=';
    query += value;
  }
  return query;
}

std::string CanonicalHeaderValue(const Headers& headers, std::string_view name) {
  std::string joined;
  bool first = true;
  for (const std::string_view value : headers.FindAll(name)) {
    if (!first) joined += ',';
    first = false;
    std::string folded;
    AppendFolded(value, folded);
    joined += folded;
  }
  return joined;
}

std::string CanonicalRequest(const HttpRequest& request, std::string_view path,
                             std::string_view canonical_query,
                             std::span<const std::string> signed_headers,
                             std::string_view content_sha256) {
  std::string text;
  std::string names;
  text.append(request.method).append("\n");
  text.append(path).append("\n");
  text.append(canonical_query).append("\n");
  for (const std::string& name : signed_headers) {
    text.append(name).append(":");
    text.append(CanonicalHeaderValue(request.headers, name)).append("\n");
    if (!names.empty()) names += ';';
    names += name;
  }
  text.append("\n").append(names).append("\n").append(content_sha256);
  return text;
}

std::string StringToSign(std::string_view timestamp, const Scope& scope,
                         std::string_view canonical_request) {
  std::string text;
  text.append(kAlgorithm).append("\n");
  text.append(timestamp).append("\n");
  text.append(scope.Text()).append("\n");
  text.append(Sha256Hex(canonical_request));
  return text;
}

}  // namespace usher::wire::sigv4
