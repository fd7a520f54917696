// Machine: a state machine's definition, checked once and then only read.
//
// The states of the machine itself, of each branch of a Parallel state and of what a Map state runs
// for each item are a Block each; blocks are numbered, 0 is the machine itself.
//
// Source: Amazon States Language (states-language.net, version 1.0).
// Threads: immutable.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/value.h"
#include "services/states/language/choice_rule.h"
#include "services/states/language/expression.h"
#include "services/states/language/failure.h"
#include "services/states/language/payload_template.h"

namespace usher::states {

enum class StateType { kPass, kTask, kChoice, kWait, kSucceed, kFail, kParallel, kMap };

// "Pass", "Task" …
[[nodiscard]] std::string_view NameOf(StateType type);

struct Retrier {
  std::vector<std::string> errors;
  std::int64_t interval_seconds = 1;
  std::int64_t max_attempts = 3;
  double backoff_rate = 2.0;
  std::optional<std::int64_t> max_delay_seconds;
  bool full_jitter = false;
};

struct Catcher {
  std::vector<std::string> errors;
  std::string next;
  std::optional<Path> result_path;  // nullopt: the error is discarded
};

struct Choice {
  ChoiceRule rule;
  std::string next;
};

// A number that stands in the definition, or is read from the data.
struct Quantity {
  std::optional<double> number;
  std::optional<ScopedPath> path;
};

struct State {
  std::string name;
  StateType type = StateType::kPass;
  std::string next;  // empty: it ends its block, or it is a Choice

  std::optional<ScopedPath> input_path;   // nullopt: an empty object
  std::optional<ScopedPath> output_path;  // nullopt: an empty object
  std::optional<Path> result_path;        // nullopt: the result is discarded
  std::optional<PayloadTemplate> parameters;
  std::optional<PayloadTemplate> result_selector;
  std::vector<Retrier> retriers;
  std::vector<Catcher> catchers;

  std::optional<Value> result;  // Pass

  std::string resource;  // Task
  std::optional<Quantity> timeout;
  std::optional<Quantity> heartbeat;

  std::vector<Choice> choices;  // Choice
  std::string otherwise;        // its Default; may be empty

  std::optional<Quantity> wait_seconds;                               // Wait: one of these two
  std::variant<std::monostate, std::int64_t, ScopedPath> wait_until;  // milliseconds, or a path

  std::string error, cause;  // Fail
  std::optional<Expression> error_path, cause_path;

  std::vector<int> blocks;  // Parallel: its branches; Map: the one that runs for each item
  std::optional<ScopedPath> items_path;  // Map
  std::optional<PayloadTemplate> item_selector;
  std::optional<Quantity> max_concurrency;
  std::optional<Quantity> tolerated_count;
  std::optional<Quantity> tolerated_percentage;
};

struct Block {
  std::string start_at;
  std::map<std::string, State, std::less<>> states;
};

struct Machine {
  std::vector<Block> blocks;
  std::optional<std::int64_t> timeout_seconds;

  [[nodiscard]] const State& StateOf(int block, std::string_view name) const;
};

// Whether a Retry or Catch with these names takes the error.
[[nodiscard]] bool Takes(const std::vector<std::string>& names, std::string_view error);

// Milliseconds before the attempt that follows `failed` earlier ones, from 1, before jitter.
[[nodiscard]] std::int64_t BackoffMillis(const Retrier& retrier, std::int64_t failed);

}  // namespace usher::states
