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

std::size_t KeepAnswer(char* data, std::size_t size, std::size_t count, void* to) {
  auto& body = *static_cast<std::string*>(to);
  const std::size_t room = kMaxAnswerBytes - std::min(body.size(), kMaxAnswerBytes);
  const std::size_t kept = std::min(room, size * count);
  body.append(data, kept);
  return kept;  // less than there is ends the transfer
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
  if (const auto valid = CheckUrl(post.url); !valid) return valid.error();
  auto handle = Take();
  CURL* const curl = handle->curl;
  if (!curl) return Internal("there is no memory for a request");
  std::unique_ptr<curl_slist, FreeCurl> headers;
  for (const auto& [name, value] : post.headers) {
    curl_slist* const longer = curl_slist_append(headers.get(), (name + ": " + value).c_str());
    if (!longer) return Internal("there is no memory for a request");
    (void)headers.release();
    headers.reset(longer);
  }

  Guard guard{.allow_private = options_.allow_private};
  HttpAnswer answer;
  std::array<char, CURL_ERROR_SIZE> why{};
  curl_easy_setopt(curl, CURLOPT_URL, post.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, static_cast<long>(kConnectTimeout.count()));
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, static_cast<long>(kRequestTimeout.count()));
  curl_easy_setopt(curl, CURLOPT_MAXCONNECTS, kMaxIdleConnections);
  curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, OpenSocket);
  curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, &guard);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, KeepAnswer);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer.body);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why.data());
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, EndWhenStopped);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &stopped_);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl, CURLOPT_POST, 1L);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(post.body.size()));
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, post.body.data());
  const CURLcode code = curl_easy_perform(curl);
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  answer.status = static_cast<int>(status);
  GiveBack(std::move(handle));

  const bool was_cut = code == CURLE_WRITE_ERROR && answer.body.size() == kMaxAnswerBytes;
  if (code == CURLE_OK || was_cut) return answer;
  if (code == CURLE_COULDNT_CONNECT && !guard.refused.empty()) {
    return Closed(guard.refused);
  }
  return Internal("no answer: " +
                  std::string(why[0] != '\0' ? why.data() : curl_easy_strerror(code)));
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
