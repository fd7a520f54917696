#include "server/response_writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "json/json.h"

namespace usher::server {
namespace {

constexpr std::size_t kBlockBytes = 128U << 10;  // of a stream, read and sent at once

bool HasNoBody(int status) { return status < 200 || status == 204 || status == 304; }

// A field that would break the header apart must not be sent, whoever put it there.
bool IsSafe(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

// Fields that say how the message is framed are ours alone.
bool IsOurs(std::string_view name) {
  return EqualsIgnoreCase(name, "Content-Length") || EqualsIgnoreCase(name, "Connection") ||
         EqualsIgnoreCase(name, "Transfer-Encoding") || EqualsIgnoreCase(name, "Date");
}

void AppendField(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

void AppendNumber(std::string& out, std::uint64_t number, int base = 10) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, base).ptr;
  out.append(digits.data(), end);
}

enum class Framing { kNone, kLength, kChunks, kUntilClose };

struct Plan {
  Framing framing = Framing::kLength;
  std::uint64_t length = 0;
  bool keep_alive = true;
  bool send_body = true;
};

Plan PlanResponse(const http::RequestHead& head, const wire::HttpResponse& response,
                  bool keep_alive) {
  Plan plan{.keep_alive = keep_alive};
  if (HasNoBody(response.status)) {
    plan.framing = Framing::kNone;
    plan.send_body = false;
    return plan;
  }
  plan.length = response.body.size();
  if (response.stream) {
    if (const auto size = response.stream->size()) {
      plan.length = *size;
    } else if (head.is_http_1_0) {
      plan.framing = Framing::kUntilClose;
      plan.keep_alive = false;
    } else {
      plan.framing = Framing::kChunks;
    }
  }
  if (head.method == "HEAD") {
    plan.send_body = false;
    if (plan.framing == Framing::kUntilClose) plan.framing = Framing::kNone;
    // The handler may know the length of an entity that it does not have at hand.
    if (const std::string* length = response.headers.Find("Content-Length"); length) {
      std::from_chars(length->data(), length->data() + length->size(), plan.length);
      plan.framing = Framing::kLength;
    }
  }
  return plan;
}

std::string WriteHead(const http::RequestHead& head, const wire::HttpResponse& response,
                      const Plan& plan) {
  std::string out;
  out.reserve(512);
  out.append("HTTP/1.1 ");
  AppendNumber(out, static_cast<std::uint64_t>(response.status));
  out.append(" ").append(ReasonPhrase(response.status)).append("\r\n");
  for (const auto& [name, value] : response.headers) {
    if (!IsOurs(name)) AppendField(out, name, value);
  }
  AppendField(out, "Date", FormatHttpDate(SystemClock().Now()));
  if (plan.framing == Framing::kLength) {
    out.append("Content-Length: ");
    AppendNumber(out, plan.length);
    out.append("\r\n");
  } else if (plan.framing == Framing::kChunks) {
    AppendField(out, "Transfer-Encoding", "chunked");
  }
  if (!plan.keep_alive) {
    AppendField(out, "Connection", "close");
  } else if (head.is_http_1_0) {
    AppendField(out, "Connection", "keep-alive");
  }
  out.append("\r\n");
  return out;
}

iovec Part(std::string_view bytes) {
  return {.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
}

// Sends the blocks of a stream behind the header; `block` holds `ready` bytes already read.
// Errors: the stream's own; internal when the stream is not as long as it said, or the client left.
Result<void> SendStream(SocketStream& stream, std::string_view header, ByteSource& source,
                        const Plan& plan, std::span<char> block, std::size_t ready,
                        ProgressMeter& meter) {
  std::uint64_t left = plan.length;
  while (true) {
    if (plan.framing == Framing::kLength) {
      if (ready > left) return Internal("the answer's stream is longer than it said");
      left -= ready;
      if (ready == 0 && left > 0) return Internal("the answer's stream is shorter than it said");
    }
    std::string size_line;
    std::string_view tail;
    if (plan.framing == Framing::kChunks) {
      AppendNumber(size_line, ready, 16);
      size_line += "\r\n";
      tail = "\r\n";  // after the last chunk it is the end of an empty trailer
    }
    std::array<iovec, 4> parts = {Part(header), Part(size_line),
                                  Part(std::string_view(block.data(), ready)), Part(tail)};
    if (auto sent = stream.WriteAll(parts, meter); !sent) return sent;
    if (ready == 0) return {};
    header = {};
    const auto got = source.Read(block);
    if (!got) return got.error();
    ready = *got;
  }
}

}  // namespace

Written WriteResponse(SocketStream& stream, const http::RequestHead& head,
                      wire::HttpResponse response, bool keep_alive, const HttpLimits& limits) {
  Written written;
  const bool safe = std::ranges::all_of(response.headers, [](const auto& field) {
    return IsSafe(field.first) && IsSafe(field.second);
  });
  if (!safe || response.status < 200 || response.status > 599) {
    written.error = "the handler's answer is no valid HTTP";
    response = PlainError(500, "internal error");
  }

  Plan plan = PlanResponse(head, response, keep_alive);
  std::vector<char> block;
  std::size_t ready = 0;
  if (response.stream && plan.send_body) {
    block.resize(kBlockBytes);
    const auto got = response.stream->Read(block);
    if (got) {
      ready = *got;
    } else {
      written.error = got.error().message;
      response = PlainError(500, "internal error");
      plan = PlanResponse(head, response, keep_alive);
    }
  }

  const std::string header = WriteHead(head, response, plan);
  ProgressMeter meter(limits.progress_window, limits.min_progress);
  written.status = response.status;
  Result<void> sent;
  if (response.stream && plan.send_body) {
    sent = SendStream(stream, header, *response.stream, plan, block, ready, meter);
  } else {
    std::array<iovec, 2> parts = {Part(header),
                                  Part(plan.send_body ? response.body : std::string_view{})};
    sent = stream.WriteAll(parts, meter);
  }
  written.broken = !sent;
  written.keep_alive = sent && plan.keep_alive;
  if (!sent) written.error = sent.error().message;
  return written;
}

wire::HttpResponse PlainError(int status, std::string_view message) {
  wire::HttpResponse response{.status = status};
  response.headers.Add("Content-Type", "application/json");
  response.body = "{\"message\":";
  json::AppendString(response.body, message);
  response.body += "}\n";
  return response;
}

std::string_view ReasonPhrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 416:
      return "Range Not Satisfiable";
    case 417:
      return "Expectation Failed";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Unknown";
  }
}

}  // namespace usher::server
