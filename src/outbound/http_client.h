// HttpClient: requests to addresses that somebody gave us: webhooks, the endpoints behind an API.
//
// Names are resolved once for each connection and the guard looks at the very address that is
// connected to, so a name that means another address a moment later gains nothing. Redirects are
// answers like any other and are not followed. No proxy is used, whatever the environment says.
//
// Cost:    connections to one host are kept open and used again.
// Threads: safe from any thread; a call blocks its thread for at most its timeout.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace usher::outbound {

inline constexpr std::size_t kMaxUrlBytes = 2048;
inline constexpr std::size_t kMaxAnswerBytes = 64U << 10;  // a longer answer is cut
inline constexpr std::chrono::seconds kConnectTimeout{10};
inline constexpr std::chrono::seconds kRequestTimeout{30};
inline constexpr std::size_t kMaxIdleHandles = 16;

// A request of any method.
struct HttpCall {
  std::string method;
  std::string url;  // http or https
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::chrono::milliseconds timeout = kRequestTimeout;
  std::size_t max_answer_bytes = kMaxAnswerBytes;
};

struct HttpReply {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // in the order of arrival
  std::string body;
  bool was_cut = false;  // it is longer than max_answer_bytes
};

// The wire_name of the error of a call that took longer than its timeout.
inline constexpr std::string_view kTimedOut = "TimedOut";

struct HttpPost {
  std::string url;  // http or https
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

struct HttpAnswer {
  int status = 0;
  std::string body;
};

class HttpClient {
 public:
  struct Options {
    bool allow_private = false;  // no guard: for trying things on one machine
  };
  explicit HttpClient(Options options);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Whatever its status, an answer is an answer. Errors: access denied when the guard refuses every
  // address of the host; invalid input for what is no HTTP URL; internal when there is no answer.
  Result<HttpAnswer> Post(const HttpPost& post);
  // The same with any method. Errors: also internal, named kTimedOut.
  Result<HttpReply> Send(const HttpCall& call);

  // Ends what is under way, and all that comes later, with an error: for the server to stop.
  void Stop() { stopped_ = true; }

  // What can be said before anything is resolved: errors as CheckUrl's, and access denied for a
  // host that is written as the number of a closed address.
  [[nodiscard]] Result<void> CheckTarget(std::string_view url) const;

 private:
  struct Handle;
  std::unique_ptr<Handle> Take();
  void GiveBack(std::unique_ptr<Handle> handle);

  Options options_;
  std::atomic<bool> stopped_ = false;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Handle>> idle_;
};

// Errors: invalid input when the text is no http or https URL with a host.
Result<void> CheckUrl(std::string_view url);

}  // namespace usher::outbound
