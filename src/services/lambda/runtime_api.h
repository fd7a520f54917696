// The Lambda Runtime API for one sandbox: the HTTP server on loopback that a function's runtime
// asks for work and hands its results to.
//
//   GET  /2018-06-01/runtime/invocation/next            waits for work
//   POST /2018-06-01/runtime/invocation/{id}/response   202
//   POST /2018-06-01/runtime/invocation/{id}/error      202
//   POST /2018-06-01/runtime/init/error                 202
//   POST /2018-06-01/runtime/restore/error              202; GET /restore/next answers at once
//
// It has no thread: whoever runs an invocation polls its descriptors and lets it work, so that
// nothing stands between a response and the caller who waits for it. Each sandbox has a port of its
// own, since some runtimes take AWS_LAMBDA_RUNTIME_API for a host and a port, and nothing more.
//
// What comes in is not trusted: heads, bodies, connections are bounded, a request out of turn is
// refused with the state as it was, and connections from other users of the machine are closed.
//
// Source:  AWS Lambda Developer Guide, "Using the Lambda runtime API for custom runtimes".
// Threads: one at a time.
#pragma once

#include <poll.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "services/lambda/runtime_connection.h"

namespace usher::lambda {

inline constexpr std::size_t kMaxRuntimeConnections = 16;  // of one sandbox, at once
// What a function may answer; one byte more is an error of its own.
inline constexpr std::size_t kMaxResponseBytes = 6U << 20;

// One piece of work, as the runtime is told of it.
struct RuntimeEvent {
  std::string request_id;
  std::string_view payload;  // outlives the call
  Time deadline;
  std::string function_arn;
  std::string trace_id;
  std::string client_context;  // JSON; may be empty
};

// What the runtime reported.
struct RuntimeReport {
  enum class Kind { kResponse, kError, kInitError };
  Kind kind = Kind::kResponse;
  std::string payload;
  std::string error_type;  // of the header; may be empty
};

class RuntimeApi {
 public:
  // Listens on a free port of 127.0.0.1. Errors: internal.
  static Result<std::unique_ptr<RuntimeApi>> Listen();

  // "127.0.0.1:41733", for AWS_LAMBDA_RUNTIME_API.
  [[nodiscard]] std::string Address() const;

  // Adds what is to be polled. Work takes the same entries, after the poll.
  void AddTo(std::vector<pollfd>& polled) const;
  void Work(std::span<const pollfd> polled);

  // True when the runtime waits for work.
  [[nodiscard]] bool is_waiting() const { return waiting_ != nullptr; }
  // Gives the waiting runtime its work; nothing else is accepted until it has reported on it.
  void Send(const RuntimeEvent& event);
  // The report on that work, or on a failed initialisation; once.
  [[nodiscard]] std::optional<RuntimeReport> TakeReport();

 private:
  explicit RuntimeApi(UniqueFd listener, std::uint16_t port)
      : listener_(std::move(listener)), port_(port) {}
  void Accept();
  void Serve(RuntimeConnection& connection);
  void Answer(RuntimeConnection& connection, RuntimeRequest request);
  void TakeResult(RuntimeConnection& connection, RuntimeRequest request, std::string_view id,
                  RuntimeReport::Kind kind);

  UniqueFd listener_;
  std::uint16_t port_;
  std::vector<std::unique_ptr<RuntimeConnection>> connections_;
  RuntimeConnection* waiting_ = nullptr;  // of `connections_`
  std::string current_id_;                // of the work that is under way; empty: none
  std::string answered_id_;               // of the last one that was reported on
  std::optional<RuntimeReport> report_;
};

}  // namespace usher::lambda
