// One HTTP request and answer as plain data: all that the protocols know of HTTP, and all that
// server/ knows of them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/value.h"

namespace usher::wire {

// Header fields in the order of arrival; names keep their spelling and are compared without case.
class Headers {
 public:
  using Entry = std::pair<std::string, std::string>;

  void Add(std::string name, std::string value) {
    entries_.emplace_back(std::move(name), std::move(value));
  }
  // Replaces every field of this name by one.
  void Set(std::string name, std::string value);
  // The first field of this name; nullptr when there is none.
  [[nodiscard]] const std::string* Find(std::string_view name) const;
  [[nodiscard]] std::vector<std::string_view> FindAll(std::string_view name) const;
  [[nodiscard]] auto begin() const { return entries_.begin(); }
  [[nodiscard]] auto end() const { return entries_.end(); }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  std::vector<Entry> entries_;
};

struct HttpRequest {
  std::string method;
  std::string target;  // as sent: path and query, still percent-encoded, never normalised
  Headers headers;
  Stream body;       // never null; an empty source when there is no body. Content-Length bounded,
                     // chunked decoded
  std::string peer;  // address of the client, without the port
};

struct HttpResponse {
  int status = 200;
  Headers
      headers;  // without Content-Length, Transfer-Encoding, Connection and Date: server/ adds them
  std::string body;
  Stream stream;  // when set, sent after `body`, which is then empty
};

}  // namespace usher::wire
