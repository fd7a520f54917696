#include "outbound/http_transfer.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>

#include "base/text.h"

namespace usher::outbound {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

constexpr int kWaitMs = 1000;  // at most, before the time of silence is looked at again
constexpr std::size_t kMaxAnswerHeaders = 200;

struct FreeEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct FreeMulti {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

// One request on its way, and afterwards the answer's body as a source.
class Running final : public ByteSource {
 public:
  explicit Running(TransferCall call) : call_(std::move(call)) {}
  ~Running() override {
    if (multi_ && easy_ && added_) curl_multi_remove_handle(multi_.get(), easy_.get());
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  // Up to the first byte of the answer's body, or its end.
  Result<void> Begin();

  Result<std::size_t> Read(std::span<char> buffer) override;
  [[nodiscard]] std::optional<std::uint64_t> size() const override;

  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& headers() const {
    return headers_;
  }

 private:
  static std::size_t TakeBody(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t TakeHeader(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t GiveBody(char* data, std::size_t size, std::size_t count, void* self);

  Result<void> SetUp();
  // Lets libcurl work until `ready`, or the transfer has ended.
  template <typename Ready>
  Result<void> Drive(Ready ready);
  [[nodiscard]] Error Failure(CURLcode code) const;

  TransferCall call_;
  // The easy handle is removed from the multi handle before either is freed.
  std::unique_ptr<CURLM, FreeMulti> multi_{curl_multi_init()};
  std::unique_ptr<CURL, FreeEasy> easy_{curl_easy_init()};
  std::unique_ptr<curl_slist, FreeList> header_list_;
  bool added_ = false;
  std::array<char, CURL_ERROR_SIZE> why_{};
  std::optional<Error> body_error_;  // of the request's body

  int status_ = 0;
  std::vector<std::pair<std::string, std::string>> headers_;
  std::string buffer_;
  std::size_t at_ = 0;  // of the buffer that has been read
  bool paused_ = false;
  bool has_body_ = false;
  bool ended_ = false;
  std::uint64_t moved_ = 0;  // bytes, in both directions
};

std::size_t Running::TakeBody(char* data, std::size_t size, std::size_t count, void* self) {
  auto& running = *static_cast<Running*>(self);
  running.has_body_ = true;
  if (running.buffer_.size() - running.at_ >= kTransferBufferBytes) {
    running.paused_ = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  running.buffer_.append(data, size * count);
  running.moved_ += size * count;
  return size * count;
}

std::size_t Running::TakeHeader(char* data, std::size_t size, std::size_t count, void* self) {
  auto& headers = static_cast<Running*>(self)->headers_;
  const std::string_view line = Trim(std::string_view(data, size * count));
  const std::size_t colon = line.find(':');
  if (line.starts_with("HTTP/")) {
    headers.clear();  // those before were an interim answer's
  } else if (colon != std::string_view::npos && headers.size() < kMaxAnswerHeaders) {
    headers.emplace_back(line.substr(0, colon), Trim(line.substr(colon + 1)));
  }
  return size * count;
}

std::size_t Running::GiveBody(char* data, std::size_t size, std::size_t count, void* self) {
  auto& running = *static_cast<Running*>(self);
  const auto got = running.call_.body->Read(std::span(data, size * count));
  if (!got) {
    running.body_error_ = got.error();
    return CURL_READFUNC_ABORT;
  }
  running.moved_ += *got;
  return *got;
}

Result<void> Running::SetUp() {
  if (!multi_ || !easy_) return Internal("there is no memory for a request");
  for (const auto& [name, value] : call_.headers) {
    const std::string line = value.empty() ? name + ";" : name + ": " + value;
    curl_slist* const longer = curl_slist_append(header_list_.get(), line.c_str());
    if (!longer) return Internal("there is no memory for a request");
    (void)header_list_.release();
    header_list_.reset(longer);
  }
  CURL* const easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_URL, call_.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);  // a key may hold "/../"
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 512L << 10);
  curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, 512L << 10);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, header_list_.get());
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, why_.data());
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, TakeBody);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, TakeHeader);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  if (call_.method == "HEAD") curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  if (call_.body) {
    const auto size = call_.body->size();
    Check(size.has_value(), "the size of a body that is sent is known");
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, GiveBody);
    curl_easy_setopt(easy, CURLOPT_READDATA, this);
    curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(*size));
  }
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, call_.method.c_str());
  if (curl_multi_add_handle(multi_.get(), easy) != CURLM_OK) {
    return Internal("there is no memory for a request");
  }
  added_ = true;
  return {};
}

Error Running::Failure(CURLcode code) const {
  if (body_error_) return *body_error_;
  const std::string said = why_[0] != '\0' ? why_.data() : curl_easy_strerror(code);
  return Internal("no whole answer: " + said);
}

template <typename Ready>
Result<void> Running::Drive(Ready ready) {
  std::uint64_t moved = moved_;
  SteadyTime last = std::chrono::steady_clock::now();
  while (!ready() && !ended_) {
    int running = 0;
    if (const CURLMcode code = curl_multi_perform(multi_.get(), &running); code != CURLM_OK) {
      return Internal(std::string("no answer: ") + curl_multi_strerror(code));
    }
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      ended_ = true;
      if (message->data.result != CURLE_OK) return Failure(message->data.result);
    }
    if (ready() || ended_) break;
    const auto now = std::chrono::steady_clock::now();
    if (moved != moved_) {
      moved = moved_;
      last = now;
    } else if (now - last > call_.silence) {
      return Internal("nothing was heard for " +
                      std::to_string(call_.silence / std::chrono::seconds(1)) + " s");
    }
    curl_multi_poll(multi_.get(), nullptr, 0, kWaitMs, nullptr);
  }
  return {};
}

Result<void> Running::Begin() {
  if (auto ready = SetUp(); !ready) return ready;
  if (auto driven = Drive([this] { return has_body_; }); !driven) return driven;
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  status_ = static_cast<int>(status);
  return {};
}

Result<std::size_t> Running::Read(std::span<char> buffer) {
  if (at_ == buffer_.size()) {
    buffer_.clear();
    at_ = 0;
    if (paused_) {
      paused_ = false;
      curl_easy_pause(easy_.get(), CURLPAUSE_CONT);
    }
    if (auto driven = Drive([this] { return !buffer_.empty(); }); !driven) return driven.error();
  }
  const std::size_t count = std::min(buffer.size(), buffer_.size() - at_);
  std::memcpy(buffer.data(), buffer_.data() + at_, count);
  at_ += count;
  return count;
}

std::optional<std::uint64_t> Running::size() const {
  curl_off_t length = -1;
  curl_easy_getinfo(easy_.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
  return length < 0 ? std::nullopt : std::optional(static_cast<std::uint64_t>(length));
}

}  // namespace

std::string TransferReply::Header(std::string_view name) const {
  const auto found = std::ranges::find_if(
      headers, [&](const auto& header) { return AsciiLower(header.first) == AsciiLower(name); });
  return found == headers.end() ? std::string() : found->second;
}

Result<TransferReply> Transfer(TransferCall call) {
  static const CURLcode kInitialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (kInitialised != CURLE_OK) return Internal("HTTP is not available");
  auto running = std::make_shared<Running>(std::move(call));
  if (const auto begun = running->Begin(); !begun) return begun.error();
  return TransferReply{.status = running->status(), .headers = running->headers(), .body = running};
}

}  // namespace usher::outbound
