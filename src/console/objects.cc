#include "console/objects.h"

#include <algorithm>

#include "base/byte_source.h"
#include "base/encoding.h"
#include "base/text.h"
#include "wire/s3.h"

namespace usher::console {
namespace {

namespace s3 = usher::api::s3;

constexpr std::size_t kMaxFollowing = 3;  // bytes of a UTF-8 character after its first

const std::string* Text(const Value& request, std::string_view name) {
  const Value* value = request.Find(name);
  return value ? value->as_string() : nullptr;
}

// Without the character that the end of the preview cuts in two.
std::string_view WithoutCutCharacter(std::string_view text) {
  std::size_t end = text.size();
  for (std::size_t back = 0; back < kMaxFollowing && end > 0; ++back) {
    if ((static_cast<unsigned char>(text[end - 1]) & 0xc0U) != 0x80U) break;
    --end;
  }
  if (end > 0 && static_cast<unsigned char>(text[end - 1]) >= 0xc0U) return text.substr(0, end - 1);
  return text;
}

bool IsReadable(std::string_view text) {
  return IsUtf8(text) && std::ranges::none_of(text, [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte < ' ' && c != '\n' && c != '\r' && c != '\t' && c != '\f';
         });
}

// What a file is saved as: the last part of the key, which may hold anything.
std::string Attachment(std::string_view key) {
  const std::string_view name = key.substr(key.rfind('/') + 1);  // npos + 1 is 0
  return "attachment; filename*=UTF-8''" + PercentEncode(name.empty() ? "object" : name);
}

}  // namespace

Result<Value> PreviewObject(const Value& request, const wire::Dispatcher& dispatcher,
                            wire::CallContext& context) {
  const std::string* bucket = Text(request, "bucket");
  const std::string* key = Text(request, "key");
  if (!bucket || !key) return InvalidInput("bucket and key are needed");
  const auto head = dispatcher.Call<s3::HeadObject>({.bucket = *bucket, .key = *key}, context);
  if (!head) return head.error();
  const std::int64_t size = head->content_length.value_or(0);
  ValueMap answer;
  answer.Append("size", size);
  answer.Append("whole", size <= static_cast<std::int64_t>(kMaxPreviewBytes));
  if (size == 0) {
    answer.Append("text", "");
    return Value(std::move(answer));
  }
  const auto object =
      dispatcher.Call<s3::GetObject>({.bucket = *bucket,
                                      .if_match = head->e_tag,  // what was measured is what is read
                                      .key = *key,
                                      .range = "bytes=0-" + std::to_string(kMaxPreviewBytes - 1)},
                                     context);
  if (!object) return object.error();
  const auto bytes = ReadAll(*object->body, kMaxPreviewBytes);
  if (!bytes) return bytes.error();
  const bool is_cut = size > static_cast<std::int64_t>(bytes->size());
  const std::string_view text = is_cut ? WithoutCutCharacter(*bytes) : std::string_view(*bytes);
  if (IsReadable(text)) answer.Append("text", text);
  return Value(std::move(answer));
}

Result<wire::HttpResponse> DownloadObject(std::string_view query,
                                          const wire::Dispatcher& dispatcher,
                                          wire::CallContext& context) {
  std::string bucket;
  std::string key;
  for (const std::string_view pair : Split(query, '&')) {
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto value = PercentDecode(pair.substr(std::min(equals + 1, pair.size())), true);
    if (!value) return value.error();
    const std::string_view name = pair.substr(0, equals);
    if (name == "bucket") bucket = *std::move(value);
    if (name == "key") key = *std::move(value);
  }
  if (bucket.empty() || key.empty()) {
    return InvalidInput("a download is named by ?bucket=…&key=…");
  }
  auto object = dispatcher.Call<s3::GetObject>({.bucket = bucket, .key = key}, context);
  if (!object) return object.error();
  wire::HttpResponse response{.stream = std::move(object->body)};
  response.headers.Add("Content-Type", "application/octet-stream");
  response.headers.Add("Content-Disposition", Attachment(key));
  response.headers.Add("Content-Security-Policy", std::string(kDownloadPolicy));
  response.headers.Add("Cache-Control", "no-store");
  return response;
}

}  // namespace usher::console
