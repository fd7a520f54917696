// Follows the process of a run to its end: its output goes to its log while it runs, and it is
// ended whole, with all that it has started, when its time is over or somebody wishes it.
//
// Threads: of the caller, which waits.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "jobs/process.h"
#include "services/glue/stop_signals.h"

namespace usher::glue {

struct RunEnd {
  enum class Kind {
    kExited,      // by itself: `status`
    kTimedOut,    // its time was over
    kStopped,     // somebody stopped it
    kInterrupted  // the server stops
  };
  Kind kind = Kind::kExited;
  int status = 0;  // as waitpid gives it
  std::chrono::milliseconds time{0};
};

struct RunFollowing {
  std::chrono::milliseconds timeout;
  const StopSignals::Signal& signal;
  // Where its standard output and its standard error go.
  std::function<void(std::string_view bytes)> output;
  std::function<void(std::string_view bytes)> errors;
};

// `mark` as jobs::EndProcess takes it.
RunEnd FollowRun(const jobs::Process& process, const std::string& mark,
                 const RunFollowing& following);

}  // namespace usher::glue
