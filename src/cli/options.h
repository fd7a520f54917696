// ParseOptions: the flags of one command, read and explained from one list.
//
//   std::string out;
//   std::uint64_t seed = 1;
//   const std::vector<Option> options{
//       {"--out", "DIR", "folder to write to", TakeText(out), Option::kRequired},
//       {"--seed", "N", "same seed, same result (1)", TakeCount(seed)}};
//   if (const auto exit = ParseOptions(kHelp, options, arguments)) return *exit;
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/command.h"

namespace usher::cli {

struct Option {
  static constexpr bool kRequired = true;

  std::string_view name;   // "--rows"
  std::string_view value;  // what the value is called in the help: "N"; empty for a switch
  std::string help;        // one sentence or more, wrapped when shown
  std::function<Result<void>(std::string_view)> take;  // gets the value; "" for a switch
  bool required = false;
};

struct CommandHelp {
  std::string_view name;         // "train"
  std::string_view purpose;      // a paragraph
  std::string_view examples;     // lines as they are, each indented by two; may be empty
  std::string_view positionals;  // "NAME" …; empty when there are none
};

// Values come as `--flag value` or `--flag=value`; `--` ends the options. nullopt when the command
// can go on; otherwise its exit status, after the help or an error has been printed. With
// `positionals` other arguments are put there, without they are errors.
std::optional<int> ParseOptions(const CommandHelp& help, std::span<const Option> options,
                                Arguments arguments,
                                std::vector<std::string>* positionals = nullptr);

// The text of --help, lines of at most 80 characters.
[[nodiscard]] std::string HelpText(const CommandHelp& help, std::span<const Option> options);

// What to do with an option's value. The targets must outlive the parsing.
std::function<Result<void>(std::string_view)> TakeText(std::string& target);
std::function<Result<void>(std::string_view)> TakeCount(
    std::uint64_t& target, std::uint64_t min = 0,
    std::uint64_t max = std::numeric_limits<std::uint64_t>::max());
std::function<Result<void>(std::string_view)> TakeNumber(std::optional<double>& target);
std::function<Result<void>(std::string_view)> TakeSwitch(bool& target);
// One of `choices`.
std::function<Result<void>(std::string_view)> TakeChoice(std::string& target,
                                                         std::vector<std::string_view> choices);

// The name most like `given`, when one is like enough to be what was meant.
[[nodiscard]] std::optional<std::string_view> Nearest(std::string_view given,
                                                      std::span<const std::string_view> names);

// Prints "usher COMMAND: message" on standard error and gives kExitFailed.
int Fail(std::string_view command, std::string_view message);
// The same for a wrong command line, with a hint at --help; gives kExitUsage.
int FailUsage(std::string_view command, std::string_view message);

}  // namespace usher::cli
