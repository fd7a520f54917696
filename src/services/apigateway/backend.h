// What stands behind a method: a function, or an HTTP endpoint.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <variant>
#include <vector>

#include "outbound/http_client.h"
#include "services/apigateway/api_call.h"
#include "services/apigateway/reply.h"
#include "wire/dispatcher.h"

namespace usher::apigateway {

inline constexpr std::size_t kMaxWaitingCalls = 512;  // functions that may outlast their request

// A function's answer: its payload, and whether it is the payload of an error.
struct FunctionAnswer {
  std::string payload;
  bool failed = false;
  std::string request_id;
};

// Calls of functions. One that its own limits end well before the integration's timeout runs on the
// caller's thread. Another is handed to a thread that goes on without the request once the timeout
// is over, as the service's functions do.
//
// Threads: safe from any.
class FunctionCaller {
 public:
  FunctionCaller(const wire::Dispatcher& dispatcher, const Clock& clock)
      : dispatcher_(dispatcher), clock_(clock) {}
  ~FunctionCaller() { Stop(); }
  FunctionCaller(const FunctionCaller&) = delete;
  FunctionCaller& operator=(const FunctionCaller&) = delete;

  // A Failure: the function could not be called, or took longer than the method's timeout. An
  // asynchronous call is answered as soon as Lambda has accepted it.
  std::variant<FunctionAnswer, Failure> Call(ApiCall& call, std::string event, bool asynchronous);
  // Waits for the calls that are under way, which Lambda's own end ends.
  void Stop();

 private:
  struct Pending;

  Result<FunctionAnswer> Invoke(const std::string& function, const std::string& region,
                                std::string event, bool asynchronous,
                                wire::TraceContext& trace) const;
  // How long the function may take by its own settings; nullopt when that cannot be told.
  std::optional<std::chrono::milliseconds> LimitOf(const LambdaTarget& target);
  void Work();

  struct Known {
    std::chrono::milliseconds limit;
    std::chrono::steady_clock::time_point asked;
  };

  const wire::Dispatcher& dispatcher_;
  const Clock& clock_;
  std::mutex known_mutex_;
  std::unordered_map<std::string, Known> known_;  // by ARN

  std::mutex mutex_;
  std::condition_variable work_;
  std::deque<std::shared_ptr<Pending>> queue_;
  std::vector<std::thread> threads_;
  std::size_t idle_ = 0;
  bool stopping_ = false;
};

// Calls the method's HTTP endpoint.
std::variant<outbound::HttpReply, Failure> CallEndpoint(outbound::HttpClient& client,
                                                        const ApiCall& call,
                                                        outbound::HttpCall request);

}  // namespace usher::apigateway
