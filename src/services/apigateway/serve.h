// Serving: a client's request to a stage, from its URL to its answer, with logs and trace.
//
// Cost:    beside the backend, tens of microseconds: everything that a stage needs is compiled
//          (stage_snapshot.h); logs and traces are written by threads of their own.
// Threads: safe from any.
#pragma once

#include <string>

#include "services/apigateway/url_forms.h"
#include "wire/http_message.h"

namespace usher::apigateway {

struct Service;

inline constexpr std::size_t kMaxRequestBytes = 10U << 20;  // of a body; more is answered 413

// What happened, for the server's log and its numbers.
struct Served {
  std::string operation;  // "API/STAGE"; empty when there is no such stage
  std::string request_id;
  std::string error;  // the type of the gateway response; empty on success
};

// Never fails: every failure is an answer.
wire::HttpResponse Serve(Service& service, const ServedUrl& url, wire::HttpRequest request,
                         Served& served);

}  // namespace usher::apigateway
