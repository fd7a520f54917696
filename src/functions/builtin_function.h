// A built-in function: a function of Lambda with the runtime `usher`, written in C++ and run inside
// the server, by its handler's name.
//
//   Result<std::string> Greet(const std::string& event, FunctionContext& context) {
//     context.log("greeting " + context.environment.at("NAME"));
//     const auto answer = context.dispatcher.Call<api::s3::GetObject>({…}, context.call);
//     if (!answer) return answer.error();
//     return std::string(R"({"greeted":true})");
//   }
//   const BuiltinFunction kFunctions[] = {{"greet", Greet}};
//
// `event` is the JSON that the function was invoked with, within Lambda's limits for payloads
// (6 MB, or 1 MB for an asynchronous one). The answer is JSON too, and no longer than 6 MB; "null"
// for nothing.
//
// An Error is what an exception is to a function in Python: the invocation has failed, as
//   {"errorMessage": error.message, "errorType": error.wire_name or the name of its code}
// and an asynchronous one is tried again. Its message is shown to whoever may read the log.
//
// Nothing can end such a function but itself: it must look at Expired() in every loop over data and
// be short. Anything long is a job (jobs/job_queue.h), which it starts through the dispatcher.
//
// Threads: several invocations of one function run at the same time.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "wire/dispatcher.h"

namespace usher::functions {

// What a function sees of its invocation.
struct FunctionContext {
  std::string request_id;
  std::string function_name;
  std::string function_version;      // "$LATEST" or a number
  std::string invoked_function_arn;  // with the qualifier that was asked for, if any
  const std::map<std::string, std::string>& environment;  // the function's own variables
  Time deadline;
  const Clock& clock;
  // True when the server shuts down or nobody waits any more: return soon.
  const std::atomic<bool>& cancelled;
  // Calls go out as the server's own, in `call.region`. One call at a time: a handler may write to
  // the context that it is given.
  const wire::Dispatcher& dispatcher;
  wire::CallContext& call;
  // One line of the function's log, without a line end. Safe from any thread.
  std::function<void(std::string_view line)> log;

  [[nodiscard]] bool Expired() const {
    return cancelled.load(std::memory_order_relaxed) || clock.Now() >= deadline;
  }
};

struct BuiltinFunction {
  std::string_view handler;  // as CreateFunction's Handler names it: "batch_trigger"
  std::function<Result<std::string>(const std::string& event, FunctionContext& context)> run;
};

}  // namespace usher::functions
