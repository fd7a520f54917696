// From a run to the process that carries it out: its script and what goes with it are fetched from
// S3 into a folder of the run's own, its arguments become a command line, and its environment has
// a temporary key.
//
//   glueetl       <spark>/bin/python -m glue_runtime.submit … --script FILE -- ARG…
//   pythonshell   <python> …/glue_runtime/run_script.py FILE ARG…
//   usher         <this program> job builtin --work FOLDER
//
// Source: AWS Glue Developer Guide, "AWS Glue job parameters".
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "jobs/process.h"
#include "services/glue/catalog.h"
#include "services/glue/service.h"

namespace usher::glue {

inline constexpr std::uint64_t kMaxScriptBytes = 16U << 20;
inline constexpr std::uint64_t kMaxExtraBytes = 512U << 20;  // of one file beside the script
inline constexpr std::size_t kMaxExtraFiles = 100;           // of one argument
inline constexpr std::size_t kMaxReasonBytes = 4U << 10;

// The run's own folder, removed with this object.
class RunFolder {
 public:
  // Errors: internal.
  static Result<std::unique_ptr<RunFolder>> Make(const std::string& data_folder,
                                                 const std::string& run_id);
  ~RunFolder();
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  // Of the run's process and of all that it starts, as jobs::EndProcess takes it.
  [[nodiscard]] std::string mark() const;
  // Where the script's runner leaves why it failed.
  [[nodiscard]] std::string reason_file() const { return path_ + "/reason"; }

 private:
  explicit RunFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// Ends what an earlier server's runs have left, and removes their folders: one that cannot be
// removed is in nobody's way.
void ClearRunFolders(const std::string& data_folder);

struct RunCommand {
  jobs::ProcessSpec process;
  std::vector<std::string> notes;     // for the run's errors, before it begins
  std::shared_ptr<const void> holds;  // its key: until the process is gone
};

// Errors: what keeps the run from being begun, in words for its ErrorMessage.
Result<RunCommand> MakeRunCommand(const RunRecord& run, const RunFolder& folder, Service& service);

// "a=1 --conf b=2", as the argument --conf is written for more than one, gives both. Errors:
// invalid input for one that is no name=value.
Result<std::vector<std::string>> SplitConf(std::string_view text);

}  // namespace usher::glue
