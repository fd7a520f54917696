// Console: the pages for people, and the small API that they live on. Requests and answers are
// plain data; the listener, one of its own so that nothing else shares the console's origin, is
// server/'s.
//
//   GET  /enter?token=…               the one-time link: sets the cookie, leads to /
//   GET  /, /assets/…                 the pages
//   GET  /api/session                 {"csrf": …}: what X-Usher-Csrf must carry
//   POST /api/<service>/<operation>   an operation of a service, JSON in and out
//                                     (allowed_operations.h); /api/console/<name> one of ours
//   GET  /download?bucket=…&key=…     an object, to be saved and never shown (objects.h)
//   POST /api/leave                   ends the session
//
// What it refuses, in this order:
//   421  a Host that is neither a number, nor localhost, nor the name that --console was given:
//        a name that somebody else made to lead here reaches nothing
//   403  an Origin or Sec-Fetch-Site that says the request comes from another page
//   401  everything but /enter without a session
//   403  a POST without the session's token in X-Usher-Csrf; a download that another page asks for
//   404  what is not in the lists of pages and operations; 405, 413, 415 as HTTP has them
//
// Source:  OWASP "Cross-Site Request Forgery Prevention", "DNS Rebinding"; W3C CSP 3.
// Threads: safe from any thread.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "console/sessions.h"
#include "wire/dispatcher.h"
#include "wire/http_message.h"

namespace usher::console {

inline constexpr std::size_t kMaxRequestBytes = 256U << 10;  // body of a call
inline constexpr std::string_view kCookieName = "usher_console";
inline constexpr std::string_view kCsrfHeader = "X-Usher-Csrf";

// An operation of the console's own: JSON in and out, as the pages know it.
using OwnOperation = std::function<Result<Value>(const Value& request, wire::CallContext& context)>;

struct Options {
  std::string endpoint;  // "http://127.0.0.1:4567": what links begin with
  std::string host;      // a name in Host that is accepted beside numbers and localhost
  std::map<std::string, OwnOperation, std::less<>> own;
  // Told of each link that works from then on; never called from two threads at once.
  std::function<void(const std::string& link)> on_link;
};

class Console {
 public:
  // Tells options.on_link the first link.
  Console(const wire::Dispatcher& dispatcher, const Clock& clock, Options options);

  [[nodiscard]] std::string Link() const;
  // `operation` is what the log line should call it; empty for pages.
  wire::HttpResponse Answer(const wire::HttpRequest& request, std::string& operation);

 private:
  wire::HttpResponse Enter(const wire::HttpRequest& request);
  wire::HttpResponse ServePage(const wire::HttpRequest& request, std::string_view path) const;
  wire::HttpResponse CallApi(const wire::HttpRequest& request, const Session& session,
                             std::string_view name, std::string& operation);
  wire::HttpResponse Download(const wire::HttpRequest& request, std::string_view query,
                              std::string& operation) const;
  [[nodiscard]] wire::CallContext NewContext(const wire::HttpRequest& request) const;
  [[nodiscard]] bool IsOurHost(std::string_view host) const;

  const wire::Dispatcher& dispatcher_;
  const Clock& clock_;
  Options options_;
  Sessions sessions_;
  std::mutex link_mutex_;
};

}  // namespace usher::console
