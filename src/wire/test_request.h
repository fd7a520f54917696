// Requests as text, for tests of signatures.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/byte_source.h"
#include "wire/credentials.h"
#include "wire/http_message.h"

namespace usher::wire::testing {

struct TextRequest {
  HttpRequest http;
  std::string body;
};

// Request line, "Name:value" lines (a line that starts with white space goes on with the one
// before), an empty line, the body. Lines end in LF. The target may hold spaces.
inline TextRequest ParseTextRequest(std::string_view text) {
  TextRequest request;
  const std::size_t head_end = text.find("\n\n");
  std::string_view head = text.substr(0, head_end);
  if (head_end != std::string_view::npos) request.body = text.substr(head_end + 2);

  const std::string_view line = head.substr(0, head.find('\n'));
  head.remove_prefix(std::min(head.size(), line.size() + 1));
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  request.http.method = line.substr(0, first);
  request.http.target = line.substr(first + 1, last - first - 1);

  std::string name;
  std::string value;
  const auto flush = [&] {
    if (!name.empty()) request.http.headers.Add(name, value);
  };
  while (!head.empty()) {
    const std::string_view field = head.substr(0, head.find('\n'));
    head.remove_prefix(std::min(head.size(), field.size() + 1));
    if (field.starts_with(' ') || field.starts_with('\t')) {
      value.append("\n").append(field);
      continue;
    }
    flush();
    const std::size_t colon = field.find(':');
    name = field.substr(0, colon);
    value = field.substr(colon + 1);
  }
  flush();
  request.http.body = std::make_shared<StringSource>(request.body);
  return request;
}

class FakeCredentials final : public Credentials {
 public:
  void Add(const std::string& access_key_id, Key key) { keys_[access_key_id] = std::move(key); }
  [[nodiscard]] std::optional<Key> Find(std::string_view access_key_id) const override {
    const auto found = keys_.find(std::string(access_key_id));
    if (found == keys_.end()) return std::nullopt;
    return found->second;
  }

 private:
  std::map<std::string, Key> keys_;
};

}  // namespace usher::wire::testing
