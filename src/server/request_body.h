// RequestBody: the body of the request that a connection is serving, read from its socket as the
// handler asks for it. Never holds more than one read's worth of bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/byte_source.h"
#include "http/chunked_decoder.h"
#include "http/request_head.h"
#include "server/socket_stream.h"

namespace usher::server {

class RequestBody final : public ByteSource {
 public:
  RequestBody(SocketStream& stream, const http::RequestHead& head, const HttpLimits& limits);

  // Errors: RequestTimeout (too slow), IncompleteBody (the client left), InvalidRequest (broken
  // chunks), EntityTooLarge; internal when the request is over.
  Result<std::size_t> Read(std::span<char> buffer) override;
  [[nodiscard]] std::optional<std::uint64_t> size() const override;

  // Whether the next request follows at the stream's position: the end has been read, or what is
  // left has been dropped. Reads what is left when that is little and nothing forbids to wait for
  // it.
  [[nodiscard]] bool Drop();
  // Whether Drop could succeed: decides what the answer says about the connection.
  [[nodiscard]] bool CanDrop();
  // The request is over: what still holds the body must not touch the socket any more.
  void Detach() { stream_ = nullptr; }

 private:
  Result<std::size_t> ReadSized(std::span<char> buffer);
  Result<std::size_t> ReadChunked(std::span<char> buffer);
  void SendContinue();
  [[nodiscard]] bool at_end() const;

  SocketStream* stream_;
  std::uint64_t drain_bytes_;
  ProgressMeter meter_;
  bool chunked_;
  std::uint64_t size_;
  std::uint64_t left_;  // of a body with a length
  http::ChunkedDecoder decoder_;
  bool continue_pending_;  // the client waits for "100 Continue"
  bool broken_ = false;
};

}  // namespace usher::server
