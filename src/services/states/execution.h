// Execution: one run of a machine, as values: what it was started with, how it ended, and where it
// stands in between (Progress). No input or output happens here; interpreter.h moves it on and
// store.h keeps it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/value.h"
#include "services/states/language/failure.h"

namespace usher::states {

inline constexpr std::size_t kMaxDataBytes = 256U << 10;  // of an input, an output, a result
// Of objects and arrays within each other; less than json::kMaxDepth by what Progress adds.
inline constexpr std::size_t kMaxDataDepth = 100;
inline constexpr std::int64_t kMaxHistoryEvents = 25'000;

enum class Status { kRunning, kSucceeded, kFailed, kTimedOut, kAborted };

// "RUNNING", "SUCCEEDED" …
[[nodiscard]] std::string_view NameOf(Status status);

// What holds from the start to the end, and the end.
struct Execution {
  std::string arn;
  std::string name;
  std::string machine_arn;
  std::string machine_name;
  std::string role_arn;
  std::string revision;  // of the machine's definition, which stays the one it was started with
  bool express = false;
  std::string input;  // JSON
  Time started;
  std::string trace_header;   // as the caller gave it
  std::string trace_root;     // id of the trace; empty: it is not traced
  std::string trace_parent;   // id of the segment that it belongs to; may be empty
  std::string trace_segment;  // its own

  Status status = Status::kRunning;
  Time stopped;
  std::string output;  // JSON, when it has succeeded
  Failure failure;     // when it has failed, timed out or was stopped; may be empty
};

// One thread of control: the execution's own (number 0), a branch of a Parallel state or an
// iteration of a Map state.
struct Flow {
  enum class Phase {
    kReady,    // its state has been entered and is to be run
    kTask,     // waits for the result of a task
    kWait,     // a Wait state waits for its time
    kBackoff,  // waits before its state is run again
    kChildren  // waits for the flows below it
  };

  int number = 0;
  int parent = -1;            // -1: none
  int block = 0;              // of the machine
  std::int64_t index = 0;     // which branch or iteration of the parent's state
  std::optional<Value> item;  // of a Map, for the context object

  std::string state;  // that it is in
  Value input;        // of that state, as it came in
  Time entered;
  Phase phase = Phase::kReady;
  std::int64_t last_event = 0;  // id
  std::int64_t entered_event = 0;
  std::vector<std::int64_t> retries;  // attempts that each retrier of the state has used up
  std::int64_t retry_count = 0;       // of them all
  // Names what the flow waits for: results and timers of an earlier wait are known as such.
  std::int64_t ticket = 0;
  bool submitted = false;  // the task was handed over; its token or end is awaited
  std::optional<std::int64_t> heartbeat_millis;
  Time heartbeat_due;
  // How far Wait states that ran faster than they say have put this flow's clock ahead.
  std::int64_t ahead_millis = 0;

  // While in kChildren.
  std::vector<std::optional<Value>> results;  // by index
  std::int64_t next_index = 0;                // of the iteration to be started next
  std::int64_t running = 0;
  std::int64_t failed = 0;
};

struct Progress {
  std::map<int, Flow> flows;  // empty once the execution has ended
  int flows_made = 0;
  std::int64_t events = 0;   // ids given so far
  std::int64_t tickets = 0;  // likewise
  std::string secret;        // makes the task tokens of this execution unguessable
};

// As documents. Errors: corrupt.
[[nodiscard]] std::string Encode(const Execution& execution);
Result<Execution> DecodeExecution(std::string_view arn, std::string_view body);
[[nodiscard]] std::string Encode(const Progress& progress);
Result<Progress> DecodeProgress(std::string_view body);

// Opaque for clients; names the execution, the flow and the ticket.
[[nodiscard]] std::string TaskToken(const Execution& execution, const Progress& progress, int flow,
                                    std::int64_t ticket);
struct TokenParts {
  std::string execution_arn;
  int flow = 0;
  std::int64_t ticket = 0;
};
// Errors: invalid token. Whether the token is the execution's own is for the caller to compare.
Result<TokenParts> ReadTaskToken(std::string_view token);

}  // namespace usher::states
