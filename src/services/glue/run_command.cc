#include "services/glue/run_command.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "base/folders.h"
#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "builtin_jobs/builtin_job.h"
#include "builtin_jobs/child.h"
#include "jobs/child_result.h"
#include "json/json.h"
#include "services/glue/names.h"
#include "wire/s3.h"

namespace usher::glue {
namespace {

namespace s3 = usher::api::s3;
namespace fs = std::filesystem;

constexpr std::string_view kFolders = "/glue";
constexpr std::string_view kMarkName = "USHER_RUN_FOLDER";
constexpr std::string_view kSystemPath = "/usr/local/bin:/usr/bin:/bin";
constexpr int kNice = 10;
constexpr std::uint64_t kMaxProcesses = 4096;  // of a run, threads too: Spark has many
constexpr std::uint64_t kMaxOpenFiles = 65'536;

// Arguments that are the service's own: the script does not see them.
constexpr std::array<std::string_view, 6> kOwnArguments = {"--extra-py-files",
                                                           "--extra-jars",
                                                           "--extra-files",
                                                           "--conf",
                                                           "--additional-python-modules",
                                                           "--python-modules-installer-option"};

// The service acts for itself: its calls carry no client's key.
wire::CallContext InternalContext(const RunRecord& run, const Service& service) {
  wire::CallContext context;
  context.now = service.clock.Now();
  context.region = run.region;
  context.caller.arn = "arn:aws:iam::" + std::string(wire::kAccountId) + ":root";
  return context;
}

Result<void> CopyToFile(ByteSource& source, const std::string& path, std::uint64_t limit) {
  const UniqueFd file(
      open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (file.get() < 0) return SystemError("cannot write a fetched object", errno);
  std::string piece(256U << 10, '\0');
  std::uint64_t bytes = 0;
  while (true) {
    const auto got = source.Read(piece);
    if (!got) return got.error();
    if (*got == 0) return {};
    bytes += *got;
    if (bytes > limit) {
      return InvalidInput("it has more than " + std::to_string(limit) + " bytes");
    }
    std::string_view rest = std::string_view(piece).substr(0, *got);
    while (!rest.empty()) {
      const ssize_t wrote = write(file.get(), rest.data(), rest.size());
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote < 0) return SystemError("cannot write a fetched object", errno);
      rest.remove_prefix(static_cast<std::size_t>(wrote));
    }
  }
}

// The name of an object without its folders, fit for a file.
std::string FileName(std::string_view key) {
  std::string name(key.substr(key.rfind('/') + 1));
  std::ranges::replace(name, '\0', '_');
  if (name.empty() || name == "." || name == "..") name = "script.py";
  constexpr std::size_t kMaxFileName = 200;
  return name.size() <= kMaxFileName ? name : name.substr(name.size() - kMaxFileName);
}

Result<void> MakeFolder(const std::string& path) {
  if (mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return SystemError("cannot make a folder for a run", errno);
}

class CommandMaker {
 public:
  CommandMaker(const RunRecord& run, const RunFolder& folder, Service& service)
      : run_(run), folder_(folder), service_(service) {}

  Result<RunCommand> Make() {
    for (const char* name : {"/script", "/files", "/tmp"}) {
      if (const auto made = MakeFolder(folder_.path() + name); !made) return made.error();
    }
    jobs::ProcessSpec& process = command_.process;
    process.folder = folder_.path();
    process.separate_errors = true;
    process.nice = kNice;
    process.limits = {.processes = kMaxProcesses,
                      .files = kMaxOpenFiles,
                      .address_space = jobs::kUnlimited,
                      .file_bytes = jobs::kUnlimited};
    const std::string& kind = run_.command.name.value_or("");
    const auto made = kind == kBuiltinCommand  ? MakeBuiltin()
                      : kind == kPythonCommand ? MakePython()
                                               : MakeSpark();
    if (!made) return made.error();
    SetEnvironment();
    return std::move(command_);
  }

 private:
  Result<void> MakeBuiltin() {
    const std::string location = run_.command.script_location.value_or("");
    builtin_jobs::JobArguments arguments;
    for (const auto& [name, value] : run_.arguments) {
      arguments[name.substr(std::min(name.find_first_not_of('-'), name.size()))] = value;
    }
    for (const auto& [name, value] : OwnNames()) arguments[name.substr(2)] = value;
    const auto written = jobs::WriteFileAtomically(
        folder_.path(), "request.json",
        json::Write(builtin_jobs::ChildRequest(location.substr(kBuiltinPrefix.size()), arguments)));
    if (!written) return written;
    command_.process.command = {service_.options.binary, "job",
                                std::string(builtin_jobs::kBuiltinChild), "--work", folder_.path()};
    return {};
  }

  Result<void> MakePython() {
    const std::string& python = service_.options.python;
    if (access(python.c_str(), X_OK) != 0) {
      return NotFound("There is no Python interpreter at " + python +
                      " to run pythonshell jobs with. Run: ./setup, or say where one is that has "
                      "boto3 with --python");
    }
    auto script = FetchScript();
    if (!script) return script.error();
    const auto extra = Fetch("--extra-py-files");
    if (!extra) return extra.error();
    const auto files = Fetch("--extra-files");
    if (!files) return files.error();
    // Modules by their folder, archives by themselves.
    AddPath(python_path_, folder_.path() + "/files");
    for (const std::string& file : *extra) {
      if (!file.ends_with(".py")) AddPath(python_path_, file);
    }
    AddPath(python_path_, service_.options.python_packages);
    AddPath(path_, fs::path(python).parent_path());
    NoteModules(python);
    command_.process.command = {python,
                                service_.options.python_packages + "/glue_runtime/run_script.py",
                                *std::move(script)};
    AppendArguments();
    return {};
  }

  Result<void> MakeSpark() {
    const std::string& spark = service_.options.spark_home;
    const std::string python = spark + "/bin/python";
    if (spark.empty() || access((spark + "/stamp").c_str(), R_OK) != 0) {
      return NotFound("Spark is not installed at " + spark +
                      ", which glueetl jobs run on. Run: ./setup --spark, or say where it is with "
                      "--spark-home");
    }
    auto script = FetchScript();
    if (!script) return script.error();
    std::vector<std::string>& command = command_.process.command;
    command = {python,
               "-m",
               "glue_runtime.submit",
               "--master",
               service_.options.spark_master,
               "--endpoint",
               service_.options.endpoint,
               "--region",
               run_.region,
               "--script",
               *std::move(script)};
    const auto conf = run_.arguments.find("--conf");
    if (conf != run_.arguments.end()) {
      const auto pairs = SplitConf(conf->second);
      if (!pairs) return pairs.error();
      for (const std::string& pair : *pairs) command.insert(command.end(), {"--conf", pair});
    }
    for (const auto& [argument, option] : {std::pair{"--extra-py-files", "--py-files"},
                                           {"--extra-jars", "--jars"},
                                           {"--extra-files", "--files"}}) {
      const auto files = Fetch(argument);
      if (!files) return files.error();
      if (files->empty()) continue;
      std::string list;
      for (const std::string& file : *files) list += (list.empty() ? "" : ",") + file;
      command.insert(command.end(), {option, list});
    }
    command.emplace_back("--");
    AddPath(python_path_, service_.options.python_packages);
    AddPath(path_, spark + "/bin");
    NoteModules(python);
    AppendArguments();
    return {};
  }

  // The script, read anew for each run.
  Result<std::string> FetchScript() {
    const auto name = builtin_jobs::ParseObjectName(run_.command.script_location.value_or(""));
    if (!name) return name.error();
    std::string path = folder_.path() + "/script/" + FileName(name->key);
    if (const auto got = FetchObject(*name, path, kMaxScriptBytes); !got) {
      return Error{got.error().code,
                   "cannot read the script " + name->Uri() + ": " + got.error().message};
    }
    return path;
  }

  // What an argument lists as "s3://b/k,s3://b/l"; the files' paths.
  Result<std::vector<std::string>> Fetch(const std::string& argument) {
    std::vector<std::string> paths;
    const auto given = run_.arguments.find(argument);
    if (given == run_.arguments.end()) return paths;
    for (const std::string_view part : Split(given->second, ',')) {
      const std::string_view uri = Trim(part);
      if (uri.empty()) continue;
      const auto name = builtin_jobs::ParseObjectName(uri);
      if (!name) return InvalidInput(argument + ": " + name.error().message);
      if (paths.size() == kMaxExtraFiles) {
        return InvalidInput(argument + " names more than " + std::to_string(kMaxExtraFiles) +
                            " files");
      }
      std::string path = folder_.path() + "/files/" + FileName(name->key);
      if (access(path.c_str(), F_OK) == 0) {
        return InvalidInput(argument + ": there are two files called " + FileName(name->key) +
                            ", and a run keeps them in one folder");
      }
      if (const auto got = FetchObject(*name, path, kMaxExtraBytes); !got) {
        return Error{got.error().code,
                     argument + ": cannot read " + name->Uri() + ": " + got.error().message};
      }
      paths.push_back(std::move(path));
    }
    return paths;
  }

  Result<void> FetchObject(const builtin_jobs::ObjectName& name, const std::string& path,
                           std::uint64_t limit) {
    wire::CallContext context = InternalContext(run_, service_);
    const auto object =
        service_.dispatcher.Call<s3::GetObject>({.bucket = name.bucket, .key = name.key}, context);
    if (!object) return object.error();
    if (!object->body) return Internal("an object came without its bytes");
    return CopyToFile(*object->body, path, limit);
  }

  void NoteModules(const std::string& python) {
    const auto given = run_.arguments.find("--additional-python-modules");
    if (given == run_.arguments.end() || given->second.empty()) return;
    command_.notes.push_back(
        "USHER --additional-python-modules is not followed: the run has the modules of " + python +
        ". Install what it lacks there: " + python + " -m pip install " + given->second);
  }

  // Reserved names; a job cannot give them other values.
  [[nodiscard]] Texts OwnNames() const {
    return {{"--JOB_NAME", run_.run.job_name.value_or("")},
            {"--JOB_RUN_ID", run_.run.id.value_or("")},
            {"--JOB_ID", run_.job_id}};
  }

  void AppendArguments() {
    const Texts own = OwnNames();
    std::vector<std::string>& command = command_.process.command;
    for (const auto& [name, value] : own) command.insert(command.end(), {name, value});
    for (const auto& [name, value] : run_.arguments) {
      if (std::ranges::find(kOwnArguments, name) != kOwnArguments.end()) continue;
      if (!own.contains(name)) command.insert(command.end(), {name, value});
    }
  }

  static void AddPath(std::string& list, const std::string& folder) {
    if (!list.empty()) list += ':';
    list += folder;
  }

  // arn:aws:iam::…:role/path/Name, or just the name, becomes the ARN of its session.
  [[nodiscard]] std::string SessionArn() const {
    const std::string role = run_.role.substr(run_.role.rfind('/') + 1);
    return "arn:aws:sts::" + std::string(wire::kAccountId) + ":assumed-role/" +
           (role.empty() ? "none" : role) + "/GlueJobRunnerSession";
  }

  void SetEnvironment() {
    const auto key = service_.credentials.Issue(SessionArn());
    command_.holds = key;
    AddPath(path_, std::string(kSystemPath));
    const auto set = [&](std::string_view variable, std::string_view value) {
      command_.process.environment.push_back(std::string(variable) + "=" + std::string(value));
    };
    set("PATH", path_);
    set("HOME", folder_.path());
    set("TMPDIR", folder_.path() + "/tmp");
    set("LANG", "C.UTF-8");
    set("TZ", ":UTC");
    if (const char* java = std::getenv("JAVA_HOME")) set("JAVA_HOME", java);
    if (!python_path_.empty()) set("PYTHONPATH", python_path_);
    set("PYTHONUNBUFFERED", "1");
    set("PYTHONDONTWRITEBYTECODE", "1");
    set("AWS_ENDPOINT_URL", service_.options.endpoint);
    set("AWS_REGION", run_.region);
    set("AWS_DEFAULT_REGION", run_.region);
    set("AWS_ACCESS_KEY_ID", key->access_key_id);
    set("AWS_SECRET_ACCESS_KEY", key->key.secret);
    set("AWS_SESSION_TOKEN", key->key.session_token);
    set("AWS_EC2_METADATA_DISABLED", "true");
    if (run_.run.glue_version) set("GLUE_VERSION", *run_.run.glue_version);
    set("GLUE_RUN_REASON", folder_.reason_file());
    command_.process.environment.push_back(folder_.mark());
  }

  const RunRecord& run_;
  const RunFolder& folder_;
  Service& service_;
  RunCommand command_;
  std::string path_;
  std::string python_path_;
};

}  // namespace

Result<std::unique_ptr<RunFolder>> RunFolder::Make(const std::string& data_folder,
                                                   const std::string& run_id) {
  const std::string parent = data_folder + std::string(kFolders);
  if (const auto made = MakeFolder(parent); !made) return made.error();
  // The id's beginning is for people; the rest makes two attempts of one run differ.
  std::string path = parent + "/" + run_id.substr(0, 16) + "-" + SecureHex(8);
  if (mkdir(path.c_str(), 0700) != 0) return SystemError("cannot make a folder for a run", errno);
  return std::unique_ptr<RunFolder>(new RunFolder(std::move(path)));
}

RunFolder::~RunFolder() {
  if (const auto removed = RemoveFolder(path_); !removed) {
    Log(LogLevel::kWarning, "the folder of a job run stays until the next start",
        {{"reason", removed.error().message}});
  }
}

std::string RunFolder::mark() const { return std::string(kMarkName) + "=" + path_; }

void ClearRunFolders(const std::string& data_folder) {
  const std::string folder = data_folder + std::string(kFolders);
  std::error_code error;
  if (!fs::exists(folder, error)) return;
  jobs::EndMarked(std::string(kMarkName) + "=" + folder + "/");
  if (const auto removed = RemoveFolder(folder); !removed) {
    Log(LogLevel::kWarning, "folders of earlier job runs stay",
        {{"reason", removed.error().message}});
  }
}

Result<RunCommand> MakeRunCommand(const RunRecord& run, const RunFolder& folder, Service& service) {
  return CommandMaker(run, folder, service).Make();
}

Result<std::vector<std::string>> SplitConf(std::string_view text) {
  constexpr std::string_view separator = "--conf";
  std::vector<std::string> pairs;
  while (!text.empty()) {
    std::size_t end = text.find(separator);
    // Only as a word of its own: a value may hold these letters.
    while (end != std::string_view::npos && end > 0 && text[end - 1] != ' ') {
      end = text.find(separator, end + 1);
    }
    const std::string_view pair = Trim(text.substr(0, end));
    if (!pair.empty()) {
      if (pair.find('=') == std::string_view::npos || pair.front() == '=') {
        return InvalidInput("--conf: \"" + std::string(pair) + "\" is not of the form name=value");
      }
      pairs.emplace_back(pair);
    }
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + separator.size());
  }
  return pairs;
}

}  // namespace usher::glue
