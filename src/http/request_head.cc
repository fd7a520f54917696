#include "http/request_head.h"

#include <array>
#include <charconv>

#include "base/text.h"

namespace usher::http {
namespace {

Error Refuse(int status, std::string message) {
  Error error = InvalidInput(std::move(message));
  error.http_status = status;
  return error;
}

// RFC 9110 section 5.6.2.
bool IsTokenChar(char c) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
  return std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool IsToken(std::string_view text) {
  for (const char c : text) {
    if (!IsTokenChar(c)) return false;
  }
  return !text.empty();
}

bool IsTargetChar(char c) { return c > 0x20 && c < 0x7f; }

// Visible characters, space, tab and bytes above 0x7F (RFC 9110 section 5.5).
bool IsFieldValueChar(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

std::string_view TrimSpacesAndTabs(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Takes the next line off `rest`, without its CRLF. The scanner has seen that every line has one.
std::string_view TakeLine(std::string_view& rest) {
  const std::size_t end = rest.find("\r\n");
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 2);
  return line;
}

struct RequestLine {
  std::string_view method;
  std::string_view target;
  bool is_http_1_0 = false;
};

Result<RequestLine> ParseRequestLine(std::string_view line, const HeadLimits& limits) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    return Refuse(400, "the request line is not 'METHOD target HTTP/1.1'");
  }
  RequestLine parsed{.method = line.substr(0, first),
                     .target = line.substr(first + 1, last - first - 1)};
  const std::string_view version = line.substr(last + 1);

