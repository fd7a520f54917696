// Transfers: requests whose bodies are streams, in constant memory, for objects of any size.
//
// There is no guard of addresses here (http_client.h has one): the address is that of a server of
// our own. No proxy is used, and redirects are answers like any other.
//
// Cost:    a buffer of kTransferBufferBytes; a transfer that nobody reads waits.
// Threads: a transfer is of one thread at a time.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/byte_source.h"
#include "base/result.h"

namespace usher::outbound {

inline constexpr std::size_t kTransferBufferBytes = std::size_t{1} << 20;

struct TransferCall {
  std::string method;
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  // Its size must be known. nullptr: none.
  std::shared_ptr<ByteSource> body = nullptr;
  // Without a byte in either direction; connecting is a part of it.
  std::chrono::milliseconds silence = std::chrono::minutes(2);
};

struct TransferReply {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::shared_ptr<ByteSource> body;  // to be read or dropped; never nullptr

  // Of a header, told without case; "" when there is none.
  [[nodiscard]] std::string Header(std::string_view name) const;
};

// Sends the request and its body and waits for the head of the answer. Errors: internal when there
// is none, or nothing moves for too long; the body's own.
Result<TransferReply> Transfer(TransferCall call);

}  // namespace usher::outbound
