#include "outbound/http_client.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "outbound/address_guard.h"

namespace usher::outbound {
namespace {

constexpr long kMaxIdleConnections = 4;  // of one handle
constexpr std::size_t kMaxAnswerHeaders = 200;

void InitOnce() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

struct FreeCurl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

// What the guard did during one request.
struct Guard {
  bool allow_private = false;
  std::string refused;  // the last address that was closed
};

curl_socket_t OpenSocket(void* data, curlsocktype /*purpose*/, curl_sockaddr* address) {
  auto& guard = *static_cast<Guard*>(data);
  if (!guard.allow_private && !IsPublic(address->addr)) {
    guard.refused = NumberOf(address->addr);
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

Error Closed(const std::string& address) {
  return AccessDenied("the address " + address +
                      " is not on the public internet; the server's --allow-private-webhooks "
                      "opens such addresses");
}

int EndWhenStopped(void* stopped, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return *static_cast<const std::atomic<bool>*>(stopped) ? 1 : 0;
}

struct Receiver {
  HttpReply& reply;
  std::size_t max_bytes;
};

std::size_t KeepAnswer(char* data, std::size_t size, std::size_t count, void* to) {
  auto& receiver = *static_cast<Receiver*>(to);
  std::string& body = receiver.reply.body;
  const std::size_t room = receiver.max_bytes - std::min(body.size(), receiver.max_bytes);
  const std::size_t kept = std::min(room, size * count);
  body.append(data, kept);
  receiver.reply.was_cut = kept < size * count;
  return kept;  // less than there is ends the transfer
}

std::size_t KeepHeader(char* data, std::size_t size, std::size_t count, void* to) {
  auto& headers = static_cast<Receiver*>(to)->reply.headers;
  std::string_view line(data, size * count);
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  const std::size_t colon = line.find(':');
  if (line.starts_with("HTTP/")) {
    headers.clear();  // those before were an interim answer's
  } else if (colon != std::string_view::npos && headers.size() < kMaxAnswerHeaders) {
    std::string_view value = line.substr(colon + 1);
    while (value.starts_with(' ') || value.starts_with('\t')) value.remove_prefix(1);
    headers.emplace_back(line.substr(0, colon), value);
  }
  return size * count;
}

}  // namespace

struct HttpClient::Handle {
  CURL* curl = curl_easy_init();
  ~Handle() { curl_easy_cleanup(curl); }
};

HttpClient::HttpClient(Options options) : options_(options) { InitOnce(); }
HttpClient::~HttpClient() = default;

std::unique_ptr<HttpClient::Handle> HttpClient::Take() {
  const std::scoped_lock lock(mutex_);
  if (idle_.empty()) return std::make_unique<Handle>();
  auto handle = std::move(idle_.back());
  idle_.pop_back();
  return handle;
}

void HttpClient::GiveBack(std::unique_ptr<Handle> handle) {
  curl_easy_reset(handle->curl);  // keeps the connections
  const std::scoped_lock lock(mutex_);
  if (idle_.size() < kMaxIdleHandles) idle_.push_back(std::move(handle));
}

Result<HttpAnswer> HttpClient::Post(const HttpPost& post) {
  auto reply =
      Send({.method = "POST", .url = post.url, .headers = post.headers, .body = post.body});
  if (!reply) return reply.error();
  return HttpAnswer{.status = reply->status, .body = std::move(reply->body)};
}

Result<HttpReply> HttpClient::Send(const HttpCall& call) {
  if (const auto valid = CheckUrl(call.url); !valid) return valid.error();
  auto handle = Take();
  CURL* const curl = handle->curl;
  if (!curl) return Internal("there is no memory for a request");
  std::unique_ptr<curl_slist, FreeCurl> headers;
  for (const auto& [name, value] : call.headers) {
    // curl takes a header without a value only in this form.
    const std::string line = value.empty() && name != "Expect" ? name + ";" : name + ": " + value;
    curl_slist* const longer = curl_slist_append(headers.get(), line.c_str());
    if (!longer) return Internal("there is no memory for a request");
    (void)headers.release();
    headers.reset(longer);
  }

  Guard guard{.allow_private = options_.allow_private};
  HttpReply reply;
  Receiver receiver{.reply = reply, .max_bytes = call.max_answer_bytes};
  std::array<char, CURL_ERROR_SIZE> why{};
  const auto timeout_ms = static_cast<long>(call.timeout.count());
  const auto connect_ms = static_cast<long>(std::chrono::milliseconds(kConnectTimeout).count());
  curl_easy_setopt(curl, CURLOPT_URL, call.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, std::min(connect_ms, timeout_ms));
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, timeout_ms);
  curl_easy_setopt(curl, CURLOPT_MAXCONNECTS, kMaxIdleConnections);
  curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, OpenSocket);
  curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, &guard);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, KeepAnswer);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &receiver);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, KeepHeader);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &receiver);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why.data());
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, EndWhenStopped);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &stopped_);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  if (call.method == "HEAD") {
    curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
  } else if (call.method == "GET" && call.body.empty()) {
    curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
  } else {
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call.body.data());
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call.method.c_str());
  }
  const CURLcode code = curl_easy_perform(curl);
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  reply.status = static_cast<int>(status);
  GiveBack(std::move(handle));

  if (code == CURLE_OK || (code == CURLE_WRITE_ERROR && reply.was_cut)) return reply;
  if (code == CURLE_COULDNT_CONNECT && !guard.refused.empty()) {
    return Closed(guard.refused);
  }
  const std::string said = why[0] != '\0' ? why.data() : curl_easy_strerror(code);
  if (code == CURLE_OPERATION_TIMEDOUT) {
    return Named(kTimedOut, ErrorCode::kInternal, "no answer in time: " + said);
  }
  return Internal("no answer: " + said);
}

