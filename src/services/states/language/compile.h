// Compile: from the text of a definition to a Machine, or to everything that is wrong with it.
//
// Everything is checked here: members and their kinds, paths, expressions, transitions, states that
// nothing leads to. What is left to the execution is what depends on data.
// Limits: kMaxBlocks, kMaxStates, kMaxBlockDepth, kMaxDiagnostics.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "services/states/language/machine.h"

namespace usher::states {

inline constexpr std::size_t kMaxBlocks = 1000;
inline constexpr std::size_t kMaxStates = 10'000;  // of all blocks together
inline constexpr int kMaxBlockDepth = 16;          // blocks within blocks
inline constexpr std::size_t kMaxStateName = 80;   // characters
inline constexpr std::size_t kMaxDiagnostics = 100;

struct Diagnostic {
  std::string code;      // "SCHEMA_VALIDATION_FAILED", "MISSING_TRANSITION_TARGET", …
  std::string message;   // names the state
  std::string location;  // "/States/Check/Next"
};

// What is known of the world: whether a Task may have this resource with these parameters (the
// template as written; nullptr when there are none). Errors say why not.
using TaskChecker = std::function<Result<void>(std::string_view resource, const Value* parameters)>;

struct Compiled {
  std::shared_ptr<const Machine> machine;  // nullptr when there are diagnostics
  std::vector<Diagnostic> diagnostics;
};

Compiled Compile(std::string_view definition, const TaskChecker& check_task);

// "SCHEMA_VALIDATION_FAILED: … at /States/A, MISSING_TRANSITION_TARGET: …"
[[nodiscard]] std::string Describe(const std::vector<Diagnostic>& diagnostics);

}  // namespace usher::states
