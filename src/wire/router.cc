#include "wire/router.h"

#include <algorithm>
#include <compare>
#include <span>

#include "base/check.h"
#include "base/encoding.h"
#include "base/text.h"

namespace usher::wire {
namespace {

enum class SegmentKind { kLiteral, kLabel, kGreedy };  // the more specific first

struct Segment {
  SegmentKind kind;
  std::string_view text;  // the literal, or the label's name
};

struct QueryCondition {
  std::string_view name;
  std::string_view value;  // empty: any
};

std::string_view WithoutPort(std::string_view host) {
  const std::size_t colon = host.rfind(':');
  const bool has_port = colon != std::string_view::npos && host.find(']', colon) == host.npos;
  return has_port ? host.substr(0, colon) : host;
}

// Takes `suffix` off the end of `text`; false when it does not end so.
bool TakeSuffix(std::string_view& text, std::string_view suffix) {
  if (text.size() <= suffix.size() ||
      !EqualsIgnoreCase(text.substr(text.size() - suffix.size()), suffix)) {
    return false;
  }
  text.remove_suffix(suffix.size());
  return true;
}

// "personalize.us-east-1.amazonaws.com", "iam.amazonaws.com".
const Service* ServiceOfHost(std::string_view host) {
  if (!TakeSuffix(host, ".amazonaws.com")) return nullptr;
  const std::string_view prefix = host.substr(0, host.find('.'));
  for (const Service* service : AllServices()) {
    if (EqualsIgnoreCase(service->endpoint_prefix, prefix)) return service;
  }
  return nullptr;
}

}  // namespace

// One operation's requestUri, taken apart.
struct Router::Pattern {
  const Operation* operation;
  std::vector<Segment> segments;
  std::vector<QueryCondition> query;
  std::vector<std::string_view> headers;  // must be there

  explicit Pattern(const Operation& of) : operation(&of) {
    const std::string_view path = of.uri.substr(0, of.uri.find('?'));
    for (const std::string_view part : Split(path.substr(1), '/')) {
      if (!part.empty()) segments.push_back(ParseSegment(part));
    }
    for (std::size_t i = 0; i + 1 < segments.size(); ++i) {
      Check(segments[i].kind != SegmentKind::kGreedy, "a greedy label is the last of its path");
    }
    if (path.size() < of.uri.size()) {
      for (const std::string_view part : Split(of.uri.substr(path.size() + 1), '&')) {
        const std::size_t equals = std::min(part.find('='), part.size());
        query.push_back({part.substr(0, equals), part.substr(std::min(equals + 1, part.size()))});
      }
    }
    if (!of.input) return;
    for (const Member& member : of.input->members) {
      if (!member.required) continue;
      if (member.location == Location::kQuery) query.push_back({member.wire_name, {}});
      if (member.location == Location::kHeader) headers.push_back(member.wire_name);
    }
  }

  static Segment ParseSegment(std::string_view part) {
    if (part.front() != '{') return {SegmentKind::kLiteral, part};
    std::string_view name = part.substr(1, part.size() - 2);
    if (!name.ends_with('+')) return {SegmentKind::kLabel, name};
    name.remove_suffix(1);
    return {SegmentKind::kGreedy, name};
  }

  // True when this one is to be tried before `other`.
  [[nodiscard]] bool Before(const Pattern& other) const {
    for (std::size_t i = 0; i < std::min(segments.size(), other.segments.size()); ++i) {
      if (segments[i].kind != other.segments[i].kind) {
        return segments[i].kind < other.segments[i].kind;
      }
    }
    if (segments.size() != other.segments.size()) return segments.size() > other.segments.size();
    const auto conditions = [](const Pattern& p) { return p.query.size() + p.headers.size(); };
    if (conditions(*this) != conditions(other)) return conditions(*this) > conditions(other);
    // Two names for one request ("GetBucketNotification" and "…Configuration"): the one that is
    // built, then the later and more general name.
    if (operation->implemented != other.operation->implemented) return operation->implemented;
    return operation->name > other.operation->name;
  }