  if (!IsToken(parsed.method) || parsed.method.size() > kMaxMethodBytes) {
    return Refuse(400, "the request method is not a token");
  }
  if (parsed.target.size() > limits.target_bytes) {
    return Refuse(
        414, "the request target is longer than " + std::to_string(limits.target_bytes) + " bytes");
  }
  for (const char c : parsed.target) {
    if (!IsTargetChar(c)) {
      return Refuse(400,
                    "the request target has a byte that must be percent-encoded: only visible "
                    "ASCII is accepted");
    }
  }
  if (version.size() != 8 || !version.starts_with("HTTP/") || version[6] != '.') {
    return Refuse(400, "the request line does not end in an HTTP version");
  }
  if (version == "HTTP/1.0") {
    parsed.is_http_1_0 = true;
  } else if (version != "HTTP/1.1") {
    return Refuse(505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
  }
  return parsed;
}

Result<wire::Headers> ParseFields(std::string_view rest, const HeadLimits& limits) {
  wire::Headers headers;
  while (true) {
    const std::string_view line = TakeLine(rest);
    if (line.empty()) return headers;
    if (line.front() == ' ' || line.front() == '\t') {
      return Refuse(400, "a folded header field is not accepted");
    }
    if (headers.size() == limits.header_fields) {
      return Refuse(431, "more than " + std::to_string(limits.header_fields) + " header fields");
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !IsToken(line.substr(0, colon))) {
      return Refuse(400, "a header field is not 'name: value'");
    }
    const std::string_view value = TrimSpacesAndTabs(line.substr(colon + 1));
    for (const char c : value) {
      if (!IsFieldValueChar(c)) {
        return Refuse(400, "a header field's value has a control character");
      }
    }
    headers.Add(std::string(line.substr(0, colon)), std::string(value));
  }
}

// An absolute target (RFC 9112 section 3.2.2) becomes its path and query; its authority must be
// that of Host.
Result<std::string> OriginForm(std::string_view target, std::string_view method,
                               std::string_view host) {
  if (target.front() == '/') return std::string(target);
  if (target == "*" && method == "OPTIONS") return std::string(target);
  if (!EqualsIgnoreCase(target.substr(0, 7), "http://")) {
    return Refuse(400, "the request target must begin with '/'");
  }
  const std::string_view rest = target.substr(7);
  const std::size_t end = rest.find_first_of("/?");
  if (!EqualsIgnoreCase(rest.substr(0, end), host)) {
    return Refuse(400, "the request target names another host than the Host header");
  }
  if (end == std::string_view::npos) return std::string("/");
  return (rest[end] == '?' ? "/" : "") + std::string(rest.substr(end));
}

// How the body is delimited, RFC 9112 section 6.
Result<void> ReadFraming(RequestHead& head, const HeadLimits& limits) {
  const auto encodings = head.headers.FindAll("Transfer-Encoding");
  const auto lengths = head.headers.FindAll("Content-Length");
  if (!encodings.empty()) {
    if (!lengths.empty()) {
      return Refuse(400, "Content-Length and Transfer-Encoding exclude each other");
    }
    if (head.is_http_1_0) return Refuse(400, "HTTP/1.0 has no Transfer-Encoding");
    if (encodings.size() != 1 || !EqualsIgnoreCase(encodings[0], "chunked")) {
      return Refuse(501, "the only Transfer-Encoding understood is 'chunked'");
    }
    head.chunked = true;
    return {};
  }
  if (lengths.empty()) return {};
  if (lengths.size() != 1) return Refuse(400, "Content-Length is given more than once");
  const std::string_view text = lengths[0];
  const auto [end, problem] =
      std::from_chars(text.data(), text.data() + text.size(), head.content_length);
  if (text.empty() || end != text.data() + text.size() ||
      (problem != std::errc{} && problem != std::errc::result_out_of_range)) {
    return Refuse(400, "Content-Length is not a number of bytes");
  }
  if (problem == std::errc::result_out_of_range || head.content_length > limits.body_bytes) {
    return Refuse(413, "a body may have at most " + std::to_string(limits.body_bytes) + " bytes");
  }
  return {};
}

Result<void> ReadConnection(RequestHead& head) {
  head.keep_alive = !head.is_http_1_0;
  for (const std::string_view field : head.headers.FindAll("Connection")) {
    for (const std::string_view option : Split(field, ',')) {
      if (EqualsIgnoreCase(Trim(option), "close")) {
        head.keep_alive = false;
        return {};
      }
      if (EqualsIgnoreCase(Trim(option), "keep-alive")) head.keep_alive = true;
    }
  }
  return {};
}

Result<void> ReadExpect(RequestHead& head) {
  const auto expectations = head.headers.FindAll("Expect");
  if (expectations.empty() || head.is_http_1_0) return {};
  if (expectations.size() != 1 || !EqualsIgnoreCase(expectations[0], "100-continue")) {
    return Refuse(417, "the only expectation understood is '100-continue'");
  }
  head.expects_continue = head.chunked || head.content_length > 0;
  return {};
}

}  // namespace

HeadScanner::State HeadScanner::Scan(std::string_view bytes) {
  while (true) {
    const std::size_t lf = bytes.find('\n', searched_);
    if (lf == std::string_view::npos) {
      searched_ = bytes.size();
      return State::kIncomplete;
    }
    if (lf == line_start_ || bytes[lf - 1] != '\r') return State::kBareLf;
    const bool empty_line = lf == line_start_ + 1;
    line_start_ = searched_ = lf + 1;
    if (empty_line) return State::kComplete;
  }
}

Result<RequestHead> ParseRequestHead(std::string_view head, const HeadLimits& limits) {
  const auto line = ParseRequestLine(TakeLine(head), limits);
  if (!line) return line.error();
  auto headers = ParseFields(head, limits);
  if (!headers) return headers.error();

  RequestHead parsed{.method = std::string(line->method),
                     .headers = *std::move(headers),
                     .is_http_1_0 = line->is_http_1_0};
  const auto hosts = parsed.headers.FindAll("Host");
  if (hosts.size() > 1 || (hosts.empty() && !parsed.is_http_1_0)) {
    return Refuse(400, "exactly one Host header is required");
  }
  if (line->target.empty()) return Refuse(400, "the request target is empty");
  auto target =
      OriginForm(line->target, line->method, hosts.empty() ? std::string_view{} : hosts[0]);
  if (!target) return target.error();
  parsed.target = *std::move(target);

  if (const auto framed = ReadFraming(parsed, limits); !framed) return framed.error();
  if (const auto read = ReadConnection(parsed); !read) return read.error();
  if (const auto read = ReadExpect(parsed); !read) return read.error();
  return parsed;
}

Error TooLongHead(std::string_view head, const HeadLimits& limits) {
  if (head.substr(0, limits.target_bytes + kMaxMethodBytes).find('\n') == std::string_view::npos) {
    return Refuse(
        414, "the request target is longer than " + std::to_string(limits.target_bytes) + " bytes");
  }
  return Refuse(
      431, "the request's header is longer than " + std::to_string(limits.head_bytes) + " bytes");
}

}  // namespace usher::http
