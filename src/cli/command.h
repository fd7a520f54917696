// The commands of `usher`, one file each. The table is in commands.cc.
#pragma once

#include <span>
#include <string_view>

namespace usher::cli {

using Arguments = std::span<const std::string_view>;  // after the command's name

// What a command gives back to the shell.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;  // the reason is on standard error
inline constexpr int kExitUsage = 2;   // the command line is wrong

struct Command {
  std::string_view name;
  std::string_view summary;  // one line for `usher --help`
  int (*run)(Arguments arguments);
  bool is_internal = false;  // not listed: the server's own child processes
};

[[nodiscard]] std::span<const Command> Commands();

// The whole program: finds the command and runs it. `arguments` begins after the program's name.
int Main(Arguments arguments);

[[nodiscard]] std::string_view VersionNumber();  // "0.1.0"

int Serve(Arguments arguments);
int Demo(Arguments arguments);
int Env(Arguments arguments);
int Deploy(Arguments arguments);
int Console(Arguments arguments);
int Train(Arguments arguments);
int Recommend(Arguments arguments);
int Explain(Arguments arguments);
int Evaluate(Arguments arguments);
int Generate(Arguments arguments);
int Job(Arguments arguments);
int Mail(Arguments arguments);
int Version(Arguments arguments);

}  // namespace usher::cli
