// ProgressLines: what a child writes on its standard output (jobs/child.h), taken apart again.
//
// A line that is no progress, a library's chatter, is skipped.
// Threads: one at a time.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "jobs/job_queue.h"

namespace usher::jobs {

class ProgressLines {
 public:
  using Report = std::function<void(const Progress&)>;
  explicit ProgressLines(Report report) : report_(std::move(report)) {}

  void Feed(std::string_view bytes);

 private:
  void ReportLine();

  Report report_;
  std::string line_;
};

}  // namespace usher::jobs