  // The raw text of each label, in the order of the path; nullopt when the path does not fit.
  [[nodiscard]] bool MatchPath(std::string_view path, std::vector<std::string_view>& raw) const {
    raw.clear();
    path.remove_prefix(std::min<std::size_t>(1, path.size()));
    for (const Segment& segment : segments) {
      if (path.empty()) return false;
      if (segment.kind == SegmentKind::kGreedy) {
        raw.push_back(path);
        return true;
      }
      const std::size_t slash = std::min(path.find('/'), path.size());
      const std::string_view part = path.substr(0, slash);
      path.remove_prefix(std::min(slash + 1, path.size()));
      if (segment.kind == SegmentKind::kLiteral ? part != segment.text : part.empty()) return false;
      if (segment.kind == SegmentKind::kLabel) raw.push_back(part);
    }
    return path.empty();
  }

  [[nodiscard]] bool MatchConditions(const Parameters& parameters, const Headers& fields) const {
    return std::ranges::all_of(
               query,
               [&](const QueryCondition& condition) {
                 const std::string* found = FindParameter(parameters, condition.name);
                 return found && (condition.value.empty() || *found == condition.value);
               }) &&
           std::ranges::all_of(headers,
                               [&](std::string_view name) { return fields.Find(name) != nullptr; });
  }