Result<void> HttpClient::CheckTarget(std::string_view url) const {
  if (auto valid = CheckUrl(url); !valid) return valid;
  if (options_.allow_private) return {};
  const std::unique_ptr<CURLU, FreeCurl> parsed(curl_url());
  char* text = nullptr;
  if (!parsed ||
      curl_url_set(parsed.get(), CURLUPART_URL, std::string(url).c_str(), 0) != CURLUE_OK ||
      curl_url_get(parsed.get(), CURLUPART_HOST, &text, 0) != CURLUE_OK) {
    return InvalidInput("the URL cannot be read");
  }
  // libcurl has brought numbers into their usual form: 127.1 is 127.0.0.1 here.
  std::string host = text;
  curl_free(text);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  sockaddr_in in4{};
  in4.sin_family = AF_INET;
  sockaddr_in6 in6{};
  in6.sin6_family = AF_INET6;
  const bool is4 = inet_pton(AF_INET, host.c_str(), &in4.sin_addr) == 1;
  const bool is6 = inet_pton(AF_INET6, host.c_str(), &in6.sin6_addr) == 1;
  if ((is4 && !IsPublic(reinterpret_cast<const sockaddr&>(in4))) ||
      (is6 && !IsPublic(reinterpret_cast<const sockaddr&>(in6)))) {
    return Closed(host);
  }
  return {};
}

Result<void> CheckUrl(std::string_view url) {
  const bool plain =
      std::ranges::all_of(url, [](char c) { return c > ' ' && c != 0x7f && c != '\\'; });
  if (url.size() > kMaxUrlBytes || !plain) {
    return InvalidInput("a URL has at most " + std::to_string(kMaxUrlBytes) +
                        " printable ASCII characters");
  }
  const std::unique_ptr<CURLU, FreeCurl> parsed(curl_url());
  if (!parsed || curl_url_set(parsed.get(), CURLUPART_URL, std::string(url).c_str(),
                              CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK) {
    return InvalidInput("the URL cannot be read");
  }
  char* scheme = nullptr;
  curl_url_get(parsed.get(), CURLUPART_SCHEME, &scheme, 0);
  const std::string found = scheme ? scheme : "";
  curl_free(scheme);
  if (found != "http" && found != "https") {
    return InvalidInput("a URL must begin with http:// or https://");
  }
  return {};
}

}  // namespace usher::outbound
