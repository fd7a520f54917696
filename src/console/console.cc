#include "console/console.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/random.h"
#include "base/text.h"
#include "console/allowed_operations.h"
#include "console/objects.h"
#include "console/pages.h"
#include "json/json.h"
#include "wire/digest.h"
#include "wire/error_names.h"
#include "wire/json_body.h"

namespace usher::console {
namespace {

constexpr std::string_view kIndex = "/index.html";
constexpr std::string_view kApi = "/api/";
constexpr std::string_view kDownload = "/download";
constexpr std::string_view kOwnService = "console";
// Nothing but what this origin serves; no frames around it, no forms, no other base.
constexpr const char* kContentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

void AddSafety(wire::HttpResponse& response) {
  if (!response.headers.Find("Content-Security-Policy")) {
    response.headers.Add("Content-Security-Policy", kContentSecurityPolicy);
  }
  response.headers.Add("X-Content-Type-Options", "nosniff");
  response.headers.Add("X-Frame-Options", "DENY");
  response.headers.Add("Referrer-Policy", "no-referrer");
  response.headers.Add("Cross-Origin-Opener-Policy", "same-origin");
  response.headers.Add("Cross-Origin-Resource-Policy", "same-origin");
}

wire::HttpResponse Json(int status, std::string body) {
  wire::HttpResponse response{.status = status, .body = std::move(body)};
  response.headers.Add("Content-Type", "application/json");
  response.headers.Add("Cache-Control", "no-store");
  return response;
}

wire::HttpResponse Refuse(int status, std::string_view name, std::string_view message) {
  ValueMap body;
  body.Append("error", name);
  body.Append("message", message);
  return Json(status, json::Write(std::move(body)));
}

// For people who open an address by hand.
wire::HttpResponse RefusePage(int status, std::string_view text) {
  wire::HttpResponse response{.status = status, .body = std::string(text) + "\n"};
  response.headers.Add("Content-Type", "text/plain; charset=utf-8");
  response.headers.Add("Cache-Control", "no-store");
  return response;
}

constexpr std::string_view kNoSession =
    "This is Usher's console. Open it by the link that `usher serve` has printed; each link works "
    "once, and `usher console` prints the one that works now.";

// The value of the console's cookie; of several the first.
std::optional<std::string_view> CookieOf(const wire::HttpRequest& request) {
  for (const std::string_view field : request.headers.FindAll("Cookie")) {
    for (const std::string_view part : Split(field, ';')) {
      const std::string_view pair = Trim(part);
      const std::size_t equals = pair.find('=');
      if (equals != std::string_view::npos && pair.substr(0, equals) == kCookieName) {
        return pair.substr(equals + 1);
      }
    }
  }
  return std::nullopt;
}

// "[::1]:4567" gives "::1"; nullopt for what is no host.
std::optional<std::string> HostNameOf(std::string_view host) {
  if (host.starts_with('[')) {
    const std::size_t end = host.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view rest = host.substr(end + 1);
    if (!rest.empty() && !rest.starts_with(':')) return std::nullopt;
    return std::string(host.substr(1, end - 1));
  }
  return AsciiLower(host.substr(0, host.find(':')));
}

bool IsNumber(const std::string& host) {
  in_addr v4{};
  in6_addr v6{};
  return inet_pton(AF_INET, host.c_str(), &v4) == 1 || inet_pton(AF_INET6, host.c_str(), &v6) == 1;
}

// What the browser says of the page that the request comes from. Programs say nothing.
bool IsFromElsewhere(const wire::HttpRequest& request, std::string_view host) {
  const std::string* origin = request.headers.Find("Origin");
  if (origin && *origin != "http://" + std::string(host) &&
      *origin != "https://" + std::string(host)) {
    return true;
  }
  // A link may be followed from anywhere; its target then asks on its own behalf.
  if (request.method == "GET") return false;
  const std::string* site = request.headers.Find("Sec-Fetch-Site");
  return site && *site != "same-origin";
}

bool AcceptsGzip(const wire::HttpRequest& request) {
  const std::string* accepted = request.headers.Find("Accept-Encoding");
  if (!accepted) return false;
  return std::ranges::any_of(Split(*accepted, ','), [](std::string_view coding) {
    const std::string_view name = Trim(coding.substr(0, coding.find(';')));
    return name == "gzip" && coding.find("q=0") == std::string_view::npos;
  });
}

// The value of `token` in a query; empty when there is none.
std::string_view TokenOf(std::string_view target) {
  const std::size_t query = target.find('?');
  if (query == std::string_view::npos) return {};
  for (const std::string_view pair : Split(target.substr(query + 1), '&')) {
    if (pair.starts_with("token=")) return pair.substr(6);
  }
  return {};
}

wire::HttpResponse AnswerError(const wire::Operation* operation, const Error& error) {
  const wire::ErrorAnswer named = operation ? wire::NameError(*operation->service, operation, error)
                                            : wire::NameError(wire::Protocol::kRestJson, error);
  return Refuse(named.status, named.name, named.message);
}

}  // namespace

Console::Console(const wire::Dispatcher& dispatcher, const Clock& clock, Options options)
    : dispatcher_(dispatcher), clock_(clock), options_(std::move(options)), sessions_(clock) {
  if (options_.on_link) options_.on_link(Link());
}

std::string Console::Link() const {
  return options_.endpoint + "/enter?token=" + sessions_.link_token();
}

bool Console::IsOurHost(std::string_view host) const {
  const auto name = HostNameOf(host);
  return name && (*name == "localhost" || IsNumber(*name) ||
                  (!options_.host.empty() && *name == AsciiLower(options_.host)));
}

wire::HttpResponse Console::Enter(const wire::HttpRequest& request) {
  if (request.method != "GET") return RefusePage(405, "A link is opened with GET.");
  const auto cookie = sessions_.Enter(TokenOf(request.target));
  if (!cookie) {
    // Who follows a used link from within a session just goes on.
    const auto held = CookieOf(request);
    if (!held || !sessions_.Find(*held)) return RefusePage(401, kNoSession);
    wire::HttpResponse response{.status = 303};
    response.headers.Add("Location", "/");
    response.headers.Add("Cache-Control", "no-store");
    return response;
  }
  if (options_.on_link) {
    const std::scoped_lock lock(link_mutex_);
    options_.on_link(Link());
  }
  wire::HttpResponse response{.status = 303};
  response.headers.Add("Set-Cookie", std::string(kCookieName) + "=" + *cookie +
                                         "; Path=/; HttpOnly; SameSite=Strict");
  response.headers.Add("Location", "/");
  response.headers.Add("Cache-Control", "no-store");
  return response;
}

wire::HttpResponse Console::ServePage(const wire::HttpRequest& request,
                                      std::string_view path) const {
  if (request.method != "GET" && request.method != "HEAD") {
    wire::HttpResponse response = RefusePage(405, "This address only answers GET and HEAD.");
    response.headers.Add("Allow", "GET, HEAD");
    return response;
  }
  const Page* page = FindPage(path == "/" ? kIndex : path);
  if (!page) return RefusePage(404, "There is nothing at this address.");
  const bool compressed = AcceptsGzip(request);
  wire::HttpResponse response{.body = std::string(compressed ? page->gzip : page->bytes)};
  response.headers.Add("Content-Type", std::string(page->content_type));
  response.headers.Add("Vary", "Accept-Encoding");
  if (compressed) response.headers.Add("Content-Encoding", "gzip");
  // The names of assets change with their bytes.
  response.headers.Add("Cache-Control", path.starts_with("/assets/")
                                            ? "private, max-age=31536000, immutable"
                                            : "no-store");
  return response;
}

wire::HttpResponse Console::Download(const wire::HttpRequest& request, std::string_view query,
                                     std::string& operation) const {
  if (request.method != "GET") return RefusePage(405, "A download is asked for with GET.");
  // A cookie is sent from pages of other ports, too; what they asked for they could not read, but
  // the user would find it among their downloads.
  const std::string* site = request.headers.Find("Sec-Fetch-Site");
  if (site && *site != "same-origin" && *site != "none") {
    return RefusePage(403, "Only the console's own pages lead to downloads.");
  }
  operation = "download";
  wire::CallContext context = NewContext(request);
  auto response = DownloadObject(query, dispatcher_, context);
  if (response) return *std::move(response);
  const wire::ErrorAnswer named = wire::NameError(wire::Protocol::kRestXml, response.error());
  return RefusePage(named.status, named.message);
}

wire::CallContext Console::NewContext(const wire::HttpRequest& request) const {
  wire::CallContext context;
  context.request_id = NewUuid();
  context.now = clock_.Now();
  context.peer = request.peer;
  return context;
}

wire::HttpResponse Console::CallApi(const wire::HttpRequest& request, const Session& session,
                                    std::string_view name, std::string& operation_name) {
  if (name == "session") {
    if (request.method != "GET") return Refuse(405, "MethodNotAllowed", "ask with GET");
    ValueMap body;
    body.Append("csrf", session.csrf_token);
    return Json(200, json::Write(std::move(body)));
  }
  if (request.method != "POST") return Refuse(405, "MethodNotAllowed", "ask with POST");
  const std::string* token = request.headers.Find(kCsrfHeader);
  if (!token || !wire::EqualInConstantTime(*token, session.csrf_token)) {
    return Refuse(403, "MissingToken",
                  "the header X-Usher-Csrf must carry what GET /api/session gives");
  }
  if (name == "leave") {
    if (const auto cookie = CookieOf(request)) sessions_.End(*cookie);
    return Json(200, "{}");
  }
  const std::string* type = request.headers.Find("Content-Type");
  if (!type || !type->starts_with("application/json")) {
    return Refuse(415, "UnsupportedMediaType", "the body must be application/json");
  }
  const auto body = ReadAll(*request.body, kMaxRequestBytes);
  if (!body) {
    return Refuse(413, "TooLarge",
                  "a body has at most " + std::to_string(kMaxRequestBytes) + " bytes");
  }
  const std::size_t slash = name.find('/');
  const std::string_view service = name.substr(0, slash);
  const std::string_view action =
      slash == std::string_view::npos ? std::string_view() : name.substr(slash + 1);
  const auto own = service == kOwnService ? options_.own.find(action) : options_.own.end();
  const wire::Operation* operation = FindAllowed(service, action);
  if (!operation && own == options_.own.end()) {
    return Refuse(404, "UnknownOperation", "the console may not ask this, or it is not built");
  }
  operation_name = std::string(service) + ":" + std::string(action);
  wire::CallContext context = NewContext(request);
  if (!operation) {
    const auto parsed = json::Parse(body->empty() ? "{}" : *body);
    if (!parsed) return Refuse(400, "InvalidInput", parsed.error().message);
    const auto answer = own->second(*parsed, context);
    return answer ? Json(200, json::Write(*answer)) : AnswerError(nullptr, answer.error());
  }
  static constexpr wire::Shape kNothing{.name = "Nothing", .kind = wire::ShapeKind::kStructure};
  const auto decoded = wire::DecodeJsonBody(operation->input ? *operation->input : kNothing, *body,
                                            wire::BodyMembers::kAll);
  if (!decoded) return AnswerError(operation, decoded.error());
  const auto answer = dispatcher_.Call(*operation, *decoded, context);
  if (!answer) return AnswerError(operation, answer.error());
  std::string text;
  if (operation->output) {
    wire::AppendJsonBody(text, *operation->output, *answer, wire::BodyMembers::kAll);
  }
  return Json(200, text.empty() ? "{}" : std::move(text));
}

wire::HttpResponse Console::Answer(const wire::HttpRequest& request, std::string& operation) {
  const auto answer = [&]() -> wire::HttpResponse {
    const std::string* host = request.headers.Find("Host");
    if (!host || !IsOurHost(*host)) {
      return RefusePage(421,
                        "The console answers to its own address only: open it by its number, "
                        "as localhost, or by the name that --console was given.");
    }
    if (IsFromElsewhere(request, *host)) {
      return Refuse(403, "WrongOrigin", "the console answers its own pages only");
    }
    const std::string_view target = request.target;
    const std::string_view path = target.substr(0, target.find('?'));
    if (path == "/enter") return Enter(request);
    const auto cookie = CookieOf(request);
    const auto session = cookie ? sessions_.Find(*cookie) : std::nullopt;
    const bool is_api = path.starts_with(kApi);
    if (!session) {
      return is_api ? Refuse(401, "NoSession", kNoSession) : RefusePage(401, kNoSession);
    }
    if (path == kDownload) {
      return Download(request, target.substr(std::min(path.size() + 1, target.size())), operation);
    }
    return is_api ? CallApi(request, *session, path.substr(kApi.size()), operation)
                  : ServePage(request, path);
  };
  wire::HttpResponse response = answer();
  AddSafety(response);
  return response;
}

}  // namespace usher::console
