// Writes one answer to a socket: Content-Length where the size is known, chunks where it is not.
#pragma once

#include "base/result.h"
#include "http/request_head.h"
#include "server/socket_stream.h"
#include "wire/http_message.h"

namespace usher::server {

// What became of an answer.
struct Written {
  int status = 0;           // of the answer that was sent, 0 when none was
  bool keep_alive = false;  // whole, and the connection may go on
  bool broken = false;      // begun but not whole: the connection must be reset
  std::string error;        // why it is not what the handler gave; empty otherwise
};

// `keep_alive` is what is said about the connection. HEAD gets the header alone. A stream is asked
// for its first bytes before the header is sent, so that one that fails at once becomes a 500.
Written WriteResponse(SocketStream& stream, const http::RequestHead& head,
                      wire::HttpResponse response, bool keep_alive, const HttpLimits& limits);

// An answer of the listener itself: {"message": …}.
wire::HttpResponse PlainError(int status, std::string_view message);

// "Not Found" for 404.
std::string_view ReasonPhrase(int status);

}  // namespace usher::server
