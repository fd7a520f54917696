// Runs a heavy job in a process of its own, so that its crash is its own, too: niced, in its own
// process group, with a memory limit, and killed by the kernel when the server's thread dies.
// jobs/child.h is the other side.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "jobs/job_queue.h"

namespace usher::jobs {

struct ChildCommand {
  std::string binary;              // run as `<binary> job <name> --work <work_folder>`
  std::string name;                // "train"
  std::string work_folder;         // exists
  std::uint64_t memory_limit = 0;  // bytes of address space; 0 = no limit
};

// Waits for the end of the child and gives its answer as JSON. A readable `stop_fd` kills it. A
// child of an earlier server that still dies in this work folder is waited for.
// Errors: cancelled after a stop; what the child recorded; internal with the signal or exit status
// and the end of its standard error when it recorded nothing.
// Threads: the child lives no longer than the calling thread.
Result<std::string> RunChildProcess(const ChildCommand& command, std::string_view request,
                                    int stop_fd,
                                    const std::function<void(const Progress&)>& report);

}  // namespace usher::jobs
