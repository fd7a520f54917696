// Runs one invocation of a version, in a sandbox or, for a built-in function, right here.
//
// Threads: safe from any thread; the calling thread is busy until the invocation ends.
#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include "functions/builtin_function.h"
#include "log_events/log_writer.h"
#include "services/lambda/catalog.h"
#include "services/lambda/pool.h"
#include "services/lambda/runtimes.h"
#include "wire/dispatcher.h"

namespace usher::lambda {

struct RunRequest {
  std::string request_id;
  std::string_view payload;
  std::string qualifier;  // as asked for; empty when none was
  std::string region;
  wire::TraceContext trace;
  std::string client_context;
  std::chrono::milliseconds patience{0};  // to wait for a place
  const std::atomic<bool>* stop = nullptr;
};

class Executor {
 public:
  Executor(Pool& pool, Runtimes& runtimes, const Layers& layers, log_events::LogWriter& logs,
           const wire::Dispatcher& dispatcher, const Clock& clock,
           std::span<const functions::BuiltinFunction> builtins)
      : pool_(pool),
        runtimes_(runtimes),
        layers_(layers),
        logs_(logs),
        dispatcher_(dispatcher),
        clock_(clock),
        builtins_(builtins) {}

  // Errors: throttled; cancelled when the server stops. A function that cannot even be started is a
  // failed invocation: its payload says why.
  Result<InvocationResult> Run(const Target& target, const RunRequest& request);
  // What keeps the version from running: a missing layer, a handler that is not built in. nullopt:
  // nothing that can be told beforehand.
  [[nodiscard]] std::optional<std::string> Obstacle(
      const api::FunctionConfiguration& configuration) const;

  // Concurrency that is left for functions without a reserved one.
  void SetUnreserved(std::int64_t limit) { unreserved_.store(limit); }
  [[nodiscard]] std::int64_t unreserved() const { return unreserved_.load(); }
  // Built-in functions are asked to end.
  void Stop() { cancelled_.store(true); }

 private:
  Result<InvocationResult> RunInPlace(const Target& target, const RunRequest& request,
                                      Pool::Place& place, tracing::TraceContext& trace);
  [[nodiscard]] const functions::BuiltinFunction* FindBuiltin(std::string_view handler) const;
  InvocationResult RunBuiltin(const Target& target, const RunRequest& request,
                              tracing::TraceContext& trace);
  [[nodiscard]] FunctionLog::Sink SinkFor(const log_events::LogWriter::Stream& stream) const;
  std::string StreamOfBuiltin(const std::string& key, std::string_view version);
  [[nodiscard]] std::string NewStreamName(std::string_view version) const;

  Pool& pool_;
  Runtimes& runtimes_;
  const Layers& layers_;
  log_events::LogWriter& logs_;
  const wire::Dispatcher& dispatcher_;
  const Clock& clock_;
  std::span<const functions::BuiltinFunction> builtins_;
  std::atomic<std::int64_t> unreserved_ = kAccountConcurrency;
  std::atomic<bool> cancelled_ = false;
  std::mutex mutex_;
  std::map<std::string, std::string> builtin_streams_;  // by key of the version
};

[[nodiscard]] std::string LogGroupOf(const api::FunctionConfiguration& configuration);

}  // namespace usher::lambda
