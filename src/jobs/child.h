// The child's side of JobContext::RunChild: what `usher job <name> --work FOLDER` runs in.
//
//   return jobs::RunChildMain(folder, [](const Value& request, jobs::ChildContext& context)
//       -> Result<Value> { context.Report(0.5, "training"); … });
//
// Standard output belongs to the progress lines; words for people go to standard error.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/value.h"

namespace usher::jobs {

class ChildContext {
 public:
  explicit ChildContext(std::string work_folder) : work_folder_(std::move(work_folder)) {}

  // Kept between attempts: the place for checkpoints and for the files that are the result.
  [[nodiscard]] const std::string& work_folder() const { return work_folder_; }
  // Tells the server how far the work is; cheap enough for an inner loop (at most ten lines a
  // second go out, and one for each new stage). Safe from any thread.
  void Report(double fraction, std::string_view stage);

 private:
  std::string work_folder_;
  std::mutex mutex_;
  std::string stage_;
  std::chrono::steady_clock::time_point next_ = {};
};

using ChildHandler = std::function<Result<Value>(const Value& request, ChildContext& context)>;

// Reads request.json, runs the handler, writes result.json. Gives the exit status: 0 when an answer
// was written, 1 when an error was written or nothing could be. Running out of memory becomes an
// error like any other.
int RunChildMain(const std::string& work_folder, const ChildHandler& handler);

}  // namespace usher::jobs
