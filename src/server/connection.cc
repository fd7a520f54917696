#include "server/connection.h"

#include <sys/ioctl.h>

#include <algorithm>
#include <exception>

#include "base/log.h"
#include "base/random.h"
#include "server/request_body.h"
#include "server/response_writer.h"

namespace usher::server {
namespace {

constexpr std::size_t kFirstReadBytes = 4096;  // most heads, with a small body, fit

std::chrono::steady_clock::time_point In(Millis time) {
  return std::chrono::steady_clock::now() + time;
}

// Public name for what the listener itself refuses.
std::string_view RefusalName(int status) {
  switch (status) {
    case 408:
      return "RequestTimeout";
    case 413:
      return "EntityTooLarge";
    case 414:
      return "URITooLong";
    case 431:
      return "RequestHeaderSectionTooLarge";
    case 503:
      return "ServiceUnavailable";
    default:
      return "BadRequest";
  }
}

wire::HttpResponse CallHandler(const Handler& handler, wire::HttpRequest request,
                               Exchange& exchange) {
  try {
    return handler(std::move(request), exchange);
  } catch (const std::exception& problem) {
    Log(LogLevel::kError, "a request ended in an exception",
        {{"request_id", exchange.request_id}, {"what", problem.what()}});
    exchange.error = "InternalError";
    return PlainError(500, "internal error");
  }
}

}  // namespace

Connection::Connection(UniqueFd fd, std::string peer, const HttpLimits& limits,
                       WaitListener* listener)
    : limits_(limits),
      peer_(std::move(peer)),
      stream_(std::move(fd), listener),
      deadline_(In(limits.head_timeout)) {}

Connection::Next Connection::ReadHead(const Observer& observer) {
  if (lingering_) return DropInput();
  while (true) {
    // Clients of old add an empty line behind a body (RFC 9112 section 2.2).
    while (scanner_.size() == 0 && stream_.buffered().starts_with("\r\n")) stream_.Consume(2);
    const std::string_view bytes = stream_.buffered();
    switch (scanner_.Scan(bytes)) {
      case http::HeadScanner::State::kComplete: {
        head_bytes_ = scanner_.size();
        scanner_.Reset();
        if (head_bytes_ > limits_.head_bytes) {
          return Refuse(http::TooLongHead(bytes.substr(0, head_bytes_), limits_.Head()), observer);
        }
        auto head = http::ParseRequestHead(bytes.substr(0, head_bytes_), limits_.Head());
        if (!head) return Refuse(head.error(), observer);
        head_ = *std::move(head);
        stream_.Consume(head_bytes_);
        head_begun_ = false;
        return Next::kServe;
      }
      case http::HeadScanner::State::kBareLf: {
        Error error = InvalidInput("lines of the header must end in CRLF");
        error.http_status = 400;
        return Refuse(error, observer);
      }
      case http::HeadScanner::State::kIncomplete:
        break;
    }
    if (bytes.size() >= limits_.head_bytes) {
      return Refuse(http::TooLongHead(bytes, limits_.Head()), observer);
    }

    switch (stream_.FillNow(std::max(kFirstReadBytes, bytes.size()))) {
      case SocketStream::Fill::kSome:
        break;
      case SocketStream::Fill::kNothingYet:
        return WaitForHead();
      case SocketStream::Fill::kEnd:
      case SocketStream::Fill::kBroken:
        return Next::kClose;
    }
  }
}

Connection::Next Connection::WaitForHead() {
  if (!stream_.buffered().empty()) {
    // The deadline is set by the first byte, not moved by the next.
    if (!head_begun_) deadline_ = In(limits_.head_timeout);
    head_begun_ = true;
  } else if (served_any_) {
    deadline_ = In(limits_.idle_timeout);
    stream_.ReleaseBuffer();
  }
  return Next::kWait;
}

Connection::Next Connection::Serve(const Handler& handler, const Observer& observer,
                                   const std::atomic<bool>& stopping) {
  const auto begin = std::chrono::steady_clock::now();
  http::RequestHead head = *std::exchange(head_, std::nullopt);
  served_any_ = true;
  const std::uint64_t in_before = stream_.bytes_in() - stream_.buffered().size() - head_bytes_;
  const std::uint64_t out_before = stream_.bytes_out();

  Exchange exchange{.method = head.method, .target = head.target, .peer = peer_};
  wire::HttpRequest request{.method = head.method,
                            .target = head.target,
                            .headers = std::move(head.headers),
                            .peer = peer_};
  std::shared_ptr<RequestBody> body;
  if (head.chunked || head.content_length > 0) {
    body = std::make_shared<RequestBody>(stream_, head, limits_);
    request.body = body;
  } else {
    request.body = std::make_shared<StringSource>("");
  }

  wire::HttpResponse response = CallHandler(handler, std::move(request), exchange);
  const bool keep_alive = head.keep_alive && !stopping && (!body || body->CanDrop());
  const Written written = WriteResponse(stream_, head, std::move(response), keep_alive, limits_);
  const bool goes_on = written.keep_alive && (!body || body->Drop());
  if (body) body->Detach();

  if (!written.error.empty()) {
    Log(LogLevel::kWarning, "an answer was not sent as given",
        {{"request_id", exchange.request_id}, {"reason", written.error}});
    if (exchange.error.empty()) exchange.error = written.broken ? "Aborted" : "InternalError";
  }
  exchange.status = written.status;
  exchange.bytes_in = stream_.bytes_in() - stream_.buffered().size() - in_before;
  exchange.bytes_out = stream_.bytes_out() - out_before;
  exchange.duration = std::chrono::steady_clock::now() - begin;
  observer(exchange);

  if (written.broken) {
    stream_.ResetOnClose();
    return Next::kClose;
  }
  return goes_on ? ReadHead(observer) : Linger();
}

Connection::Next Connection::Expire(const Observer& observer) {
  if (lingering_) return Next::kClose;
  Error error = InvalidInput("the request's header did not arrive in time");
  error.http_status = 408;
  if (!head_begun_) {
    int unread = 0;
    ioctl(fd(), FIONREAD, &unread);
    if (unread == 0) return Next::kClose;
    // A request has arrived, but no worker was free to read it.
    error.message = "too many requests are running: try again";
    error.http_status = 503;
  }
  return Refuse(error, observer);
}

Connection::Next Connection::Refuse(const Error& error, const Observer& observer) {
  Exchange exchange{
      .request_id = NewUuid(), .error = std::string(RefusalName(error.http_status)), .peer = peer_};
  wire::HttpResponse response = PlainError(error.http_status, error.message);
  response.headers.Add("x-amzn-RequestId", exchange.request_id);
  const std::uint64_t out_before = stream_.bytes_out();
  // The client is not waited for: this also runs on the thread that watches the deadlines.
  HttpLimits no_patience = limits_;
  no_patience.progress_window = Millis(0);
  const Written written =
      WriteResponse(stream_, http::RequestHead{}, std::move(response), false, no_patience);
  exchange.status = written.status;
  exchange.bytes_in = stream_.buffered().size();
  exchange.bytes_out = stream_.bytes_out() - out_before;
  observer(exchange);
  return written.broken ? Next::kClose : Linger();
}

Connection::Next Connection::Linger() {
  stream_.FinishWriting();
  stream_.Consume(stream_.buffered().size());
  lingering_ = true;
  deadline_ = In(limits_.linger_timeout);
  return DropInput();
}

Connection::Next Connection::DropInput() {
  // Bounded, so that a client that never stops sending keeps no thread: the rest is for the next
  // time bytes arrive.
  for (int reads = 0; reads < 64; ++reads) {
    switch (stream_.FillNow(64U << 10)) {
      case SocketStream::Fill::kSome:
        stream_.Consume(stream_.buffered().size());
        break;
      case SocketStream::Fill::kNothingYet:
        return Next::kWait;
      case SocketStream::Fill::kEnd:
      case SocketStream::Fill::kBroken:
        return Next::kClose;
    }
  }
  return Next::kWait;
}

}  // namespace usher::server
