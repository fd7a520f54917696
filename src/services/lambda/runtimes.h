// Runtimes: how a version of a function becomes a process. `python3.x` of any x runs on the one
// interpreter of the project's environment, by awslambdaric; `provided` and its kin run the
// `bootstrap` of the zip; `usher` is built in and has no process.
//
// Source:  AWS Lambda Developer Guide, "Defined runtime environment variables".
// Threads: safe from any.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "services/lambda/catalog.h"
#include "services/lambda/layers.h"
#include "services/lambda/sandbox.h"
#include "wire/temporary_credentials.h"

namespace usher::lambda {

inline constexpr std::string_view kBuiltinRuntime = "usher";

enum class RuntimeKind { kPython, kProvided, kBuiltin, kUnknown };
[[nodiscard]] RuntimeKind KindOf(std::string_view runtime);

// Names that a function's own variables may not have.
[[nodiscard]] bool IsReservedVariable(std::string_view name);

struct RuntimeOptions {
  std::string python;       // an interpreter that has awslambdaric
  std::string endpoint;     // of this server, for AWS_ENDPOINT_URL
  std::string xray_daemon;  // for AWS_XRAY_DAEMON_ADDRESS; empty: not set
};

class Runtimes {
 public:
  Runtimes(RuntimeOptions options, const Layers& layers, CodeStore& code,
           wire::TemporaryCredentials& credentials);

  // All of a sandbox for this version but its log: unpacks code and layers, issues credentials.
  // Errors: not found for a layer, a handler file or an interpreter that is missing, with what to
  // do about it.
  Result<SandboxSpec> Prepare(const Target& target, std::string_view region,
                              std::string_view log_group, std::string_view log_stream);

 private:
  Result<std::vector<std::string>> CommandFor(RuntimeKind kind, const std::string& runtime,
                                              const std::string& handler,
                                              const std::string& task_root);

  RuntimeOptions options_;
  std::string python_version_;  // "3.11"
  const Layers& layers_;
  CodeStore& code_;
  wire::TemporaryCredentials& credentials_;
  std::mutex mutex_;
  std::set<std::string> told_;  // runtimes that another version runs: said once
};

}  // namespace usher::lambda