  [[nodiscard]] Result<UriLabels> Decode(const std::vector<std::string_view>& raw) const {
    UriLabels labels;
    std::size_t next = 0;
    for (const Segment& segment : segments) {
      if (segment.kind == SegmentKind::kLiteral) continue;
      auto text = PercentDecode(raw[next++]);
      if (!text || !IsUtf8(*text)) {
        return Named("InvalidURI", ErrorCode::kInvalidInput, "The path is not encoded UTF-8.", 400);
      }
      labels.emplace_back(segment.text, *std::move(text));
    }
    return labels;
  }
};

struct Router::RestService {
  const Service* service;
  std::vector<Pattern> patterns;  // the more specific first
};

Router::Router(std::span<const Service* const> services) : services_(services) {
  for (const Service* service : services_) {
    if (service->protocol != Protocol::kRestJson && service->protocol != Protocol::kRestXml) {
      continue;
    }
    auto rest = std::make_unique<RestService>(RestService{service, {}});
    for (const Operation& operation : service->operations) rest->patterns.emplace_back(operation);
    std::ranges::sort(rest->patterns,
                      [](const Pattern& a, const Pattern& b) { return a.Before(b); });
    rest_.push_back(std::move(rest));
  }
}

Router::~Router() = default;

const Router::RestService* Router::PatternsOf(const Service& service) const {
  for (const auto& rest : rest_) {
    if (rest->service == &service) return rest.get();
  }
  return nullptr;
}

Result<Route> Router::Rest(std::span<const Service* const> candidates, const HttpRequest& request,
                           const RequestTarget& target) const {
  std::vector<std::string_view> raw;
  const Service* fallback = nullptr;
  for (const Service* service : candidates) {
    const RestService* rest = PatternsOf(*service);
    if (!rest) continue;
    if (!fallback) fallback = service;
    std::string_view path = target.path;
    std::string with_bucket;
    if (service->protocol == Protocol::kRestXml) {
      const std::string* host = request.headers.Find("Host");
      if (const auto bucket = host ? BucketOfHost(*host) : std::nullopt) {
        with_bucket = "/" + std::string(*bucket) + std::string(target.path);
        path = with_bucket;
      }
    }
    for (const Pattern& pattern : rest->patterns) {
      if (pattern.operation->method != request.method || !pattern.MatchPath(path, raw) ||
          !pattern.MatchConditions(target.query, request.headers)) {
        continue;
      }
      auto labels = pattern.Decode(raw);
      if (!labels) return labels.error();
      return Route{service, pattern.operation, *std::move(labels)};
    }
  }
  return Route{fallback, nullptr, {}};
}

Result<Route> Router::Find(const HttpRequest& request, const RequestTarget& target,
                           std::string_view signing_name) const {
  std::vector<const Service*> candidates;
  for (const Service* service : services_) {
    if (signing_name.empty() || service->signing_name == signing_name) {
      candidates.push_back(service);
    }
  }

  if (SpeaksCbor(request)) {
    // /service/NAME/operation/OPERATION
    const auto parts = Split(target.path, '/');
    if (parts.size() == 5 && parts[1] == "service" && parts[3] == "operation") {
      for (const Service* service : candidates) {
        if (service->target_prefix != parts[2]) continue;
        return Route{service, FindOperation(*service, parts[4]), {}};
      }
    }
  }

  if (const std::string* header = request.headers.Find("X-Amz-Target")) {
    const std::size_t dot = std::min(header->rfind('.'), header->size());
    const std::string_view prefix = std::string_view(*header).substr(0, dot);
    for (const Service* service : candidates) {
      if (service->protocol != Protocol::kJson || service->target_prefix != prefix) continue;
      const std::string_view name =
          std::string_view(*header).substr(std::min(dot + 1, header->size()));
      return Route{service, FindOperation(*service, name), {}};
    }
  }

  if (signing_name.empty()) {
    const std::string* host = request.headers.Find("Host");
    const std::string_view name = host ? WithoutPort(*host) : std::string_view();
    if (const Service* service = ServiceOfHost(name)) {
      candidates = {service};
    } else if (BucketOfHost(name)) {
      candidates = {FindService("s3")};
    } else {
      // A path that a REST-JSON service knows by its literal first word is its; the rest is S3's.
      std::erase_if(candidates, [&](const Service* service) {
        if (service->protocol != Protocol::kRestJson)
          return service->protocol != Protocol::kRestXml;
        return std::ranges::none_of(PatternsOf(*service)->patterns, [&](const Pattern& pattern) {
          std::vector<std::string_view> raw;
          return !pattern.segments.empty() && pattern.segments[0].kind == SegmentKind::kLiteral &&
                 pattern.operation->method == request.method && pattern.MatchPath(target.path, raw);
        });
      });
      // Before S3, whose patterns fit any path.
      std::ranges::sort(candidates, {}, [](const Service* service) {
        return std::pair(service->protocol != Protocol::kRestJson, service->id);
      });
    }
  }

  if (candidates.empty()) return Route{};
  auto route = Rest(candidates, request, target);
  if (route && !route->service) route->service = candidates.front();
  return route;
}

Route Router::FindByForm(const Service* service, const Parameters& query,
                         const Parameters& form) const {
  const auto find = [&](std::string_view name) {
    const std::string* found = FindParameter(form, name);
    return found ? found : FindParameter(query, name);
  };
  const std::string* action = find("Action");
  const std::string* version = find("Version");
  for (const Service* candidate : services_) {
    const bool speaks = candidate->protocol == Protocol::kQuery || SpeaksQuery(*candidate);
    if (!speaks || (service && candidate != service)) continue;
    if (!service && (!version || candidate->api_version != *version)) continue;
    return {candidate, action ? FindOperation(*candidate, *action) : nullptr, {}};
  }
  return {service, nullptr, {}};
}

const Operation* Router::FindLink(const Parameters& query) const {
  const std::string* action = FindParameter(query, "Action");
  if (!action) return nullptr;
  for (const Service* service : services_) {
    if (service->protocol != Protocol::kQuery) continue;
    const Operation* operation = FindOperation(*service, *action);
    if (operation && operation->is_link) return operation;
  }
  return nullptr;
}

bool SpeaksQuery(const Service& service) { return service.id == "cloudwatch"; }

bool SpeaksCbor(const HttpRequest& request) {
  const std::string* protocol = request.headers.Find("smithy-protocol");
  return protocol && *protocol == "rpc-v2-cbor";
}

std::optional<std::string_view> BucketOfHost(std::string_view host) {
  host = WithoutPort(host);
  if (TakeSuffix(host, ".s3.amazonaws.com") || TakeSuffix(host, ".s3-accelerate.amazonaws.com") ||
      TakeSuffix(host, ".s3-accelerate.dualstack.amazonaws.com") ||
      TakeSuffix(host, ".s3.localhost")) {
    return host;
  }
  if (TakeSuffix(host, ".localhost")) {
    if (EqualsIgnoreCase(host, "s3")) return std::nullopt;
    return host;
  }
  if (!TakeSuffix(host, ".amazonaws.com")) return std::nullopt;
  // bucket.s3.REGION, bucket.s3-REGION, bucket.s3.dualstack.REGION: the last "s3" label counts,
  // since a bucket's name may hold one too.
  const std::size_t dot = host.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  if (host.substr(dot + 1).starts_with("s3-")) return host.substr(0, dot);
  host = host.substr(0, dot);
  TakeSuffix(host, ".dualstack");
  if (TakeSuffix(host, ".s3")) return host;
  return std::nullopt;
}

}  // namespace usher::wire
