// SMTP by libcurl: one connection a mail.
#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <cstring>
#include <mutex>

#include "base/encoding.h"
#include "base/text.h"
#include "mail/mailer.h"

namespace usher::mail {
namespace {

constexpr long kConnectSeconds = 15;
constexpr long kWholeSeconds = 120;
constexpr std::size_t kMaxRelayBytes = 2000;
// What a relay says when a mail can never pass; every other failure is tried again. 530, 535 and
// their kin speak of us, not of the mail: an operator can mend that.
constexpr std::array<long, 9> kForGood{500, 501, 550, 551, 552, 553, 554, 555, 556};

struct FreeHandle {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

void InitOnce() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

std::size_t ReadText(char* buffer, std::size_t size, std::size_t count, void* from) {
  auto& rest = *static_cast<std::string_view*>(from);
  const std::size_t taken = std::min(size * count, rest.size());
  std::memcpy(buffer, rest.data(), taken);
  rest.remove_prefix(taken);
  return taken;
}

int EndWhenStopped(void* stopped, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return *static_cast<const std::atomic<bool>*>(stopped) ? 1 : 0;
}

class SmtpMailer final : public Mailer {
 public:
  explicit SmtpMailer(SmtpRelay relay) : relay_(std::move(relay)) { InitOnce(); }

  Result<void> Send(const Mail& mail) override {
    const auto text = Compose(mail);
    if (!text) return text.error();
    const std::unique_ptr<CURL, FreeHandle> handle(curl_easy_init());
    const std::unique_ptr<curl_slist, FreeHandle> recipients(
        curl_slist_append(nullptr, ("<" + mail.to + ">").c_str()));
    if (!handle || !recipients) return Internal("there is no memory to send a mail");

    CURL* const curl = handle.get();
    std::string_view rest = *text;
    std::array<char, CURL_ERROR_SIZE> why{};
    const std::string sender = "<" + mail.from + ">";
    curl_easy_setopt(curl, CURLOPT_URL, relay_.url.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, kWholeSeconds);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why.data());
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, EndWhenStopped);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &stopped_);
    const bool insist = !relay_.user.empty() && !relay_.is_loopback;
    curl_easy_setopt(curl, CURLOPT_USE_SSL, insist ? CURLUSESSL_ALL : CURLUSESSL_TRY);
    if (!relay_.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, relay_.ca_file.c_str());
    if (!relay_.user.empty()) {
      curl_easy_setopt(curl, CURLOPT_USERNAME, relay_.user.c_str());
      curl_easy_setopt(curl, CURLOPT_PASSWORD, relay_.password.c_str());
    }
    curl_easy_setopt(curl, CURLOPT_MAIL_FROM, sender.c_str());
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients.get());
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, ReadText);
    curl_easy_setopt(curl, CURLOPT_READDATA, &rest);
    const CURLcode code = curl_easy_perform(curl);
    if (code == CURLE_OK) return {};

    long reply = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply);
    std::string message = "the relay " + relay_.url + " did not take the mail: ";
    message += why[0] != '\0' ? why.data() : curl_easy_strerror(code);
    if (reply != 0) message += " (it answered " + std::to_string(reply) + ")";
    const bool for_good =
        code != CURLE_LOGIN_DENIED && std::ranges::find(kForGood, reply) != kForGood.end();
    return for_good ? InvalidInput(std::move(message)) : Internal(std::move(message));
  }

  void Stop() override { stopped_ = true; }

 private:
  SmtpRelay relay_;
  std::atomic<bool> stopped_ = false;
};

Error BadRelay(std::string_view why) {
  return InvalidInput("the relay " + std::string(why) +
                      ": it is written smtp://user:password@host:port, or smtps://… for TLS from "
                      "the start; user, password and port may be left out");
}

}  // namespace

Result<SmtpRelay> ParseSmtpRelay(std::string_view text) {
  if (text.size() > kMaxRelayBytes) return BadRelay("is too long");
  SmtpRelay relay;
  constexpr std::string_view plain = "smtp://";
  constexpr std::string_view secure = "smtps://";
  if (text.starts_with(secure)) {
    relay.implicit_tls = true;
    text.remove_prefix(secure.size());
  } else if (text.starts_with(plain)) {
    text.remove_prefix(plain.size());
  } else {
    return BadRelay("begins with neither smtp:// nor smtps://");
  }
  if (const std::size_t at = text.rfind('@'); at != std::string_view::npos) {
    const std::string_view login = text.substr(0, at);
    const std::size_t colon = login.find(':');
    if (colon == std::string_view::npos) return BadRelay("has a user without a password");
    auto user = PercentDecode(login.substr(0, colon));
    auto password = PercentDecode(login.substr(colon + 1));
    if (!user || !password || user->empty()) return BadRelay("has a login that cannot be read");
    relay.user = *std::move(user);
    relay.password = *std::move(password);
    text.remove_prefix(at + 1);
  }
  while (text.ends_with('/')) text.remove_suffix(1);

  std::string_view host = text;
  std::string_view port;
  const std::size_t colon = text.rfind(':');
  if (colon != std::string_view::npos && text.find(']', colon) == std::string_view::npos) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
    unsigned number = 0;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (error != std::errc() || end != port.data() + port.size() || number == 0 || number > 65535) {
      return BadRelay("has a port that is not a number up to 65535");
    }
  }
  const std::string_view bare =
      host.starts_with('[') && host.ends_with(']') ? host.substr(1, host.size() - 2) : host;
  const bool named = !bare.empty() && std::ranges::all_of(bare, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == ':';
  });
  if (!named) return BadRelay("has no host");
  relay.is_loopback =
      bare == "::1" || bare.starts_with("127.") || EqualsIgnoreCase(bare, "localhost");
  relay.url = std::string(relay.implicit_tls ? secure : plain) + std::string(host);
  if (!port.empty()) relay.url += ":" + std::string(port);
  return relay;
}

std::unique_ptr<Mailer> MailToRelay(SmtpRelay relay) {
  return std::make_unique<SmtpMailer>(std::move(relay));
}

}  // namespace usher::mail
