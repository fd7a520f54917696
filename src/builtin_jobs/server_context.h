// The context of a run: objects of the server, reached as any client does, over HTTP and signed.
//
// Cost:    constant memory; one request for each object, and one for 1,000 of a list.
// Threads: as JobContext.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "builtin_jobs/builtin_job.h"
#include "wire/sigv4.h"

namespace usher::builtin_jobs {

// The server and who asks it, as the environment of every client names them.
struct ServerAccess {
  std::string endpoint;  // "http://127.0.0.1:4566"
  std::string region;
  wire::sigv4::Identity identity;

  // Of AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and
  // AWS_SESSION_TOKEN. Errors: invalid input, naming the variable that is missing.
  static Result<ServerAccess> FromEnvironment();
};

struct RunOutput {
  std::function<void(double fraction, std::string_view stage)> report;
  std::function<void(std::string_view line)> log;
};

// `work_folder` exists; `clock` outlives it.
[[nodiscard]] std::unique_ptr<JobContext> MakeServerContext(ServerAccess access, RunOutput output,
                                                            std::string work_folder,
                                                            const Clock& clock);

}  // namespace usher::builtin_jobs
