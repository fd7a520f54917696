#include "builtin_jobs/child.h"

#include <unistd.h>

#include <mutex>

#include "base/clock.h"
#include "base/value_members.h"
#include "builtin_jobs/server_context.h"

namespace usher::builtin_jobs {
namespace {

// One write for a line, so that lines of several threads stay whole.
void WriteLine(std::string_view line) {
  std::string text(line);
  text += '\n';
  std::string_view rest = text;
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  while (!rest.empty()) {
    const ssize_t wrote = write(STDERR_FILENO, rest.data(), rest.size());
    if (wrote <= 0) return;  // without a reader the server is gone, and so is this process soon
    rest.remove_prefix(static_cast<std::size_t>(wrote));
  }
}

}  // namespace

Value ChildRequest(std::string_view job, const JobArguments& arguments) {
  ValueMap given;
  for (const auto& [name, text] : arguments) given.Append(name, text);
  ValueMap request;
  request.Append("job", job);
  request.Append("arguments", std::move(given));
  return request;
}

Result<Value> BuiltinChild(const Value& request, jobs::ChildContext& context) {
  const std::string name = TextOf(request, "job");
  const BuiltinJob* job = FindBuiltinJob(name);
  if (!job) {
    return InvalidInput("there is no built-in job \"" + name + "\": known are " +
                        BuiltinJobNames());
  }
  JobArguments arguments;
  if (const Value* given = request.Find("arguments"); given && given->as_map()) {
    for (const auto& [argument, text] : *given->as_map()) {
      if (text.as_string()) arguments.emplace(argument, *text.as_string());
    }
  }
  auto access = ServerAccess::FromEnvironment();
  if (!access) return access.error();
  const SystemClock clock;
  const auto run = MakeServerContext(
      *std::move(access),
      {.report = [&](double fraction, std::string_view stage) { context.Report(fraction, stage); },
       .log = WriteLine},
      context.work_folder(), clock);
  const auto ran = RunBuiltinJob(*job, arguments, *run);
  if (!ran) return ran.error();
  return Value(ValueMap());
}

}  // namespace usher::builtin_jobs
