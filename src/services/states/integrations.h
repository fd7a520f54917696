// Integrations: what tasks may do, and doing it: an operation of some service, called through the
// dispatcher as a client would.
//
// aws-sdk integrations reach every operation that the service models know; one that is not built
// fails when it is called, saying so. The optimised ones are a table here.
//
// Threads: safe from any; Call blocks until the operation has answered.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/value.h"
#include "services/states/language/failure.h"
#include "services/states/language/resource.h"
#include "wire/dispatcher.h"

namespace usher::states {

// For Compile. Errors: invalid input (named "Parameters" when those are wrong): what is unknown or
// not supported, and what is.
Result<void> CheckTask(std::string_view resource, const Value* parameters);

// What became of a task.
struct TaskOutcome {
  enum class Kind {
    kSucceeded,  // `value` is the result
    kFailed,     // `failure` says why
    kSubmitted,  // begun; `value` is what the call gave, `handle` names what was started
    kRunning     // what was started has not ended
  };
  Kind kind = Kind::kSucceeded;
  Value value;
  Failure failure;
  std::string handle;
  std::string traced_as;  // of an optimised integration: "AWSGlue"; empty: as any other call
};

// Calls what the resource names. Only for functions and integrations. `context` has the call's
// request id, the same when it is made again: an execution that it starts is started once.
TaskOutcome CallTask(const wire::Dispatcher& dispatcher, const Resource& resource,
                     const Value& parameters, wire::CallContext& context);

// Looks after what a ".sync" task has started.
TaskOutcome PollTask(const wire::Dispatcher& dispatcher, const Resource& resource,
                     const std::string& handle, wire::CallContext& context);

}  // namespace usher::states
