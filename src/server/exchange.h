// Exchange: one request and its answer as the log line and the metrics see them.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "wire/http_message.h"

namespace usher::server {

struct Exchange {
  // Set by the handler; all may be empty.
  std::string service;
  std::string operation;
  std::string request_id;
  std::string access_key_id;
  std::string error;  // public name of the error, or what broke on the way

  // Set by the listener.
  std::string method;
  std::string target;  // empty when the head could not be read
  std::string peer;
  int status = 0;  // 0 when no answer was sent
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::chrono::nanoseconds duration{0};  // from the whole head to the last byte of the answer
};

// Called on a worker thread, for several requests at once. An exception becomes a 500.
using Handler = std::function<wire::HttpResponse(wire::HttpRequest request, Exchange& exchange)>;
// Called once a request is over, also for those that were refused before they reached a handler.
using Observer = std::function<void(const Exchange& exchange)>;

}  // namespace usher::server
