#include "services/lambda/runtimes.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "base/log.h"
#include "wire/dispatcher.h"

namespace usher::lambda {
namespace {

constexpr std::int64_t kDefaultMemoryMb = 128;
constexpr std::int64_t kDefaultTimeoutSeconds = 3;
constexpr std::string_view kSystemPath = "/usr/local/bin:/usr/bin:/bin";

// AWS Lambda Developer Guide: reserved environment variables.
constexpr std::array<std::string_view, 22> kReserved = {"_HANDLER",
                                                        "_X_AMZN_TRACE_ID",
                                                        "AWS_DEFAULT_REGION",
                                                        "AWS_REGION",
                                                        "AWS_EXECUTION_ENV",
                                                        "AWS_LAMBDA_FUNCTION_NAME",
                                                        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
                                                        "AWS_LAMBDA_FUNCTION_VERSION",
                                                        "AWS_LAMBDA_INITIALIZATION_TYPE",
                                                        "AWS_LAMBDA_LOG_GROUP_NAME",
                                                        "AWS_LAMBDA_LOG_STREAM_NAME",
                                                        "AWS_ACCESS_KEY",
                                                        "AWS_ACCESS_KEY_ID",
                                                        "AWS_SECRET_ACCESS_KEY",
                                                        "AWS_SESSION_TOKEN",
                                                        "AWS_LAMBDA_RUNTIME_API",
                                                        "AWS_LAMBDA_MAX_CONCURRENCY",
                                                        "AWS_LAMBDA_METADATA_API",
                                                        "AWS_LAMBDA_METADATA_TOKEN",
                                                        "LAMBDA_TASK_ROOT",
                                                        "LAMBDA_RUNTIME_DIR",
                                                        "_LAMBDA_TELEMETRY_LOG_FD"};

// The interpreter's version by the folder of its packages: "3.11".
std::string VersionOfPython(const std::string& python) {
  std::error_code error;
  const auto lib = std::filesystem::path(python).parent_path().parent_path() / "lib";
  for (const auto& entry : std::filesystem::directory_iterator(lib, error)) {
    const std::string name = entry.path().filename();
    if (name.starts_with("python3")) return name.substr(6);
  }
  return "3";
}

// arn:aws:iam::…:role/path/Name becomes arn:aws:sts::…:assumed-role/Name/<function>.
std::string SessionArn(std::string_view role, std::string_view function) {
  return "arn:aws:sts::" + std::string(wire::kAccountId) + ":assumed-role/" +
         std::string(role.substr(role.rfind('/') + 1)) + "/" + std::string(function);
}

void AddPath(std::string& list, const std::string& folder) {
  if (!list.empty()) list += ':';
  list += folder;
}

}  // namespace

RuntimeKind KindOf(std::string_view runtime) {
  if (runtime == kBuiltinRuntime) return RuntimeKind::kBuiltin;
  if (runtime.starts_with("python3.")) return RuntimeKind::kPython;
  if (runtime.starts_with("provided")) return RuntimeKind::kProvided;
  return RuntimeKind::kUnknown;
}

bool IsReservedVariable(std::string_view name) { return std::ranges::count(kReserved, name) != 0; }

Runtimes::Runtimes(RuntimeOptions options, const Layers& layers, CodeStore& code,
                   wire::TemporaryCredentials& credentials)
    : options_(std::move(options)),
      python_version_(VersionOfPython(options_.python)),
      layers_(layers),
      code_(code),
      credentials_(credentials) {}

Result<std::vector<std::string>> Runtimes::CommandFor(RuntimeKind kind, const std::string& runtime,
                                                      const std::string& handler,
                                                      const std::string& task_root) {
  if (kind == RuntimeKind::kProvided) {
    std::string bootstrap = task_root + "/bootstrap";
    if (access(bootstrap.c_str(), X_OK) != 0) {
      return NotFound("The code has no file 'bootstrap', which the runtime " + runtime + " runs");
    }
    return std::vector<std::string>{std::move(bootstrap)};
  }
  if (access(options_.python.c_str(), X_OK) != 0) {
    return NotFound("There is no Python interpreter at " + options_.python +
                    " to run functions with. Run: ./setup, or say where one is that has "
                    "awslambdaric with --python");
  }
  // Of an interpreter elsewhere, we do not know where its packages are.
  const auto environment = std::filesystem::path(options_.python).parent_path().parent_path();
  const auto client =
      environment / "lib" / ("python" + python_version_) / "site-packages" / "awslambdaric";
  std::error_code error;
  if (std::filesystem::exists(environment / "pyvenv.cfg", error) &&
      !std::filesystem::exists(client, error)) {
    return NotFound("The Python environment " + environment.string() +
                    " has no awslambdaric, which runs functions. Run: ./setup");
  }
  if (runtime != "python" + python_version_) {
    const std::lock_guard lock(mutex_);
    if (told_.insert(runtime).second) {
      Log(LogLevel::kInfo, "functions run on another version of Python",
          {{"runtime", runtime}, {"python", python_version_}});
    }
  }
  return std::vector<std::string>{options_.python, "-m", "awslambdaric", handler};
}

Result<SandboxSpec> Runtimes::Prepare(const Target& target, std::string_view region,
                                      std::string_view log_group, std::string_view log_stream) {
  const api::FunctionConfiguration& config = target.version.configuration;
  const std::string runtime = config.runtime.value_or("");
  const std::string handler = config.handler.value_or("");
  const std::string name = target.function.name;
  const std::string version = config.version.value_or(std::string(kLatest));
  const RuntimeKind kind = KindOf(runtime);
  if (!target.version.code) return NotFound("The function has no code");
  auto code = code_.Unpacked(*target.version.code);
  if (!code) return code.error();
  const std::string& task_root = (*code)->path();
  auto command = CommandFor(kind, runtime, handler, task_root);
  if (!command) return command.error();

  struct Held {
    std::vector<std::shared_ptr<const CodeFolder>> folders;
    std::shared_ptr<const wire::TemporaryCredentials::Issued> key;
  };
  auto held = std::make_shared<Held>();
  held->folders.push_back(*code);
  held->key = credentials_.Issue(SessionArn(config.role.value_or("role/none"), name));

  // Of layers, the later one lies over the earlier ones.
  std::string python_path = task_root;
  std::string library_path = task_root + ":" + task_root + "/lib";
  std::string path;
  std::vector<MountedLayer> layers;
  for (const api::Layer& layer : config.layers.value_or(std::vector<api::Layer>())) {
    auto mounted = layers_.Mount(layer.arn.value_or(""));
    if (!mounted) return mounted.error();
    layers.push_back(*std::move(mounted));
  }
  std::ranges::reverse(layers);
  for (const MountedLayer& layer : layers) {
    if (!layer.packages.empty()) {
      AddPath(python_path, layer.packages);
      continue;
    }
    AddPath(python_path, layer.folder + "/python");
    AddPath(python_path, layer.folder + "/python/lib/python" + python_version_ + "/site-packages");
    AddPath(library_path, layer.folder + "/lib");
    AddPath(path, layer.folder + "/bin");
    held->folders.push_back(layer.holds);
  }
  if (kind == RuntimeKind::kPython) {
    AddPath(path, std::filesystem::path(options_.python).parent_path());
  }
  AddPath(path, std::string(kSystemPath));

  SandboxSpec spec;
  spec.function_version = version;
  spec.memory_mb = config.memory_size.value_or(kDefaultMemoryMb);
  spec.timeout = std::chrono::seconds(config.timeout.value_or(kDefaultTimeoutSeconds));
  spec.command = *std::move(command);
  spec.folder = task_root;
  spec.mark = "AWS_LAMBDA_LOG_STREAM_NAME=" + std::string(log_stream);
  spec.scratch = code_.ScratchFolder(std::string(log_stream.substr(log_stream.rfind(']') + 1)));
  if (config.ephemeral_storage) {
    spec.file_bytes = static_cast<std::uint64_t>(config.ephemeral_storage->size) << 20;
  }
  spec.init_line =
      "INIT_START Runtime Version: " +
      (kind == RuntimeKind::kPython ? "python:" + python_version_ : std::string("provided")) +
      "\tRuntime Version ARN: arn:aws:lambda:" + std::string(region) + "::runtime:usher";

  const auto set = [&](std::string_view variable, std::string_view value) {
    spec.environment.push_back(std::string(variable) + "=" + std::string(value));
  };
  if (config.environment && config.environment->variables) {
    for (const auto& [variable, value] : *config.environment->variables) {
      if (variable == "PYTHONPATH" || variable == "PATH" || variable == "LD_LIBRARY_PATH") {
        std::string& list = variable == "PATH"         ? path
                            : variable == "PYTHONPATH" ? python_path
                                                       : library_path;
        list = value + ":" + list;
      } else {
        set(variable, value);
      }
    }
  }
  const auto set_default = [&](std::string_view variable, std::string_view value) {
    const std::string prefix = std::string(variable) + "=";
    const bool given = std::ranges::any_of(
        spec.environment, [&](const std::string& one) { return one.starts_with(prefix); });
    if (!given) set(variable, value);
  };
  set_default("TZ", ":UTC");
  set_default("LANG", "C.UTF-8");
  set_default("HOME", spec.scratch);
  set_default("TMPDIR", spec.scratch);
  set_default("AWS_ENDPOINT_URL", options_.endpoint);
  set_default("AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR");
  if (!options_.xray_daemon.empty()) {
    set_default("AWS_XRAY_DAEMON_ADDRESS", options_.xray_daemon);
  }
  set_default("AWS_EC2_METADATA_DISABLED", "true");
  set("PATH", path);
  set("LD_LIBRARY_PATH", library_path);
  set("AWS_REGION", region);
  set("AWS_DEFAULT_REGION", region);
  set("AWS_ACCESS_KEY_ID", held->key->access_key_id);
  set("AWS_SECRET_ACCESS_KEY", held->key->key.secret);
  set("AWS_SESSION_TOKEN", held->key->key.session_token);
  set("AWS_LAMBDA_FUNCTION_NAME", name);
  set("AWS_LAMBDA_FUNCTION_VERSION", version);
  set("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", std::to_string(spec.memory_mb));
  set("AWS_LAMBDA_LOG_GROUP_NAME", log_group);
  set("AWS_LAMBDA_LOG_STREAM_NAME", log_stream);
  set("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand");
  set("LAMBDA_TASK_ROOT", task_root);
  set("LAMBDA_RUNTIME_DIR", kind == RuntimeKind::kPython
                                ? std::filesystem::path(options_.python).parent_path().string()
                                : task_root);
  set("_HANDLER", handler);
  if (kind == RuntimeKind::kPython) {
    set("AWS_EXECUTION_ENV", "AWS_Lambda_" + runtime);
    set("PYTHONPATH", python_path);
    set("PYTHONUNBUFFERED", "1");
    set("_LAMBDA_TELEMETRY_LOG_FD", "1");
  }
  spec.holds = std::move(held);
  return spec;
}

}  // namespace usher::lambda
